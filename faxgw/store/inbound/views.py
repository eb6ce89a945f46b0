"""What can be asked about faxes that came in."""

from collections.abc import Mapping
from dataclasses import dataclass

from faxgw.store.inbound.keeping import DocumentKind, InboundId, Origin
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.review import ReviewView


@dataclass(frozen=True, slots=True)
class Unread:
    """A fax that is to be read."""

    inbound_id: InboundId
    inbox: str
    documents: tuple[str, ...]
    kind: DocumentKind
    receipt_id: str
    sender_number: str
    sender_id: str
    received_at: float | None
    pages_told: int | None
    bad_lines: int | None
    kept_at: float


@dataclass(frozen=True, slots=True)
class InboundLine:
    """A fax that came in, in a list."""

    inbound_id: InboundId
    inbox: str
    name: str
    state: InboundState
    reason: str
    kept_at: float
    concluded_at: float | None
    pages: int | None
    """As read; before that as the carrier told."""


@dataclass(frozen=True, slots=True)
class SheetView:
    """What one sheet of it became."""

    page: int
    became: str
    """`reply`, `order`, `repeated` or `review`."""
    order_number: str
    kinds: tuple[str, ...]
    fax_id: int | None


@dataclass(frozen=True, slots=True)
class InboundView:
    """A fax that came in, with its whole story."""

    inbound_id: InboundId
    origin: Origin
    state: InboundState
    reason: str
    detail: str
    documents: tuple[str, ...]
    kind: DocumentKind | None
    receipt_id: str
    sender_number: str
    sender_id: str
    received_at: float | None
    pages: int | None
    bad_lines: int | None
    sidecar: Mapping[str, str]
    kept_at: float
    concluded_at: float | None
    sheets: tuple[SheetView, ...]
    reviews: tuple[ReviewView, ...]
    is_forgotten: bool
    """Its documents were deleted once nobody needed them any more."""


@dataclass(frozen=True, slots=True)
class InboundSought:
    """What a fax that came in is looked for by; None is anything."""

    inbox: str | None = None
    state: InboundState | None = None
    order_number: str | None = None
    before: InboundId | None = None
    """Only those that came in before this one: the next page of a list."""


@dataclass(frozen=True, slots=True)
class InboundTotals:
    """How everything that came in stands."""

    states: Mapping[tuple[str, InboundState], int]
    """By inbox and state."""
    oldest_unread_at: float | None
    reviews_open: int
    oldest_review_at: float | None
