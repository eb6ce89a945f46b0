"""Places movements, and keeps the queue of those that nobody could place; each step holds only while it is not late."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from sqlalchemy import Connection, delete, insert, select, update

from faxgw.errors import BugError
from faxgw.store.clearing.port import Decision, Due, Leave, Open, Own, Place, Step, Taken
from faxgw.store.clearing.schema import clearing_exception, order_due, settlement_batch, settlement_entry
from faxgw.store.ledger.booking import book
from faxgw.store.ledger.port import Entry, NotBooked

PARTS = "parts"
"""The one rule by which several movements pay one order."""
PAYS = ("sale", "bank")
"""Kinds that pay an order; a chargeback that was reversed only gives back what had paid it."""


def take(connection: Connection, steps: Sequence[Step]) -> list[Taken]:
    return [Taken.DONE if _take(connection, step) else Taken.LATE for step in steps]


def _take(connection: Connection, step: Step) -> bool:
    match step:
        case Place():
            return _place(connection, step)
        case Open():
            return _open(connection, step)
        case Leave():
            decided = {"decision": Decision.UNALLOCATED, "decided_by": step.who, "why": step.why, "decided_at": step.at}
            return _change_open(connection, step.movement_id, decided)
        case Own():
            return _change_open(connection, step.movement_id, {"owner": step.owner})
        case _:
            assert_never(step)


def _place(connection: Connection, step: Place) -> bool:
    table = settlement_entry
    if step.order_number is not None and _is_paid_otherwise(connection, step):
        return False
    placed = connection.execute(
        update(table)
        .where(table.c.id == step.movement_id, table.c.placed_at.is_(None))
        .values(order_number=step.order_number, rule=step.rule, placed_at=step.at)
    )
    if placed.rowcount == 0:
        return False
    if step.batch_id is not None:
        batch = settlement_batch.c.id == step.batch_id
        connection.execute(update(settlement_batch).where(batch).values(bank_entry_id=step.movement_id))
    if step.journal is not None:
        (booked,) = book(connection, [Entry((step.journal,), step.at)])
        if isinstance(booked, NotBooked):
            raise BugError(f"a movement was placed, and the ledger does not take it: {booked.reason}")
    decided = {"decision": step.decision, "decided_by": step.who, "why": step.why, "decided_at": step.at}
    _change_open(connection, step.movement_id, decided)
    return True


def _is_paid_otherwise(connection: Connection, step: Place) -> bool:
    """An order is paid by one movement, or by parts that were found to be its amount together."""
    table = settlement_entry
    pays = table.c.kind.in_(PAYS) & (table.c.gross_minor > 0)
    if connection.execute(select(table.c.id).where(table.c.id == step.movement_id, pays)).scalar() is None:
        return False
    paid_by = connection.execute(select(table.c.rule).where(table.c.order_number == step.order_number, pays)).scalars()
    return any(step.rule != PARTS or rule != PARTS for rule in paid_by)


def _open(connection: Connection, step: Open) -> bool:
    """A movement is in the queue once; what is known of it now replaces what was known, not who looks after it."""
    table = clearing_exception
    row = {
        "reason": step.reason,
        "about": step.about,
        "suggested": step.suggested,
        "suggested_by": step.suggested_by,
    }
    if _change_open(connection, step.movement_id, row):
        return True
    known = connection.execute(select(table.c.entry_id).where(table.c.entry_id == step.movement_id)).scalar()
    if known is not None:
        return False
    connection.execute(insert(table), [row | {"entry_id": step.movement_id, "opened_at": step.at, "owner": ""}])
    return True


def _change_open(connection: Connection, movement_id: int, values: Mapping[str, object]) -> bool:
    table = clearing_exception
    still_open = (table.c.entry_id == movement_id) & table.c.decision.is_(None)
    return connection.execute(update(table).where(still_open).values(**values)).rowcount > 0


def expect(connection: Connection, dues: Sequence[Due]) -> list[None]:
    if dues:
        connection.execute(delete(order_due).where(order_due.c.number.in_([due.number for due in dues])))
        connection.execute(insert(order_due), [_due_row(due) for due in {due.number: due for due in dues}.values()])
    return [None] * len(dues)


def _due_row(due: Due) -> dict[str, object]:
    return {
        "number": due.number,
        "reference": due.reference,
        "amount_minor": due.amount_minor,
        "currency": due.currency,
        "day": due.day.isoformat(),
    }
