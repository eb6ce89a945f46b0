"""Places movements, and keeps the queue of those that nobody could place; each step holds only while it is not late."""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from sqlalchemy import Connection, delete, func, insert, select, update

from faxgw.errors import BugError
from faxgw.store.clearing.names import names_of
from faxgw.store.clearing.port import Decision, Due, Leave, Open, Own, Place, Step, Taken, Together
from faxgw.store.clearing.reading import PAYS, read_paid
from faxgw.store.clearing.schema import (
    clearing_exception,
    order_due,
    order_name,
    settlement_batch,
    settlement_entry,
)
from faxgw.store.ledger.booking import book
from faxgw.store.ledger.port import Entry, NotBooked
from faxgw.store.rows import parts


def take(connection: Connection, steps: Sequence[Step]) -> list[Taken]:
    """In order; what all of them book goes into the ledger at the end, in the same transaction."""
    page = _Page(connection, [place for step in steps for place in _places_of(step)])
    taken = [Taken.DONE if _take(connection, page, step) else Taken.LATE for step in steps]
    page.book()
    return taken


def _places_of(step: Step) -> Sequence[Place]:
    match step:
        case Place():
            return (step,)
        case Together(places=places):
            return places
        case Open() | Leave() | Own():
            return ()
        case _:
            assert_never(step)


class _Page:
    """What the movements that are to be placed pay, what was paid of their orders, and what is booked of it."""

    def __init__(self, connection: Connection, places: Sequence[Place]) -> None:
        self._connection = connection
        ids = [place.movement_id for place in places]
        numbers = {place.order_number for place in places if place.order_number is not None}
        self._pays = dict(_read_paying(connection, ids))
        self._paid = dict(read_paid(connection, sorted(numbers)))
        self.in_queue = set(_read_queued(connection, ids))
        self._entries: list[Entry] = []

    def may_pay(self, step: Place) -> bool:
        """An order is paid once; once all of it was taken back, whoever decides may have it paid anew."""
        if step.order_number is None or step.movement_id not in self._pays:
            return True
        left_minor = self._paid.get(step.order_number)
        return left_minor is None or (left_minor <= 0 and step.decision is not Decision.RULED)

    def placed(self, step: Place) -> None:
        if step.order_number is not None and step.movement_id in self._pays:
            before_minor = self._paid.get(step.order_number, 0)
            self._paid[step.order_number] = before_minor + self._pays[step.movement_id]
        if step.journal is not None:
            self._entries.append(Entry((step.journal,), step.at))

    def book(self) -> None:
        for booked in book(self._connection, self._entries):
            if isinstance(booked, NotBooked):
                raise BugError(f"a movement was placed, and the ledger does not take it: {booked.reason}")


def _read_paying(connection: Connection, movement_ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Those of them that pay an order, with how much."""
    table = settlement_entry
    for some in parts(movement_ids):
        rows = connection.execute(select(table.c.id, table.c.gross_minor).where(table.c.id.in_(some), PAYS))
        yield from ((row.id, row.gross_minor) for row in rows)


def _read_queued(connection: Connection, movement_ids: Sequence[int]) -> Iterator[int]:
    table = clearing_exception
    for some in parts(movement_ids):
        yield from connection.execute(select(table.c.entry_id).where(table.c.entry_id.in_(some))).scalars()


def _read_rules(connection: Connection, numbers: Sequence[str]) -> Iterator[tuple[str, str]]:
    table = settlement_entry
    for some in parts(numbers):
        rows = connection.execute(
            select(table.c.order_number, table.c.rule).where(table.c.order_number.in_(some), PAYS)
        )
        yield from ((row.order_number, row.rule) for row in rows)


def _take(connection: Connection, page: _Page, step: Step) -> bool:
    match step:
        case Place():
            return _place(connection, page, step)
        case Together(places=places):
            return _place_together(connection, page, places)
        case Open():
            page.in_queue.add(step.movement_id)
            return _open(connection, step)
        case Leave():
            decided = {"decision": Decision.UNALLOCATED, "decided_by": step.who, "why": step.why, "decided_at": step.at}
            return _change_open(connection, step.movement_id, decided)
        case Own():
            return _change_open(connection, step.movement_id, {"owner": step.owner})
        case _:
            assert_never(step)


def _place(connection: Connection, page: _Page, step: Place) -> bool:
    return page.may_pay(step) and _claim(connection, page, step)


def _place_together(connection: Connection, page: _Page, places: Sequence[Place]) -> bool:
    if not all(page.may_pay(place) for place in places) or not _are_unplaced(connection, places):
        return False
    if not all(_claim(connection, page, place) for place in places):
        raise BugError("movements were free to be placed together, and one of them was not")
    return True


def _are_unplaced(connection: Connection, places: Sequence[Place]) -> bool:
    table, ids = settlement_entry, {place.movement_id for place in places}
    free = select(func.count()).where(table.c.id.in_(ids), table.c.placed_at.is_(None))
    return bool(connection.execute(free).scalar_one() == len(places))


def _claim(connection: Connection, page: _Page, step: Place) -> bool:
    table = settlement_entry
    if step.batch_id is not None and not _claim_payout(connection, step.batch_id, step.movement_id):
        return False
    placed = connection.execute(
        update(table)
        .where(table.c.id == step.movement_id, table.c.placed_at.is_(None))
        .values(order_number=step.order_number, rule=step.rule, placed_at=step.at)
    )
    if placed.rowcount == 0:
        return False
    page.placed(step)
    if step.movement_id in page.in_queue:
        _note_placed(connection, step)
    return True


def _note_placed(connection: Connection, step: Place) -> None:
    """Who placed it, and why; also where somebody had left it in suspense, for that is no more what it is."""
    table = clearing_exception
    decided = {"decision": step.decision, "decided_by": step.who, "why": step.why, "decided_at": step.at}
    connection.execute(update(table).where(table.c.entry_id == step.movement_id).values(**decided))


def _claim_payout(connection: Connection, batch_id: int, movement_id: int) -> bool:
    """A payout arrives once, and a line at the bank is one payout."""
    unplaced = select(settlement_entry.c.id).where(
        settlement_entry.c.id == movement_id, settlement_entry.c.placed_at.is_(None)
    )
    free = (settlement_batch.c.id == batch_id) & settlement_batch.c.bank_entry_id.is_(None) & unplaced.exists()
    claimed = update(settlement_batch).where(free).values(bank_entry_id=movement_id)
    return connection.execute(claimed).rowcount > 0


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
    latest = {due.number: due for due in dues}
    for some in parts(sorted(latest)):
        connection.execute(delete(order_due).where(order_due.c.number.in_(some)))
        connection.execute(delete(order_name).where(order_name.c.number.in_(some)))
        connection.execute(insert(order_due), [_due_row(latest[number]) for number in some])
        named = [(name, number) for number in some for name in names_of(number, latest[number].reference)]
        if named:
            connection.execute(insert(order_name), [{"name": name, "number": number} for name, number in named])
    return [None] * len(dues)


def _due_row(due: Due) -> dict[str, object]:
    return {
        "number": due.number,
        "reference": due.reference,
        "amount_minor": due.amount_minor,
        "currency": due.currency,
        "day": due.day.isoformat(),
    }
