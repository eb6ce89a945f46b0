"""Orders between florists as rows, made from the faxes of an order when one is first asked for."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from faxgw.fax import FaxId, State
from faxgw.order import stored_order
from faxgw.phone import Line
from faxgw.store.admission import NO_LINE, Content
from faxgw.store.relay.port import Page, RelayOrder, Stage
from faxgw.store.relay.schema import relay_order
from faxgw.store.rows import parts, take_ids
from faxgw.store.schema import fax, fax_state

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


def read_orders(connection: Connection, numbers: Iterable[str]) -> dict[str, RelayOrder]:
    """The orders that have a row."""
    found: dict[str, RelayOrder] = {}
    for some in parts(list(numbers)):
        rows = connection.execute(select(relay_order.c.body).where(relay_order.c.number.in_(some)))
        found |= {order.number: order for order in map(decode_relay_order, rows.scalars())}
    return found


def open_orders(connection: Connection, numbers: Iterable[str]) -> dict[str, RelayOrder]:
    """What the faxes of each order tell of it; numbers without an order fax are missing."""
    opened: dict[str, RelayOrder] = {}
    for some in parts(list(numbers)):
        asked = PAGE.where(fax.c.number.in_(some), fax.c.content == Content.ORDER).order_by(fax.c.number, fax.c.id)
        for number, rows in groupby(connection.execute(asked), key=lambda row: str(row.number)):
            order = _opened(list(rows))
            if order is not None:
                opened[number] = order
    return opened


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


def read_pages(connection: Connection, fax_ids: Iterable[FaxId]) -> dict[FaxId, Page]:
    """The faxes that show an order."""
    pages: dict[FaxId, Page] = {}
    for some in parts(list(fax_ids)):
        for row in connection.execute(PAGE.where(fax.c.id.in_(some), fax.c.content == Content.ORDER)):
            pages[FaxId(row.id)] = _page(row)
    return pages


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


_COLUMNS = ("stage", "executing", "delivery_date", "next_at", "waiting_since", "turn", "body")
_UPDATE = (
    update(relay_order)
    .where(relay_order.c.number == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS})
)


def write_orders(connection: Connection, orders: Mapping[str, RelayOrder], known: set[str]) -> None:
    """Write the rows; those in `known` are there already."""
    if not orders:
        return
    first_turn = take_ids(connection, "relay_turn", len(orders))
    rows = [_columns(order, turn) for turn, order in enumerate(orders.values(), start=first_turn)]
    named = list(zip(orders, rows, strict=True))
    new = [{"number": number, **row} for number, row in named if number not in known]
    changed = [
        {"row": number, **{f"new_{name}": value for name, value in row.items()}}
        for number, row in named
        if number in known
    ]
    if new:
        connection.execute(insert(relay_order), new)
    if changed:
        connection.execute(_UPDATE, changed)


def _columns(order: RelayOrder, turn: int) -> dict[str, object]:
    return {
        "stage": order.stage,
        "executing": order.executing,
        "delivery_date": order.delivery_date.isoformat(),
        "next_at": order.next_at,
        "waiting_since": order.waiting_since,
        "turn": turn,
        "body": encode_relay_order(order),
    }
