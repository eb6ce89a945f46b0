"""Turns a copy of a store into one that goes on after it, and sends nothing that the lost store may have sent.

What happened between the backup and the end of the lost store is known to carriers and florists, not to us. So until a
person has asked them, nothing moves by itself:

- all sending and taking in is suspended;
- every fax that is not over is held, without a deadline, and marked: should it go out, its page says that it may have
  come before. Open attempts are over and in doubt: a carrier's late "delivered" still ends the fax, and nothing else
  moves it;
- orders between florists are no longer looked after by the network itself (`RelayOrder.by_hand`);
- inbound faxes that were not read are set aside, and decisions that were not carried out are open again.

The store gets a new id, and its numbers leave a gap: a reference or a fax number of the lost store never comes back
for something else.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

import msgspec
from sqlalchemy import Connection, Select, case, delete, func, insert, literal, select, text, update

from faxgw.fax import FINAL, AttemptNumber, Failure, FaxId, State, make_client_ref
from faxgw.ops.logs import moment_text
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.review import ReviewState
from faxgw.store.inbound.schema import inbound_state, review
from faxgw.store.relay.orders import decode_relay_order, encode_relay_order
from faxgw.store.relay.port import Stage
from faxgw.store.relay.schema import relay_order
from faxgw.store.rows import insert_events
from faxgw.store.schema import attempt, fax, fax_state, meta, sequence
from faxgw.store.stops import Scope, Suspension
from faxgw.store.suspensions import suspend
from faxgw.store.transitions import Happened

WHO = "faxgw restore"
GAP = 10_000_000
"""Between the last number of the backup and the first new one: more than a store gives out between two backups."""
_EVENTS_LEAVE_GAP = {
    "sqlite": (
        # It has no row before the first event.
        "INSERT INTO sqlite_sequence SELECT 'event', 0 WHERE 'event' NOT IN (SELECT name FROM sqlite_sequence)",
        f"UPDATE sqlite_sequence SET seq = seq + {GAP} WHERE name = 'event'",  # noqa: S608 - a number of ours.
    ),
    "postgresql": (f"SELECT setval('event_seq_seq', nextval('event_seq_seq') + {GAP})",),
}
RESTORED = "restored"
"""Why an inbound fax is in quarantine and a review open again; and the outcome of attempts cut off by the loss."""

_UNFINISHED = (State.HELD, *(state for state in State if state not in FINAL | {State.HELD}))
"""Held ones first: the others become so."""
_OPEN_STAGES = (Stage.UNPLACED, Stage.OFFERED, Stage.ACCEPTED)
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Something of the backup that may have gone on in the lost store."""

    what: str
    """`fax`, or `order` between florists."""
    number: str
    """What people call it."""
    was: str
    fax_id: FaxId
    member: str = ""
    line: str = ""
    carrier: str = ""
    our_reference: str = ""
    """Of its last attempt that we know of; a later one counts on from there."""
    carrier_reference: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    made_at: float
    store_id: str
    faxes: dict[str, int]
    """Held, by the state that they were in."""
    orders: int
    inbound: int
    reviews: int


def mark_restored(connection: Connection, made_at: float, now: float) -> tuple[Marked, list[Doubtful]]:
    """In the caller's transaction; what is in doubt is told as it was in the backup."""
    former_id = str(connection.execute(select(meta.c.value).where(meta.c.name == "store_id")).scalar_one())
    doubtful = [*_faxes_in_doubt(connection, former_id), *_orders_in_doubt(connection, made_at)]
    _leave_gap(connection)
    store_id = _take_new_id(connection, former_id, made_at)
    why = f"restored from the backup of {moment_text(made_at)}; reconcile first: docs/operations.md"
    suspend(connection, [Suspension(scope, "", WHO, why, now) for scope in (Scope.GATEWAY, Scope.INTAKE)])
    faxes = _hold_faxes(connection, made_at, now)
    orders = _hand_orders_to_people(connection, made_at)
    inbound, reviews = _set_inbound_aside(connection, made_at, now)
    return Marked(made_at, store_id, faxes, orders, inbound, reviews), doubtful


def _leave_gap(connection: Connection) -> None:
    connection.execute(update(sequence).values(next=sequence.c.next + GAP))
    # Followers of events ask for what came after the last one they saw, which may be one of the lost.
    for statement in _EVENTS_LEAVE_GAP[connection.dialect.name]:
        connection.execute(text(statement))


def _take_new_id(connection: Connection, former_id: str, made_at: float) -> str:
    store_id = token_hex(4)
    connection.execute(update(meta).where(meta.c.name == "store_id").values(value=store_id))
    told = {"restored_from": moment_text(made_at), "restored_store_id": former_id}
    connection.execute(delete(meta).where(meta.c.name.in_(told)))
    connection.execute(insert(meta), [{"name": name, "value": value} for name, value in told.items()])
    return store_id


def _hold_faxes(connection: Connection, made_at: float, now: float) -> dict[str, int]:
    why = f"it may have gone out after the backup of {moment_text(made_at)}"
    held: dict[str, int] = {}
    unfinished = select(fax_state.c.fax_id, fax_state.c.state).where(fax_state.c.state.in_(_UNFINISHED))
    for rows in connection.execute(unfinished).partitions(_BATCH):
        insert_events(
            connection, [Happened(row.fax_id, now, "held", {"who": WHO, "why": why, "was": row.state}) for row in rows]
        )
    connection.execute(
        update(attempt)
        .where(attempt.c.ended_at.is_(None))
        .values(ended_at=now, changed_at=now, outcome=Failure.IN_DOUBT, code=RESTORED)
    )
    for state in _UNFINISHED:
        before = case((fax_state.c.reason == "", ""), else_=literal(": ") + fax_state.c.reason)
        told = literal(f"{WHO}: {why}; it was {state}") + before
        changed = connection.execute(
            update(fax_state)
            .where(fax_state.c.state == state)
            .values(
                state=State.HELD,
                reason=func.substr(told, 1, 200),
                marked=1,
                revision=fax_state.c.revision + 1,
                # It would expire or be given to another florist, though it may have arrived.
                deadline_at=None,
            )
        )
        if changed.rowcount:
            held[state.value] = changed.rowcount
    return held


def _open_orders(made_at: float) -> Select[bytes]:
    """Those that the network may yet hand on: of days that are not over by any clock on earth, or due for something."""
    day = dt.datetime.fromtimestamp(made_at, dt.UTC).date() - dt.timedelta(days=1)
    is_ahead = (relay_order.c.delivery_date >= day.isoformat()) | relay_order.c.next_at.is_not(None)
    open_orders = select(relay_order.c.body).where(relay_order.c.stage.in_(_OPEN_STAGES), is_ahead)
    return open_orders.order_by(relay_order.c.number)


def _hand_orders_to_people(connection: Connection, made_at: float) -> int:
    count = 0
    open_orders = _open_orders(made_at)
    for bodies in list(connection.execute(open_orders).scalars().partitions(_BATCH)):
        for body in bodies:
            order = msgspec.structs.replace(decode_relay_order(body), by_hand=True, next_at=None)
            row = {"next_at": None, "body": encode_relay_order(order)}
            connection.execute(update(relay_order).where(relay_order.c.number == order.number).values(row))
            count += 1
    return count


def _set_inbound_aside(connection: Connection, made_at: float, now: float) -> tuple[int, int]:
    detail = f"restored from the backup of {moment_text(made_at)}: what it says may have been carried out since"
    unread = update(inbound_state).where(inbound_state.c.state == InboundState.KEPT)
    aside = connection.execute(
        unread.values(state=InboundState.QUARANTINED, reason=RESTORED, detail=detail, concluded_at=now)
    )
    waiting = review.c.state.in_((ReviewState.OPEN, ReviewState.DECIDED))
    reopened = {"state": ReviewState.OPEN, "verdict": None, "decision": None, "decided_at": None}
    reviews = connection.execute(update(review).where(waiting).values(**reopened, detail=detail))
    return aside.rowcount, reviews.rowcount


def _faxes_in_doubt(connection: Connection, store_id: str) -> Iterator[Doubtful]:
    last = (attempt.c.fax_id == fax_state.c.fax_id) & (attempt.c.number == fax_state.c.attempts)
    asked = (
        select(
            fax.c.id,
            fax.c.number,
            fax_state.c.state,
            func.coalesce(fax_state.c.member, fax.c.executor, "").label("member"),
            fax_state.c.line,
            attempt.c.provider,
            attempt.c.provider_ref,
            func.coalesce(attempt.c.lead_id, fax.c.id).label("lead_id"),
            func.coalesce(attempt.c.lead_number, attempt.c.number).label("lead_number"),
        )
        .join(fax_state, fax_state.c.fax_id == fax.c.id)
        .outerjoin(attempt, last)
        .where(fax_state.c.state.in_(_UNFINISHED))
        .order_by(fax.c.id)
    )
    for row in connection.execute(asked):
        was_tried = row.provider is not None
        yield Doubtful(
            "fax",
            row.number,
            row.state,
            FaxId(row.id),
            row.member,
            row.line,
            row.provider or "",
            make_client_ref(store_id, FaxId(row.lead_id), AttemptNumber(row.lead_number)) if was_tried else "",
            row.provider_ref or "",
        )


def _orders_in_doubt(connection: Connection, made_at: float) -> Iterator[Doubtful]:
    for body in connection.execute(_open_orders(made_at)).scalars():
        order = decode_relay_order(body)
        yield Doubtful("order", order.number, order.stage, order.fax_id, order.executing or "")
