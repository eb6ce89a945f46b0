"""Orders between florists as rows, made from the faxes of an order when one is first asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from faxgw.fax import FaxId, State
from faxgw.order import stored_order
from faxgw.phone import Line
from faxgw.store.admission import NO_LINE, Content
from faxgw.store.relay.port import Page, RelayOrder, Stage
from faxgw.store.relay.schema import relay_order
from faxgw.store.rows import take_ids
from faxgw.store.schema import fax, fax_state
from faxgw.store.statements import among, inserting, keyed, updating

decode_relay_order = msgspec.json.Decoder(RelayOrder).decode
encode_relay_order = msgspec.json.Encoder().encode

PAGE = select(
    fax.c.id,
    fax.c.number,
    fax.c.accepted_at,
    fax.c.order,
    fax.c.origin_id,
    fax.c.executor,
    fax_state.c.state,
    fax_state.c.marked,
    fax_state.c.line,
    fax_state.c.member,
    fax_state.c.rank,
    fax_state.c.deadline_at,
    fax.c.submitter,
).join(fax_state, fax_state.c.fax_id == fax.c.id)
SHOWS_ORDER = fax.c.content == Content.ORDER.value
PAGES = PAGE.where(among(fax.c.id), SHOWS_ORDER)
PAGES_BY_NUMBER = PAGE.where(among(fax.c.number), SHOWS_ORDER).order_by(fax.c.number, fax.c.id)
ORDERS = select(relay_order.c.body).where(among(relay_order.c.number))
COLUMNS = ("stage", "executing", "delivery_date", "next_at", "waiting_since", "turn", "body")
INSERT_ORDERS = inserting(relay_order, "number", *COLUMNS)
UPDATE_ORDERS = updating(relay_order, *COLUMNS, by=("number",))


def read_orders(connection: Connection, numbers: Collection[str]) -> dict[str, RelayOrder]:
    """The orders that have a row."""
    bodies = connection.execute(ORDERS, keyed(numbers)).scalars().all() if numbers else ()
    return {order.number: order for order in map(decode_relay_order, bodies)}


@dataclass(frozen=True, slots=True)
class Opened:
    """Orders as their faxes tell of them, and these faxes."""

    orders: dict[str, RelayOrder]
    pages: dict[FaxId, Page]


def open_orders(connection: Connection, numbers: Collection[str]) -> Opened:
    """What the faxes of each order tell of it; numbers without an order fax are missing."""
    rows = connection.execute(PAGES_BY_NUMBER, keyed(numbers)).all() if numbers else ()
    families = {number: list(family) for number, family in groupby(rows, key=lambda row: str(row.number))}
    opened = {number: order for number, family in families.items() if (order := _opened(family)) is not None}
    return Opened(opened, {FaxId(row.id): _page(row) for row in rows})


def _opened(rows: Sequence[Row[*tuple[Any, ...]]]) -> RelayOrder | None:
    """The first fax says what was ordered; the newest that comes from it, whom the order is with.

    A later fax that bears the number by chance or by mistake is not this order's.
    """
    first = rows[0]
    try:
        order = stored_order(first.order)
    except msgspec.DecodeError:
        # Damaged, or of another version: nothing can be said about it but by people.
        return None
    family, newest = {first.id}, first
    for row in rows[1:]:
        if row.origin_id in family:
            family.add(row.id)
            newest = row
    executing = _executing(newest)
    # Whether that fax arrived is looked at by the follower, who tells of it where it did not.
    is_placed = newest.line != NO_LINE
    return RelayOrder(
        number=order.number,
        fax_id=FaxId(newest.id),
        earlier=tuple(FaxId(fax_id) for fax_id in sorted(family - {newest.id})),
        sending=order.sending_member,
        executing=executing if is_placed else None,
        stage=Stage.OFFERED if is_placed else Stage.UNPLACED,
        ordered_at=first.accepted_at,
        delivery_date=order.delivery.date,
        price=order.execution_price,
        changed_at=first.accepted_at,
    )


def read_pages(connection: Connection, fax_ids: Collection[FaxId]) -> dict[FaxId, Page]:
    """The faxes that show an order."""
    rows = connection.execute(PAGES, keyed(fax_ids)).all() if fax_ids else ()
    return {FaxId(row.id): _page(row) for row in rows}


class _Named(msgspec.Struct):
    """Of an order only who executes it: a follower reads thousands."""

    executing_member: str | None = None


_decode_named = msgspec.json.Decoder(_Named).decode


def _executing(row: Row[*tuple[Any, ...]]) -> str | None:
    """Whoever people or routing gave it to, else the member that the order names; None for a bare number."""
    if row.member or row.executor:
        return str(row.member or row.executor)
    try:
        return _decode_named(row.order).executing_member
    except msgspec.DecodeError:
        return None


def _page(row: Row[*tuple[Any, ...]]) -> Page:
    return Page(
        fax_id=FaxId(row.id),
        state=State(row.state),
        marked=bool(row.marked),
        line=Line(row.line),
        member=_executing(row),
        origin_id=row.origin_id,
        order=row.order,
        rank=row.rank,
        deadline_at=row.deadline_at,
        submitter=row.submitter,
    )


def write_orders(connection: Connection, orders: Mapping[str, RelayOrder], known: set[str]) -> None:
    """Write the rows; those in `known` are there already."""
    if not orders:
        return
    first_turn = take_ids(connection, "relay_turn", len(orders))
    rows = [(number, _values(order, turn)) for turn, (number, order) in enumerate(orders.items(), start=first_turn)]
    INSERT_ORDERS.run(connection, [(number, *values) for number, values in rows if number not in known])
    UPDATE_ORDERS.run(connection, [(*values, number) for number, values in rows if number in known])


def _values(order: RelayOrder, turn: int) -> tuple[object, ...]:
    """As `COLUMNS` names them."""
    return (
        *(order.stage.value, order.executing, order.delivery_date.isoformat(), order.next_at, order.waiting_since),
        *(turn, encode_relay_order(order)),
    )
