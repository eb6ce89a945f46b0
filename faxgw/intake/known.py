"""What the gateway knows of the orders that a fax may name, put together from the store and the register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from faxgw.intake.decision import KnownOrder
from faxgw.members.register import Register
from faxgw.store.inbound.outcomes import OrderSheets
from faxgw.store.inbound.port import InboundStore

NOBODY = OrderSheets()


class _Parties(msgspec.Struct, frozen=True):
    """The part of an order that tells whose it is."""

    executing_member: str | None = None


decode_parties = msgspec.json.Decoder(_Parties).decode


@dataclass(slots=True)
class KnownOrders:
    """Orders by number. What a batch says of an order is remembered, so that its next fax is known as a repeat."""

    sheets: dict[str, OrderSheets]
    orders: dict[str, KnownOrder]

    def of(self, number: str) -> OrderSheets:
        return self.sheets.get(number, NOBODY)

    def executing(self, number: str) -> str:
        order = self.orders.get(number)
        return order.executing_member if order is not None else ""

    def said(self, number: str, kinds: tuple[str, ...]) -> None:
        known = self.of(number)
        self.sheets[number] = replace(known, said=known.said | {kinds})

    def ordered(self, number: str, order: bytes, key: tuple[str, str]) -> None:
        known = self.of(number)
        self.sheets[number] = replace(known, order=order, keys=known.keys | {key})


async def look_up(store: InboundStore, register: Register, numbers: Sequence[str]) -> KnownOrders:
    sheets: Mapping[str, OrderSheets] = await store.sheets_of(numbers) if numbers else {}
    return KnownOrders(dict(sheets), {number: _known(number, found, register) for number, found in sheets.items()})


def _known(number: str, sheets: OrderSheets, register: Register) -> KnownOrder:
    executing = sheets.member or decode_parties(sheets.order).executing_member or ""
    member = register.find(executing) if executing else None
    lines = register.lines_of(member) if member is not None else ()
    return KnownOrder(
        number=number,
        executing_member=executing,
        sender_numbers=frozenset([*sheets.lines, *lines]),
        forms=frozenset(sheets.forms),
    )
