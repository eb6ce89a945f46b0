"""The questions the store answers; each is one short read, bounded, on a connection that cannot write."""

import functools
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, TextClause, bindparam, func, select, text

from faxgw.config.promises import Step
from faxgw.fax import GOES_ALONE_AFTER, AttemptNumber, ClientRef, Failure, FaxId, State, read_client_ref
from faxgw.phone import Line
from faxgw.store.admission import Content
from faxgw.store.attempt_rows import as_attempt, as_calls, earlier_outcomes, named_by
from faxgw.store.attempts import Attempt
from faxgw.store.line_rows import read_lines_learnt
from faxgw.store.receipt_rows import decode_report
from faxgw.store.receipts import KeptReceipt
from faxgw.store.rows import parts
from faxgw.store.schema import NOT_DELIVERED, UNFINISHED, attempt, event, fax, fax_state, meta, receipt
from faxgw.store.statements import among, keyed
from faxgw.store.transitions import STEP_BITS
from faxgw.store.unfinished import Promise, Queued, Unfinished
from faxgw.store.views import AttemptView, Contents, Event, FaxLine, FaxView, Sought

decode_data = msgspec.json.Decoder(dict[str, object]).decode

OPEN_ATTEMPT = select(
    attempt.c.fax_id,
    attempt.c.number,
    attempt.c.provider,
    attempt.c.line,
    attempt.c.provider_ref,
    attempt.c.started_at,
    attempt.c.changed_at,
    attempt.c.pages,
    attempt.c.first_page,
    attempt.c.lead_id,
    attempt.c.lead_number,
    fax_state.c.rank,
    fax_state.c.deadline_at,
    fax_state.c.calls,
    fax_state.c.revision,
    fax_state.c.submitter,
    fax_state.c.state,
).join(fax_state, fax_state.c.fax_id == attempt.c.fax_id)

# The fax waits for a person to say what became of its last attempt.
PARKED = (
    (fax_state.c.state == State.UNKNOWN)
    & text(UNFINISHED)
    & (attempt.c.number == fax_state.c.attempts)
    & attempt.c.ended_at.is_not(None)
)


def read_fax(connection: Connection, store_id: str, fax_id: FaxId) -> FaxView | None:
    joined = select(fax, fax_state).join(fax_state, fax_state.c.fax_id == fax.c.id)
    row = connection.execute(joined.where(fax.c.id == fax_id)).mappings().one_or_none()
    if row is None:
        return None
    events, earlier_events = _newest_events_of(connection, fax_id)
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
        events=events,
        content=Content(row["content"]),
        origin_id=row["origin_id"],
        revision=row["revision"],
        marked=bool(row["marked"]),
        member=row["member"],
        service=row["service"],
        escalated=steps_of(row["escalated"]),
        earlier_events=earlier_events,
    )


@functools.cache
def steps_of(escalated: int) -> frozenset[Step]:
    """The steps whose bits are set; a million faxes with none share one empty set of 216 bytes."""
    return frozenset(step for step, bit in STEP_BITS.items() if escalated & bit)


def _attempts_of(connection: Connection, store_id: str, fax_id: FaxId) -> tuple[AttemptView, ...]:
    rows = connection.execute(select(attempt).where(attempt.c.fax_id == fax_id).order_by(attempt.c.number)).all()
    return tuple(
        AttemptView(
            number=AttemptNumber(row.number),
            provider=row.provider,
            client_ref=named_by(store_id, row),
            provider_ref=row.provider_ref,
            sha256=row.sha256,
            form_version=row.form_version,
            pages=row.pages,
            rendered_at=row.rendered_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            code=row.code,
            line=Line(row.line),
            first_page=row.first_page or 1,
            in_call_with=_in_call_with(connection, row),
            call_sha256=row.call_sha256,
        )
        for row in rows
    )


def _in_call_with(connection: Connection, row: Row[*tuple[Any, ...]]) -> tuple[FaxId, ...]:
    """The other faxes of the call, in the order of their pages."""
    if row.first_page is None:
        return ()
    lead = (row.fax_id, row.number) if row.lead_id is None else (row.lead_id, row.lead_number)
    leads = (attempt.c.fax_id == lead[0]) & (attempt.c.number == lead[1])
    follows = (attempt.c.lead_id == lead[0]) & (attempt.c.lead_number == lead[1])
    others = select(attempt.c.fax_id).where(leads | follows, attempt.c.fax_id != row.fax_id)
    return tuple(FaxId(each) for each in connection.execute(others.order_by(attempt.c.first_page)).scalars())


CONTENTS = (
    select(fax.c.id, fax.c.content, fax.c.order, fax_state.c.line, fax_state.c.member, fax_state.c.marked)
    .join(fax_state, fax_state.c.fax_id == fax.c.id)
    .where(among(fax.c.id))
)


def read_contents(connection: Connection, fax_ids: Sequence[FaxId]) -> dict[FaxId, Contents]:
    return {
        FaxId(row.id): Contents(Content(row.content), row.order, Line(row.line), row.member, bool(row.marked))
        for row in connection.execute(CONTENTS, keyed(fax_ids))
    }


FAX_LINE = select(
    fax.c.id,
    fax.c.submitter,
    fax.c.key,
    fax.c.number,
    fax_state.c.line,
    fax_state.c.rank,
    fax_state.c.state,
    fax_state.c.reason,
    fax.c.accepted_at,
    fax_state.c.due_at,
    fax_state.c.deadline_at,
    fax.c.content,
    fax.c.origin_id,
).join(fax_state, fax_state.c.fax_id == fax.c.id)


FEW_FAXES = 1_000
"""Of one submitter: read and sorted in a millisecond."""


def find_faxes(connection: Connection, sought: Sought, limit: int) -> list[FaxLine]:
    """Newest first. A key without its submitter is looked for with every one: there are few.

    A state by itself is read off its index, which holds its faxes in their order; of the delivered the newest are near.
    """
    asked = FAX_LINE.order_by(fax_state.c.fax_id.desc()).limit(limit)
    if sought.key is not None:
        submitters = [sought.submitter] if sought.submitter is not None else _submitters(connection)
        asked = asked.where(fax.c.submitter.in_(submitters), fax.c.key == sought.key)
    elif sought.submitter is not None:
        asked = asked.where(_has_submitter(connection, sought.submitter))
    if sought.number is not None:
        asked = asked.where(fax.c.number == sought.number)
    if sought.state is not None:
        asked = asked.where(fax_state.c.state == sought.state, *_of_index(sought.state))
    return [_fax_line(row) for row in connection.execute(asked)]


def _has_submitter(connection: Connection, submitter: str) -> ColumnElement[bool]:
    """The newest of a submitter with many faxes are near: all the narrow rows are walked until there are enough.

    The few of another are read off the index of its keys and sorted.
    """
    one_too_many = select(fax.c.submitter).where(fax.c.submitter == submitter).offset(FEW_FAXES).limit(1)
    has_few = connection.execute(one_too_many).first() is None
    return (fax.c.submitter if has_few else fax_state.c.submitter) == submitter


def _of_index(state: State) -> list[TextClause]:
    """The condition of the index that holds the state: said in so many words, or SQLite does not take it."""
    return [] if state is State.DELIVERED else [text(NOT_DELIVERED)]


def read_at_risk(connection: Connection, until: float, limit: int) -> list[FaxLine]:
    """Unfinished faxes whose deadline comes before `until`; the wide rows are read for those that are shown only."""
    nearest = (
        select(fax_state.c.fax_id)
        .where(text(UNFINISHED), fax_state.c.deadline_at < until)
        .order_by(fax_state.c.deadline_at, fax_state.c.fax_id)
        .limit(limit)
    )
    asked = FAX_LINE.where(fax.c.id.in_(nearest)).order_by(fax_state.c.deadline_at, fax.c.id)
    return [_fax_line(row) for row in connection.execute(asked)]


def _fax_line(row: Row[*tuple[Any, ...]]) -> FaxLine:
    return FaxLine(
        FaxId(row.id),
        row.submitter,
        row.key,
        row.number,
        Line(row.line),
        row.rank,
        State(row.state),
        row.reason,
        row.accepted_at,
        row.due_at,
        row.deadline_at,
        Content(row.content),
        row.origin_id,
    )


def _submitters(connection: Connection) -> list[str]:
    """Each submitter once, by one step in the index for each, where DISTINCT would read every fax."""
    found: list[str] = []
    while (following := connection.execute(_submitter_after(found[-1] if found else "")).scalar()) is not None:
        found.append(following)
    return found


def _submitter_after(last: str) -> Select[tuple[Any]]:
    return select(func.min(fax.c.submitter)).where(fax.c.submitter > last)


EVENTS = select(event).order_by(event.c.seq).limit(bindparam("most"))
EVENTS_AFTER = EVENTS.where(event.c.seq > bindparam("after"))
EVENTS_OF_FAX_AFTER = EVENTS_AFTER.where(event.c.fax_id == bindparam("of"))
NEWEST_OF_FAX = (
    select(event).where(event.c.fax_id == bindparam("of")).order_by(event.c.seq.desc()).limit(bindparam("most"))
)
COUNT_OF_FAX = select(func.count()).select_from(event).where(event.c.fax_id == bindparam("of"))
EVENTS_SHOWN_MAX = 1_000
"""Of one fax with its story; a fax that was tried for days has more."""


def read_events(connection: Connection, after: int, limit: int) -> list[Event]:
    return _events(connection, EVENTS_AFTER, after=after, most=limit)


def read_events_of(connection: Connection, fax_id: FaxId, after: int, limit: int) -> list[Event]:
    return _events(connection, EVENTS_OF_FAX_AFTER, of=fax_id, after=after, most=limit)


def _newest_events_of(connection: Connection, fax_id: FaxId) -> tuple[tuple[Event, ...], int]:
    """In their order, and how many came before them."""
    newest = _events(connection, NEWEST_OF_FAX, of=fax_id, most=EVENTS_SHOWN_MAX)
    is_whole = len(newest) < EVENTS_SHOWN_MAX
    count = len(newest) if is_whole else connection.execute(COUNT_OF_FAX, {"of": fax_id}).scalar_one()
    return tuple(reversed(newest)), count - len(newest)


def _events(connection: Connection, asked: Select[*tuple[Any, ...]], **named: int) -> list[Event]:
    rows = connection.execute(asked, named).all()
    return [Event(seq, FaxId(fax_id), at, kind, decode_data(data)) for seq, fax_id, at, kind, data in rows]


def read_attempt(
    connection: Connection, store_id: str, client_ref: ClientRef | None, provider: str, provider_ref: str | None
) -> Attempt | None:
    """By our reference where the carrier repeats it, else by the carrier's; with all that shared the call."""
    named = read_client_ref(store_id, client_ref) if client_ref is not None else None
    if client_ref is not None and named is None and not _is_of_lost_store(connection, client_ref):
        return None
    if named is not None:
        leads = (attempt.c.fax_id == named[0]) & (attempt.c.number == named[1]) & attempt.c.lead_id.is_(None)
        condition = leads | ((attempt.c.lead_id == named[0]) & (attempt.c.lead_number == named[1]))
    elif provider_ref is not None:
        condition = (attempt.c.provider == provider) & (attempt.c.provider_ref == provider_ref)
    else:
        return None
    return next(iter(_attempts(connection, store_id, condition)), None)


def _is_of_lost_store(connection: Connection, client_ref: ClientRef) -> bool:
    """Whether the store that this one was restored from gave it: its attempts have other numbers than ours since."""
    lost_id = connection.execute(LOST_STORE_ID).scalar()
    return lost_id is not None and read_client_ref(lost_id, client_ref) is not None


def _attempts(connection: Connection, store_id: str, condition: ColumnElement[bool]) -> list[Attempt]:
    rows = connection.execute(OPEN_ATTEMPT.where(condition)).all()
    earlier = earlier_outcomes(connection, [row.fax_id for row in rows if row.number > 1])
    return as_calls(as_attempt(store_id, row, earlier.get(row.fax_id)) for row in rows)


LOST_STORE_ID = select(meta.c.value).where(meta.c.name == "restored_store_id")
LAST_EVENT = select(func.max(event.c.seq))


def read_last_event(connection: Connection) -> int:
    return connection.execute(LAST_EVENT).scalar() or 0


def read_unfinished(connection: Connection, store_id: str) -> Unfinished:
    columns = fax_state.c
    queued = connection.execute(
        select(
            columns.fax_id,
            columns.line,
            columns.rank,
            columns.due_at,
            columns.deadline_at,
            columns.calls,
            columns.revision,
            columns.submitter,
            columns.reason,
        )
        .where(columns.state == State.QUEUED, text(UNFINISHED))
        .order_by(columns.fax_id)
    )
    receipts = connection.execute(select(receipt).where(receipt.c.settled == 0).order_by(receipt.c.id))
    return Unfinished(
        queued=[_as_queued(row) for row in queued],
        attempts=_attempts(connection, store_id, attempt.c.ended_at.is_(None)),
        receipts=[KeptReceipt(row.id, row.provider, decode_report(row.report)) for row in receipts],
        parked=_attempts(connection, store_id, PARKED),
        lines=read_lines_learnt(connection),
        promises=_promises(connection),
    )


def _as_queued(row: Row[*tuple[Any, ...]]) -> Queued:
    fax_id, line, rank, due_at, deadline_at, calls, revision, submitter, reason = row
    # A florist's number comes again and again; one string for all its faxes saves 70 bytes a fax.
    line, submitter = Line(sys.intern(line)), sys.intern(submitter)
    alone = reason in GOES_ALONE_AFTER
    return Queued(fax_id, line, rank, due_at, deadline_at, calls, revision, None, 0, submitter, alone)


NO_CARRIERS = frozenset[str]()
"""One for all promises: Python makes a new empty set each time it is asked for one."""


def _promises(connection: Connection) -> list[Promise]:
    columns = fax_state.c
    rows = connection.execute(
        select(columns.fax_id, columns.deadline_at, columns.service, columns.escalated).where(
            text(UNFINISHED), columns.deadline_at.is_not(None)
        )
    ).all()
    avoided = [row.fax_id for row in rows if row.escalated & STEP_BITS[Step.OTHER_PROVIDER]]
    failed = read_failed_providers(connection, avoided)
    return [Promise(*row[:3], failed.get(FaxId(row.fax_id), NO_CARRIERS), steps_of(row.escalated)) for row in rows]


NOT_A_FAILURE = (Failure.CAPACITY, Failure.ACCOUNT, Failure.NOT_REACHED)
"""Outcomes of attempts in which nobody dialled; see `dispatch.retry`."""


def read_failed_providers(connection: Connection, fax_ids: Sequence[FaxId]) -> dict[FaxId, frozenset[str]]:
    """The carriers that dialled for a fax, which is not over, in vain."""
    failed: dict[FaxId, frozenset[str]] = {}
    for some in parts(fax_ids):
        ended = select(attempt.c.fax_id, attempt.c.provider).where(
            attempt.c.fax_id.in_(some), attempt.c.outcome.not_in(NOT_A_FAILURE)
        )
        for fax_id, provider in connection.execute(ended.distinct()):
            failed[FaxId(fax_id)] = failed.get(FaxId(fax_id), frozenset()) | {provider}
    return failed
