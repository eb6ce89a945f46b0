"""New faxes as rows: each is written once, whatever is said twice."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, select

from faxgw.fax import FaxId, State
from faxgw.store.admission import Admission, Admitted, Drained, KeyTaken, NewFax, Repeated
from faxgw.store.rows import insert_events, take_ids
from faxgw.store.schema import fax, fax_state
from faxgw.store.statements import among, inserting, keyed
from faxgw.store.suspensions import drains
from faxgw.store.transitions import Happened

KNOWN_FAXES = (
    select(fax.c.key, fax.c.id, fax.c.digest, fax_state.c.state)
    .join(fax_state, fax_state.c.fax_id == fax.c.id)
    .where(fax.c.submitter == bindparam("who"), among(fax.c.key))
)
INSERT_FAXES = inserting(
    fax,
    "id",
    "submitter",
    "key",
    "digest",
    "number",
    "accepted_at",
    "content",
    "order",
    "executor",
    "delivery_day",
)
INSERT_STATES = inserting(
    fax_state,
    "fax_id",
    "state",
    "line",
    "rank",
    "due_at",
    "deadline_at",
    "attempts",
    "calls",
    "reason",
    "revision",
    "marked",
    "submitter",
    "service",
    "escalated",
)


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
                known[new.submitter, new.key] = (fax_id, new.digest, _first_state(new))
                admitted.append((fax_id, new))
                answers.append(Admitted(fax_id, _first_state(new), new.executor if new.routed is not None else None))
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
        for key, fax_id, digest, state in connection.execute(KNOWN_FAXES, {"who": submitter, **keyed(keys)}).all():
            known[submitter, key] = (FaxId(fax_id), digest, State(state))
    return known


def _insert_faxes(connection: Connection, admitted: Sequence[tuple[FaxId, NewFax]]) -> None:
    INSERT_FAXES.run(connection, [_fax_row(fax_id, new) for fax_id, new in admitted])
    INSERT_STATES.run(connection, [_state_row(fax_id, new) for fax_id, new in admitted])
    insert_events(connection, [event for fax_id, new in admitted for event in _first_events(fax_id, new)])


def _fax_row(fax_id: FaxId, new: NewFax) -> tuple[object, ...]:
    return (
        *(fax_id, new.submitter, new.key, new.digest, new.number, new.accepted_at, new.content.value, new.order),
        *(new.executor, new.delivery_day),
    )


def _state_row(fax_id: FaxId, new: NewFax) -> tuple[object, ...]:
    attempts = calls = revision = marked = escalated = 0
    return (
        *(fax_id, _first_state(new).value, new.line, new.rank, new.due_at, new.deadline_at, attempts, calls),
        *(new.set_aside[:200], revision, marked, new.submitter, new.service, escalated),
    )


def _first_state(new: NewFax) -> State:
    return State.HELD if new.set_aside else State.QUEUED


def _first_events(fax_id: FaxId, new: NewFax) -> Iterator[Happened]:
    promised = {"service": new.service, "deadline_at": new.deadline_at} if new.service else {}
    boxes = {"boxes": dict(new.boxes)} if new.boxes else {}
    yield Happened(fax_id, new.accepted_at, "accepted", {"key": new.key, **promised, **boxes})
    if new.routed is not None:
        yield Happened(fax_id, new.accepted_at, "routed", dict(new.routed))
    if new.set_aside:
        yield Happened(fax_id, new.accepted_at, "set_aside", {"reason": new.set_aside})
