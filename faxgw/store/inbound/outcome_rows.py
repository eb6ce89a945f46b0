"""What became of faxes as rows: their sheets, the reviews that they need, and the events that tell of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import Connection, bindparam, insert, select, update

from faxgw.fax import FaxId
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import (
    Changed,
    Concluded,
    Conclusion,
    DoubtfulSheet,
    InboundState,
    LetOut,
    NoSuchInbound,
    NothingFetched,
    OrderSheet,
    QuarantineVerb,
    Recorded,
    RepeatedSheet,
    ReplySheet,
    SetAside,
    Sheet,
    Stale,
)
from faxgw.store.inbound.review import ReviewId, ReviewState
from faxgw.store.inbound.schema import (
    DETAIL_CHARS_MAX,
    KINDS_CHARS_MAX,
    inbound_document,
    inbound_sheet,
    inbound_state,
    review,
)
from faxgw.store.rows import NO_FAX, insert_events, take_ids
from faxgw.store.transitions import Happened

REPLY, ORDER, REPEATED, IN_REVIEW, DISCARDED = "reply", "order", "repeated", "review", "discarded"
"""What a sheet became."""

LEARNT = ("state", "reason", "detail", "concluded_at", "pages", "receipt_key")
UPDATE_STATE = (
    update(inbound_state)
    .where(inbound_state.c.inbound_id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in LEARNT})
)


@dataclass(slots=True)
class _Row:
    """A fax's state, changed in place; the row is written once for all changes of one commit."""

    inbound_id: InboundId
    inbox: str
    state: InboundState
    reason: str
    detail: str
    concluded_at: float | None
    pages: int | None
    receipt_key: str | None
    has_documents: bool


@dataclass(slots=True)
class _Written:
    """What the changes of one commit add."""

    sheets: list[dict[str, object]]
    reviews: list[tuple[float, dict[str, object]]]
    """With the time at which each was found to be needed."""
    events: list[Happened]


def state_of(became: Sequence[str]) -> InboundState:
    """Where a fax stands whose sheets became that."""
    if IN_REVIEW in became:
        return InboundState.REVIEW
    if REPLY in became or ORDER in became:
        return InboundState.APPLIED
    return InboundState.DUPLICATE if REPEATED in became else InboundState.DISCARDED


def record(connection: Connection, conclusions: Sequence[Conclusion]) -> list[Recorded]:
    rows = _rows(connection, {each.inbound_id for each in conclusions})
    written = _Written([], [], [])
    answers: list[Recorded] = []
    for conclusion in conclusions:
        row = rows.get(conclusion.inbound_id)
        answers.append(NoSuchInbound() if row is None else _conclude(row, conclusion, written))
    _write(connection, list(rows.values()), written)
    return answers


def _conclude(row: _Row, conclusion: Conclusion, written: _Written) -> Recorded:
    match conclusion:
        case Concluded() | SetAside() if row.state is not InboundState.KEPT:
            return Stale(row.state)
        case LetOut() if row.state is not InboundState.QUARANTINED:
            return Stale(row.state)
        case LetOut(verb=QuarantineVerb.RETRY | QuarantineVerb.RELEASE) if not row.has_documents:
            return NothingFetched()
        case Concluded():
            _concluded(row, conclusion, written)
        case SetAside():
            _set_aside(row, conclusion, written)
        case LetOut():
            _let_out(row, conclusion, written)
        case _:
            assert_never(conclusion)
    return Changed(row.state)


def _concluded(row: _Row, fax: Concluded, written: _Written) -> None:
    row.concluded_at, row.pages = fax.at, fax.pages
    _add_sheets(row, fax.sheets, fax.at, written)


def _set_aside(row: _Row, fax: SetAside, written: _Written) -> None:
    row.state, row.reason, row.detail, row.concluded_at = InboundState.QUARANTINED, fax.reason, fax.detail, fax.at
    # A file that comes under the carrier's id from now on is another try at the same fax, not a repeat.
    row.receipt_key = None
    written.events.append(_event(row, fax.at, "quarantined", reason=fax.reason))


def _let_out(row: _Row, wish: LetOut, written: _Written) -> None:
    written.events.append(_event(row, wish.at, "let_out", verb=wish.verb, who=wish.who, why=wish.why))
    match wish.verb:
        case QuarantineVerb.RETRY:
            row.state, row.reason, row.detail, row.concluded_at = InboundState.KEPT, "", "", None
        case QuarantineVerb.RELEASE:
            _add_sheets(row, [DoubtfulSheet(0, row.reason, row.detail, b"{}")], wish.at, written)
        case QuarantineVerb.DISCARD:
            row.state = InboundState.DISCARDED
        case _:
            assert_never(wish.verb)


def _add_sheets(row: _Row, sheets: Sequence[Sheet], at: float, written: _Written) -> None:
    added = [_sheet_row(row, place, sheet) for place, sheet in enumerate(sheets)]
    written.sheets += added
    row.state = state_of([str(each["became"]) for each in added])
    written.events.append(_event(row, at, "inbound_read", state=row.state))
    for place, sheet in enumerate(sheets):
        match sheet:
            case DoubtfulSheet():
                written.reviews.append((at, _review_row(row, place, sheet, at)))
            case ReplySheet(fax_id=int() as fax_id):
                written.events.append(reply_received(fax_id, row.inbound_id, sheet.page, sheet.kinds, at))
            case OrderSheet():
                data: dict[str, object] = {"inbound": row.inbound_id, "page": sheet.page}
                written.events.append(Happened(sheet.fax_id, at, "came_by_fax", data))
            case ReplySheet() | RepeatedSheet():
                pass
            case _:
                assert_never(sheet)


def reply_received(fax_id: FaxId, inbound_id: InboundId, page: int, kinds: Sequence[str], at: float) -> Happened:
    """In the trail of the order that was answered."""
    return Happened(fax_id, at, "reply_received", {"inbound": inbound_id, "page": page, "kinds": list(kinds)})


def _event(row: _Row, at: float, kind: str, **data: object) -> Happened:
    return Happened(NO_FAX, at, kind, {"inbound": row.inbound_id, "inbox": row.inbox, **data})


def _sheet_row(row: _Row, place: int, sheet: Sheet) -> dict[str, object]:
    named: dict[str, object] = {"inbound_id": row.inbound_id, "place": place, "page": sheet.page}
    named |= {"order_number": sheet.order_number, "kinds": "", "fax_id": None, "speaker": ""}
    match sheet:
        case ReplySheet():
            said: dict[str, object] = {"kinds": kinds_text(sheet.kinds), "speaker": sheet.speaker}
            return named | said | {"became": REPLY, "fax_id": sheet.fax_id}
        case OrderSheet():
            return named | {"became": ORDER, "fax_id": sheet.fax_id}
        case RepeatedSheet():
            return named | {"became": REPEATED, "kinds": kinds_text(sheet.kinds), "fax_id": sheet.fax_id}
        case DoubtfulSheet():
            return named | {"became": IN_REVIEW}
        case _:
            assert_never(sheet)


def kinds_text(kinds: Sequence[str]) -> str:
    return " ".join(sorted(kinds))[:KINDS_CHARS_MAX]


def _review_row(row: _Row, place: int, sheet: DoubtfulSheet, at: float) -> dict[str, object]:
    return {
        "inbound_id": row.inbound_id,
        "place": place,
        "page": sheet.page,
        "state": ReviewState.OPEN,
        "reason": sheet.reason,
        "detail": sheet.detail[:DETAIL_CHARS_MAX],
        "guess": sheet.guess,
        "order_number": sheet.order_number,
        "made_at": at,
        "who": "",
        "why": "",
    }


def _rows(connection: Connection, inbound_ids: set[InboundId]) -> dict[InboundId, _Row]:
    columns = inbound_state.c
    with_documents = select(inbound_document.c.inbound_id).where(inbound_document.c.inbound_id.in_(inbound_ids))
    documented = set(connection.execute(with_documents.distinct()).scalars())
    rows = connection.execute(select(inbound_state).where(columns.inbound_id.in_(inbound_ids)))
    return {
        InboundId(row.inbound_id): _Row(
            InboundId(row.inbound_id),
            row.inbox,
            InboundState(row.state),
            row.reason,
            row.detail,
            row.concluded_at,
            row.pages,
            row.receipt_key,
            row.inbound_id in documented,
        )
        for row in rows
    }


def _write(connection: Connection, rows: Sequence[_Row], written: _Written) -> None:
    if rows:
        changed = [{"row": row.inbound_id} | {f"new_{name}": getattr(row, name) for name in LEARNT} for row in rows]
        connection.execute(
            UPDATE_STATE, [each | {"new_detail": str(each["new_detail"])[:DETAIL_CHARS_MAX]} for each in changed]
        )
    if written.sheets:
        connection.execute(insert(inbound_sheet), written.sheets)
    if written.reviews:
        first = take_ids(connection, "review", len(written.reviews))
        items = [{"id": first + place, **each} for place, (_, each) in enumerate(written.reviews)]
        connection.execute(insert(review), items)
        written.events += [
            _review_needed(ReviewId(first + place), each, at) for place, (at, each) in enumerate(written.reviews)
        ]
    insert_events(connection, written.events)


def _review_needed(review_id: ReviewId, row: dict[str, object], at: float) -> Happened:
    data = {"review": review_id, "inbound": row["inbound_id"], "page": row["page"], "reason": row["reason"]}
    return Happened(NO_FAX, at, "review_needed", data)
