"""The writes of the store: each takes many items inside one transaction and answers each of them.

Every one reads the rows it may change, decides in Python (`transitions.py`), and writes them back with one
`executemany` a table. There is one writer, so what was read stays true until the commit.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, insert, select, tuple_, update

from faxgw.fax import AttemptNumber, ClientRef, Failure, FaxId, State, make_client_ref
from faxgw.phone import Line
from faxgw.provider.port import Report
from faxgw.store.line_rows import CallEnded, learn
from faxgw.store.port import (
    Admission,
    Admitted,
    Attempt,
    Begun,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Drained,
    FailedNow,
    GoesAgain,
    Intent,
    KeptReceipt,
    KeyTaken,
    NewFax,
    NoSuchFax,
    NotBegun,
    Parked,
    Recorded,
    Repeated,
    ResolveAsked,
    Submitted,
)
from faxgw.store.rows import insert_events, take_ids
from faxgw.store.schema import attempt, fax, fax_state, receipt
from faxgw.store.suspensions import drains, stopped_by, suspended_places
from faxgw.store.transitions import AttemptRow, FaxRow, Happened, apply_change

encode_report = msgspec.msgpack.Encoder().encode
decode_report = msgspec.msgpack.Decoder(Report).decode

VARIABLES_MAX = 10_000
"""Values in one SQL statement: an upload may have more than the 32,766 of SQLite (https://www.sqlite.org/limits.html)."""

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
SETTLE_RECEIPT = update(receipt).where(receipt.c.id == bindparam("row")).values(settled=1)


def admit(connection: Connection, faxes: Sequence[NewFax]) -> list[Admission]:
    """Write new faxes; a key that came before (in the store or earlier in this list) writes nothing."""
    known = _known_keys(connection, faxes)
    is_drained = drains(connection, faxes[0].accepted_at) if faxes else False
    next_id = take_ids(connection, "fax", len(faxes))
    answers: list[Admission] = []
    admitted: list[tuple[FaxId, NewFax]] = []
    for new in faxes:
        match known.get((new.submitter, new.key)):
            case None if is_drained:
                answers.append(Drained())
            case None:
                fax_id = FaxId(next_id + len(admitted))
                known[new.submitter, new.key] = (fax_id, new.digest, State.QUEUED)
                admitted.append((fax_id, new))
                answers.append(Admitted(fax_id))
            case fax_id, digest, state if digest == new.digest:
                answers.append(Repeated(fax_id, state))
            case fax_id, _, _:
                answers.append(KeyTaken(fax_id))
    _insert_faxes(connection, admitted)
    return answers


def _known_keys(connection: Connection, faxes: Sequence[NewFax]) -> dict[tuple[str, str], tuple[FaxId, bytes, State]]:
    known: dict[tuple[str, str], tuple[FaxId, bytes, State]] = {}
    by_submitter: dict[str, list[str]] = {}
    for new in faxes:
        by_submitter.setdefault(new.submitter, []).append(new.key)
    for submitter, keys in by_submitter.items():
        for start in range(0, len(keys), VARIABLES_MAX):
            rows = connection.execute(
                select(fax.c.key, fax.c.id, fax.c.digest, fax_state.c.state)
                .join(fax_state, fax_state.c.fax_id == fax.c.id)
                .where(fax.c.submitter == submitter, fax.c.key.in_(keys[start : start + VARIABLES_MAX]))
            )
            for key, fax_id, digest, state in rows:
                known[submitter, key] = (FaxId(fax_id), digest, State(state))
    return known


def _insert_faxes(connection: Connection, admitted: Sequence[tuple[FaxId, NewFax]]) -> None:
    if not admitted:
        return
    connection.execute(
        insert(fax),
        [
            {
                "id": fax_id,
                "submitter": new.submitter,
                "key": new.key,
                "digest": new.digest,
                "number": new.number,
                "accepted_at": new.accepted_at,
                "content": new.content,
                "order": new.order,
            }
            for fax_id, new in admitted
        ],
    )
    connection.execute(
        insert(fax_state),
        [
            {
                "fax_id": fax_id,
                "state": State.QUEUED,
                "line": new.line,
                "rank": new.rank,
                "due_at": new.due_at,
                "deadline_at": new.deadline_at,
                "attempts": 0,
                "calls": 0,
                "reason": "",
                "revision": 0,
                "marked": False,
                "submitter": new.submitter,
                "service": new.service,
                "escalated": 0,
            }
            for fax_id, new in admitted
        ],
    )
    insert_events(connection, [_accepted(fax_id, new) for fax_id, new in admitted])


def _accepted(fax_id: FaxId, new: NewFax) -> Happened:
    promised = {"service": new.service, "deadline_at": new.deadline_at} if new.service else {}
    return Happened(fax_id, new.accepted_at, "accepted", {"key": new.key, **promised})


class Begin:
    """Writes intents: from here on a carrier may have the fax.

    The line's lock is the open attempt itself (the unique index `attempt_open_call`): each call of a line has a
    slot, the lowest that is free, and an intent whose line has none left is refused here, whatever the schedule
    believed.
    """

    __name__ = "begin"

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id

    def __call__(self, connection: Connection, intents: Sequence[Intent]) -> list[Begun]:
        found = connection.execute(
            select(fax_state).where(fax_state.c.fax_id.in_([intent.fax_id for intent in intents]))
        )
        rows = {row.fax_id: row for row in found}
        taken = _taken_slots(connection, {row.line for row in rows.values()})
        suspended = suspended_places(connection, intents[0].at) if intents else set()
        earlier = earlier_outcomes(connection, [row.fax_id for row in rows.values() if row.attempts])
        begun: list[tuple[Intent, Attempt, int]] = []
        answers: list[Begun] = []
        started: set[FaxId] = set()
        for intent in intents:
            row = rows[intent.fax_id]
            state = State.SENDING if intent.fax_id in started else State(row.state)
            stopped = stopped_by(suspended, row.line, intent.provider)
            outdated = row.revision != intent.revision
            too_late = row.deadline_at is not None and intent.at >= row.deadline_at
            slot = _free_slot(taken[row.line], intent.calls_max)
            if state is not State.QUEUED or slot is None or stopped or outdated or too_late:
                answers.append(NotBegun(state, slot is None, stopped, outdated, too_late))
                continue
            taken[row.line].add(slot)
            started.add(intent.fax_id)
            opened = self._open(intent, row, earlier.get(intent.fax_id, {}))
            begun.append((intent, opened, slot))
            answers.append(opened)
        self._write(connection, begun)
        return answers

    def _open(self, intent: Intent, row: Any, earlier: dict[str, int]) -> Attempt:
        number = AttemptNumber(row.attempts + 1)
        return Attempt(
            fax_id=intent.fax_id,
            number=number,
            client_ref=make_client_ref(self._store_id, intent.fax_id, number),
            provider=intent.provider,
            line=Line(row.line),
            rank=row.rank,
            deadline_at=row.deadline_at,
            calls=row.calls + 1,
            started_at=intent.at,
            state=State.SENDING,
            changed_at=intent.at,
            revision=row.revision,
            earlier=earlier,
            submitter=row.submitter,
        )

    @staticmethod
    def _write(connection: Connection, begun: Sequence[tuple[Intent, Attempt, int]]) -> None:
        if not begun:
            return
        connection.execute(
            insert(attempt),
            [
                {
                    "fax_id": opened.fax_id,
                    "number": opened.number,
                    "provider": opened.provider,
                    "line": opened.line,
                    "slot": slot,
                    "sha256": intent.sha256,
                    "form_version": intent.form_version,
                    "pages": intent.pages,
                    "rendered_at": intent.rendered_at,
                    "started_at": intent.at,
                    "changed_at": intent.at,
                }
                for intent, opened, slot in begun
            ],
        )
        connection.execute(
            update(fax_state)
            .where(fax_state.c.fax_id == bindparam("row"))
            .values(state=State.SENDING, reason="", attempts=bindparam("new_attempts"), calls=bindparam("new_calls")),
            [
                {"row": opened.fax_id, "new_attempts": opened.number, "new_calls": opened.calls}
                for _, opened, _ in begun
            ],
        )
        insert_events(
            connection,
            [
                Happened(opened.fax_id, intent.at, "sending", {"attempt": opened.number, "provider": opened.provider})
                for intent, opened, _ in begun
            ],
        )


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
    insert_events(connection, events)
    settled = [receipt_id for change in changes if (receipt_id := _receipt_of(change)) is not None]
    settle_receipts(connection, settled)
    return answers


def _call_ended(change: Change, line: Line) -> list[CallEnded]:
    match change:
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
        case Submitted() | Doubted() | Parked() | DeliveredNow() | GoesAgain() | FailedNow() | ResolveAsked():
            return change.fax_id, change.attempt
        case _:
            return None


def _receipt_of(change: Change) -> int | None:
    return change.receipt_id if isinstance(change, Parked | DeliveredNow | GoesAgain | FailedNow) else None


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
        ).where(tuple_(columns.fax_id, columns.number).in_(wanted))
    )
    return {(row.fax_id, row.number): AttemptRow(*row) for row in rows}


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


class KeepReceipts:
    """Keeps what a carrier's webhooks said, before anybody acts on it; a repeated event id writes nothing."""

    __name__ = "keep_receipts"

    def __init__(self) -> None:
        # One operation for all carriers, so that their receipts share an executemany.
        self._insert = insert(receipt)

    def __call__(
        self, connection: Connection, receipts: Sequence[tuple[str, Report, float]]
    ) -> list[KeptReceipt | None]:
        seen = self._known(connection, receipts)
        next_id = take_ids(connection, "receipt", len(receipts))
        answers: list[KeptReceipt | None] = []
        rows: list[dict[str, object]] = []
        for provider, report, at in receipts:
            name = (provider, report.event_id)
            if report.event_id is not None and name in seen:
                answers.append(None)
                continue
            seen.add(name)
            kept = KeptReceipt(next_id + len(rows), provider, report)
            rows.append(
                {
                    "id": kept.id,
                    "provider": provider,
                    "event_id": report.event_id,
                    "received_at": at,
                    "report": encode_report(report),
                    "settled": 0,
                }
            )
            answers.append(kept)
        if rows:
            connection.execute(self._insert, rows)
        return answers

    @staticmethod
    def _known(connection: Connection, receipts: Sequence[tuple[str, Report, float]]) -> set[tuple[str, str | None]]:
        ids = [report.event_id for _, report, _ in receipts if report.event_id is not None]
        rows = connection.execute(select(receipt.c.provider, receipt.c.event_id).where(receipt.c.event_id.in_(ids)))
        return {(provider, event_id) for provider, event_id in rows}


def settle_receipts(connection: Connection, receipt_ids: Sequence[int]) -> list[None]:
    if receipt_ids:
        connection.execute(SETTLE_RECEIPT, [{"row": receipt_id} for receipt_id in receipt_ids])
    return [None] * len(receipt_ids)


def _taken_slots(connection: Connection, lines: Iterable[str]) -> dict[str, set[int]]:
    """For each line the slots that open calls have."""
    taken: dict[str, set[int]] = {line: set() for line in lines}
    open_calls = select(attempt.c.line, attempt.c.slot).where(attempt.c.ended_at.is_(None), attempt.c.line.in_(taken))
    for line, slot in connection.execute(open_calls):
        taken[line].add(slot)
    return taken


def _free_slot(taken: set[int], calls_max: int) -> int | None:
    if len(taken) >= calls_max:
        # Also where the line took more calls when those under way began.
        return None
    return next(slot for slot in range(calls_max) if slot not in taken)


def earlier_outcomes(connection: Connection, fax_ids: Sequence[FaxId]) -> dict[FaxId, dict[str, int]]:
    """How often the attempts of each fax ended in which way, so far."""
    counted: dict[FaxId, dict[str, int]] = {}
    for start in range(0, len(fax_ids), VARIABLES_MAX):
        rows = connection.execute(
            select(attempt.c.fax_id, attempt.c.outcome, func.count())
            .where(attempt.c.fax_id.in_(fax_ids[start : start + VARIABLES_MAX]), attempt.c.ended_at.is_not(None))
            .group_by(attempt.c.fax_id, attempt.c.outcome)
        )
        for fax_id, outcome, count in rows:
            counted.setdefault(fax_id, {})[outcome] = count
    return counted


def as_attempt(store_id: str, row: Row[*tuple[Any, ...]], earlier: dict[str, int] | None = None) -> Attempt:
    """The attempt of a joined row of `attempt` and `fax_state`."""
    return Attempt(
        fax_id=FaxId(row.fax_id),
        number=AttemptNumber(row.number),
        client_ref=ClientRef(make_client_ref(store_id, FaxId(row.fax_id), AttemptNumber(row.number))),
        provider=row.provider,
        line=Line(row.line),
        rank=row.rank,
        deadline_at=row.deadline_at,
        calls=row.calls,
        started_at=row.started_at,
        state=State(row.state),
        provider_ref=row.provider_ref,
        changed_at=row.changed_at,
        revision=row.revision,
        earlier=earlier or {},
        submitter=row.submitter,
    )
