"""The limit that adapts: where it goes, how fast, and what it costs."""

import random
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.dispatch.concurrency import ConcurrencyLimit


def settled(limit: ConcurrencyLimit) -> ConcurrencyLimit:
    """Past its start, in which every success counts whole."""
    limit.fail()
    return limit


def test_until_the_first_failure_every_success_adds_one() -> None:
    """Two hundred lanes are reached in two hundred faxes."""
    limit = ConcurrencyLimit(1, 200, 8)
    for _ in range(192):
        limit.succeed(limit.limit)
    assert limit.limit == 200


def test_it_falls_at_the_start_of_a_run_of_failures_and_then_once_a_round() -> None:
    """The first failure counts at once; nine more are one round of nine."""
    limit = ConcurrencyLimit(1, 10, 10)
    limits = []
    for _ in range(11):
        limit.fail()
        limits.append(limit.limit)
    assert limits[0] == 9
    assert limits[1:9] == [9] * 8
    assert limits[10] == 8


def test_it_rises_at_the_end_of_a_run_of_successes() -> None:
    """Nine successes at nine, and not eight."""
    limit = settled(ConcurrencyLimit(1, 20, 10))
    for _ in range(8):
        limit.succeed(9)
    assert limit.limit == 9
    limit.succeed(9)
    assert limit.limit == 10


def test_what_is_not_used_proves_nothing() -> None:
    """A quiet night at two lanes does not promise the morning sixty-four."""
    limit = ConcurrencyLimit(1, 64, 8)
    for _ in range(1_000):
        limit.succeed(2)
    assert limit.limit == 8


def test_after_an_outage_it_starts_again() -> None:
    """Nobody knows what the carrier bears now."""
    limit = ConcurrencyLimit(1, 64, 8)
    for _ in range(30):
        limit.succeed(64)
    limit.start_again()
    assert limit.limit == 8


@given(st.integers(1, 10), st.integers(1, 40), st.integers(1, 60), st.lists(st.booleans(), max_size=300))
def test_it_never_leaves_its_bounds(least: int, most: int, initial: int, went_well: list[bool]) -> None:
    """Whatever happens, and however the bounds were written."""
    limit = ConcurrencyLimit(least, most, initial)
    for well in went_well:
        if well:
            limit.succeed(limit.limit)
        else:
            limit.fail()
        assert min(least, most) <= limit.limit <= most


@pytest.mark.parametrize("bears", [5, 20])
def test_it_finds_out_what_a_carrier_bears(bears: int) -> None:
    """A carrier with so many places refuses the rest: one in N + 1 or so, as Postfix measured (16.5 % for 5)."""
    limit = ConcurrencyLimit(1, 100, 8)
    dice = random.Random(1)  # noqa: S311 - the same run each time.
    in_flight: deque[bool] = deque()
    refused = taken = 0
    seen: list[int] = []
    for number in range(20_000):
        while len(in_flight) < limit.limit:
            in_flight.append(sum(in_flight) < bears)
        in_flight.rotate(dice.randrange(len(in_flight)))
        went_well = in_flight[0]
        if went_well:
            limit.succeed(len(in_flight))
        else:
            limit.fail()
        in_flight.popleft()
        if number >= 2_000:
            refused, taken = refused + (not went_well), taken + went_well
            seen.append(limit.limit)
    assert bears - 1 <= sum(seen) / len(seen) <= bears + 2
    assert refused / (refused + taken) < 0.25
