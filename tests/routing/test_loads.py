"""How many orders each florist has, as they come, move and end, against a plain count."""

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from faxgw.fax import FaxId
from faxgw.routing.loads import Assigned, Loads
from tests.routing.shops import DAY

LATER = DAY + dt.timedelta(1)


def assigned(fax: int, number: str, member: str, day: dt.date = DAY) -> Assigned:
    return Assigned(FaxId(fax), number, member, day)


def test_a_copy_is_no_second_bouquet_and_a_new_florist_has_the_order_alone() -> None:
    """The newest fax that is not given up counts; if that is given up the one before it does."""
    loads = Loads()
    loads.put([assigned(1, "A", "one"), assigned(2, "A", "one")])
    assert loads.on(DAY) == {"one": 1}
    loads.put([assigned(3, "A", "two")])
    assert loads.on(DAY) == {"two": 1}
    loads.drop(FaxId(3))
    assert loads.on(DAY) == {"one": 1}
    loads.drop(FaxId(2))
    loads.drop(FaxId(1))
    assert loads.on(DAY) == {}


def test_what_is_reserved_counts_until_it_is_written() -> None:
    """So that an upload cannot fill a florist twice over."""
    loads = Loads()
    loads.reserve("one", DAY)
    loads.reserve("one", DAY)
    loads.put([assigned(1, "A", "one")])
    assert loads.of("one", DAY) == 3
    loads.let_go("one", DAY)
    loads.let_go("one", DAY)
    assert (loads.on(DAY), loads.of("one", LATER)) == ({"one": 1}, 0)


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop", "forget"]),
        st.integers(1, 8),
        st.sampled_from(["one", "two"]),
        st.sampled_from([DAY, LATER]),
    ),
    max_size=40,
)


@given(steps)
def test_counts_are_those_of_counting_anew(story: list[tuple[str, int, str, dt.date]]) -> None:
    """Whatever comes, moves, ends and is forgotten in between; a fax's order never changes its number."""
    loads, faxes = Loads(), dict[int, Assigned]()
    for what, fax, member, day in story:
        match what:
            case "put":
                faxes[fax] = assigned(fax, f"order-{fax % 3}", member, day)
                loads.put([faxes[fax]])
            case "drop":
                faxes.pop(fax, None)
                loads.drop(FaxId(fax))
            case _:
                faxes = {key: each for key, each in faxes.items() if each.day >= LATER}
                loads.forget_before(LATER)
        newest = {each.number: each for _, each in sorted(faxes.items())}
        expected = Counter((each.day, each.member_id) for each in newest.values())
        assert {(day, member): load for day in (DAY, LATER) for member, load in loads.on(day).items()} == expected
