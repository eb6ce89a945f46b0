"""Which carrier gets the next fax: the table, and the shares over many."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.dispatch.choice import Candidate, Shares, choose

NORTH, SOUTH, DEAR = Candidate("north", 1, 1, 3.0), Candidate("south", 1, 1, 2.0), Candidate("dear", 9, 1, 0.0)


@pytest.mark.parametrize(
    ("candidates", "avoided", "chosen"),
    [
        ([], None, None),
        ([NORTH, SOUTH, DEAR], None, "south"),
        ([NORTH, DEAR], None, "north"),
        ([DEAR], None, "dear"),
        ([NORTH, SOUTH, DEAR], "south", "north"),
        ([SOUTH, DEAR], "south", "dear"),
        ([SOUTH], "south", "south"),
        ([NORTH, SOUTH], "gone", "south"),
    ],
)
def test_who_takes_it(candidates: list[Candidate], avoided: str | None, chosen: str | None) -> None:
    """Another than the one that failed, then the cheapest, then the one behind with its share; somebody if anybody."""
    assert choose(candidates, avoided) == chosen


def give(shares: Shares, names: list[str], count: int) -> Counter[str]:
    given_to: Counter[str] = Counter()
    for _ in range(count):
        name = choose([Candidate(name, 0, 1, shares.carried(name)) for name in names])
        assert name is not None
        shares.give(name)
        given_to[name] += 1
    return given_to


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=1))
def test_shares_follow_the_weights(weights: dict[str, int]) -> None:
    """To within one fax a round."""
    rounds = 10
    given_to = give(Shares(weights), list(weights), rounds * sum(weights.values()))
    for name, weight in weights.items():
        assert abs(given_to[name] - rounds * weight) <= 2


def test_one_that_was_away_does_not_get_all_that_it_missed() -> None:
    """A thousand faxes later it takes its half from then on, and not the next thousand alone."""
    shares = Shares({"north": 1, "south": 1})
    give(shares, ["north"], 1_000)
    assert give(shares, ["north", "south"], 100)["south"] == pytest.approx(50, abs=1)


def test_new_weights_share_what_comes_from_then_on() -> None:
    """One to one, then three to one; nobody makes up for what was given before."""
    shares = Shares({"north": 1, "south": 1})
    assert give(shares, ["north", "south"], 40) == {"north": 20, "south": 20}
    shares.reweigh({"north": 3, "south": 1})
    assert give(shares, ["north", "south"], 40) == {"north": 30, "south": 10}
