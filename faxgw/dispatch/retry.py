"""When a fax that was not delivered goes again, if ever: pure rules over the failure classes."""

from collections.abc import Callable
from dataclasses import dataclass

from faxgw.config import Retry
from faxgw.fax import Failure

JITTER = 0.25
"""Waits vary by up to a quarter, so that faxes that failed together do not come back together."""

# Nothing was dialled, so the florist's line and the count of calls are untouched.
NOT_A_CALL = frozenset({Failure.CAPACITY, Failure.ACCOUNT})


@dataclass(frozen=True, slots=True)
class Again:
    due_at: float
    was_call: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    why: str


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
) -> Verdict:
    """Whether and when to try again after `calls` calls, the failed one included.

    A wait that the carrier asked for (Retry-After) is kept. No retry is planned past the deadline.
    `random` gives numbers in [0, 1).
    """
    if calls >= rule.calls_max:
        return GiveUp("the rule allows no further call")
    wait_seconds = min(rule.wait_seconds * rule.growth ** max(calls - 1, 0), rule.wait_seconds_max)
    wait_seconds *= 1 + JITTER * random()
    due_at = now + max(wait_seconds, asked_wait_seconds or 0.0)
    if deadline_at is not None and due_at >= deadline_at:
        return GiveUp("the deadline comes before the next try")
    return Again(due_at, was_call=failure not in NOT_A_CALL)
