"""What becomes of faxes and attempts: every change that the store can record, and its answers."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from faxgw.config.promises import Step
from faxgw.fax import AttemptNumber, Failure, FaxId, State
from faxgw.phone import Line


@dataclass(frozen=True, slots=True)
class Submitted:
    """The carrier has it; its receipt is awaited."""

    fax_id: FaxId
    attempt: AttemptNumber
    provider_ref: str
    at: float


@dataclass(frozen=True, slots=True)
class Doubted:
    """The attempt is in doubt from now on."""

    fax_id: FaxId
    attempt: AttemptNumber
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class AttemptOver:
    """What all changes have in common that end an attempt."""

    fax_id: FaxId
    attempt: AttemptNumber
    receipt_id: int | None = field(default=None, kw_only=True)
    """The kept receipt that said so, which needs no more work then."""
    tells_line: bool = field(default=True, kw_only=True)
    """False where another fax of the same call tells what the call taught of its line."""


@dataclass(frozen=True, slots=True)
class Parked(AttemptOver):
    """Asking cannot tell any more whether it arrived: the attempt is over and its line let go; the fax stays in doubt.

    It waits for a person, or for a late word of the carrier.
    """

    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class DeliveredNow(AttemptOver):
    """The carrier confirmed delivery. Also ends a fax whose attempt was already given up."""

    pages: int
    call_seconds: float | None
    at: float


@dataclass(frozen=True, slots=True)
class GoesAgain(AttemptOver):
    """The attempt is over; the fax goes back to the queue."""

    failure: Failure
    code: str
    due_at: float
    at: float
    was_call: bool = field(default=True, kw_only=True)
    """False where nothing was dialled, so that retry rules do not count it."""
    calls: int = field(default=1, kw_only=True)
    """How often the line was rung for it, where it was a call: the carrier's own retries count."""


@dataclass(frozen=True, slots=True)
class FailedNow(AttemptOver):
    """The attempt is over, and so is the fax."""

    failure: Failure
    code: str
    at: float
    calls: int = field(default=1, kw_only=True)
    """How often the line was rung for it; 0 where nothing was dialled."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """The fax cannot be sent as it is (it does not render): held for a person, with the reason."""

    fax_id: FaxId
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Expired:
    """The deadline passed before the fax could go."""

    fax_id: FaxId
    at: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A person (or the relay, for one) asks it of a fax that waits."""

    fax_id: FaxId
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class HoldAsked(_Asked):
    """It is kept from going."""


@dataclass(frozen=True, slots=True)
class ReleaseAsked(_Asked):
    """It may go again."""


@dataclass(frozen=True, slots=True)
class CancelAsked(_Asked):
    """It leaves the queue for good."""


@dataclass(frozen=True, slots=True)
class PriorityAsked:
    """It travels in another class; a lower rank goes first."""

    fax_id: FaxId
    rank: int
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class RerouteAsked:
    """The fax goes to another line, and to another member where one is named."""

    fax_id: FaxId
    line: Line
    member: str | None
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class Escalated:
    """A step that is taken, once a fax, before its deadline is lost.

    Steps that change the fax's way need it to be queued: where a carrier may dial it yet, they come too late.
    """

    fax_id: FaxId
    step: Step
    reason: str
    """Why the fax waits."""
    at: float
    line: Line | None = None
    """Where it goes from now on, for the step that changes it."""
    avoid: tuple[str, ...] = ()
    """The carriers that failed it, for the step that leaves them out."""
    member: str | None = None
    """Who executes from now on, for the step that gives it to another florist."""


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Its line is taken for dead: whoever ordered the fax should hear that it waits for a person."""

    fax_id: FaxId
    data: Mapping[str, object]
    at: float


class Ruling(enum.StrEnum):
    """What a person found out of a fax in doubt."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    """The fax is over; whoever ordered it must find another way."""
    SEND_AGAIN = "send_again"
    """It did not arrive and goes again, marked as a possible duplicate."""


@dataclass(frozen=True, slots=True)
class ResolveAsked:
    fax_id: FaxId
    attempt: AttemptNumber
    ruling: Ruling
    who: str
    why: str
    at: float


Change = (
    Submitted
    | Doubted
    | Parked
    | DeliveredNow
    | GoesAgain
    | FailedNow
    | SetAside
    | Expired
    | HoldAsked
    | ReleaseAsked
    | CancelAsked
    | PriorityAsked
    | RerouteAsked
    | ResolveAsked
    | Escalated
    | KeptBack
)


@dataclass(frozen=True, slots=True)
class Changed:
    state: State


@dataclass(frozen=True, slots=True)
class Stale:
    """The change came too late and was not made: `state` is where the fax stands instead."""

    state: State


@dataclass(frozen=True, slots=True)
class NoSuchFax:
    pass


Recorded = Changed | Stale | NoSuchFax


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to no fax but to a provider or the gateway: an event of its own."""

    kind: str
    data: Mapping[str, object]
    at: float
