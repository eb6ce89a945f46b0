"""What the gateway knows of the orders that a fax may name, put together from the store and the register."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import structlog

from faxgw.fax import FaxId
from faxgw.intake.decision import KnownOrder
from faxgw.members.register import Register
from faxgw.phone import Line
from faxgw.store.inbound.outcomes import OrderSheets, Said
from faxgw.store.inbound.port import InboundStore

log = structlog.get_logger(__name__)

NOBODY = OrderSheets()


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

    def fax_of(self, number: str, speaker: str) -> FaxId | None:
        """The newest fax by which the speaker has the order, else the newest of all."""
        known = self.of(number)
        own = (fax_id for fax_id, executor in zip(known.faxes, known.executors, strict=True) if executor == speaker)
        return next(own, next(iter(known.faxes), None))

    def has_said(self, number: str, said: Said) -> bool:
        return said in self.of(number).said

    def note_said(self, number: str, said: Said) -> None:
        known = self.of(number)
        self.sheets[number] = replace(known, said=known.said | {said})

    def ordered(self, number: str, order: bytes, key: tuple[str, str]) -> None:
        known = self.of(number)
        self.sheets[number] = replace(known, order=order, keys=known.keys | {key})


async def look_up(store: InboundStore, register: Register, numbers: Sequence[str]) -> KnownOrders:
    sheets: Mapping[str, OrderSheets] = await store.sheets_of(numbers) if numbers else {}
    return KnownOrders(dict(sheets), {number: _known(number, found, register) for number, found in sheets.items()})


def _known(number: str, sheets: OrderSheets, register: Register) -> KnownOrder:
    executing = next(iter(sheets.executors), "")
    member = register.find(executing) if executing else None
    own = [*sheets.lines[:1], *(register.lines_of(member) if member is not None else ())]
    return KnownOrder(
        number=number,
        executing_member=executing,
        sender_numbers=frozenset([*sheets.lines, *own]),
        earlier={line: member_id for line, member_id in _owners(sheets.lines, register) if line not in own},
        lines=_lines({executing, _sender(sheets.order), *sheets.executors}, register),
        forms=frozenset(sheets.forms),
    )


class _Sender(msgspec.Struct, frozen=True):
    """The part of an order that tells whose it is."""

    sending_member: str = ""


_decode_sender = msgspec.json.Decoder(_Sender).decode


def _sender(order: bytes) -> str:
    """Of the order; empty where the number is a document's, or the row is damaged: one row stops no reading."""
    try:
        return _decode_sender(order).sending_member if order else ""
    except msgspec.DecodeError:
        log.exception("kept_order_unreadable")
        return ""


def _lines(members: Iterable[str], register: Register) -> dict[str, frozenset[str]]:
    found = {member_id: register.find(member_id) for member_id in members if member_id}
    return {name: frozenset(register.lines_of(member)) for name, member in found.items() if member is not None}


def _owners(lines: Sequence[str], register: Register) -> Iterator[tuple[str, str]]:
    for line in lines:
        member = register.member_at(Line(line))
        if member is not None:
            yield line, member.id
