"""When a fax goes again, if ever: the rules as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.sending import DEFAULT_RETRIES, Retry
from faxgw.dispatch.retry import JITTER, NOT_A_CALL, Again, GiveUp, Verdict, judge
from faxgw.fax import Failure

NOW = 1_000.0
RULE = Retry(calls_max=4, wait_seconds=100, growth=2, wait_seconds_max=300)


def judged(
    *,
    failure: Failure = Failure.BUSY,
    rule: Retry = RULE,
    calls: int = 1,
    deadline_at: float | None = None,
    dice: float = 0.0,
    asked: float | None = None,
) -> Verdict:
    return judge(
        failure,
        rule,
        calls=calls,
        now=NOW,
        deadline_at=deadline_at,
        random=lambda: dice,
        asked_wait_seconds=asked,
    )


@pytest.mark.parametrize(("calls", "wait_seconds"), [(0, 100), (1, 100), (2, 200), (3, 300)])
def test_waits_grow_up_to_their_bound(calls: int, wait_seconds: float) -> None:
    """The first wait, the doubled one, and no longer than the rule allows."""
    assert judged(calls=calls) == Again(NOW + wait_seconds, was_call=True)


@pytest.mark.parametrize("calls", [4, 5, 99])
def test_calls_are_bounded(calls: int) -> None:
    """As many as the rule says, the failed one included."""
    assert judged(calls=calls) == GiveUp("the rule allows no further call")


@pytest.mark.parametrize(("dice", "wait_seconds"), [(0.0, 100.0), (0.5, 112.5), (0.999, 124.975)])
def test_waits_vary_so_that_not_all_come_back_together(dice: float, wait_seconds: float) -> None:
    """By up to a quarter, upwards."""
    verdict = judged(dice=dice)
    assert isinstance(verdict, Again)
    assert verdict.due_at == pytest.approx(NOW + wait_seconds)


@pytest.mark.parametrize(
    ("asked", "wait_seconds"), [(None, 100), (0.0, 100), (50.0, 100), (250.0, 250), (3_600.0, 3_600)]
)
def test_a_wait_that_the_carrier_asks_for_is_kept(asked: float | None, wait_seconds: float) -> None:
    """The longer of the rule's and the carrier's."""
    assert judged(asked=asked) == Again(NOW + wait_seconds, was_call=True)


@pytest.mark.parametrize(
    ("deadline_at", "again"),
    [(NOW + 99, False), (NOW + 100, False), (NOW + 100.1, True), (None, True), (NOW - 5, False)],
)
def test_no_try_is_planned_at_or_past_the_deadline(deadline_at: float | None, *, again: bool) -> None:
    """What could not go in time fails now, while a person can still act."""
    expected = (
        Again(NOW + 100, was_call=True)
        if again
        else GiveUp("the deadline comes before the next try", for_want_of_time=True)
    )
    assert judged(deadline_at=deadline_at) == expected


@pytest.mark.parametrize("failure", list(Failure))
def test_only_what_was_not_dialled_is_no_call(failure: Failure) -> None:
    """Every other failure counts, so that no fax comes back for ever."""
    verdict = judged(failure=failure)
    assert verdict == Again(NOW + 100, was_call=failure not in NOT_A_CALL)


NEVER_AGAIN = {Failure.BAD_NUMBER, Failure.REJECTED, Failure.IN_DOUBT, Failure.DOCUMENT, Failure.EXPIRED}


@pytest.mark.parametrize("failure", list(Failure))
def test_the_default_rules(failure: Failure) -> None:
    """Every class of failure has a rule; where ringing again is useless or dangerous, there is no second call."""
    verdict = judged(failure=failure, rule=DEFAULT_RETRIES[failure], calls=1)
    assert isinstance(verdict, GiveUp) == (failure in NEVER_AGAIN)


@given(
    st.sampled_from(list(Failure)),
    st.integers(0, 20),
    st.floats(0, 0.999),
    st.one_of(st.none(), st.floats(0, 10_000)),
    st.one_of(st.none(), st.floats(0, 10_000)),
)
def test_a_try_is_never_in_the_past_nor_later_than_it_may_be(
    failure: Failure, calls: int, dice: float, deadline_at: float | None, asked: float | None
) -> None:
    """Whatever the numbers: now or later, before the deadline, within the bound."""
    rule = DEFAULT_RETRIES[failure]
    verdict = judged(failure=failure, rule=rule, calls=calls, dice=dice, deadline_at=deadline_at, asked=asked)
    if isinstance(verdict, Again):
        assert NOW + (asked or 0) <= verdict.due_at
        assert verdict.due_at <= NOW + max(rule.wait_seconds_max * (1 + JITTER), asked or 0)
        assert deadline_at is None or verdict.due_at < deadline_at
        assert calls < rule.calls_max
