"""What one change does to a fax and its attempt: pure, so that every step can be read and tested as a table.

Treats as impossible: a step that `fax.NEXT` does not know. A change that merely comes too late (a cancel of
a fax that is with a carrier, a receipt for an attempt that is over) is `Stale`, not an error.
"""

from dataclasses import dataclass, field

from faxgw.errors import BugError
from faxgw.fax import NEXT, WITH_CARRIER, AttemptNumber, FaxId, State
from faxgw.store.port import (
    CancelAsked,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Expired,
    FailedNow,
    GoesAgain,
    HoldAsked,
    Recorded,
    ReleaseAsked,
    SetAside,
    Stale,
    Submitted,
)

DELIVERED = "delivered"
CONTRADICTED = "contradicted"
"""A carrier reports a delivery that nothing can be done about any more: a person must look."""

WAITING_STEPS: dict[type, tuple[frozenset[State], State, str]] = {
    SetAside: (frozenset({State.QUEUED}), State.HELD, "set_aside"),
    Expired: (frozenset({State.QUEUED, State.HELD}), State.EXPIRED, "expired"),
    HoldAsked: (frozenset({State.QUEUED}), State.HELD, "held"),
    ReleaseAsked: (frozenset({State.HELD}), State.QUEUED, "released"),
    CancelAsked: (frozenset({State.QUEUED, State.HELD}), State.CANCELLED, "cancelled"),
}
"""What people and deadlines may do to a fax that is with no carrier: from which states, to which, called what."""


@dataclass(slots=True)
class FaxRow:
    """The narrow row of a fax, as read and to be written."""

    fax_id: FaxId
    state: State
    due_at: float
    attempts: int
    calls: int
    reason: str

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
        case Submitted() | Doubted() | GoesAgain() | FailedNow():
            if attempt is None:
                return Stale(fax.state)
            happened = _move_with_carrier(change, fax, attempt)
        case DeliveredNow():
            if attempt is None:
                return Stale(fax.state)
            happened = _deliver(change, fax, attempt)
        case SetAside() | Expired() | HoldAsked() | ReleaseAsked() | CancelAsked():
            happened = _move_waiting(change, fax)
    if happened is None:
        return Stale(fax.state)
    events.append(happened)
    return Stale(fax.state) if happened.kind == CONTRADICTED else Changed(fax.state)


def _move_with_carrier(
    change: Submitted | Doubted | GoesAgain | FailedNow, fax: FaxRow, attempt: AttemptRow
) -> Happened | None:
    if isinstance(change, Submitted) and attempt.provider_ref is None:
        # A receipt may beat our own note of the carrier's answer; then only the reference is news.
        attempt.provider_ref = change.provider_ref
    if attempt.ended_at is not None or fax.state not in WITH_CARRIER:
        return None
    data: dict[str, object] = {"attempt": attempt.number}
    match change:
        case Submitted(provider_ref=provider_ref):
            if fax.state is State.SUBMITTED:
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
        case GoesAgain(failure=failure, code=code, due_at=due_at, was_call=was_call):
            attempt.end(failure, code, change.at)
            fax.due_at = due_at
            fax.calls -= 0 if was_call else 1
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
    if attempt.ended_at is not None and fax.state not in {State.QUEUED, State.HELD}:
        attempt.end(DELIVERED, "after it was given up", attempt.ended_at)
        return Happened(fax.fax_id, change.at, CONTRADICTED, data)
    attempt.end(DELIVERED, "", change.at)
    fax.go(State.DELIVERED)
    return Happened(fax.fax_id, change.at, "delivered", data)


def _move_waiting(change: SetAside | Expired | HoldAsked | ReleaseAsked | CancelAsked, fax: FaxRow) -> Happened | None:
    needs, becomes, kind = WAITING_STEPS[type(change)]
    if fax.state not in needs:
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
