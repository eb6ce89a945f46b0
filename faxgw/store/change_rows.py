"""Changes as rows: those that they touch are read, decided on in Python (`transitions.py`), and written back together.

There is one writer, so what was read stays true until the commit.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

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
from faxgw.store.statements import among, keyed, updating
from faxgw.store.transitions import AttemptRow, FaxRow, Happened, apply_change

STATE_COLUMNS = ("state", "due_at", "attempts", "calls", "reason")
REVISED_COLUMNS = ("line", "rank", "revision", "marked", "member", "escalated")
ATTEMPT_COLUMNS = ("provider_ref", "changed_at", "ended_at", "outcome", "code")
FAX_ROWS = select(*(fax_state.c[name] for name in ("fax_id", *STATE_COLUMNS, *REVISED_COLUMNS))).where(
    among(fax_state.c.fax_id)
)
# By fax alone: SQLite takes five times as long for pairs of fax and number, and a fax has few attempts.
ATTEMPT_ROWS = select(
    *(attempt.c[name] for name in ("fax_id", "number", *ATTEMPT_COLUMNS, "line", "first_page", "slot"))
).where(among(attempt.c.fax_id))
UPDATE_STATES = updating(fax_state, *STATE_COLUMNS, by=("fax_id",))
REVISE_STATES = updating(fax_state, *REVISED_COLUMNS, by=("fax_id",))
UPDATE_ATTEMPTS = updating(attempt, *ATTEMPT_COLUMNS, by=("fax_id", "number"))


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
    rows = connection.execute(FAX_ROWS, keyed(fax_ids)).all()
    return {fax_id: FaxRow(fax_id, State(state), *others) for fax_id, state, *others in rows}


def _attempt_rows(
    connection: Connection, wanted: set[tuple[FaxId, AttemptNumber]]
) -> dict[tuple[FaxId, AttemptNumber], AttemptRow]:
    if not wanted:
        return {}
    rows = connection.execute(ATTEMPT_ROWS, keyed({fax_id for fax_id, _ in wanted})).all()
    return {(row[0], row[1]): AttemptRow(*row) for row in rows if (row[0], row[1]) in wanted}


def _write_rows(connection: Connection, faxes: Iterable[FaxRow], attempts: Iterable[AttemptRow]) -> None:
    states = [(row.state.value, row.due_at, row.attempts, row.calls, row.reason, row.fax_id) for row in faxes]
    revised = [
        (row.line, row.rank, row.revision, int(row.marked), row.member, row.escalated, row.fax_id)
        for row in faxes
        if row.is_revised
    ]
    tries = [
        (row.provider_ref, row.changed_at, row.ended_at, row.outcome, row.code, row.fax_id, row.number)
        for row in attempts
    ]
    UPDATE_STATES.run(connection, states)
    REVISE_STATES.run(connection, revised)
    UPDATE_ATTEMPTS.run(connection, tries)
