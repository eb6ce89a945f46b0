"""What the store promises, in the words of the steps that use it.

Writes take lists and return one answer an item, in order, only once all of them would survive a power
cut. Every write may raise `StoreFullError` (nothing written, try later), `StoreBusyError` (too many wait)
or `StoreFailedError` (the process must end). Reads see everything answered before they began.

Safe to cancel: a cancelled write may or may not have happened, as with any lost answer.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from faxgw.config import Step
from faxgw.fax import AttemptNumber, ClientRef, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.provider.port import Report
from faxgw.store.lines import LineMemory

# --- what people stop ------------------------------------------------------------------------------


class Scope(enum.StrEnum):
    """What can be suspended."""

    LINE = "line"
    PROVIDER = "provider"
    GATEWAY = "gateway"
    """All sending."""
    INTAKE = "intake"
    """Taking anything in: the gateway drains."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """Nothing new begins there until somebody resumes it, or until `until`; calls under way are followed."""

    scope: Scope
    name: str
    """The line or the provider; empty for the gateway and its intake."""
    who: str
    why: str
    at: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Resumption:
    scope: Scope
    name: str
    who: str
    why: str
    at: float
    revives: bool = False
    """A line is also dialled again after it was taken for dead: a person says so, no timer."""


# --- taking faxes in -------------------------------------------------------------------------------


class Content(enum.StrEnum):
    """What a fax shows."""

    ORDER = "order"
    DOCUMENT = "document"
    """Something that somebody handed in; the row says where it lies."""


@dataclass(frozen=True, slots=True)
class NewFax:
    """A checked order, or a document that somebody handed in, on its way into the queue."""

    submitter: str
    key: str
    digest: bytes
    """SHA-256 of the order as decoded: tells a repeat from another order under the same key."""
    number: str
    line: Line
    rank: int
    """Priority class, lower first."""
    order: bytes
    """The order, or the document's description, as canonical JSON."""
    accepted_at: float
    due_at: float
    deadline_at: float | None
    content: Content = Content.ORDER
    service: str = ""
    """The rule that promised the deadline; empty where the order brought it along, or has none."""


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


@dataclass(frozen=True, slots=True)
class Drained:
    """The gateway drains: nothing new is taken in. Nothing was written."""


Admission = Admitted | Repeated | KeyTaken | Drained


class Kinship(enum.StrEnum):
    """How a new fax comes from an old one that is over."""

    RETRY = "retry"
    """The old one never arrived, as far as anybody knows. A fax has one retry at most, which may have its own."""
    COPY = "copy"
    """The old one was delivered; the copy's pages say so."""


@dataclass(frozen=True, slots=True)
class AgainAsked:
    """A new fax with the content of an old one. What is None is taken over from it."""

    origin_id: FaxId
    kinship: Kinship
    who: str
    why: str
    at: float
    key: str = ""
    """Tells copies apart, so that asking for one twice is harmless; without it each call makes a copy."""
    line: Line | None = None
    member: str | None = None
    rank: int | None = None
    deadline_at: float | None = None
    """Without it the old fax's deadline holds, where it has not passed."""


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
    revision: int = 0
    """Of the fax when its pages were drawn."""
    calls_max: int = 1
    """Calls that the line takes at once; the intent is refused where it has as many."""


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
    revision: int = 0
    earlier: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many of the fax's earlier attempts ended in which way; what the rules of one class of failure count."""
    submitter: str = ""


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The attempt may not start: the fax left the queue meanwhile, or the line is taken."""

    state: State
    line_taken: bool
    suspended: Scope | None = None
    """A person stopped the line, the provider or the gateway."""
    outdated: bool = False
    """A person changed the fax after its pages were drawn; it is in line again as it is now."""
    too_late: bool = False
    """Its deadline has come."""


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
class Parked:
    """Asking cannot tell any more whether it arrived: the attempt is over and its line let go; the fax stays in doubt.

    It waits for a person, or for a late word of the carrier.
    """

    fax_id: FaxId
    attempt: AttemptNumber
    reason: str
    at: float
    receipt_id: int | None = None


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
    calls: int = 1
    """How often the line was rung for it, where it was a call: the carrier's own retries count."""


@dataclass(frozen=True, slots=True)
class FailedNow:
    """The attempt is over, and so is the fax."""

    fax_id: FaxId
    attempt: AttemptNumber
    failure: Failure
    code: str
    at: float
    receipt_id: int | None = None
    calls: int = 1
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


@dataclass(frozen=True, slots=True)
class PriorityAsked:
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
AdmittedAgain = Admitted | Repeated | Stale | NoSuchFax


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to no fax but to a provider or the gateway: an event of its own."""

    kind: str
    data: Mapping[str, object]
    at: float


# --- receipts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A webhook's word, durable before it was answered."""

    id: int
    provider: str
    report: Report


# --- reading -----------------------------------------------------------------------------------------


class Queued(msgspec.Struct, frozen=True, gc=False):
    """What the schedule needs of a fax that waits; a million of these fit in memory.

    A struct, for a start reads all of them: a frozen dataclass takes nine times as long to make.
    """

    fax_id: FaxId
    line: Line
    rank: int
    due_at: float
    deadline_at: float | None
    calls: int
    revision: int = 0
    avoid: str | None = None
    """The carrier that just failed it; another one takes it where one can. Forgotten at a restart."""
    pages_done: int = 0
    """Pages that the florist has of it already, as far as is remembered."""
    submitter: str = ""
    """Whose it is: submitters take turns."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What has to be drawn for a fax, as it stands now."""

    content: Content
    order: bytes
    line: Line
    member: str | None
    """Who executes instead of the member that the order names."""
    marked: bool
    """The pages say that they may have come before."""


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
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `seq` is the cursor, growing in the order of commits.

    `fax_id` is 0 where it happened to no fax, but to a line, a provider or the gateway.
    """

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
    content: Content = Content.ORDER
    origin_id: FaxId | None = None
    revision: int = 0
    marked: bool = False
    member: str | None = None
    service: str = ""
    escalated: frozenset[Step] = frozenset()


@dataclass(frozen=True, slots=True)
class Promise:
    """A deadline of a fax that is not over, whoever has the fax now."""

    fax_id: FaxId
    deadline_at: float
    service: str
    """The rule that made it; empty where none did."""
    avoid: frozenset[str] = frozenset()
    """Carriers that failed the fax and are left out since it was escalated."""
    escalated: frozenset[Step] = frozenset()


@dataclass(frozen=True, slots=True)
class FaxLine:
    """A fax in a list."""

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
    content: Content
    origin_id: FaxId | None


@dataclass(frozen=True, slots=True)
class Sought:
    """What a fax is looked for by; None is anything."""

    submitter: str | None = None
    key: str | None = None
    number: str | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True)
class LineAges:
    """The waiting faxes of one line, by how long ago they were accepted."""

    line: Line
    waiting: int
    oldest_accepted_at: float
    states: dict[State, int]
    ages: tuple[int, ...] = ()
    """How many there are of each of the ages asked for, and last how many are older than all of them."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is unfinished, for a person to look at."""

    lines: list[LineAges]
    """Those with the oldest faxes."""
    lines_total: int
    ages: tuple[int, ...]
    classes: dict[int, dict[State, int]]
    """By rank and state."""
    reasons: dict[str, int]
    """What queued faxes came back for: failure classes, "" for those that were never tried."""


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

    async def admit_again(self, wishes: Sequence[AgainAsked]) -> list[AdmittedAgain]:
        """New faxes from old ones that are over; `Stale` where the old one is not, or not in the way it takes."""
        ...

    async def suspend(self, suspensions: Sequence[Suspension]) -> list[None]:
        """Nothing new begins there; one that is there already is replaced."""
        ...

    async def resume(self, resumptions: Sequence[Resumption]) -> list[bool]:
        """Lift suspensions; False where there was none."""
        ...

    async def note(self, notices: Sequence[Notice]) -> list[None]:
        """Tell those who follow the events."""
        ...

    async def suspensions(self) -> list[Suspension]:
        """All that are there, those whose time is over included."""
        ...

    async def keep_document(self, content: bytes) -> str:
        """Keep a document that somebody handed in, and return its name (SHA-256 in hex) once it is durable."""
        ...

    async def document(self, name: str) -> bytes | None:
        """A document that was kept, or None where it is gone or no longer what it was."""
        ...

    async def begin(self, intents: Sequence[Intent]) -> list[Begun]: ...

    async def record(self, changes: Sequence[Change]) -> list[Recorded]: ...

    async def keep_receipts(self, provider: str, reports: Sequence[Report], at: float) -> list[KeptReceipt | None]:
        """Keep webhooks' words; None where the carrier's `event_id` came before."""
        ...

    async def settle_receipts(self, receipt_ids: Sequence[int]) -> list[None]:
        """Note that these receipts need no more work (matched, or of no fax of ours)."""
        ...

    async def fax(self, fax_id: FaxId) -> FaxView | None: ...

    async def contents(self, fax_ids: Sequence[FaxId]) -> dict[FaxId, Contents]:
        """What to draw of each."""
        ...

    async def find(self, sought: Sought, limit: int) -> list[FaxLine]:
        """Faxes, newest first."""
        ...

    async def events(self, after: int, limit: int) -> list[Event]: ...

    async def attempt_of(self, client_ref: ClientRef | None, provider: str, provider_ref: str | None) -> Attempt | None:
        """The attempt that a carrier speaks of, open or ended, by either reference."""
        ...

    async def backlog(self, limit: int, now: float, ages: Sequence[float]) -> Backlog:
        """What is unfinished, by line, age, class and reason; `ages` are in seconds, growing."""
        ...

    async def at_risk(self, until: float, limit: int) -> list[FaxLine]:
        """The faxes that are not over and whose deadline comes before `until`, the nearest first."""
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
    parked: list[Attempt] = field(default_factory=list["Attempt"])
    """Attempts that are over and in doubt: their faxes wait for a person."""
    lines: list[LineMemory] = field(default_factory=list["LineMemory"])
    """What is remembered of every line that was ever called."""
    promises: list[Promise] = field(default_factory=list["Promise"])
    """Of all faxes that are not over, those included that are held."""
