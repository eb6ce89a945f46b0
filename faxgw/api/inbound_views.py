"""What the API answers about faxes that came in: the bodies, as they are documented in /v1/openapi.json."""

import datetime as dt
from typing import Any

import msgspec

from faxgw.api.inbound_port import InboxState
from faxgw.api.views import utc, utc_or_none
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.review import ReviewState, ReviewView, Verdict
from faxgw.store.inbound.views import InboundLine, InboundTotals, InboundView


class InboxBody(msgspec.Struct, frozen=True):
    """One inbox: how its server stands, and what became of what was fetched."""

    name: str
    host: str
    looked_at: dt.datetime | None
    waiting_files: int
    trouble: str
    """Why it cannot be read; empty while it can."""
    faxes: dict[InboundState, int]
    """All that it ever brought, by where they stand."""


class InboxesBody(msgspec.Struct, frozen=True):
    inboxes: list[InboxBody]
    oldest_unread_at: dt.datetime | None
    reviews_open: int
    oldest_review_at: dt.datetime | None


class InboundLineBody(msgspec.Struct, frozen=True):
    """A fax that came in, in a list."""

    id: int
    inbox: str
    name: str
    state: InboundState
    reason: str
    kept_at: dt.datetime
    concluded_at: dt.datetime | None
    pages: int | None


class InboundListBody(msgspec.Struct, frozen=True):
    """Faxes that came in, the newest first."""

    inbound: list[InboundLineBody]


class SheetBody(msgspec.Struct, frozen=True):
    """What one sheet became: `reply`, `order`, `repeated`, `review` or `discarded`."""

    page: int
    became: str
    order_number: str
    kinds: tuple[str, ...]
    fax_id: int | None


class ReviewBody(msgspec.Struct, frozen=True):
    """A sheet that a person must look at, or has."""

    id: int
    inbound_id: int
    page: int
    """In the fax, from 1; 0 for all of it."""
    state: ReviewState
    reason: str
    detail: str
    order_number: str
    guess: dict[str, Any]
    """What was read: `reply` or `order` in the shape in which they are handed in, `confidences`, `faults`."""
    made_at: dt.datetime
    verdict: Verdict | None
    who: str
    why: str
    decided_at: dt.datetime | None
    fax_id: int | None


class ReviewsBody(msgspec.Struct, frozen=True):
    """Reviews, the oldest first; ask next with `after` set to the last id."""

    reviews: list[ReviewBody]


class InboundBody(msgspec.Struct, frozen=True):
    """A fax that came in, with its whole story."""

    id: int
    inbox: str
    name: str
    size: int
    state: InboundState
    reason: str
    detail: str
    files: int
    is_forgotten: bool
    receipt_id: str
    sender_number: str
    sender_id: str
    received_at: dt.datetime | None
    """By the carrier's clock."""
    pages: int | None
    bad_lines: int | None
    sidecar: dict[str, str]
    kept_at: dt.datetime
    concluded_at: dt.datetime | None
    sheets: list[SheetBody]
    reviews: list[ReviewBody]


class ResolvedBody(msgspec.Struct, frozen=True):
    """The review is over; `fax_id` is the order's fax that was made or answered."""

    id: int
    state: ReviewState
    fax_id: int | None


class LetOutBody(msgspec.Struct, frozen=True):
    """Where the fax stands after it left quarantine."""

    id: int
    state: InboundState


def inboxes_body(states: list[InboxState], totals: InboundTotals) -> InboxesBody:
    """Also inboxes that are no longer configured, for what they brought is still here."""
    known = {state.name for state in states}
    gone = {inbox for inbox, _ in totals.states if inbox not in known}
    shown = [*states, *(InboxState(name, "", None, 0, "it is not in the config") for name in sorted(gone))]
    return InboxesBody(
        [
            InboxBody(
                state.name,
                state.host,
                utc_or_none(state.looked_at),
                state.waiting_files,
                state.trouble,
                {standing: count for (inbox, standing), count in totals.states.items() if inbox == state.name},
            )
            for state in shown
        ],
        utc_or_none(totals.oldest_unread_at),
        totals.reviews_open,
        utc_or_none(totals.oldest_review_at),
    )


def inbound_line_body(line: InboundLine) -> InboundLineBody:
    return InboundLineBody(
        line.inbound_id,
        line.inbox,
        line.name,
        line.state,
        line.reason,
        utc(line.kept_at),
        utc_or_none(line.concluded_at),
        line.pages,
    )


def review_body(view: ReviewView) -> ReviewBody:
    return ReviewBody(
        id=view.review_id,
        inbound_id=view.inbound_id,
        page=view.page,
        state=view.state,
        reason=view.reason,
        detail=view.detail,
        order_number=view.order_number,
        guess=msgspec.json.decode(view.guess),
        made_at=utc(view.made_at),
        verdict=view.verdict,
        who=view.who,
        why=view.why,
        decided_at=utc_or_none(view.decided_at),
        fax_id=view.fax_id,
    )


def inbound_body(view: InboundView) -> InboundBody:
    return InboundBody(
        id=view.inbound_id,
        inbox=view.origin.inbox,
        name=view.origin.name,
        size=view.origin.size,
        state=view.state,
        reason=view.reason,
        detail=view.detail,
        files=len(view.documents),
        is_forgotten=view.is_forgotten,
        receipt_id=view.receipt_id,
        sender_number=view.sender_number,
        sender_id=view.sender_id,
        received_at=utc_or_none(view.received_at),
        pages=view.pages,
        bad_lines=view.bad_lines,
        sidecar=dict(view.sidecar),
        kept_at=utc(view.kept_at),
        concluded_at=utc_or_none(view.concluded_at),
        sheets=[
            SheetBody(sheet.page, sheet.became, sheet.order_number, sheet.kinds, sheet.fax_id) for sheet in view.sheets
        ],
        reviews=[review_body(review) for review in view.reviews],
    )
