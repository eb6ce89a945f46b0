"""When a fax that was not delivered goes again, if ever: pure rules over the failure classes."""

from collections.abc import Callable
from dataclasses import dataclass

from faxgw.config.sending import Retry
from faxgw.fax import Failure

JITTER = 0.25
"""Waits vary by up to a quarter, so that faxes that failed together do not come back together."""

ELSEWHERE_AT_ONCE_MAX = 2
"""A fax that carriers hand from one to the other waits from the third refusal on."""

# Nothing was dialled, so the florist's line and the count of calls are untouched.
NOT_A_CALL = frozenset({Failure.CAPACITY, Failure.ACCOUNT, Failure.NOT_REACHED})


@dataclass(frozen=True, slots=True)
class Again:
    due_at: float
    was_call: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    why: str
    for_want_of_time: bool = False
    """Another try was due, and only the deadline stands before it."""


Verdict = Again | GiveUp


def judge(
    failure: Failure,
    rule: Retry,
    *,
    calls: int,
    now: float,
    deadline_at: float | None,
    random: Callable[[], float],
    asked_wait_seconds: float | None = None,
    is_spent: bool = False,
    may_go_elsewhere: bool = False,
) -> Verdict:
    """Whether and when to try again after `calls` attempts that ended so, the failed one included.

    A wait that the carrier asked for (Retry-After) is kept. No retry is planned past the deadline.
    `random` gives numbers in [0, 1).

    Args:
        is_spent: the fax has had all the calls that are allowed over all classes of failure.
        may_go_elsewhere: another carrier may take it now; then a carrier's own trouble is no reason to wait.
    """
    was_call = failure not in NOT_A_CALL
    if calls >= rule.calls_max:
        return GiveUp("the rule allows no further call")
    if is_spent:
        return GiveUp("the fax has had all the calls that it may have")
    wait_seconds = min(rule.wait_seconds * rule.growth ** max(calls - 1, 0), rule.wait_seconds_max)
    wait_seconds *= 1 + JITTER * random()
    at_once = may_go_elsewhere and rule.other_provider and not was_call and calls <= ELSEWHERE_AT_ONCE_MAX
    due_at = now if at_once else now + max(wait_seconds, asked_wait_seconds or 0.0)
    if deadline_at is not None and due_at >= deadline_at:
        return GiveUp("the deadline comes before the next try", for_want_of_time=True)
    return Again(due_at, was_call=was_call)
