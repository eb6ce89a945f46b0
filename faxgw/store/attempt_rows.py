"""Attempts as rows: intents written, lines locked by them, and attempts read back with those that share their call."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from faxgw.fax import AttemptNumber, ClientRef, FaxId, State, make_client_ref
from faxgw.phone import Line
from faxgw.store.attempts import Attempt, Begun, Intent, NotBegun
from faxgw.store.rows import insert_events
from faxgw.store.schema import attempt, fax_state
from faxgw.store.statements import among, inserting, keyed, updating
from faxgw.store.suspensions import Place, stopped_by, suspended_places
from faxgw.store.transitions import AttemptRow, Happened

FAX_STATES = select(fax_state).where(among(fax_state.c.fax_id))
TAKEN_SLOTS = select(attempt.c.line, attempt.c.slot).where(
    attempt.c.ended_at.is_(None), attempt.c.slot.is_not(None), among(attempt.c.line)
)
EARLIER_OUTCOMES = (
    select(attempt.c.fax_id, attempt.c.outcome, func.count())
    .where(among(attempt.c.fax_id), attempt.c.ended_at.is_not(None))
    .group_by(attempt.c.fax_id, attempt.c.outcome)
)
OWN = ("fax_id", "number", "provider", "line", "slot", "sha256", "form_version", "pages")
TIMES = ("rendered_at", "started_at", "changed_at")
OF_CALL = ("lead_id", "lead_number", "first_page", "call_sha256")
INSERT_ATTEMPTS = inserting(attempt, *OWN, *TIMES, *OF_CALL)
START_SENDING = updating(fax_state, "state", "attempts", "calls", "reason", by=("fax_id",))


@dataclass(slots=True)
class _Found:
    """What stands in the store for a list of intents."""

    rows: Mapping[FaxId, Row[*tuple[Any, ...]]]
    taken: dict[str, set[int]]
    suspended: set[Place]
    earlier: Mapping[FaxId, dict[str, int]]
    started: set[FaxId]
    """Begun earlier in the list."""


class Begin:
    """Writes intents: from here on a carrier may have the faxes.

    The line's lock is the open attempt itself (the unique index `attempt_open_call`): each call of a line has a
    slot, the lowest that is free, and an intent whose line has none left is refused here, whatever the schedule
    believed. Faxes that share a call are begun together or not at all.
    """

    __name__ = "begin"

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id

    def __call__(self, connection: Connection, intents: Sequence[Intent]) -> list[Begun]:
        found = _find(connection, intents)
        begun: list[tuple[Intent, Attempt, int]] = []
        answers: list[Begun] = []
        for intent in intents:
            line = found.rows[intent.fax_id].line
            slot = _free_slot(found.taken[line], intent.calls_max)
            unfit = next((one for one in intent.call if not _may_begin(one, found)), None)
            if slot is None or unfit is not None:
                answers.append(_refusal(intent, unfit or intent, found))
                continue
            found.taken[line].add(slot)
            found.started.update(each.fax_id for each in intent.call)
            opened = self._open(intent, found)
            begun.append((intent, opened, slot))
            answers.append(opened)
        _write(connection, begun)
        return answers

    def _open(self, intent: Intent, found: _Found) -> Attempt:
        """The attempt with its company, all under the reference of the first."""
        number = AttemptNumber(found.rows[intent.fax_id].attempts + 1)
        client_ref = make_client_ref(self._store_id, intent.fax_id, number)
        first = _opened(intent, client_ref, 1, found)
        if not intent.company:
            return first
        starts = itertools.accumulate((each.pages for each in intent.call), initial=1)
        company = [
            _opened(each, client_ref, start, found)
            for each, start in zip(intent.company, itertools.islice(starts, 1, None), strict=False)
        ]
        return msgspec.structs.replace(first, company=tuple(company))


def _find(connection: Connection, intents: Sequence[Intent]) -> _Found:
    fax_ids = [each.fax_id for intent in intents for each in intent.call]
    rows = {row.fax_id: row for row in connection.execute(FAX_STATES, keyed(fax_ids)).all()}
    return _Found(
        rows=rows,
        taken=_taken_slots(connection, {row.line for row in rows.values()}),
        suspended=suspended_places(connection, intents[0].at) if intents else set(),
        earlier=earlier_outcomes(connection, [row.fax_id for row in rows.values() if row.attempts]),
        started=set(),
    )


def _may_begin(intent: Intent, found: _Found) -> bool:
    row = found.rows[intent.fax_id]
    return (
        row.state == State.QUEUED
        and row.revision == intent.revision
        and (row.deadline_at is None or intent.at < row.deadline_at)
        and intent.fax_id not in found.started
        and stopped_by(found.suspended, row.line, intent.provider) is None
    )


def _refusal(intent: Intent, unfit: Intent, found: _Found) -> NotBegun:
    """Why the call may not begin: the first of its faxes that may not go, or the line that is taken."""
    row = found.rows[unfit.fax_id]
    return NotBegun(
        State.SENDING if unfit.fax_id in found.started else State(row.state),
        line_taken=_free_slot(found.taken[row.line], intent.calls_max) is None,
        suspended=stopped_by(found.suspended, row.line, unfit.provider),
        outdated=row.revision != unfit.revision,
        too_late=row.deadline_at is not None and unfit.at >= row.deadline_at,
        companion=None if unfit is intent else unfit.fax_id,
    )


def _opened(intent: Intent, client_ref: ClientRef, first_page: int, found: _Found) -> Attempt:
    row = found.rows[intent.fax_id]
    return Attempt(
        fax_id=intent.fax_id,
        number=AttemptNumber(row.attempts + 1),
        client_ref=client_ref,
        provider=intent.provider,
        line=Line(row.line),
        rank=row.rank,
        deadline_at=row.deadline_at,
        calls=row.calls + 1,
        started_at=intent.at,
        state=State.SENDING,
        changed_at=intent.at,
        revision=row.revision,
        earlier=found.earlier.get(intent.fax_id, {}),
        submitter=row.submitter,
        pages=intent.pages,
        first_page=first_page,
    )


def _write(connection: Connection, begun: Sequence[tuple[Intent, Attempt, int]]) -> None:
    INSERT_ATTEMPTS.run(connection, [row for each in begun for row in _rows(*each)])
    sending, no_reason = State.SENDING.value, ""
    everyone = [each for _, opened, _ in begun for each in opened.call]
    START_SENDING.run(connection, [(sending, each.number, each.calls, no_reason, each.fax_id) for each in everyone])
    insert_events(connection, [event for _, opened, _ in begun for event in _told(opened)])


def _rows(intent: Intent, opened: Attempt, slot: int) -> list[tuple[object, ...]]:
    """Of faxes that share a call the first holds the line; the others name it."""
    if not opened.company:
        return [_row(intent, opened, slot, (None, None, None, None))]
    leads = (None, None, opened.first_page, intent.call_sha256)
    follow = zip(intent.company, opened.company, strict=True)
    return [
        _row(intent, opened, slot, leads),
        *(
            _row(each, own, None, (opened.fax_id, opened.number, own.first_page, intent.call_sha256))
            for each, own in follow
        ),
    ]


def _row(intent: Intent, opened: Attempt, slot: int | None, of_call: tuple[object, ...]) -> tuple[object, ...]:
    return (
        *(opened.fax_id, opened.number, opened.provider, opened.line, slot),
        *(intent.sha256, intent.form_version, intent.pages, intent.rendered_at, intent.at, intent.at),
        *of_call,
    )


def _told(opened: Attempt) -> list[Happened]:
    told: list[Happened] = []
    for each in opened.call:
        data: dict[str, object] = {"attempt": each.number, "provider": each.provider}
        if opened.company:
            data["in_call_with"] = [other.fax_id for other in opened.call if other is not each]
        told.append(Happened(each.fax_id, each.started_at, "sending", data))
    return told


def _taken_slots(connection: Connection, lines: Iterable[str]) -> dict[str, set[int]]:
    """For each line the slots that open calls have."""
    taken: dict[str, set[int]] = {line: set() for line in lines}
    for line, slot in connection.execute(TAKEN_SLOTS, keyed(taken)).all():
        taken[line].add(slot)
    return taken


def _free_slot(taken: set[int], calls_max: int) -> int | None:
    if len(taken) >= calls_max:
        # Also where the line took more calls when those under way began.
        return None
    return next(slot for slot in range(calls_max) if slot not in taken)


def pass_slots_on(connection: Connection, ended: Sequence[AttemptRow]) -> None:
    """Let another fax of its call hold the line, where the one that held it is over and the call is not.

    So it is when a person resolves one fax of a call in doubt.
    """
    for held in ended:
        this = (attempt.c.fax_id == held.fax_id) & (attempt.c.number == held.number)
        row = connection.execute(select(attempt.c.lead_id, attempt.c.lead_number).where(this)).one()
        lead_id, lead_number = row.lead_id or held.fax_id, row.lead_number or held.number
        heir = connection.execute(
            select(attempt.c.fax_id, attempt.c.number)
            .where(attempt.c.lead_id == lead_id, attempt.c.lead_number == lead_number, attempt.c.ended_at.is_(None))
            .order_by(attempt.c.first_page)
            .limit(1)
        ).one_or_none()
        if heir is not None:
            that = (attempt.c.fax_id == heir.fax_id) & (attempt.c.number == heir.number)
            connection.execute(update(attempt).where(that).values(slot=held.slot))


def earlier_outcomes(connection: Connection, fax_ids: Sequence[FaxId]) -> dict[FaxId, dict[str, int]]:
    """How often the attempts of each fax ended in which way, so far."""
    counted: dict[FaxId, dict[str, int]] = {}
    for fax_id, outcome, count in connection.execute(EARLIER_OUTCOMES, keyed(fax_ids)) if fax_ids else ():
        counted.setdefault(fax_id, {})[outcome] = count
    return counted


def named_by(store_id: str, row: Row[*tuple[Any, ...]]) -> ClientRef:
    """The reference under which the carrier knows an attempt: that of the first fax in its call."""
    lead_id, lead_number = (row.fax_id, row.number) if row.lead_id is None else (row.lead_id, row.lead_number)
    return make_client_ref(store_id, FaxId(lead_id), AttemptNumber(lead_number))


def as_attempt(store_id: str, row: Row[*tuple[Any, ...]], earlier: dict[str, int] | None = None) -> Attempt:
    """The attempt of a joined row of `attempt` and `fax_state`, without its company."""
    return Attempt(
        fax_id=FaxId(row.fax_id),
        number=AttemptNumber(row.number),
        client_ref=named_by(store_id, row),
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
        pages=row.pages,
        first_page=row.first_page or 1,
    )


def as_calls(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Each call once: its first attempt, with those that share it as company."""
    calls: dict[ClientRef, list[Attempt]] = {}
    for each in attempts:
        calls.setdefault(each.client_ref, []).append(each)
    return [_as_call(together) if len(together) > 1 else together[0] for together in calls.values()]


def _as_call(together: list[Attempt]) -> Attempt:
    first, *company = sorted(together, key=lambda each: each.first_page)
    return msgspec.structs.replace(first, company=tuple(company))
