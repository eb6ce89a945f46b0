"""Which steps are due before a fax misses its deadline: pure rules over where the fax stands.

A step that changes the fax's way waits while a carrier may dial it, and until there is something that it could
mend: leaving a carrier out needs one that failed, the other number a trouble with the first. People are told anyway.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from faxgw.config.promises import Step, TimedStep
from faxgw.fax import FINAL, Failure, State, Waiting
from faxgw.phone import Line
from faxgw.store.changes import Escalated, RerouteAsked
from faxgw.store.routing.port import Florist
from faxgw.store.unfinished import Queued

TROUBLE_OF_LINE = frozenset(
    {
        Waiting.LINE_BUSY,
        Waiting.LINE_RESTING,
        Waiting.LINE_DEAD,
        Waiting.BUDGET_SPENT,
    }
)
"""Reasons to wait that the florist's other number may not have."""
FAILURES_OF_FLORIST = frozenset(
    {
        Failure.BUSY,
        Failure.NO_ANSWER,
        Failure.NO_FAX,
        Failure.BAD_NUMBER,
        Failure.REJECTED,
        Failure.PROTOCOL,
        Failure.PAGE,
        Failure.UNKNOWN_CODE,
    }
)
"""Ends of a fax that another florist may not meet: neither ours, nor a carrier's, nor a doubt."""
FAILURES_OF_LINE = frozenset({Failure.BUSY, Failure.NO_ANSWER, Failure.NO_FAX, Failure.BAD_NUMBER, Failure.PROTOCOL})


TROUBLE_OF_FLORIST = TROUBLE_OF_LINE | {Waiting.WINDOW_CLOSED}
"""Reasons to wait that another florist may not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """What decides about a fax whose deadline comes near."""

    state: State
    rank: int
    accepted_at: float
    deadline_at: float
    taken: frozenset[Step] = frozenset()
    failed: frozenset[str] = frozenset()
    """Carriers that failed it."""
    other_carriers: bool = False
    """There is one that has not."""
    other_line: Line | None = None
    """The florist's line that this fax was not sent to."""
    line_in_trouble: bool = False
    other_florist: Florist | None = None
    """Whom routing would give the order to instead."""
    florist_in_trouble: bool = False
    """The line is in trouble, or the florist does not open in time."""


@dataclass(frozen=True, slots=True)
class Due:
    """What to do now, in their order, and when to look again."""

    steps: tuple[Step, ...]
    next_at: float
    """The next step, or the deadline; infinite once there is nothing left to look for."""
    has_put_off: bool
    """A step is due that cannot be taken as the fax stands: look again when it comes back in line."""


def steps_due(fax: AtRisk, now: float, plan: Sequence[TimedStep]) -> Due:
    """The steps of `fax` that are due at `now` (seconds since 1970)."""
    if fax.state in FINAL:
        return Due((), math.inf, has_put_off=False)
    if now >= fax.deadline_at:
        return Due((), math.inf, has_put_off=False)
    reached = [timed.step for timed in plan if step_at(timed, fax) <= now and timed.step not in fax.taken]
    steps = tuple(step for step in reached if is_possible(step, fax))
    ahead = [at for timed in plan if (at := step_at(timed, fax)) > now]
    return Due(steps, min([*ahead, fax.deadline_at]), has_put_off=len(steps) < len(reached))


def step_at(timed: TimedStep, fax: AtRisk) -> float:
    """When a step falls due: never in the first half of the fax's time, or a short promise would begin with alarms."""
    return max(fax.deadline_at - timed.minutes_before * 60, (fax.accepted_at + fax.deadline_at) / 2)


def is_possible(step: Step, fax: AtRisk) -> bool:
    """Whether the step could change anything for the fax as it stands."""
    match step:
        case Step.EXPRESS:
            return fax.state is State.QUEUED and fax.rank > 0
        case Step.OTHER_PROVIDER:
            return fax.state is State.QUEUED and bool(fax.failed) and fax.other_carriers
        case Step.SECOND_NUMBER:
            return fax.state is State.QUEUED and fax.other_line is not None and fax.line_in_trouble
        case Step.OTHER_FLORIST:
            return fax.state is State.QUEUED and fax.other_florist is not None and fax.florist_in_trouble
        case Step.EVENT | Step.ALERT:
            return True


def last_steps(fax: AtRisk, failure: Failure, plan: Sequence[TimedStep]) -> tuple[Step, ...]:
    """What is left to try at once where the next regular try would come after the deadline; nothing gives the fax up.

    A line that is busy is not called again at once over another carrier: its florist has one more number, or not.
    """
    left = {timed.step for timed in plan} - fax.taken
    steps = [step for step in (Step.OTHER_PROVIDER, Step.SECOND_NUMBER) if step in left and is_possible(step, fax)]
    if failure in FAILURES_OF_LINE and Step.SECOND_NUMBER not in steps:
        # The florist's own other machine comes first: nobody but the network needs to know of that.
        return (Step.OTHER_FLORIST,) if Step.OTHER_FLORIST in left and is_possible(Step.OTHER_FLORIST, fax) else ()
    return tuple(steps)


def with_step(fax: Queued, taken: Escalated | RerouteAsked) -> Queued:
    """The fax as the schedule has it once the step was taken, as the store writes it."""
    if isinstance(taken, RerouteAsked):
        return with_line(fax, taken.line, taken.at)
    match taken.step:
        case Step.EXPRESS:
            return msgspec.structs.replace(fax, rank=0)
        case Step.OTHER_PROVIDER:
            return msgspec.structs.replace(fax, due_at=min(fax.due_at, taken.at))
        case Step.SECOND_NUMBER | Step.OTHER_FLORIST if taken.line is not None:
            return with_line(fax, taken.line, taken.at)
        case _:
            return fax


def with_line(fax: Queued, line: Line, at: float) -> Queued:
    """The fax as the schedule has it once it goes to another line: the old one's waits and counts are not its own."""
    return msgspec.structs.replace(fax, line=line, due_at=min(fax.due_at, at), calls=0, revision=fax.revision + 1)
