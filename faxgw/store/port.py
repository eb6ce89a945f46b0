"""What the store promises, in the words of the steps that use it.

Writes take lists and return one answer an item, in order, only once all of them would survive a power
cut. Every write may raise `StoreFullError` (nothing written, try later), `StoreBusyError` (too many wait)
or `StoreFailedError` (the process must end). Reads see everything answered before they began.

Safe to cancel: a cancelled write may or may not have happened, as with any lost answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from faxgw.fax import AttemptNumber, ClientRef, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.provider.port import Report

# --- taking faxes in -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewFax:
    """A checked order on its way into the queue."""

    submitter: str
    key: str
    digest: bytes
    """SHA-256 of the order as decoded: tells a repeat from another order under the same key."""
    number: str
    line: Line
    rank: int
    """Priority class, lower first."""
    order: bytes
    """The order as canonical JSON."""
    accepted_at: float
    due_at: float
    deadline_at: float | None


@dataclass(frozen=True, slots=True)
class Admitted:
    fax_id: FaxId


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same key and order came before; nothing was written."""

    fax_id: FaxId
    state: State


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The key belongs to another order; nothing was written."""

    fax_id: FaxId


Admission = Admitted | Repeated | KeyTaken

# --- attempts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intent:
    """The durable note made before a carrier hears of an attempt."""

    fax_id: FaxId
    provider: str
    sha256: str
    form_version: str
    pages: int
    rendered_at: float
    at: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that a carrier may know of: open until somebody says how it ended."""

    fax_id: FaxId
    number: AttemptNumber
    client_ref: ClientRef
    provider: str
    line: Line
    rank: int
    deadline_at: float | None
    calls: int
    """Calls made for this fax so far, this one included; what retry rules count."""
    started_at: float
    state: State
    """SENDING, SUBMITTED or UNKNOWN."""
    provider_ref: str | None = None
    changed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The attempt may not start: the fax left the queue meanwhile, or the line is taken."""

    state: State
    line_taken: bool


Begun = Attempt | NotBegun

# --- what becomes of them ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submitted:
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
class DeliveredNow:
    """The carrier confirmed delivery. Also ends a fax whose attempt was already given up."""

    fax_id: FaxId
    attempt: AttemptNumber
    pages: int
    call_seconds: float
    at: float
    receipt_id: int | None = None


@dataclass(frozen=True, slots=True)
class GoesAgain:
    """The attempt is over; the fax goes back to the queue."""

    fax_id: FaxId
    attempt: AttemptNumber
    failure: Failure
    code: str
    due_at: float
    at: float
    was_call: bool = True
    """False where nothing was dialled, so that retry rules do not count it."""
    receipt_id: int | None = None


@dataclass(frozen=True, slots=True)
class FailedNow:
    """The attempt is over, and so is the fax."""

    fax_id: FaxId
    attempt: AttemptNumber
    failure: Failure
    code: str
    at: float
    receipt_id: int | None = None


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
class HoldAsked:
    fax_id: FaxId
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class ReleaseAsked:
    fax_id: FaxId
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class CancelAsked:
    fax_id: FaxId
    who: str
    why: str
    at: float


Change = (
    Submitted
    | Doubted
    | DeliveredNow
    | GoesAgain
    | FailedNow
    | SetAside
    | Expired
    | HoldAsked
    | ReleaseAsked
    | CancelAsked
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

# --- receipts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A webhook's word, durable before it was answered."""

    id: int
    provider: str
    report: Report


# --- reading -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queued:
    """What the schedule needs of a fax that waits; a million of these fit in memory."""

    fax_id: FaxId
    line: Line
    rank: int
    due_at: float
    deadline_at: float | None
    calls: int


@dataclass(frozen=True, slots=True)
class AttemptView:
    number: AttemptNumber
    provider: str
    client_ref: ClientRef
    provider_ref: str | None
    sha256: str
    form_version: str
    pages: int
    rendered_at: float
    started_at: float
    ended_at: float | None
    outcome: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a fax; `seq` is the cursor, growing in the order of commits."""

    seq: int
    fax_id: FaxId
    at: float
    kind: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class FaxView:
    """A fax with its whole story."""

    fax_id: FaxId
    submitter: str
    key: str
    number: str
    line: Line
    rank: int
    state: State
    reason: str
    accepted_at: float
    due_at: float
    deadline_at: float | None
    calls: int
    order: bytes
    attempts: tuple[AttemptView, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class LineAges:
    """The waiting faxes of one line, by how long ago they were accepted."""

    line: Line
    waiting: int
    oldest_accepted_at: float
    states: dict[State, int]


class Store(Protocol):
    """The durable truth."""

    @property
    def store_id(self) -> str:
        """A random name given at creation, the first part of every client reference.

        Without it a new store would reuse the references of a lost one, and a look-up at the carrier
        would find the old fax and call the new one delivered.
        """
        ...

    async def admit(self, faxes: Sequence[NewFax]) -> list[Admission]: ...

    async def begin(self, intents: Sequence[Intent]) -> list[Begun]: ...

    async def record(self, changes: Sequence[Change]) -> list[Recorded]: ...

    async def keep_receipts(self, provider: str, reports: Sequence[Report], at: float) -> list[KeptReceipt | None]:
        """Keep webhooks' words; None where the carrier's `event_id` came before."""
        ...

    async def settle_receipts(self, receipt_ids: Sequence[int]) -> list[None]:
        """Note that these receipts need no more work (matched, or of no fax of ours)."""
        ...

    async def fax(self, fax_id: FaxId) -> FaxView | None: ...

    async def orders(self, fax_ids: Sequence[FaxId]) -> dict[FaxId, bytes]:
        """The orders as JSON, for rendering."""
        ...

    async def events(self, after: int, limit: int) -> list[Event]: ...

    async def attempt_of(self, client_ref: ClientRef | None, provider: str, provider_ref: str | None) -> Attempt | None:
        """The attempt that a carrier speaks of, open or ended, by either reference."""
        ...

    async def lines(self, limit: int) -> list[LineAges]:
        """The lines with the most unfinished faxes, oldest first."""
        ...

    async def counts(self) -> dict[State, int]:
        """How many faxes are in each state, finished ones included."""
        ...

    async def unfinished_counts(self) -> dict[State, int]:
        """The same without the finished ones: cheap however many there are."""
        ...

    async def load(self) -> "Unfinished":
        """All that is unfinished, read once at start."""
        ...

    async def last_event(self) -> int:
        """The `seq` of the newest event, 0 when there is none: where somebody starts who wants only news."""
        ...

    async def wait_events(self, after: int) -> None:
        """Return once an event later than `after` is durable; at once if one is already."""
        ...


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a start finds: the queue, the attempts a carrier may know of, receipts not applied yet."""

    queued: list[Queued]
    attempts: list[Attempt]
    receipts: list[KeptReceipt]
