"""What a carrier must be able to do for us, in words that no carrier owns.

Each carrier has one file in this folder that speaks its API and translates its codes to `Failure`;
nothing above this folder knows a carrier's name. A send ends in one of four outcomes, and the
difference between `Unsent` and `Unclear` is what keeps a bouquet from being delivered twice.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line


class LookUpKind(enum.StrEnum):
    """How a carrier can be asked about a fax of which we have no id from it."""

    REFERENCE = "reference"
    """By our reference, under way or over: "not known" is an answer."""
    COMPLETED = "completed"
    """By our reference, but only once the call is over: "not known" proves nothing."""
    NUMBER = "number"
    """It lists what went to a number since a time (`Provider.list_sent`), without our reference."""
    LISTED = "listed"
    """It lists what went to a number since a time, each with our reference: nothing has to be guessed."""
    NONE = "none"


class Format(enum.StrEnum):
    TIFF = "tiff"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a carrier can do, which decides how it is asked and what it is given."""

    look_up: LookUpKind = LookUpKind.REFERENCE
    absence_proves: bool = True
    """What it does not show when asked, it never got. False where nobody has seen yet that it shows everything."""
    idempotent_seconds: float = 0.0
    """For how long the same reference and pages, handed in again, are the same fax; 0 where they are another one."""
    own_retries: int = 0
    """Calls that it makes by itself after one that failed; all of them ring at the florist's."""
    tells_pages: bool = False
    """Of a call that broke off it tells how many pages were confirmed (`NotDelivered.pages`): several faxes may then
    share a call. Without it each fax has its own."""
    resume: bool = False
    """Takes a fax from a later page on (`Sending.first_page`)."""
    formats: frozenset[Format] = frozenset({Format.TIFF})
    recipients_max: int = 1
    pages_max: int | None = None
    bytes_max: int | None = None
    polls_per_minute_max: float | None = None
    poll_ids_max: int = 1_000


def format_for(capabilities: Capabilities) -> Format:
    """What a carrier is given: TIFF, which is a fax as it is, or PDF where it takes nothing else."""
    return Format.TIFF if Format.TIFF in capabilities.formats else Format.PDF


def unfit(capabilities: Capabilities, pages: int, size_bytes: int) -> str | None:
    """Why a carrier cannot take such a document, or None where it can."""
    if not capabilities.formats:
        return "it takes neither TIFF nor PDF"
    if capabilities.pages_max is not None and pages > capabilities.pages_max:
        return f"it takes {capabilities.pages_max} pages at most, this has {pages}"
    if capabilities.bytes_max is not None and size_bytes > capabilities.bytes_max:
        return f"it takes {capabilities.bytes_max} bytes at most, this has {size_bytes}"
    return None


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt as handed to a carrier; `client_ref` comes back in look-ups and receipts."""

    client_ref: ClientRef
    line: Line
    document: bytes
    """A fax TIFF (group 4, 204 dpi), or a PDF around the same strips."""
    pages: int
    first_page: int = 1
    """Send from this page on; the florist has those before it. Only where the carrier can (`Capabilities.resume`)."""
    format: Format = Format.TIFF


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it and will tell what became of it under `provider_ref`."""

    provider_ref: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier said no, and nothing was dialled."""

    failure: Failure
    code: str
    """The carrier's own word, kept for the trail."""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """The request failed before any byte of the fax left: sending again is safe."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The carrier may or may not have it; only asking can tell."""

    reason: str


SendOutcome = Accepted | Refused | Unsent | Unclear


class InProgress(msgspec.Struct, frozen=True, tag=True):
    """The carrier has it and has not finished."""


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """All pages were confirmed by the florist's machine."""

    pages: int
    call_seconds: float | None
    """Of the whole call, where the carrier tells."""


class NotDelivered(msgspec.Struct, frozen=True, tag=True):
    """The carrier gave up; it will not dial for this attempt again."""

    failure: Failure
    code: str
    pages: int = 0
    """How many were confirmed, from the first on."""
    calls: int | None = None
    """How often it dialled, where the carrier tells."""
    call_seconds: float | None = None
    """Of the whole call, where the carrier tells: what was delivered before it broke off took no other."""


Fate = InProgress | Delivered | NotDelivered


def weigh_fate(fate: Fate) -> int:
    """Of several faxes under one reference the weightiest counts: a delivery, then what may yet be one.

    A failure of one proves nothing of the others, so it counts least.
    """
    match fate:
        case Delivered():
            return 3
        case InProgress():
            return 2
        case NotDelivered(failure=Failure.IN_DOUBT):
            return 1
        case NotDelivered():
            return 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a carrier says of one attempt: in a webhook, a poll or a look-up. Either reference may be missing."""

    fate: Fate
    provider_ref: str | None
    client_ref: ClientRef | None
    event_id: str | None = None
    """The carrier's id of this very message, where it has one; repeats are then dropped before matching."""


@dataclass(frozen=True, slots=True)
class Found:
    """The carrier knows our reference."""

    report: Report


@dataclass(frozen=True, slots=True)
class Absent:
    """The carrier answered that it knows no such reference."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The carrier could not be asked; ask again later."""

    reason: str


LookUp = Found | Absent | NoAnswer


@dataclass(frozen=True, slots=True)
class Listed:
    """One fax as a carrier lists it by number."""

    provider_ref: str
    line: Line
    taken_at: float
    """Seconds since 1970, by the carrier's clock."""
    fate: Fate
    client_ref: ClientRef | None = None
    """Our reference, where the carrier repeats it (`LookUpKind.LISTED`)."""


class ReceiptRefusedError(Exception):
    """A webhook that is not this carrier's: the message says why (never with the body's text)."""


class ReceiptUnreadableError(ReceiptRefusedError):
    """It is this carrier's and signed as agreed, but says what we cannot read: one of us has changed."""


class Provider(Protocol):
    """One carrier account. All calls may be made from many tasks at once.

    Deadlines belong to the caller: each call may be cancelled at any time, and a cancelled `send`
    counts as `Unclear`. No call raises for what a network or a carrier can do; those are outcomes.
    """

    @property
    def name(self) -> str:
        """The name given in the config; also the last part of the webhook's path."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this carrier can do; the same for as long as it runs."""
        ...

    async def send(self, sending: Sending) -> SendOutcome:
        """Hand one fax over. Never repeats a request whose body may have left the machine."""
        ...

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        """Ask whether the carrier has an attempt, by our own reference."""
        ...

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        """Everything taken for `line` since that time (seconds since 1970), oldest first.

        Asked only where `capabilities.look_up` is `LookUpKind.NUMBER` or `LookUpKind.LISTED`.
        """
        ...

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        """Ask for the fate of many attempts in as few requests as the carrier allows. Unknown ones are left out."""
        ...

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        """Check that a webhook comes from this carrier and read it.

        Pure and fast: it runs before the answer. Header names are lower-case.

        Raises:
            ReceiptRefusedError: it is not signed as agreed.
            ReceiptUnreadableError: it is, but is no receipt that we know.
        """
        ...

    async def aclose(self) -> None:
        """Close idle connections; requests under way are not waited for."""
        ...
