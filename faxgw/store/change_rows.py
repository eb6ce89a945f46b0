"""Changes as rows: those that they touch are read, decided on in Python (`transitions.py`), and written back together.

There is one writer, so what was read stays true until the commit.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, tuple_, update

from faxgw.fax import AttemptNumber, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.attempt_rows import pass_slots_on
from faxgw.store.changes import (
    AttemptOver,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    FailedNow,
    GoesAgain,
    NoSuchFax,
    Parked,
    Recorded,
    ResolveAsked,
    Submitted,
)
from faxgw.store.line_rows import CallEnded, learn
from faxgw.store.receipt_rows import settle_receipts
from faxgw.store.rows import insert_events
from faxgw.store.schema import attempt, fax_state
from faxgw.store.transitions import AttemptRow, FaxRow, Happened, apply_change

STATE_COLUMNS = ("state", "due_at", "attempts", "calls", "reason")
REVISED_COLUMNS = ("line", "rank", "revision", "marked", "member", "escalated")
UPDATE_STATE = (
    update(fax_state)
    .where(fax_state.c.fax_id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in STATE_COLUMNS})
)
REVISE_STATE = (
    update(fax_state)
    .where(fax_state.c.fax_id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in REVISED_COLUMNS})
)
UPDATE_ATTEMPT = (
    update(attempt)
    .where(attempt.c.fax_id == bindparam("row"), attempt.c.number == bindparam("row_number"))
    .values({name: bindparam(f"new_{name}") for name in ("provider_ref", "changed_at", "ended_at", "outcome", "code")})
)
FAX_ROW = select(*(fax_state.c[name] for name in ("fax_id", *STATE_COLUMNS, *REVISED_COLUMNS)))


def record(connection: Connection, changes: Sequence[Change]) -> list[Recorded]:
    """Make changes in the order given; several of one fax see each other."""
    faxes = _fax_rows(connection, {change.fax_id for change in changes})
    attempts = _attempt_rows(connection, {key for change in changes if (key := _attempt_key(change)) is not None})
    events: list[Happened] = []
    answers: list[Recorded] = []
    ended: list[CallEnded] = []
    for change in changes:
        row = faxes.get(change.fax_id)
        key = _attempt_key(change)
        tried = attempts.get(key) if key else None
        answers.append(NoSuchFax() if row is None else apply_change(change, row, tried, events))
        if tried is not None and isinstance(answers[-1], Changed):
            ended += _call_ended(change, tried.line)
    learn(connection, ended)
    _write_rows(connection, faxes.values(), attempts.values())
    pass_slots_on(connection, [tried for tried in attempts.values() if _held_line_for_others(tried)])
    insert_events(connection, events)
    settled = [receipt_id for change in changes if (receipt_id := _receipt_of(change)) is not None]
    settle_receipts(connection, settled)
    return answers


def _held_line_for_others(tried: AttemptRow) -> bool:
    return tried.first_page is not None and tried.slot is not None and tried.ended_at is not None


def _call_ended(change: Change, line: Line) -> list[CallEnded]:
    """What the line learns; of a call that faxes shared it learns once."""
    match change:
        case AttemptOver(tells_line=False):
            return []
        case DeliveredNow(at=at):
            return [CallEnded(line, None, 1, at)]
        case GoesAgain(failure=failure, at=at, was_call=was_call, calls=calls):
            return [CallEnded(line, failure, calls if was_call else 0, at)]
        case FailedNow(failure=failure, at=at, calls=calls):
            return [CallEnded(line, failure, calls, at)]
        case Parked(at=at):
            return [CallEnded(line, Failure.IN_DOUBT, 1, at)]
        case _:
            return []


def _attempt_key(change: Change) -> tuple[FaxId, AttemptNumber] | None:
    match change:
        case Submitted() | Doubted() | AttemptOver() | ResolveAsked():
            return change.fax_id, change.attempt
        case _:
            return None


def _receipt_of(change: Change) -> int | None:
    return change.receipt_id if isinstance(change, AttemptOver) else None


def _fax_rows(connection: Connection, fax_ids: Iterable[FaxId]) -> dict[FaxId, FaxRow]:
    rows = connection.execute(FAX_ROW.where(fax_state.c.fax_id.in_(list(fax_ids))))
    return {row.fax_id: FaxRow(row.fax_id, State(row.state), *row[2:]) for row in rows}


def _attempt_rows(
    connection: Connection, keys: Iterable[tuple[FaxId, AttemptNumber]]
) -> dict[tuple[FaxId, AttemptNumber], AttemptRow]:
    wanted = list(keys)
    if not wanted:
        return {}
    columns = attempt.c
    rows = connection.execute(
        select(
            columns.fax_id,
            columns.number,
            columns.provider_ref,
            columns.changed_at,
            columns.ended_at,
            columns.outcome,
            columns.code,
            columns.line,
            columns.first_page,
            columns.slot,
        ).where(tuple_(columns.fax_id, columns.number).in_(wanted))
    )
    return {(row.fax_id, row.number): _as_attempt_row(row) for row in rows}


def _as_attempt_row(row: Row[*tuple[Any, ...]]) -> AttemptRow:
    return AttemptRow(*row)


def _write_rows(connection: Connection, faxes: Iterable[FaxRow], attempts: Iterable[AttemptRow]) -> None:
    faxes = list(faxes)
    states = [
        {
            "row": row.fax_id,
            "new_state": row.state,
            "new_due_at": row.due_at,
            "new_attempts": row.attempts,
            "new_calls": row.calls,
            "new_reason": row.reason,
        }
        for row in faxes
    ]
    tries = [
        {
            "row": row.fax_id,
            "row_number": row.number,
            "new_provider_ref": row.provider_ref,
            "new_changed_at": row.changed_at,
            "new_ended_at": row.ended_at,
            "new_outcome": row.outcome,
            "new_code": row.code,
        }
        for row in attempts
    ]
    revised = [
        {
            "row": row.fax_id,
            "new_line": row.line,
            "new_rank": row.rank,
            "new_revision": row.revision,
            "new_marked": row.marked,
            "new_member": row.member,
            "new_escalated": row.escalated,
        }
        for row in faxes
        if row.is_revised
    ]
    if states:
        connection.execute(UPDATE_STATE, states)
    if revised:
        connection.execute(REVISE_STATE, revised)
    if tries:
        connection.execute(UPDATE_ATTEMPT, tries)
