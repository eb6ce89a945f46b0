"""The questions the store answers; each is one short read, bounded, on a connection that cannot write."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, text

from faxgw.fax import AttemptNumber, ClientRef, FaxId, State, make_client_ref, read_client_ref
from faxgw.phone import Line
from faxgw.store.operations import as_attempt, decode_report
from faxgw.store.port import Attempt, AttemptView, Event, FaxView, KeptReceipt, LineAges, Queued, Unfinished
from faxgw.store.schema import UNFINISHED, attempt, event, fax, fax_state, receipt

decode_data = msgspec.json.Decoder(dict[str, object]).decode

OPEN_ATTEMPT = select(
    attempt.c.fax_id,
    attempt.c.number,
    attempt.c.provider,
    attempt.c.line,
    attempt.c.provider_ref,
    attempt.c.started_at,
    attempt.c.changed_at,
    fax_state.c.rank,
    fax_state.c.deadline_at,
    fax_state.c.calls,
    fax_state.c.state,
).join(fax_state, fax_state.c.fax_id == attempt.c.fax_id)


def read_fax(connection: Connection, store_id: str, fax_id: FaxId) -> FaxView | None:
    joined = select(fax, fax_state).join(fax_state, fax_state.c.fax_id == fax.c.id)
    row = connection.execute(joined.where(fax.c.id == fax_id)).mappings().one_or_none()
    if row is None:
        return None
    return FaxView(
        fax_id=fax_id,
        submitter=row["submitter"],
        key=row["key"],
        number=row["number"],
        line=Line(row["line"]),
        rank=row["rank"],
        state=State(row["state"]),
        reason=row["reason"],
        accepted_at=row["accepted_at"],
        due_at=row["due_at"],
        deadline_at=row["deadline_at"],
        calls=row["calls"],
        order=row["order"],
        attempts=_attempts_of(connection, store_id, fax_id),
        events=tuple(_events(connection, event.c.fax_id == fax_id, limit=1_000)),
    )


def _attempts_of(connection: Connection, store_id: str, fax_id: FaxId) -> tuple[AttemptView, ...]:
    rows = connection.execute(select(attempt).where(attempt.c.fax_id == fax_id).order_by(attempt.c.number))
    return tuple(
        AttemptView(
            number=AttemptNumber(row.number),
            provider=row.provider,
            client_ref=make_client_ref(store_id, fax_id, AttemptNumber(row.number)),
            provider_ref=row.provider_ref,
            sha256=row.sha256,
            form_version=row.form_version,
            pages=row.pages,
            rendered_at=row.rendered_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            code=row.code,
        )
        for row in rows
    )


def read_orders(connection: Connection, fax_ids: Sequence[FaxId]) -> dict[FaxId, bytes]:
    rows = connection.execute(select(fax.c.id, fax.c.order).where(fax.c.id.in_(fax_ids)))
    return {FaxId(fax_id): order for fax_id, order in rows}


def read_events(connection: Connection, after: int, limit: int) -> list[Event]:
    return list(_events(connection, event.c.seq > after, limit))


def _events(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[Event]:
    rows = connection.execute(select(event).where(condition).order_by(event.c.seq).limit(limit))
    return [Event(row.seq, FaxId(row.fax_id), row.at, row.kind, decode_data(row.data)) for row in rows]


def read_attempt(
    connection: Connection, store_id: str, client_ref: ClientRef | None, provider: str, provider_ref: str | None
) -> Attempt | None:
    """By our reference where the carrier repeats it, else by the carrier's."""
    if client_ref is not None:
        named = read_client_ref(store_id, client_ref)
        if named is None:
            return None
        condition = (attempt.c.fax_id == named[0]) & (attempt.c.number == named[1])
    elif provider_ref is not None:
        condition = (attempt.c.provider == provider) & (attempt.c.provider_ref == provider_ref)
    else:
        return None
    row = connection.execute(OPEN_ATTEMPT.where(condition)).first()
    return None if row is None else as_attempt(store_id, row)


def read_lines(connection: Connection, limit: int) -> list[LineAges]:
    counted = (
        select(
            fax_state.c.line,
            fax_state.c.state,
            func.count().label("waiting"),
            func.min(fax.c.accepted_at).label("oldest"),
        )
        .join(fax, fax.c.id == fax_state.c.fax_id)
        .where(text(UNFINISHED))
        .group_by(fax_state.c.line, fax_state.c.state)
    )
    lines: dict[str, LineAges] = {}
    for row in connection.execute(counted):
        known = lines.get(row.line)
        states = {**(known.states if known else {}), State(row.state): row.waiting}
        oldest = min(row.oldest, known.oldest_accepted_at) if known else row.oldest
        lines[row.line] = LineAges(Line(row.line), sum(states.values()), oldest, states)
    return sorted(lines.values(), key=lambda line: line.oldest_accepted_at)[:limit]


def read_counts(connection: Connection) -> dict[State, int]:
    rows = connection.execute(select(fax_state.c.state, func.count()).group_by(fax_state.c.state))
    return {State(state): count for state, count in rows}


def read_unfinished_counts(connection: Connection) -> dict[State, int]:
    rows = connection.execute(
        select(fax_state.c.state, func.count()).where(text(UNFINISHED)).group_by(fax_state.c.state)
    )
    return {State(state): count for state, count in rows}


def read_last_event(connection: Connection) -> int:
    return connection.execute(select(func.max(event.c.seq))).scalar() or 0


def read_unfinished(connection: Connection, store_id: str) -> Unfinished:
    columns = fax_state.c
    queued = connection.execute(
        select(columns.fax_id, columns.line, columns.rank, columns.due_at, columns.deadline_at, columns.calls)
        .where(columns.state == State.QUEUED, text(UNFINISHED))
        .order_by(columns.fax_id)
    )
    attempts = connection.execute(OPEN_ATTEMPT.where(attempt.c.ended_at.is_(None)))
    receipts = connection.execute(select(receipt).where(receipt.c.settled == 0).order_by(receipt.c.id))
    return Unfinished(
        queued=[Queued(*row) for row in queued],
        attempts=[as_attempt(store_id, row) for row in attempts],
        receipts=[KeptReceipt(row.id, row.provider, decode_report(row.report)) for row in receipts],
    )
