"""An order is taken whole or refused with every reason."""

import copy
import datetime as dt
import string
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxgw.money import Money
from faxgw.order import Delivery, Order, Priority, Reach, faults_of, read_order

NOW = dt.datetime(2027, 5, 29, 8, 0, tzinfo=dt.UTC)
EXAMPLE = Path(__file__).parents[1] / "config/examples/order.json"
GOOD: dict[str, Any] = msgspec.json.decode(EXAMPLE.read_bytes())


def changed(pointer: str, value: object) -> dict[str, Any]:
    """The good order with one value put at a JSON pointer."""
    raw = copy.deepcopy(GOOD)
    *way, last = pointer.strip("/").split("/")
    place: Any = raw
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return raw


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names}


def faults(raw: object) -> dict[str, str]:
    found = read_order(raw, NOW)
    assert isinstance(found, list), "the order was taken"
    return {fault.pointer: fault.detail for fault in found}


def test_good_order_is_taken() -> None:
    """The example order is read with nothing lost on the way."""
    order = read_order(GOOD, NOW)
    assert isinstance(order, Order)
    assert order.number == "FR27-0530117"
    assert order.recipient.name == "Geneviève Lebœuf"
    assert order.execution_price == Money(6829, "EUR")
    assert order.priority is Priority.STANDARD
    assert msgspec.convert(msgspec.to_builtins(order), Order) == order


@pytest.mark.parametrize(
    "name", ["key", "number", "delivery", "recipient", "lines", "customer_price", "execution_price", "sending_member"]
)
def test_required_field_is_missed(name: str) -> None:
    """Every field that an order cannot do without is missed by name."""
    assert faults(without(name)) == {f"/{name}": "missing"}


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        ("/card_mesage", "Bonne fête", {"/card_mesage": "unknown field; did you mean card_message?"}),
        ("/recipient/zip", "13007", {"/recipient/zip": "unknown field"}),
        ("/customer_price/curency", "EUR", {"/customer_price/curency": "unknown field; did you mean currency?"}),
        ("/lines/1/quantity", "2", {"/lines/1/quantity": "must be a whole number, not a string"}),
        ("/lines/1/quantity", 0, {"/lines/1/quantity": "must be at least 1"}),
        ("/lines", [], {"/lines": "must not be empty"}),
        ("/recipient/street", [], {"/recipient/street": "must not be empty"}),
        ("/recipient/street/1", "x" * 121, {"/recipient/street/1": "must have at most 120 characters"}),
        ("/recipient/country", "France", {"/recipient/country": "must be two capital letters such as FR (ISO 3166-1)"}),
        ("/recipient/country", "FR\n", {"/recipient/country": "must be two capital letters such as FR (ISO 3166-1)"}),
        ("/key", "two words", {"/key": "must be 1 to 128 printable ASCII characters without spaces"}),
        ("/key", "trailing\n", {"/key": "must be 1 to 128 printable ASCII characters without spaces"}),
        ("/number", "N° 17", {"/number": "must be 1 to 20 of the characters A-Z a-z 0-9 / _ . -"}),
        ("/priority", "expres", {"/priority": "must be one of express, standard, bulk; did you mean express?"}),
        ("/language", "no", {"/language": "must be one of de, en, fr, nb"}),
        ("/delivery/date", "30/05/2027", {"/delivery/date": "must be a date such as 2027-05-30"}),
        ("/card_message", "x" * 4001, {"/card_message": "must have at most 4000 characters"}),
    ],
)
def test_misshapen_field_is_named(pointer: str, value: object, expected: dict[str, str]) -> None:
    """What is no order by its form is refused at the field, in words."""
    assert faults(changed(pointer, value)) == expected


def test_amount_with_a_point_is_refused() -> None:
    """An amount is whole minor units: 49.90 would otherwise be taken for cents."""
    assert faults(changed("/lines/0/unit_price/amount_minor", 49.9)) == {
        "/lines/0/unit_price/amount_minor": "must be a whole number of minor units from 0 to 1000000000, "
        "such as 4550 for 45.50 EUR, not a decimal number"
    }


@pytest.mark.parametrize("seconds", [-3600, 0])
def test_past_deadline_is_refused(seconds: int) -> None:
    """An order that is too late already, or this very moment, is not taken; the fault says what time it is."""
    deadline = (NOW + dt.timedelta(seconds=seconds)).isoformat()
    assert faults(changed("/deadline", deadline)) == {
        "/deadline": "the deadline has passed: it is 2027-05-29T08:00:00+00:00 now"
    }


def test_deadline_is_compared_across_offsets() -> None:
    """10:00:01 in Paris is after 08:00 UTC in summer, so it is no past deadline."""
    assert isinstance(read_order(changed("/deadline", "2027-05-29T10:00:01+02:00"), NOW), Order)
    assert "/deadline" in faults(changed("/deadline", "2027-05-29T10:00:00+02:00"))


def test_deadline_at_the_end_of_time_is_compared_too() -> None:
    """The first and the last moment that a date can hold, with offsets that lead out of the calendar, do not crash."""
    assert list(faults(changed("/deadline", "0001-01-01T00:00:00+23:59"))) == ["/deadline"]
    assert list(faults(changed("/deadline", "9999-12-31T23:59:59-23:59"))) == ["/deadline"]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/delivery/date", "0001-01-01"),
        ("/delivery/date", "0207-05-30"),
        ("/delivery/date", "9999-12-31"),
        ("/deadline", "2272-05-29T10:00:00+02:00"),
        ("/not_before", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_a_time_in_another_age_is_refused(pointer: str, value: str) -> None:
    """A slipped digit makes an order that nobody ever delivers; whoever wrote it is told to look at the year."""
    assert faults(changed(pointer, value))[pointer].endswith(": look at the year")


def test_how_far_a_time_may_lie_is_set() -> None:
    """To the day, before and after."""
    reach = Reach(delivery_days_max=30, delivery_days_past_max=20, deadline_days_max=3)

    def faults_at(**days: float) -> list[str]:
        times = {name: NOW + dt.timedelta(days=days_away) for name, days_away in days.items()}
        order = msgspec.convert(GOOD, Order)
        date = times.get("delivery", NOW).date()
        order = msgspec.structs.replace(order, delivery=Delivery(date), deadline=times.get("deadline"))
        return [fault.pointer for fault in faults_of(order, NOW, reach=reach)]

    assert faults_at(delivery=30, deadline=2.9) == faults_at(delivery=-20) == []
    assert faults_at(delivery=31) == faults_at(delivery=-21) == ["/delivery/date"]
    assert faults_at(deadline=3.1) == ["/deadline"]


@pytest.mark.parametrize(("start", "end"), [("14:00:00", "12:00:00"), ("12:00:00", "12:00:00")])
def test_reversed_window_is_refused(start: str, end: str) -> None:
    """A window ends after it starts."""
    assert faults(changed("/delivery/window", {"start": start, "end": end})) == {
        "/delivery/window": "the window must start before it ends"
    }


@pytest.mark.parametrize("time", ["09:00:00+02:00", "09:00:00Z", "09:00"])
def test_window_is_local_time(time: str) -> None:
    """A window is the recipient's own time with seconds: an offset could only contradict it."""
    assert faults(changed("/delivery/window/start", time)) == {
        "/delivery/window/start": "must be a local time without an offset, such as 09:30:00"
    }


def test_order_has_one_currency() -> None:
    """A second currency is named wherever it stands."""
    raw = changed("/execution_price", {"amount_minor": 1, "currency": "NOK"})
    raw["lines"][1]["unit_price"]["currency"] = "SEK"
    assert faults(raw) == {
        "/execution_price/currency": "one order has one currency: NOK here, EUR in customer_price",
        "/lines/1/unit_price/currency": "one order has one currency: SEK here, EUR in customer_price",
    }


def test_unknown_currency_is_refused() -> None:
    """A currency whose decimals we do not know would be printed wrong."""
    raw = changed("/customer_price/currency", "XAU")
    raw["execution_price"]["currency"] = "XAU"
    for line in raw["lines"]:
        line["unit_price"]["currency"] = "XAU"
    assert list(faults(raw)) == ["/customer_price/currency"]
    assert faults(raw)["/customer_price/currency"].startswith("XAU is not a currency we know: CHF, CZK")


def test_florist_is_not_paid_more_than_the_customer_pays() -> None:
    """The execution price may equal the customer's price, and not exceed it."""
    assert isinstance(read_order(changed("/execution_price/amount_minor", 8740), NOW), Order)
    assert faults(changed("/execution_price/amount_minor", 8741)) == {
        "/execution_price/amount_minor": "the florist cannot be paid more than the customer pays"
    }


def test_order_needs_somewhere_to_go() -> None:
    """Neither member nor number: the fault says that one of the two is wanted."""
    assert faults(without("executing_member", "fax_number")) == {
        "/fax_number": "give the executing_member or the fax_number the order goes to"
    }


def test_bare_number_is_enough() -> None:
    """An order may go to a number whose owner is no member."""
    raw = without("executing_member") | {"fax_number": "04 65 71 95 00"}
    assert isinstance(read_order(raw, NOW), Order)


@pytest.mark.parametrize("pointer", ["/fax_number", "/recipient/phone"])
def test_impossible_number_is_refused(pointer: str) -> None:
    """A number that cannot be dialled is found before the first attempt, not after the last."""
    assert faults(changed(pointer, "0199")) == {
        pointer: "not a possible telephone number in FR; write it as +33 1 99 00 12 34"
    }


def test_every_fault_comes_at_once() -> None:
    """Several things wrong with a well-formed order are named in one answer."""
    raw = without("executing_member") | {"deadline": "2027-05-01T00:00:00Z"}
    raw["delivery"] = {"date": "2027-05-30", "window": {"start": "12:00:00", "end": "09:00:00"}}
    raw["recipient"] = GOOD["recipient"] | {"phone": "1234"}
    raw["execution_price"] = {"amount_minor": 9999, "currency": "EUR"}
    assert set(faults(raw)) == {
        "/delivery/window",
        "/deadline",
        "/fax_number",
        "/recipient/phone",
        "/execution_price/amount_minor",
    }


def test_every_misshapen_field_comes_at_once() -> None:
    """Several things wrong with the form are named in one answer, from the outermost to the innermost."""
    raw = without("key") | {"colour": "red", "priority": 1}
    raw["lines"] = [GOOD["lines"][0], GOOD["lines"][1] | {"quantity": 1000, "unit_price": 45}]
    assert set(faults(raw)) == {"/colour", "/key", "/priority", "/lines/1/quantity", "/lines/1/unit_price"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(string.printable, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
timestamps = st.datetimes(timezones=st.timezones()).map(dt.datetime.isoformat)
likely_values = json_values | timestamps | st.text(max_size=30) | st.sampled_from(list(GOOD.values()))


@settings(deadline=None)  # The first example loads time zones or number plans.
@given(json_values)
def test_any_json_is_answered(raw: object) -> None:
    """No JSON whatever makes reading raise: it is refused with at least one reason."""
    found = read_order(raw, NOW)
    assert isinstance(found, list)
    assert found


@settings(deadline=None)  # The first example loads time zones or number plans.
@given(st.dictionaries(st.sampled_from([*GOOD, "deadline", "fax_number", "language"]), likely_values))
def test_almost_an_order_is_answered(changes: dict[str, object]) -> None:
    """Whatever stands in an order's fields, the answer is an order, or faults whose pointers lead into it."""
    found = read_order(GOOD | changes, NOW)
    if isinstance(found, list):
        assert found
        assert all(fault.pointer.split("/")[1] in {*GOOD, "deadline", "fax_number", "language"} for fault in found)


@settings(deadline=None)  # The first example loads time zones or number plans.
@given(st.sampled_from(["recipient", "delivery", "customer_price", "execution_price"]), st.data())
def test_almost_a_part_is_answered(part: str, data: st.DataObject) -> None:
    """The same one level down: a fault inside a part is pointed at inside it, or at the part."""
    changes = data.draw(st.dictionaries(st.sampled_from(list(GOOD[part])), likely_values))
    found = read_order(GOOD | {part: GOOD[part] | changes}, NOW)
    assert isinstance(found, Order) or found


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x92"])
def test_a_control_character_is_refused_where_it_stands(character: str) -> None:
    """No page shows it, so its text would lose something without a word; every such field is named."""
    raw = changed("/card_message", f"don{character}t")
    raw["recipient"]["street"] = ["1 rue des Lilas", f"B{character}"]
    raw["lines"][0]["description"] = f"{character}"
    detail = f"holds a control character (U+{ord(character):04X}), which no page shows: leave it out"
    assert faults(raw) == dict.fromkeys(("/card_message", "/recipient/street/1", "/lines/0/description"), detail)


def test_line_breaks_and_tabs_stay() -> None:
    """A card has lines; who writes CR LF, or a tab between two words, is not refused for it."""
    order = read_order(changed("/card_message", "Bonne fête,\r\n\tMaman !\n"), NOW)
    assert isinstance(order, Order)
    assert order.card_message == "Bonne fête,\r\n\tMaman !\n"
