"""The token bucket: how many pass, and when the next one may."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.dispatch.bucket import TokenBucket


def passing(bucket: TokenBucket, seconds: float) -> list[float]:
    """When the faxes go that wait all the time, in so many seconds."""
    now, went = 0.0, []
    while (now := bucket.opens_at(now)) < seconds:
        bucket.take(now)
        went.append(now)
    return went


def test_a_burst_and_then_the_rate() -> None:
    """Three at once, then one each half second."""
    assert passing(TokenBucket(2.0, 3), 2.1) == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5, 2.0])


def test_without_a_rate_all_pass() -> None:
    """And it says so."""
    bucket = TokenBucket(0.0, 1)
    for _ in range(1_000):
        assert bucket.opens_at(5.0) == 5.0
        bucket.take(5.0)
    assert bucket.tokens(5.0) == math.inf


def test_a_clock_set_back_takes_no_token_away() -> None:
    """The next one waits as long as ever, not for an hour."""
    bucket = TokenBucket(1.0, 1)
    bucket.take(10_000.0)
    assert bucket.opens_at(6_400.0) == pytest.approx(6_401.0)


@given(st.floats(0.01, 100), st.integers(1, 50), st.floats(0.1, 60))
def test_never_more_than_the_rate_and_the_burst(per_second: float, burst: int, seconds: float) -> None:
    """In any time, and whoever is told to come then may go."""
    if per_second * seconds > 2_000:
        return
    assert len(passing(TokenBucket(per_second, burst), seconds)) <= burst + per_second * seconds + 1
