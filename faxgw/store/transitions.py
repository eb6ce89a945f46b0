"""What one change does to a fax and its attempt: pure, so that every step can be read and tested as a table.

Treats as impossible: a step that `fax.NEXT` does not know. A change that merely comes too late (a cancel of
a fax that is with a carrier, a receipt for an attempt that is over) is `Stale`, not an error.
"""

from dataclasses import dataclass, field

from faxgw.config.promises import Step
from faxgw.errors import BugError
from faxgw.fax import FINAL, GIVEN_UP, NEXT, WITH_CARRIER, WITH_NOBODY, AttemptNumber, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import NO_LINE, Kinship
from faxgw.store.changes import (
    CancelAsked,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Escalated,
    Expired,
    FailedNow,
    GoesAgain,
    HoldAsked,
    KeptBack,
    Parked,
    PriorityAsked,
    Recorded,
    ReleaseAsked,
    RerouteAsked,
    ResolveAsked,
    Ruling,
    SetAside,
    Stale,
    Submitted,
)

DELIVERED = "delivered"
CONTRADICTED = "contradicted"
"""A carrier reports what nothing can be done about any more: a person must look."""
BY_HAND = "by hand"
"""Stands where a carrier's code would: a person found out how the attempt ended."""

WAITING_STEPS: dict[type, tuple[frozenset[State], State, str]] = {
    SetAside: (frozenset({State.QUEUED}), State.HELD, "set_aside"),
    Expired: (WITH_NOBODY, State.EXPIRED, "expired"),
    HoldAsked: (frozenset({State.QUEUED}), State.HELD, "held"),
    ReleaseAsked: (frozenset({State.HELD}), State.QUEUED, "released"),
    CancelAsked: (WITH_NOBODY, State.CANCELLED, "cancelled"),
}
"""What people and deadlines may do to a fax that is with no carrier: from which states, to which, called what."""

AGAIN_FROM: dict[Kinship, frozenset[State]] = {
    Kinship.RETRY: GIVEN_UP,
    Kinship.COPY: frozenset({State.DELIVERED}),
}
"""A final state stays final: what goes out again is a new fax. One that waits or is in doubt has none."""

MAYBE_ARRIVED = frozenset({DELIVERED, Failure.IN_DOUBT.value})
"""Outcomes of attempts after which the florist may have the page; whatever goes out then is marked."""

STEP_BITS = {
    Step.EXPRESS: 1,
    Step.OTHER_PROVIDER: 2,
    Step.SECOND_NUMBER: 4,
    Step.EVENT: 8,
    Step.ALERT: 16,
    Step.OTHER_FLORIST: 32,
}
"""How steps that were taken stand in the store; a bit is never given to another step."""
ROUTE_STEPS = frozenset({Step.EXPRESS, Step.OTHER_PROVIDER, Step.SECOND_NUMBER, Step.OTHER_FLORIST})
"""Steps that change which way a fax goes, or how soon; they are for faxes that wait."""
STEP_EVENTS = {Step.EVENT: "deadline_at_risk", Step.OTHER_FLORIST: "rerouted"}
"""What those steps are told as that are more than a step to whoever follows the order."""
ROUTING = "routing"
"""Who reroutes where no person does, because the order cannot stay where it is."""
PLANNING = "routing plan"
"""Who reroutes for the good of the whole day: the florist it leaves might have kept it, and may get it again."""


@dataclass(slots=True)
class FaxRow:
    """The narrow row of a fax, as read and to be written."""

    fax_id: FaxId
    state: State
    due_at: float
    attempts: int
    calls: int
    reason: str
    line: Line = NO_LINE
    rank: int = 1
    revision: int = 0
    marked: bool = False
    member: str | None = None
    escalated: int = 0
    is_revised: bool = False
    """Whether the columns since `line` are to be written: only people and escalation change them."""

    def revise(self) -> None:
        self.revision, self.is_revised = self.revision + 1, True

    def go(self, state: State, reason: str = "") -> None:
        if state not in NEXT[self.state]:
            raise BugError(f"fax {self.fax_id}: {self.state} cannot become {state}")
        self.state, self.reason = state, reason[:200]


@dataclass(slots=True)
class AttemptRow:
    """What changes of an attempt."""

    fax_id: FaxId
    number: AttemptNumber
    provider_ref: str | None
    changed_at: float
    ended_at: float | None
    outcome: str | None
    code: str | None
    line: Line = NO_LINE
    first_page: int | None = None
    """In the document of the call that it shares with other faxes; None where it has its own."""
    slot: int | None = 0
    """Of the line's calls; one fax of those that share a call holds it."""

    def end(self, outcome: str, code: str, at: float) -> None:
        self.outcome, self.code, self.ended_at, self.changed_at = outcome, code[:200], at, at


@dataclass(slots=True)
class Happened:
    """An event to be written."""

    fax_id: FaxId
    at: float
    kind: str
    data: dict[str, object] = field(default_factory=dict)


def apply_change(change: Change, fax: FaxRow, attempt: AttemptRow | None, events: list[Happened]) -> Recorded:
    """Make `change` on the rows in place and note what happened, or answer that it came too late."""
    match change:
        case Submitted() | Doubted() | Parked() | GoesAgain() | FailedNow():
            if attempt is None:
                return Stale(fax.state)
            happened = _move_with_carrier(change, fax, attempt)
        case DeliveredNow():
            if attempt is None:
                return Stale(fax.state)
            happened = _deliver(change, fax, attempt)
        case ResolveAsked() if fax.state is State.HELD:
            happened = _resolve_held(change, fax, attempt)
        case ResolveAsked():
            if attempt is None:
                return Stale(fax.state)
            happened = _resolve(change, fax, attempt)
        case SetAside() | Expired() | HoldAsked() | ReleaseAsked() | CancelAsked():
            happened = _move_waiting(change, fax)
        case PriorityAsked() | RerouteAsked():
            happened = _revise(change, fax)
        case Escalated():
            happened = _escalate(change, fax)
        case KeptBack(data=data) if fax.state is State.QUEUED:
            happened = Happened(fax.fax_id, change.at, "line_dead", dict(data))
        case KeptBack():
            happened = None
    if happened is None:
        return Stale(fax.state)
    events.append(happened)
    return Stale(fax.state) if happened.kind == CONTRADICTED else Changed(fax.state)


def _move_with_carrier(
    change: Submitted | Doubted | Parked | GoesAgain | FailedNow, fax: FaxRow, attempt: AttemptRow
) -> Happened | None:
    if isinstance(change, Submitted) and attempt.provider_ref is None:
        # A receipt may beat our own note of the carrier's answer; then only the reference is news.
        attempt.provider_ref = change.provider_ref
    if fax.state not in WITH_CARRIER or (attempt.ended_at is not None and not _is_parked(fax, attempt)):
        return _contradict_person(change, attempt)
    data: dict[str, object] = {"attempt": attempt.number}
    match change:
        case Submitted(provider_ref=provider_ref):
            if fax.state is State.SUBMITTED or attempt.ended_at is not None:
                # The line of a parked attempt was let go; only how it ended is news.
                return None
            attempt.changed_at = change.at
            fax.go(State.SUBMITTED)
            return Happened(fax.fax_id, change.at, "submitted", data | {"provider_ref": provider_ref})
        case Doubted(reason=reason):
            if fax.state is State.UNKNOWN:
                return None
            attempt.changed_at = change.at
            fax.go(State.UNKNOWN, reason)
            return Happened(fax.fax_id, change.at, "in_doubt", data | {"reason": reason})
        case Parked(reason=reason):
            if attempt.ended_at is not None:
                return None
            attempt.end(Failure.IN_DOUBT, reason, change.at)
            if fax.state is State.UNKNOWN:
                fax.reason = reason[:200]
            else:
                fax.go(State.UNKNOWN, reason)
            return Happened(fax.fax_id, change.at, "parked", data | {"reason": reason})
        case GoesAgain(failure=failure, code=code, due_at=due_at, was_call=was_call, calls=calls):
            attempt.end(failure, code, change.at)
            fax.due_at = due_at
            fax.calls += calls - 1 if was_call else -1
            if failure is Failure.IN_DOUBT:
                fax.marked = True
                fax.revise()
            fax.go(State.QUEUED, failure)
            return Happened(fax.fax_id, change.at, "retry", data | {"failure": failure, "code": code, "due_at": due_at})
        case FailedNow(failure=failure, code=code):
            attempt.end(failure, code, change.at)
            fax.go(State.FAILED, failure)
            return Happened(fax.fax_id, change.at, "failed", data | {"failure": failure, "code": code})


def _deliver(change: DeliveredNow, fax: FaxRow, attempt: AttemptRow) -> Happened | None:
    if attempt.outcome == DELIVERED:
        return None
    data: dict[str, object] = {"attempt": attempt.number, "pages": change.pages, "call_seconds": change.call_seconds}
    # An attempt already given up can still turn out delivered. If its fax has not gone out again, the
    # truth wins and saves a second bouquet; if it has, only a person can sort it out.
    if attempt.ended_at is not None and fax.state not in WITH_NOBODY and not _is_parked(fax, attempt):
        attempt.end(DELIVERED, "after it was given up", attempt.ended_at)
        return Happened(fax.fax_id, change.at, CONTRADICTED, data)
    attempt.end(DELIVERED, "", change.at)
    fax.go(State.DELIVERED)
    return Happened(fax.fax_id, change.at, "delivered", data)


def _is_parked(fax: FaxRow, attempt: AttemptRow) -> bool:
    """Whether the fax waits for a person to say what became of this very attempt."""
    return fax.state is State.UNKNOWN and attempt.number == fax.attempts and attempt.outcome == Failure.IN_DOUBT


def _contradict_person(
    change: Submitted | Doubted | Parked | GoesAgain | FailedNow, attempt: AttemptRow
) -> Happened | None:
    """A person called it delivered and the carrier says that it is not: written down, once, for a person to look."""
    if not isinstance(change, GoesAgain | FailedNow) or (attempt.outcome, attempt.code) != (DELIVERED, BY_HAND):
        return None
    attempt.code = f"{BY_HAND}; the carrier says {change.failure}"
    data = {"attempt": attempt.number, "failure": change.failure, "code": change.code}
    return Happened(change.fax_id, change.at, CONTRADICTED, data)


def _resolve(change: ResolveAsked, fax: FaxRow, attempt: AttemptRow) -> Happened | None:
    if fax.state is not State.UNKNOWN or (attempt.ended_at is not None and not _is_parked(fax, attempt)):
        return None
    data: dict[str, object] = {"attempt": attempt.number, "who": change.who, "why": change.why}
    match change.ruling:
        case Ruling.DELIVERED:
            attempt.end(DELIVERED, BY_HAND, change.at)
            fax.go(State.DELIVERED, BY_HAND)
            return Happened(fax.fax_id, change.at, "delivered", data)
        case Ruling.NOT_DELIVERED:
            attempt.end(Failure.IN_DOUBT, BY_HAND, change.at)
            fax.go(State.FAILED, Failure.IN_DOUBT)
            return Happened(fax.fax_id, change.at, "failed", data | {"failure": Failure.IN_DOUBT, "code": BY_HAND})
        case Ruling.SEND_AGAIN:
            attempt.end(Failure.IN_DOUBT, BY_HAND, change.at)
            # The florist may yet find the first page in the tray.
            fax.marked, fax.due_at = True, change.at
            fax.revise()
            fax.go(State.QUEUED, Failure.IN_DOUBT)
            more = {"failure": Failure.IN_DOUBT, "code": BY_HAND, "due_at": change.at}
            return Happened(fax.fax_id, change.at, "retry", data | more)


def _resolve_held(change: ResolveAsked, fax: FaxRow, attempt: AttemptRow | None) -> Happened | None:
    """A fax that is held and may have come before, as after a restore: a person asked the carrier or the florist."""
    if not fax.marked:
        return None
    data: dict[str, object] = {"attempt": change.attempt, "who": change.who, "why": change.why}
    match change.ruling:
        case Ruling.DELIVERED:
            if attempt is not None:
                attempt.end(DELIVERED, BY_HAND, change.at)
            fax.go(State.DELIVERED, BY_HAND)
            return Happened(fax.fax_id, change.at, "delivered", data)
        case Ruling.NOT_DELIVERED:
            fax.go(State.FAILED, Failure.IN_DOUBT)
            return Happened(fax.fax_id, change.at, "failed", data | {"failure": Failure.IN_DOUBT, "code": BY_HAND})
        case Ruling.SEND_AGAIN if fax.line == NO_LINE:
            return None
        case Ruling.SEND_AGAIN:
            fax.due_at = change.at
            fax.go(State.QUEUED, f"{change.who}: {change.why}" if change.why else change.who)
            return Happened(fax.fax_id, change.at, "released", data)


def _revise(change: PriorityAsked | RerouteAsked, fax: FaxRow) -> Happened | None:
    if fax.state not in WITH_NOBODY:
        return None
    data: dict[str, object] = {"who": change.who, "why": change.why}
    match change:
        case PriorityAsked(rank=rank):
            data |= {"from": fax.rank, "to": rank}
            fax.rank = rank
        case RerouteAsked(line=line, member=member):
            data |= {"from": fax.line, "to": line} | ({"member": member} if member else {})
            if fax.attempts:
                # It waits for its next try on the old line; the new one was never called.
                fax.due_at, fax.calls = min(fax.due_at, change.at), 0
            fax.line, fax.member = line, member or fax.member
    fax.revise()
    return Happened(fax.fax_id, change.at, "priority" if isinstance(change, PriorityAsked) else "rerouted", data)


def _escalate(change: Escalated, fax: FaxRow) -> Happened | None:
    step, bit = change.step, STEP_BITS[change.step]
    is_possible = fax.state is State.QUEUED if step in ROUTE_STEPS else fax.state not in FINAL
    if fax.escalated & bit or not is_possible:
        return None
    fax.escalated, fax.is_revised = fax.escalated | bit, True
    data: dict[str, object] = {"step": step, "reason": change.reason}
    match step:
        case Step.EXPRESS:
            fax.rank = 0
        case Step.OTHER_PROVIDER:
            data |= {"avoid": list(change.avoid)}
            fax.due_at = min(fax.due_at, change.at)
        case Step.SECOND_NUMBER if change.line is not None:
            data |= {"from": fax.line, "to": change.line}
            # The other line was never called: the first one's waits and counts are not its own.
            fax.line, fax.due_at, fax.calls = change.line, min(fax.due_at, change.at), 0
            fax.revise()
        case Step.OTHER_FLORIST if change.line is not None and change.member is not None:
            data = {"who": ROUTING, "why": change.reason, "step": step}
            data |= {"from": fax.line, "to": change.line, "member": change.member}
            fax.line, fax.member = change.line, change.member
            fax.due_at, fax.calls = min(fax.due_at, change.at), 0
            fax.revise()
        case Step.SECOND_NUMBER | Step.OTHER_FLORIST:
            raise BugError(f"fax {fax.fax_id}: escalated to no {step}")
        case Step.EVENT:
            data = {"reason": change.reason, "suggestion": "reroute", "state": fax.state}
        case Step.ALERT:
            data |= {"state": fax.state}
    return Happened(fax.fax_id, change.at, STEP_EVENTS.get(step, "escalated"), data)


def _move_waiting(change: SetAside | Expired | HoldAsked | ReleaseAsked | CancelAsked, fax: FaxRow) -> Happened | None:
    needs, becomes, kind = WAITING_STEPS[type(change)]
    if fax.state not in needs:
        return None
    if isinstance(change, ReleaseAsked) and fax.line == NO_LINE:
        # Nobody was found to execute it: it goes once it is rerouted to somebody.
        return None
    match change:
        case SetAside(reason=reason):
            fax.go(becomes, reason)
            return Happened(fax.fax_id, change.at, kind, {"reason": reason})
        case Expired():
            fax.go(becomes, "deadline")
            return Happened(fax.fax_id, change.at, kind)
        case HoldAsked(who=who, why=why) | ReleaseAsked(who=who, why=why) | CancelAsked(who=who, why=why):
            fax.go(becomes, f"{who}: {why}" if why else who)
            return Happened(fax.fax_id, change.at, kind, {"who": who, "why": why})
