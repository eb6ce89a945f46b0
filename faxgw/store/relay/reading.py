"""The questions that the relay asks of the store: each one short read, bounded."""

import datetime as dt
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, func, select

from faxgw.fax import FaxId
from faxgw.order import Order, stored_order
from faxgw.store.admission import Content
from faxgw.store.relay.messages import view_of
from faxgw.store.relay.orders import decode_relay_order, open_orders, read_orders, read_pages
from faxgw.store.relay.port import FaxChanged, MessageView, OrderStory, RelayOrder, Stage, Unanswered
from faxgw.store.relay.schema import relay_cursor, relay_message, relay_order
from faxgw.store.schema import event, fax

MESSAGES_MAX = 1_000
"""Of one order, as far as they are shown."""


def read_story(connection: Connection, number: str) -> OrderStory | None:
    order = _order(connection, number)
    if order is None:
        return None
    said = select(relay_message).where(relay_message.c.order_number == number)
    rows = connection.execute(said.order_by(relay_message.c.seq).limit(MESSAGES_MAX))
    return OrderStory(order, tuple(view_of(row) for row in rows))


def read_order_json(connection: Connection, number: str) -> Order | None:
    order = _order(connection, number)
    page = read_pages(connection, [order.fax_id]).get(order.fax_id) if order is not None else None
    if page is None:
        return None
    try:
        return stored_order(page.order)
    except msgspec.DecodeError:
        return None


def _order(connection: Connection, number: str) -> RelayOrder | None:
    known = read_orders(connection, [number]) or open_orders(connection, [number]).orders
    return known.get(number)


def read_messages(connection: Connection, after: int, limit: int) -> list[MessageView]:
    asked = select(relay_message).where(relay_message.c.seq > after).order_by(relay_message.c.seq).limit(limit)
    return [view_of(row) for row in connection.execute(asked)]


def read_due(connection: Connection, now: float, limit: int) -> list[RelayOrder]:
    columns = relay_order.c
    asked = select(columns.body).where(columns.next_at <= now).order_by(columns.next_at).limit(limit)
    return [decode_relay_order(body) for body in connection.execute(asked).scalars()]


def read_next_due_at(connection: Connection) -> float | None:
    next_at = relay_order.c.next_at
    return connection.execute(select(func.min(next_at)).where(next_at.is_not(None))).scalar()


def read_offered_to(
    connection: Connection, member: str, first: dt.date, last: dt.date | None, after: str, limit: int
) -> list[str]:
    columns = relay_order.c
    asked = select(columns.number).where(
        columns.executing == member,
        columns.stage == Stage.OFFERED,
        columns.number > after,
        columns.delivery_date >= first.isoformat(),
    )
    if last is not None:
        asked = asked.where(columns.delivery_date <= last.isoformat())
    return list(connection.execute(asked.order_by(columns.number).limit(limit)).scalars())


def read_unanswered(connection: Connection) -> Unanswered:
    since = relay_order.c.waiting_since
    orders, oldest = connection.execute(select(func.count(), func.min(since)).where(since.is_not(None))).one()
    return Unanswered(orders, oldest)


def read_fax_changes(
    connection: Connection, after: int, limit: int, kinds: Sequence[str]
) -> tuple[list[FaxChanged], int]:
    """Of `limit` events those of order faxes and of these kinds, and the last event that was looked at."""
    last = connection.execute(
        select(func.max(event.c.seq)).where(
            event.c.seq.in_(select(event.c.seq).where(event.c.seq > after).order_by(event.c.seq).limit(limit))
        )
    ).scalar()
    if last is None:
        return [], after
    asked = (
        select(event.c.seq, event.c.fax_id, fax.c.number, event.c.at, event.c.kind)
        .join(fax, fax.c.id == event.c.fax_id)
        .where(
            event.c.seq > after,
            event.c.seq <= last,
            event.c.kind.in_(kinds),
            fax.c.content == Content.ORDER,
        )
        .order_by(event.c.seq)
    )
    return [
        FaxChanged(row.seq, FaxId(row.fax_id), row.number, row.at, row.kind) for row in connection.execute(asked)
    ], last


def read_cursor(connection: Connection) -> int:
    return connection.execute(select(relay_cursor.c.seq).where(relay_cursor.c.name == "faxes")).scalar() or 0
