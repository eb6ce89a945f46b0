"""What becomes of a kept fax: what its sheets said, or why it was set aside, and the answers to that."""

import enum
from dataclasses import dataclass, field
from typing import NamedTuple

from faxgw.fax import FaxId
from faxgw.store.inbound.keeping import InboundId, PoisonReason


class InboundState(enum.StrEnum):
    """Where a fax that came in stands."""

    KEPT = "kept"
    """It waits to be read."""
    APPLIED = "applied"
    """All that it says was handed on."""
    REVIEW = "review"
    """A person must look at it, or at one of its sheets; the others were handed on."""
    DUPLICATE = "duplicate"
    """It says what another fax said before, and nothing else."""
    QUARANTINED = "quarantined"
    """It cannot be read; the operator sees it."""
    DISCARDED = "discarded"
    """A person said that there is nothing to it."""


@dataclass(frozen=True, slots=True)
class ReplySheet:
    """A florist's answer, which is with the relay desk now."""

    page: int
    order_number: str
    kinds: tuple[str, ...]
    """The boxes that were ticked, in the words of the form."""
    fax_id: FaxId | None = None
    """The fax of the order that it answers."""
    speaker: str = ""
    """The member whose answer it is; empty where the order went to a number of no member."""


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """A new order, which is in the queue now."""

    page: int
    order_number: str
    fax_id: FaxId


@dataclass(frozen=True, slots=True)
class RepeatedSheet:
    """The same as an earlier fax said: nothing was handed on."""

    page: int
    order_number: str
    kinds: tuple[str, ...] = ()
    fax_id: FaxId | None = None


@dataclass(frozen=True, slots=True)
class DoubtfulSheet:
    """A person must look."""

    page: int
    reason: str
    detail: str
    """A sentence for the person, without names and numbers of people."""
    guess: bytes
    """JSON: what was read, as the person's starting point."""
    order_number: str = ""


Sheet = ReplySheet | OrderSheet | RepeatedSheet | DoubtfulSheet


@dataclass(frozen=True, slots=True)
class Concluded:
    """The fax was read, and what it says was handed on."""

    inbound_id: InboundId
    sheets: tuple[Sheet, ...]
    pages: int
    at: float


@dataclass(frozen=True, slots=True)
class SetAside:
    """The fax cannot be read or handed on, and trying again will not help."""

    inbound_id: InboundId
    reason: PoisonReason
    detail: str
    at: float


class QuarantineVerb(enum.StrEnum):
    """What the operator does with a fax in quarantine."""

    RETRY = "retry"
    """Read it again, as after an upgrade."""
    RELEASE = "release"
    """A person shall look at it: it goes to the review queue as it is."""
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class LetOut:
    """A person takes a fax out of quarantine."""

    inbound_id: InboundId
    verb: QuarantineVerb
    who: str
    why: str
    at: float


Conclusion = Concluded | SetAside | LetOut


@dataclass(frozen=True, slots=True)
class Changed:
    state: InboundState


@dataclass(frozen=True, slots=True)
class Stale:
    """Not made: the fax stands at `state` already."""

    state: InboundState


@dataclass(frozen=True, slots=True)
class NothingFetched:
    """Not made: nothing of the file was kept that could be read or shown."""


@dataclass(frozen=True, slots=True)
class NoSuchInbound:
    pass


Recorded = Changed | Stale | NothingFetched | NoSuchInbound


class Said(NamedTuple):
    """A florist's answer; the same again is a repeat. Another florist who has the order now may say the same."""

    fax_id: FaxId | None
    speaker: str
    kinds: tuple[str, ...]
    """The ticked boxes, sorted."""


@dataclass(frozen=True, slots=True)
class OrderSheets:
    """What the store knows of an order's number when a fax names it."""

    faxes: tuple[FaxId, ...] = ()
    """Its faxes to florists, newest first."""
    order: bytes = b""
    """The newest one's order as canonical JSON; empty where the number is a document's."""
    keys: frozenset[tuple[str, str]] = field(default_factory=frozenset[tuple[str, str]])
    """Who handed them in, and under which keys."""
    executors: tuple[str, ...] = ()
    """Who executes by each of the faxes, whoever chose that member; empty for a number of no member."""
    lines: tuple[str, ...] = ()
    """Where its faxes went: first where the newest goes now."""
    forms: tuple[str, ...] = ()
    """The form versions of the pages that went out."""
    said: frozenset[Said] = field(default_factory=frozenset[Said])
    """What earlier sheets said that were handed on."""
