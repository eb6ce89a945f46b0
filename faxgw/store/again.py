"""New faxes from old ones that are over: a retry of one that did not arrive, a copy of one that did.

A final state stays final, so that whoever was told of it was told the truth; what goes out again is another fax, and
each of the two names the other in its trail.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, insert, select

from faxgw.fax import FaxId, State
from faxgw.store.admission import Admitted, AdmittedAgain, AgainAsked, Kinship, Repeated
from faxgw.store.changes import NoSuchFax, Stale
from faxgw.store.rows import insert_events, take_ids
from faxgw.store.schema import attempt, fax, fax_state
from faxgw.store.transitions import AGAIN_FROM, MAYBE_ARRIVED, Happened


def admit_again(connection: Connection, wishes: Sequence[AgainAsked]) -> list[AdmittedAgain]:
    """One by one, as people ask for them."""
    return [_admit_again(connection, wish) for wish in wishes]


def _admit_again(connection: Connection, wish: AgainAsked) -> AdmittedAgain:
    joined = select(fax, fax_state).join(fax_state, fax_state.c.fax_id == fax.c.id)
    old = connection.execute(joined.where(fax.c.id == wish.origin_id)).mappings().one_or_none()
    if old is None:
        return NoSuchFax()
    new_id = FaxId(take_ids(connection, "fax", 1))
    key = _key_again(wish, new_id)
    known = _known(connection, old["submitter"], key)
    if known is not None:
        return known
    if State(old["state"]) not in AGAIN_FROM[wish.kinship]:
        return Stale(State(old["state"]))
    _insert_fax(connection, wish, old, new_id, key)
    _tell_both(connection, wish, new_id, key)
    return Admitted(new_id)


def _key_again(wish: AgainAsked, new_id: FaxId) -> str:
    """No submitter's key holds a space, so none can stand in the way of these."""
    if wish.kinship is Kinship.RETRY:
        return f"retry of {wish.origin_id}"
    return f"copy of {wish.origin_id} {wish.key or f'#{new_id}'}"


def _known(connection: Connection, submitter: str, key: str) -> Repeated | None:
    again = select(fax.c.id, fax_state.c.state).join(fax_state, fax_state.c.fax_id == fax.c.id)
    row = connection.execute(again.where(fax.c.submitter == submitter, fax.c.key == key)).one_or_none()
    return None if row is None else Repeated(FaxId(row.id), State(row.state))


def _insert_fax(connection: Connection, wish: AgainAsked, old: RowMapping, new_id: FaxId, key: str) -> None:
    kept = {
        name: old[name] for name in ("submitter", "digest", "number", "content", "order", "executor", "delivery_day")
    }
    new = {"id": new_id, "key": key, "accepted_at": wish.at, "origin_id": wish.origin_id}
    connection.execute(insert(fax), [kept | new])
    state = {
        "fax_id": new_id,
        "state": State.QUEUED,
        "line": wish.line or old["line"],
        "rank": old["rank"] if wish.rank is None else wish.rank,
        "due_at": wish.at,
        "deadline_at": _deadline(wish, old["deadline_at"]),
        "attempts": 0,
        "calls": 0,
        "reason": "",
        "revision": 0,
        "marked": int(_is_marked(connection, wish, old)),
        "member": wish.member or old["member"],
        "submitter": old["submitter"],
        "service": old["service"] if wish.deadline_at is None else "",
        "escalated": 0,
    }
    connection.execute(insert(fax_state), [state])


def _deadline(wish: AgainAsked, old_deadline_at: float | None) -> float | None:
    if wish.deadline_at is not None:
        return wish.deadline_at
    return old_deadline_at if old_deadline_at is not None and old_deadline_at > wish.at else None


def _is_marked(connection: Connection, wish: AgainAsked, old: RowMapping) -> bool:
    outcomes = connection.execute(select(attempt.c.outcome).where(attempt.c.fax_id == wish.origin_id)).scalars()
    return wish.kinship is Kinship.COPY or bool(old["marked"]) or not MAYBE_ARRIVED.isdisjoint(outcomes)


def _tell_both(connection: Connection, wish: AgainAsked, new_id: FaxId, key: str) -> None:
    told = {"who": wish.who, "why": wish.why}
    origin, became = ("retry_of", "retried") if wish.kinship is Kinship.RETRY else ("copy_of", "copied")
    insert_events(
        connection,
        [
            Happened(wish.origin_id, wish.at, became, {"as": new_id, **told}),
            Happened(new_id, wish.at, "accepted", {"key": key, origin: wish.origin_id, **told}),
        ],
    )
