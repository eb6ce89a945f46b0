"""Keeping what was fetched: what comes, and the answers to it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

InboundId = NewType("InboundId", int)
NO_INBOUND = InboundId(0)
"""Less than every id."""


class DocumentKind(enum.StrEnum):
    TIFF = "tiff"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Origin:
    """A file on a server, as its listing told of it."""

    inbox: str
    name: str
    """Relative to the inbox's folder."""
    size: int
    modified_at: float | None
    """Seconds since 1970 by the server's clock; a listing may know it to the minute, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInbound:
    """A fax that is whole, with what its carrier told of it.

    Numbers and names are as the carrier wrote them. Longer ones than the bounds of `schema.py` are cut.
    """

    origin: Origin
    """Of its first file, where a carrier makes one a page."""
    documents: tuple[str, ...]
    """Names from `keep_documents`, one for each file, in the order of the pages."""
    kind: DocumentKind
    kept_at: float
    receipt_id: str = ""
    """The carrier's own id of the fax; empty where it told none."""
    sender_number: str = ""
    sender_id: str = ""
    """What the sending machine calls itself (TSI)."""
    received_at: float | None = None
    """By the carrier's clock."""
    pages_told: int | None = None
    bad_lines: int | None = None
    """Lines that the receiving machine could not decode, as it says itself."""
    sidecar: Mapping[str, str] = field(default_factory=dict[str, str])
    """All else that the carrier told."""


class PoisonReason(enum.StrEnum):
    """Why a file is in quarantine; words for the operator, the metrics and the events."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    NOT_A_FAX = "not_a_fax"
    """Neither a TIFF nor a PDF."""
    MANGLED = "mangled"
    """Sent in ASCII mode: line ends were changed inside it."""
    DAMAGED = "damaged"
    """A TIFF or a PDF that ends early, or points outside itself."""
    INCOMPLETE = "incomplete"
    """Pages or the sidecar never came."""
    BAD_SIDECAR = "bad_sidecar"
    UNFETCHABLE = "unfetchable"
    """The server lists it and does not hand it over, as often as it was asked."""
    ENDED_ITS_PROCESS = "ended_its_process"
    """Reading it broke the process that read it, more than once."""
    BROKE = "broke"
    """Our fault: handling it broke. The log has the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A file that is set aside."""

    origin: Origin
    reason: PoisonReason
    detail: str
    """A sentence for the operator, without anything out of the file."""
    kept_at: float
    documents: tuple[str, ...] = ()
    """What was fetched of it; empty where nothing was."""
    kind: DocumentKind | None = None
    receipt_id: str = ""


class SameBy(enum.StrEnum):
    """By what a fax was recognised as one that was kept before."""

    FILE = "same_file"
    """It is the very file: it had not been deleted yet when something crashed."""
    RECEIPT = "same_receipt"
    """The carrier's id; the file may be another one, and its checksum."""
    CONTENT = "same_content"
    """Another file with the same bytes."""


@dataclass(frozen=True, slots=True)
class KeptNow:
    inbound_id: InboundId


@dataclass(frozen=True, slots=True)
class KeptBefore:
    """Nothing was written but, for another file, an event; the file may be deleted on the server."""

    inbound_id: InboundId
    how: SameBy


Keeping = KeptNow | KeptBefore
