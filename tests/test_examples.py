"""The example data hold together: they load, they are what the generator writes, and they ring at nobody's."""

import datetime as dt
import itertools
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from faxgw.members.file import load_register
from faxgw.members.member import Member
from faxgw.order import Order, Priority, read_order
from faxgw.phone import parse_line
from faxgw_loadtest.examples.make import EXAMPLE_MEMBERS, EXAMPLE_ORDERS, line_of, main
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members

HERE = Path(__file__).parents[1] / "config/examples"
NOW = dt.datetime(2027, 2, 1, 8, 0, tzinfo=dt.UTC)
MOTHERS_DAYS = (dt.date(2027, 2, 14), dt.date(2027, 5, 30))
# The table in config/examples/README.md, with country codes.
FOR_FICTION = re.compile(
    r"\+3319900\d{4}|\+3326191\d{4}|\+3335301\d{4}|\+3346571\d{4}|\+3353649\d{4}"
    r"|\+468465004\d\d|\+463139006\d\d|\+464062804\d\d|\+469803192\d\d|\+467017406(?:0[5-9]|[1-9]\d)"
    r"|\+493023125\d{3}|\+442079460\d{3}"
)


def read_file(name: str) -> list[Order]:
    found = [read_order(msgspec.json.decode(line), NOW) for line in (HERE / name).read_bytes().splitlines()]
    assert not [faults for faults in found if isinstance(faults, list)]
    return [order for order in found if isinstance(order, Order)]


@pytest.fixture(scope="module")
def shops() -> list[Member]:
    return list(load_register(HERE / "members.ndjson"))


@pytest.fixture(scope="module")
def example_orders() -> list[Order]:
    return read_file("orders.ndjson")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("members.ndjson", ["--members", str(EXAMPLE_MEMBERS)]),
        ("orders.ndjson", ["--orders", str(EXAMPLE_ORDERS)]),
    ],
)
def test_files_are_what_the_generator_writes(tmp_path: Path, name: str, arguments: list[str]) -> None:
    """Whoever edits a file by hand, or changes the words and forgets the files, is told here."""
    main([*arguments, "--out", str(tmp_path / name)])
    assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes()


def test_more_orders_begin_with_the_same() -> None:
    """An order depends on its own number alone, so a long run begins like a short one, line for line."""
    shops = list(members(EXAMPLE_MEMBERS))
    long = itertools.islice(orders(1_000_000, shops), EXAMPLE_ORDERS)
    written = (HERE / "orders.ndjson").read_bytes().splitlines(keepends=True)
    assert [line_of(order) for order in long] == written


def test_every_order_is_taken(example_orders: list[Order]) -> None:
    """A hundred different orders, each readable without a fault."""
    assert len(example_orders) == EXAMPLE_ORDERS
    assert len({order.key for order in example_orders}) == EXAMPLE_ORDERS
    assert len({order.number for order in example_orders}) == EXAMPLE_ORDERS


def test_single_order_is_taken_and_shows_what_a_page_can() -> None:
    """The order that is rendered first has two lines, accents, a ligature and a card worth reading."""
    order = read_order(msgspec.json.decode((HERE / "order.json").read_bytes()), NOW)
    assert isinstance(order, Order)
    assert len(order.lines) == 2
    assert 250 <= len(order.card_message) <= 400
    assert {"é", "œ", "«"} <= set(order.recipient.name + order.card_message + order.lines[0].description)


def test_florists_exist(shops: list[Member], example_orders: list[Order]) -> None:
    """Who sends and who executes is in the register, and nobody sends to himself."""
    known = {member.id for member in shops}
    assert len(known) == EXAMPLE_MEMBERS
    assert Counter(member.country for member in shops) == {"FR": 26, "NO": 14}
    for order in [*example_orders, read_order(msgspec.json.decode((HERE / "order.json").read_bytes()), NOW)]:
        assert isinstance(order, Order)
        assert order.sending_member in known
        assert order.executing_member is None or order.executing_member in known
        assert order.sending_member != order.executing_member


def test_florist_delivers_in_his_own_town(shops: list[Member], example_orders: list[Order]) -> None:
    """The executing florist is the one in the recipient's town: that is what the network is for."""
    towns = {member.id: (member.country, member.postcode, member.city) for member in shops}
    for order in example_orders:
        if order.executing_member is not None:
            recipient = order.recipient
            assert (recipient.country, recipient.postcode, recipient.city) == towns[order.executing_member]


def test_each_florist_has_a_line_of_his_own() -> None:
    """No two of five thousand share a fax or a telephone, nor does a member share one with an outsider."""
    many = list(members(5_000))
    register_lines = [parse_line(member.fax, member.country) for member in many]
    assert len(set(register_lines)) == len(many)
    assert None not in register_lines
    outside = {
        parse_line(order.fax_number, order.recipient.country)
        for order in orders(3_000, many[:EXAMPLE_MEMBERS])
        if order.fax_number is not None
    }
    assert len(outside) > 100
    assert not outside & set(register_lines)
    assert len({member.id for member in many}) == len(many)


def test_numbers_are_for_fiction() -> None:
    """Every number in the examples, and in a load test, is one that a regulator keeps free for fiction."""
    many = list(members(2_000))
    written = [(number, member.country) for member in many for number in (member.fax, member.phone)]
    for order in [*orders(2_000, many), *read_file("orders.ndjson")]:
        numbers = (order.fax_number, order.recipient.phone)
        written += [(number, order.recipient.country) for number in numbers if number is not None]
    single = msgspec.json.decode((HERE / "order.json").read_bytes(), type=Order)
    written.append((single.recipient.phone or "", "FR"))
    strangers = [number for number, country in written if not FOR_FICTION.fullmatch(parse_line(number, country) or "")]
    assert strangers == []


def test_more_florists_than_numbers_is_refused() -> None:
    """The ranges are finite: the generator says so instead of leaving them."""
    with pytest.raises(ValueError, match="no more florists"):
        list(members(20_000))


def test_examples_show_the_whole_breadth(example_orders: list[Order]) -> None:
    """A demo of them meets every priority, language, length of card and way to say where an order goes."""
    assert {order.priority for order in example_orders} == set(Priority)
    assert {order.recipient.country for order in example_orders} >= {"FR", "NO", "DE", "GB"}
    assert {order.customer_price.currency for order in example_orders} == {"EUR", "NOK"}
    assert {len(order.lines) for order in example_orders} == {1, 2, 3, 4, 5}
    assert 1 <= sum(order.fax_number is not None for order in example_orders) <= 15
    lengths = [len(order.card_message) for order in example_orders]
    assert lengths.count(0) >= 5
    assert sum(0 < length < 60 for length in lengths) >= 5
    assert 2_000 <= max(lengths) <= 2_600
    text = "".join(order.card_message + order.instructions + order.recipient.name for order in example_orders)
    assert set("éèêçœÉåøæØß«»") <= set(text)


def test_examples_do_not_age(example_orders: list[Order]) -> None:
    """A demo in ten years takes them too: none has a deadline, deliveries are around Mother's Day 2027."""
    for order in example_orders:
        assert order.deadline is None
        assert min(abs((order.delivery.date - day).days) for day in MOTHERS_DAYS) <= 6


def test_prices_add_up(example_orders: list[Order]) -> None:
    """The customer pays the flowers and a delivery fee; the florist gets a share of the flowers and the whole fee."""
    fees = {"EUR": {1390, 1490}, "NOK": {14900}}
    for order in example_orders:
        flowers_minor = sum(line.unit_price.times(line.quantity).amount_minor for line in order.lines)
        fee_minor = order.customer_price.amount_minor - flowers_minor
        assert fee_minor in fees[order.customer_price.currency]
        assert fee_minor < order.execution_price.amount_minor < order.customer_price.amount_minor


def test_norwegian_references_have_their_check_digit() -> None:
    """A KID ends with a modulus-10 digit, as a bank would insist."""
    references = [order.payment_reference for order in orders(500, list(members(EXAMPLE_MEMBERS)))]
    kids = [reference.removeprefix("KID ") for reference in references if reference.startswith("KID ")]
    assert kids
    for kid in kids:
        digits = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(kid))]
        assert sum(value // 10 + value % 10 for value in digits) % 10 == 0


def test_no_placeholder_is_left() -> None:
    """Every {name} in the words was filled in."""
    for order in orders(2_000, list(members(EXAMPLE_MEMBERS))):
        text = msgspec.json.encode([order.card_message, order.instructions, order.payment_reference, order.recipient])
        assert not re.search(rb"\{(first|woman|man|surname|number|street|reference|digits|kid)\}", text)
