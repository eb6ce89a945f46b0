"""Questions about clearing."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select, tuple_

from faxgw.store.clearing.port import Decision, Due, Exceptional, Movement, Payout
from faxgw.store.clearing.schema import (
    clearing_exception,
    order_due,
    order_name,
    settlement_batch,
    settlement_entry,
)
from faxgw.store.rows import parts

PAYS = settlement_entry.c.kind.in_(("sale", "bank")) & (settlement_entry.c.gross_minor > 0)
"""Movements that pay an order; a chargeback that was reversed only gives back what had paid it."""
_IS_PAID = (
    select(settlement_entry.c.id)
    .where(settlement_entry.c.order_number == order_due.c.number, settlement_entry.c.gross_minor > 0)
    .exists()
)
"""Of an order that is due."""


def read_unplaced(connection: Connection, kinds: Sequence[str]) -> list[Movement]:
    table = settlement_entry
    asked = select(table).where(table.c.placed_at.is_(None), table.c.kind.in_(kinds)).order_by(table.c.id)
    return _movements(connection, asked)


def read_of_payments(connection: Connection, payments: Sequence[tuple[str, str]]) -> list[Movement]:
    table = settlement_entry
    found: list[Movement] = []
    for some in parts(payments):
        named = tuple_(table.c.provider, table.c.payment_id).in_(some)
        found += _movements(connection, select(table).where(named))
    return sorted(found, key=lambda movement: movement.id)


def _movements(connection: Connection, asked: Select[Any]) -> list[Movement]:
    return [_movement(row) for row in connection.execute(asked)]


def _movement(row: Row[Any]) -> Movement:
    return Movement(
        id=row.id,
        batch_id=row.batch_id,
        provider=row.provider,
        account=row.account,
        kind=row.kind,
        told_kind=row.told_kind,
        txn_id=row.txn_id,
        payment_id=row.payment_id,
        merchant_ref=row.merchant_ref,
        gross_minor=row.gross_minor,
        fee_minor=row.fee_minor,
        currency=row.currency,
        day=dt.date.fromisoformat(row.day),
        text=row.text,
        order_number=row.order_number,
        rule=row.rule,
    )


def read_unpaid(connection: Connection) -> list[Due]:
    rows = connection.execute(select(order_due).where(~_IS_PAID).order_by(order_due.c.number))
    return [_due(row) for row in rows]


def read_due(connection: Connection, number: str) -> Due | None:
    row = connection.execute(select(order_due).where(order_due.c.number == number)).one_or_none()
    return None if row is None else _due(row)


def _due(row: Row[Any]) -> Due:
    return Due(
        number=row.number,
        reference=row.reference,
        amount_minor=row.amount_minor,
        currency=row.currency,
        day=dt.date.fromisoformat(row.day),
    )


def read_paid_minor(connection: Connection, number: str) -> int | None:
    return dict(read_paid(connection, [number])).get(number)


def read_paid(connection: Connection, numbers: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Of those that payments were placed with: what was paid less what was taken back."""
    table = settlement_entry
    for some in parts(numbers):
        asked = (
            select(table.c.order_number, func.sum(table.c.gross_minor))
            .where(table.c.order_number.in_(some))
            .group_by(table.c.order_number)
            .having(func.sum(case((PAYS, 1), else_=0)) > 0)
        )
        yield from ((number, int(left_minor)) for number, left_minor in connection.execute(asked))


def read_paid_named(connection: Connection, names: Sequence[str]) -> list[Due]:
    found: dict[str, Due] = {}
    for some in parts(names):
        named = select(order_name.c.number).where(order_name.c.name.in_(some))
        rows = connection.execute(select(order_due).where(order_due.c.number.in_(named), _IS_PAID))
        found.update((row.number, _due(row)) for row in rows)
    return [found[number] for number in sorted(found)]


def read_payouts(connection: Connection) -> list[Payout]:
    table = settlement_batch
    asked = select(table).where(table.c.bank_entry_id.is_(None), table.c.payout_minor != 0).order_by(table.c.id)
    return [
        Payout(
            batch_id=row.id,
            provider=row.provider,
            account=row.account,
            ref=row.ref,
            currency=row.currency,
            payout_minor=row.payout_minor,
            value_date=dt.date.fromisoformat(row.value_date) if row.value_date else None,
        )
        for row in connection.execute(asked)
    ]


def read_exceptions(connection: Connection, *, all_of_them: bool) -> list[Exceptional]:
    asked = _exceptions().order_by(clearing_exception.c.opened_at, clearing_exception.c.entry_id)
    if not all_of_them:
        asked = asked.where(clearing_exception.c.decision.is_(None))
    return [_exceptional(row) for row in connection.execute(asked)]


def read_exception(connection: Connection, movement_id: int) -> Exceptional | None:
    row = connection.execute(_exceptions().where(clearing_exception.c.entry_id == movement_id)).one_or_none()
    return None if row is None else _exceptional(row)


def _exceptions() -> Select[Any]:
    return select(settlement_entry, clearing_exception).join(
        clearing_exception, clearing_exception.c.entry_id == settlement_entry.c.id
    )


def _exceptional(row: Row[Any]) -> Exceptional:
    return Exceptional(
        movement=_movement(row),
        reason=row.reason,
        about=row.about,
        suggested=row.suggested,
        suggested_by=row.suggested_by,
        opened_at=row.opened_at,
        owner=row.owner,
        decision=Decision(row.decision) if row.decision else None,
        decided_by=row.decided_by,
        why=row.why,
        decided_at=row.decided_at,
    )
