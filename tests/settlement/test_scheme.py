"""Whatever the scheme and the price, the shares of an order are the price."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.errors import BugError
from faxgw.settlement.scheme import (
    Band,
    Channel,
    Component,
    Delivery,
    Distance,
    Fixed,
    Levy,
    Party,
    Percent,
    Priced,
    Privex,
    Scheme,
    SchemeBook,
    Split,
    SplitRefused,
    faults_of_schemes,
    split,
)
from faxgw.settlement.shares import share_out

DAY = dt.date(2027, 5, 30)
WIRE = (Percent(Party.SENDING, 2000), Percent(Party.NETWORK, 700), Percent(Party.EXECUTING, 7300))
"""The classic wire order: 20, 7 and 73 percent."""


def scheme_of(*components: Component, **changes: object) -> Scheme:
    fields = {"name": "test", "version": 1, "currency": "NOK", "valid_from": DAY, "channels": (Channel.WEB,)}
    return Scheme(**(fields | changes), components=components)  # type: ignore[arg-type]


def priced(customer_minor: int, execution_minor: int = 0, **goods_minor: int) -> Priced:
    return Priced(customer_minor=customer_minor, execution_minor=execution_minor, goods_minor=goods_minor)


def shares(scheme: Scheme, order: Priced) -> list[int]:
    done = split(scheme, order)
    assert isinstance(done, Split)
    return [done.of(party) for party in (Party.SENDING, Party.NETWORK, Party.EXECUTING, Party.FUND)]


@given(total=st.integers(-(10**12), 10**12), weights=st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_parts_sum_to_the_whole_and_none_is_off_by_one_unit(total: int, weights: list[int]) -> None:
    """Each part is its exact share rounded down or up, and a refund is cut as the sale was."""
    parts = share_out(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part * sum(weights) - total * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )
    assert share_out(-total, weights) == [-part for part in parts]


def test_equal_remainders_go_to_who_comes_first() -> None:
    """Two minor units over three equal shares: the first two get one each, on every machine."""
    assert share_out(2, [1, 1, 1]) == [1, 1, 0]
    assert share_out(-2, [1, 1, 1]) == [-1, -1, 0]
    with pytest.raises(BugError):
        share_out(1, [0, 0])


@pytest.mark.parametrize(("price", "parts"), [(64900, [12980, 4543, 47377, 0]), (64999, [13000, 4550, 47449, 0])])
def test_a_wire_order_is_split_by_largest_remainder(price: int, parts: list[int]) -> None:
    """20/7/73 percent of 649.00 and of 649.99, to the minor unit."""
    assert shares(scheme_of(*WIRE), priced(price)) == parts


def test_a_privex_order_pays_the_executing_store_its_price_and_the_network_the_rest() -> None:
    """66.90 for the bouquet and 14.90 delivery: 50.00 execution price, delivery to who drives, the rest commission."""
    scheme = scheme_of(Privex(), Delivery(Party.EXECUTING), Percent(Party.NETWORK, 10_000))
    assert shares(scheme, priced(8180, 5000, bouquet=6690)) == [0, 1690, 6490, 0]


def test_each_family_of_products_has_its_own_percents() -> None:
    """Flowers at 73 percent, gifts at 50, in one order with one delivery."""
    gifts = (Percent(Party.NETWORK, 5000, "gift"), Percent(Party.EXECUTING, 5000, "gift"))
    scheme = scheme_of(Delivery(Party.EXECUTING), *WIRE, *gifts)
    assert shares(scheme, priced(11_500, flowers=7000, gift=3000)) == [1400, 490 + 1500, 5110 + 1500 + 1500, 0]


def test_a_levy_is_borne_by_both_stores_and_goes_to_the_fund() -> None:
    """One krone for each greeting sent and one for each delivered."""
    scheme = scheme_of(*WIRE, Levy(Party.SENDING, 100), Levy(Party.EXECUTING, 100))
    assert shares(scheme, priced(64900)) == [12880, 4543, 47277, 200]


def test_the_pay_grows_with_the_distance_and_an_unknown_distance_is_not_guessed() -> None:
    """A band holds up to and with its last kilometre; beyond the last band its amount stays."""
    scheme = scheme_of(Distance(Party.EXECUTING, (Band(3, 500), Band(10, 900))), Percent(Party.NETWORK, 10_000))
    paid = [
        shares(scheme, Priced(customer_minor=5000, execution_minor=0, goods_minor={}, distance_km=km))[2]
        for km in (0, 3, 4, 10, 400)
    ]
    assert paid == [500, 500, 900, 900, 900]
    assert isinstance(split(scheme, priced(5000)), SplitRefused)


def test_a_share_below_nothing_is_a_persons_decision() -> None:
    """An execution price above the customer's is refused, unless the scheme says that somebody may pay in."""
    components = (Privex(), Percent(Party.NETWORK, 10_000))
    assert isinstance(split(scheme_of(*components), priced(4000, 5000)), SplitRefused)
    assert shares(scheme_of(*components, negative_allowed=True), priced(4000, 5000)) == [0, -1000, 5000, 0]


COMPONENTS = st.lists(
    st.one_of(
        st.builds(Delivery, st.sampled_from(Party)),
        st.builds(Fixed, st.sampled_from(Party), st.integers(0, 2000)),
        st.builds(Distance, st.sampled_from(Party), st.just((Band(3, 400), Band(9, 800)))),
        st.just(Privex()),
        st.builds(Levy, st.sampled_from(Party), st.integers(0, 300)),
    ),
    max_size=6,
)
GOODS = st.dictionaries(st.sampled_from(["flowers", "gift", "wine"]), st.integers(0, 10**7), max_size=3)


@given(
    first=COMPONENTS,
    percents=st.lists(st.integers(1, 99), min_size=1, max_size=4),
    price=st.integers(0, 10**8),
    execution=st.integers(0, 10**8),
    goods=GOODS,
)
def test_shares_are_the_price_whatever_the_scheme(
    first: list[Component], percents: list[int], price: int, execution: int, goods: dict[str, int]
) -> None:
    """Any mixture of components and any order: not one minor unit more or less."""
    parties = list(Party)[: len(percents)]
    own = [Percent(to, points) for to, points in zip(parties, share_out(10_000, percents), strict=True)]
    scheme = scheme_of(*first, *own, negative_allowed=True)
    assert not list(faults_of_schemes([scheme]))
    done = split(scheme, Priced(customer_minor=price, execution_minor=execution, goods_minor=goods, distance_km=5))
    assert isinstance(done, Split)
    assert sum(share.amount_minor for share in done.shares) == price


def test_the_scheme_of_the_day_the_order_was_taken_counts() -> None:
    """A later version changes nothing about earlier orders, and another channel has its own."""
    old = scheme_of(*WIRE)
    new = scheme_of(*WIRE, version=2, valid_from=DAY + dt.timedelta(30))
    book = SchemeBook([new, old])
    assert book.find(Channel.WEB, "NOK", DAY + dt.timedelta(29)) is old
    assert book.find(Channel.WEB, "NOK", DAY + dt.timedelta(30)) is new
    assert book.find(Channel.WEB, "NOK", DAY - dt.timedelta(1)) is None
    assert book.find(Channel.STORE, "NOK", DAY) is None
    assert book.find(Channel.WEB, "EUR", DAY) is None


def test_schemes_that_could_not_split_are_named_before_they_count() -> None:
    """Percents beside the whole, a family without the rest, bands out of order, two versions on one day."""
    lopsided = scheme_of(Percent(Party.NETWORK, 9_999))
    partial = scheme_of(Percent(Party.NETWORK, 10_000, "gift"), version=2)
    backward = scheme_of(*WIRE, Distance(Party.NETWORK, (Band(9, 1), Band(3, 2))), version=3)
    told = [str(fault.detail) for fault in faults_of_schemes([lopsided, partial, backward, backward])]
    assert any("9999 basis points" in text for text in told)
    assert any("hold for every family" in text for text in told)
    assert sum("near to far" in text for text in told) == 2
    assert any("begin on 2027-05-30" in text for text in told)
    assert any("called test/3" in text for text in told)
