"""Questions about claims."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select

from faxgw.order import Order, stored_order
from faxgw.store.claims.port import Refused, Turned
from faxgw.store.claims.schema import claim_cursor, claim_refused
from faxgw.store.ledger.port import Kept
from faxgw.store.ledger.reading import read_journals_of_many
from faxgw.store.relay.orders import decode_relay_order
from faxgw.store.relay.port import Stage
from faxgw.store.relay.schema import relay_order
from faxgw.store.rows import parts
from faxgw.store.schema import fax


def read_changed(connection: Connection, after: int, limit: int) -> list[Turned]:
    columns = relay_order.c
    return _turned(connection, _ROWS.where(columns.turn > after).order_by(columns.turn).limit(limit))


def read_delivered_between(
    connection: Connection, first: dt.date | None, last: dt.date, after: str, limit: int
) -> list[Turned]:
    columns = relay_order.c
    asked = _ROWS.where(
        columns.delivery_date <= last.isoformat(),
        columns.number > after,
        columns.stage.in_([Stage.ACCEPTED, Stage.OFFERED]),
    )
    if first is not None:
        asked = asked.where(columns.delivery_date >= first.isoformat())
    return _turned(connection, asked.order_by(columns.number).limit(limit))


def read_orders_turned(connection: Connection, numbers: Sequence[str]) -> Mapping[str, Turned]:
    found: dict[str, Turned] = {}
    for some in parts(numbers):
        found |= {each.order.number: each for each in _turned(connection, _ROWS.where(relay_order.c.number.in_(some)))}
    return found


_ROWS = select(relay_order.c.turn, relay_order.c.body)


def _turned(connection: Connection, asked: Select[Any]) -> list[Turned]:
    rows = [(row.turn, decode_relay_order(row.body)) for row in connection.execute(asked)]
    ordered = _read_ordered(connection, [order.fax_id for _, order in rows])
    return [Turned(turn, order, ordered.get(order.fax_id)) for turn, order in rows]


def _read_ordered(connection: Connection, fax_ids: Sequence[int]) -> dict[int, Order]:
    found: dict[int, Order] = {}
    for some in parts(fax_ids):
        for row in connection.execute(select(fax.c.id, fax.c.order).where(fax.c.id.in_(some))):
            try:
                found[row.id] = stored_order(row.order)
            except msgspec.DecodeError:
                # Damaged, or of another version: it is missing from the answer, and a person is told.
                continue
    return found


def read_journals_by_order(connection: Connection, numbers: Sequence[str]) -> Mapping[str, list[Kept]]:
    found: dict[str, list[Kept]] = {number: [] for number in numbers}
    for kept in read_journals_of_many(connection, numbers):
        found[kept.journal.order_number].append(kept)
    return found


def read_refused(connection: Connection) -> list[Refused]:
    rows = connection.execute(select(claim_refused).order_by(claim_refused.c.since, claim_refused.c.stem))
    return [_refused(row) for row in rows]


def _refused(row: Row[Any]) -> Refused:
    return Refused(row.stem, row.order_number, dt.date.fromisoformat(row.day), row.reason, row.since)


def read_cursor(connection: Connection, name: str) -> int:
    return int(connection.execute(select(claim_cursor.c.at).where(claim_cursor.c.name == name)).scalar() or 0)


def read_unanswered(connection: Connection, first: dt.date, last: dt.date, *, silence_accepts: bool) -> list[str]:
    columns = relay_order.c
    asked = _on_days(first, last).where(columns.stage == Stage.OFFERED, columns.executing.is_not(None))
    if silence_accepts:
        asked = asked.where(columns.waiting_since.is_(None))
    return [row.number for row in connection.execute(asked)]


def read_accepted(connection: Connection, first: dt.date, last: dt.date) -> list[str]:
    asked = _on_days(first, last).where(relay_order.c.stage == Stage.ACCEPTED)
    return [row.number for row in connection.execute(asked)]


def _on_days(first: dt.date, last: dt.date) -> Select[tuple[str]]:
    columns = relay_order.c
    days = (columns.delivery_date >= first.isoformat()) & (columns.delivery_date <= last.isoformat())
    return select(columns.number).where(days).order_by(columns.number)
