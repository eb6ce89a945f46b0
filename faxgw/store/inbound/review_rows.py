"""Reviews as rows: a decision is written once, then that it was carried out, or that it could not be."""

from collections.abc import Sequence
from typing import assert_never

from sqlalchemy import Connection, Row, bindparam, select, update

from faxgw.fax import FaxId
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcome_rows import DISCARDED, ORDER, REPLY, kinds_text, reply_received, state_of
from faxgw.store.inbound.review import (
    CarriedOut,
    Decided,
    NoSuchReview,
    Reopened,
    ReviewChange,
    ReviewChanged,
    ReviewId,
    ReviewNow,
    ReviewStale,
    ReviewState,
    ReviewView,
    Verdict,
)
from faxgw.store.inbound.schema import DETAIL_CHARS_MAX, inbound_sheet, inbound_state, review
from faxgw.store.rows import NO_FAX, insert_events
from faxgw.store.transitions import Happened

UPDATE_SHEET = (
    update(inbound_sheet)
    .where(inbound_sheet.c.inbound_id == bindparam("row"), inbound_sheet.c.place == bindparam("row_place"))
    .values({name: bindparam(f"new_{name}") for name in ("became", "order_number", "kinds", "fax_id", "speaker")})
)
BECAME = {Verdict.ORDER: ORDER, Verdict.REPLY: REPLY, Verdict.DISCARD: DISCARDED}


def change_reviews(connection: Connection, changes: Sequence[ReviewChange]) -> list[ReviewChanged]:
    """One after the other: people decide one thing at a time, and two who decide the same must see each other."""
    return [_change(connection, change) for change in changes]


def _change(connection: Connection, change: ReviewChange) -> ReviewChanged:
    row = connection.execute(select(review).where(review.c.id == change.review_id)).one_or_none()
    if row is None:
        return NoSuchReview()
    state = ReviewState(row.state)
    match change:
        case Decided() if state is ReviewState.OPEN:
            return _decided(connection, change)
        case CarriedOut() if state is ReviewState.DECIDED:
            return _carried_out(connection, row, change)
        case Reopened() if state is ReviewState.DECIDED:
            return _reopened(connection, change)
        case Decided() | CarriedOut() | Reopened():
            return ReviewStale(as_view(row))
        case _:
            assert_never(change)


def _decided(connection: Connection, change: Decided) -> ReviewNow:
    decided = {"verdict": change.verdict, "decision": change.decision, "decided_at": change.at}
    told = {"who": change.who, "why": change.why, "order_number": change.order_number}
    return _set(connection, change.review_id, ReviewState.DECIDED, decided | told)


def _reopened(connection: Connection, change: Reopened) -> ReviewNow:
    undone = dict.fromkeys(("verdict", "decision", "decided_at"))
    return _set(
        connection,
        change.review_id,
        ReviewState.OPEN,
        undone | {"who": "", "why": "", "detail": change.why[:DETAIL_CHARS_MAX]},
    )


def _set(connection: Connection, review_id: ReviewId, state: ReviewState, values: dict[str, object]) -> ReviewNow:
    connection.execute(update(review).where(review.c.id == review_id).values(state=state, **values))
    return ReviewNow(state)


def _carried_out(connection: Connection, row: Row[tuple[object, ...]], change: CarriedOut) -> ReviewNow:
    verdict = Verdict(row.verdict)
    inbound_id = InboundId(row.inbound_id)
    sheet = {"row": inbound_id, "row_place": row.place, "new_became": BECAME[verdict], "new_fax_id": change.fax_id}
    sheet |= {"new_order_number": row.order_number, "new_speaker": change.speaker}
    connection.execute(UPDATE_SHEET, [sheet | {"new_kinds": kinds_text(change.kinds)}])
    became = connection.execute(select(inbound_sheet.c.became).where(inbound_sheet.c.inbound_id == inbound_id))
    stands = {"state": state_of(list(became.scalars())), "concluded_at": change.at}
    connection.execute(update(inbound_state).where(inbound_state.c.inbound_id == inbound_id).values(**stands))
    insert_events(connection, _resolved(row, verdict, change))
    return _set(connection, change.review_id, ReviewState.DONE, {"fax_id": change.fax_id})


def _resolved(row: Row[tuple[object, ...]], verdict: Verdict, change: CarriedOut) -> list[Happened]:
    data: dict[str, object] = {"review": row.id, "inbound": row.inbound_id, "verdict": verdict}
    data |= {"who": row.who, "why": row.why} | ({"fax": change.fax_id} if change.fax_id is not None else {})
    resolved = Happened(NO_FAX, change.at, "review_resolved", data)
    if change.fax_id is None:
        return [resolved]
    match verdict:
        case Verdict.REPLY:
            return [
                resolved,
                reply_received(change.fax_id, InboundId(row.inbound_id), row.page, change.kinds, change.at),
            ]
        case Verdict.ORDER:
            came: dict[str, object] = {"inbound": row.inbound_id, "page": row.page}
            return [resolved, Happened(change.fax_id, change.at, "came_by_fax", came)]
        case Verdict.DISCARD:
            return [resolved]
        case _:
            assert_never(verdict)


def as_view(row: Row[tuple[object, ...]]) -> ReviewView:
    return ReviewView(
        review_id=ReviewId(row.id),
        inbound_id=InboundId(row.inbound_id),
        page=row.page,
        state=ReviewState(row.state),
        reason=row.reason,
        detail=row.detail,
        guess=row.guess,
        order_number=row.order_number,
        made_at=row.made_at,
        verdict=Verdict(row.verdict) if row.verdict is not None else None,
        who=row.who,
        why=row.why,
        decided_at=row.decided_at,
        fax_id=FaxId(row.fax_id) if row.fax_id is not None else None,
    )
