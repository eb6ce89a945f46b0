"""Attempts as rows: intents written, lines locked by them, and attempts read back."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from faxgw.fax import AttemptNumber, ClientRef, FaxId, State, make_client_ref
from faxgw.phone import Line
from faxgw.store.attempts import Attempt, Begun, Intent, NotBegun
from faxgw.store.rows import VARIABLES_MAX, insert_events
from faxgw.store.schema import attempt, fax_state
from faxgw.store.suspensions import stopped_by, suspended_places
from faxgw.store.transitions import Happened


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
