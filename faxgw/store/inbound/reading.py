"""The questions about faxes that came in; each is one short read, bounded, on a connection that cannot write."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, text

from faxgw.fax import FaxId
from faxgw.store.admission import Content
from faxgw.store.inbound.keeping import DocumentKind, InboundId, Origin
from faxgw.store.inbound.outcome_rows import REPLY
from faxgw.store.inbound.outcomes import InboundState, OrderSheets, Said
from faxgw.store.inbound.review import DecidedReview, ReviewId, ReviewState, ReviewView, Verdict
from faxgw.store.inbound.review_rows import as_view
from faxgw.store.inbound.schema import WAITING, inbound, inbound_document, inbound_sheet, inbound_state, review
from faxgw.store.inbound.views import InboundLine, InboundSought, InboundTotals, InboundView, SheetView, Unread
from faxgw.store.schema import attempt, fax, fax_state

decode_sidecar = msgspec.json.Decoder(dict[str, str]).decode

NOT_DONE = "state <> 'done'"
_ORDER_COLUMNS = (
    *(fax.c.id, fax.c.number, fax.c.submitter, fax.c.key, fax.c.order),
    *(fax.c.executor, fax_state.c.member, fax_state.c.line),
)
OVER = (InboundState.APPLIED, InboundState.DUPLICATE, InboundState.DISCARDED)


def read_unread(connection: Connection, after: InboundId, limit: int) -> list[Unread]:
    states = inbound_state.c
    rows = connection.execute(
        select(inbound)
        .join(inbound_state, states.inbound_id == inbound.c.id)
        .where(states.state == InboundState.KEPT, text(WAITING), states.inbound_id > after)
        .order_by(states.inbound_id)
        .limit(limit)
    ).all()
    documents = _documents_of(connection, [row.id for row in rows])
    return [
        Unread(
            inbound_id=InboundId(row.id),
            inbox=row.inbox,
            documents=documents[row.id],
            kind=DocumentKind(row.kind),
            receipt_id=row.receipt_id,
            sender_number=row.sender_number,
            sender_id=row.sender_id,
            received_at=row.received_at,
            pages_told=row.pages_told,
            bad_lines=row.bad_lines,
            kept_at=row.kept_at,
        )
        for row in rows
    ]


def _documents_of(connection: Connection, inbound_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    columns = inbound_document.c
    found: dict[int, tuple[str, ...]] = dict.fromkeys(inbound_ids, ())
    rows = connection.execute(
        select(columns.inbound_id, columns.name)
        .where(columns.inbound_id.in_(inbound_ids))
        .order_by(columns.inbound_id, columns.place)
    )
    for inbound_id, name in rows:
        found[inbound_id] = (*found[inbound_id], name)
    return found


def read_sheets_of(connection: Connection, numbers: Sequence[str]) -> Mapping[str, OrderSheets]:
    """Orders by number; a number that nobody knows is not in it."""
    rows = connection.execute(
        select(*_ORDER_COLUMNS)
        .join(fax_state, fax_state.c.fax_id == fax.c.id)
        .where(fax.c.number.in_(numbers), fax.c.content == Content.ORDER)
        .order_by(fax.c.id.desc())
    )
    by_number: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        by_number.setdefault(row.number, []).append(row)
    sent = _sent(connection, [row.id for rows_of_one in by_number.values() for row in rows_of_one])
    said = _said_of(connection, by_number)
    return {
        number: OrderSheets(
            faxes=tuple(FaxId(row.id) for row in found),
            order=found[0].order,
            keys=frozenset((row.submitter, row.key) for row in found),
            executors=tuple(row.member or row.executor or "" for row in found),
            lines=tuple(dict.fromkeys([row.line for row in found] + [at.line for at in _of(sent, found)])),
            forms=tuple(dict.fromkeys(at.form_version for at in _of(sent, found))),
            said=said.get(number, frozenset()),
        )
        for number, found in by_number.items()
    }


def _of(
    sent: Mapping[int, Sequence[Row[*tuple[Any, ...]]]], faxes: Iterable[Row[*tuple[Any, ...]]]
) -> list[Row[*tuple[Any, ...]]]:
    return [each for row in faxes for each in sent.get(row.id, ())]


def _sent(connection: Connection, fax_ids: Sequence[int]) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    """Where each fax went, and on which form."""
    columns = attempt.c
    sent: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    tried = select(columns.fax_id, columns.line, columns.form_version).where(columns.fax_id.in_(fax_ids)).distinct()
    for row in connection.execute(tried):
        sent.setdefault(row.fax_id, []).append(row)
    return sent


def _said_of(connection: Connection, numbers: Iterable[str]) -> dict[str, frozenset[Said]]:
    columns = inbound_sheet.c
    asked = select(columns.order_number, columns.fax_id, columns.speaker, columns.kinds)
    rows = connection.execute(asked.where(columns.order_number.in_(list(numbers)), columns.became == REPLY))
    said: dict[str, frozenset[Said]] = {}
    for number, fax_id, speaker, kinds in rows:
        said[number] = said.get(number, frozenset()) | {Said(fax_id, speaker, tuple(kinds.split()))}
    return said


def read_decided(connection: Connection, limit: int) -> list[DecidedReview]:
    rows = connection.execute(
        select(review).where(text(NOT_DONE), review.c.state == ReviewState.DECIDED).order_by(review.c.id).limit(limit)
    )
    return [
        DecidedReview(
            ReviewId(row.id),
            InboundId(row.inbound_id),
            row.page,
            Verdict(row.verdict),
            row.decision,
            row.who,
            row.why,
            row.decided_at,
        )
        for row in rows
    ]


def read_review(connection: Connection, review_id: ReviewId) -> ReviewView | None:
    row = connection.execute(select(review).where(review.c.id == review_id)).one_or_none()
    return as_view(row) if row is not None else None


def read_reviews(connection: Connection, is_open: bool | None, after: ReviewId, limit: int) -> list[ReviewView]:
    asked = select(review).where(review.c.id > after).order_by(review.c.id).limit(limit)
    if is_open is True:
        asked = asked.where(text(NOT_DONE))
    elif is_open is False:
        asked = asked.where(review.c.state == ReviewState.DONE)
    return [as_view(row) for row in connection.execute(asked)]


def read_inbound(connection: Connection, inbound_id: InboundId) -> InboundView | None:
    asked = select(inbound, inbound_state).join(inbound_state, inbound_state.c.inbound_id == inbound.c.id)
    row = connection.execute(asked.where(inbound.c.id == inbound_id)).mappings().one_or_none()
    if row is None:
        return None
    of_it = review.c.inbound_id == inbound_id
    return InboundView(
        inbound_id=inbound_id,
        origin=Origin(row["inbox"], row["name"], row["size"], row["modified_at"]),
        state=InboundState(row["state"]),
        reason=row["reason"],
        detail=row["detail"],
        documents=_documents_of(connection, [inbound_id])[inbound_id],
        kind=DocumentKind(row["kind"]) if row["kind"] is not None else None,
        receipt_id=row["receipt_id"],
        sender_number=row["sender_number"],
        sender_id=row["sender_id"],
        received_at=row["received_at"],
        pages=row["pages"] or row["pages_told"],
        bad_lines=row["bad_lines"],
        sidecar=decode_sidecar(row["sidecar"]),
        kept_at=row["kept_at"],
        concluded_at=row["concluded_at"],
        sheets=_sheets(connection, inbound_id),
        reviews=tuple(as_view(each) for each in connection.execute(select(review).where(of_it).order_by(review.c.id))),
        is_forgotten=bool(row["forgotten"]),
    )


def _sheets(connection: Connection, inbound_id: InboundId) -> tuple[SheetView, ...]:
    columns = inbound_sheet.c
    rows = connection.execute(select(inbound_sheet).where(columns.inbound_id == inbound_id).order_by(columns.place))
    return tuple(
        SheetView(row.page, row.became, row.order_number, tuple(row.kinds.split()), row.fax_id) for row in rows
    )


def find_inbound(connection: Connection, sought: InboundSought, limit: int) -> list[InboundLine]:
    states = inbound_state.c
    asked = (
        select(inbound.c.id, inbound.c.name, inbound.c.pages_told, inbound_state)
        .join(inbound_state, states.inbound_id == inbound.c.id)
        .order_by(inbound.c.id.desc())
        .limit(limit)
    )
    if sought.before is not None:
        asked = asked.where(inbound.c.id < sought.before)
    if sought.inbox is not None:
        asked = asked.where(states.inbox == sought.inbox)
    if sought.state is not None:
        asked = asked.where(states.state == sought.state, *([] if sought.state in OVER else [text(WAITING)]))
    if sought.order_number is not None:
        named = select(inbound_sheet.c.inbound_id).where(inbound_sheet.c.order_number == sought.order_number)
        asked = asked.where(inbound.c.id.in_(named))
    return [
        InboundLine(
            InboundId(row.id),
            row.inbox,
            row.name,
            InboundState(row.state),
            row.reason,
            row.kept_at,
            row.concluded_at,
            row.pages or row.pages_told,
        )
        for row in connection.execute(asked)
    ]


def read_totals(connection: Connection, only_waiting: bool) -> InboundTotals:
    states = inbound_state.c
    counted = select(states.inbox, states.state, func.count(), func.min(states.kept_at)).group_by(
        states.inbox, states.state
    )
    rows = connection.execute(counted.where(text(WAITING)) if only_waiting else counted).all()
    unread = [oldest_at for _, state, _, oldest_at in rows if state == InboundState.KEPT]
    waiting = select(func.count(), func.min(review.c.made_at)).where(text(NOT_DONE))
    reviews_open, oldest_review_at = connection.execute(waiting).one()
    return InboundTotals(
        states={(inbox, InboundState(state)): count for inbox, state, count, _ in rows},
        oldest_unread_at=min(unread, default=None),
        reviews_open=reviews_open,
        oldest_review_at=oldest_review_at,
    )


def read_forgettable(connection: Connection, before: float, limit: int) -> list[InboundId]:
    states = inbound_state.c
    rows = connection.execute(
        select(states.inbound_id)
        .where(text("forgotten = 0"), states.concluded_at < before, states.state.in_(OVER))
        .order_by(states.concluded_at)
        .limit(limit)
    )
    return [InboundId(inbound_id) for inbound_id in rows.scalars()]


def read_documents_only_of(connection: Connection, inbound_ids: Sequence[InboundId]) -> list[str]:
    """The documents of these faxes that no other fax has that is remembered: two may begin with the same page."""
    columns = inbound_document.c
    names = set(connection.execute(select(columns.name).where(columns.inbound_id.in_(inbound_ids))).scalars())
    others = (
        select(columns.name)
        .join(inbound_state, inbound_state.c.inbound_id == columns.inbound_id)
        .where(columns.name.in_(names), columns.inbound_id.not_in(inbound_ids), text("forgotten = 0"))
    )
    return sorted(names - set(connection.execute(others).scalars()))
