"""Turns checked orders, and documents that people hand in, into new faxes for the store."""

import hashlib

import msgspec

from faxgw.api.placing import Placed
from faxgw.api.port import DocumentOrder
from faxgw.dispatch.drawing import Deposited, encode_deposited
from faxgw.dispatch.service import Service
from faxgw.order import RANKS, Order
from faxgw.render.boxes import boxed_texts
from faxgw.store.admission import Content, NewFax

encode_order = msgspec.json.Encoder(order="deterministic").encode

NUMBER_CHARS_MAX = 20


def new_order_fax(submitter: str, order: Order, placed: Placed, now: float, service: Service) -> NewFax:
    """The fax of `order` as it came in, which goes where it was placed."""
    # What came in tells a repeat from another order, wherever routing would send it today.
    asked = encode_order(order)
    return NewFax(
        submitter=submitter,
        key=order.key,
        digest=hashlib.sha256(asked).digest(),
        number=order.number,
        line=placed.line,
        rank=service.rank,
        order=asked if placed.order is order else encode_order(placed.order),
        accepted_at=now,
        due_at=max(now, order.not_before.timestamp()) if order.not_before else now,
        deadline_at=service.deadline_at,
        service=service.rule,
        executor=placed.order.executing_member,
        delivery_day=order.delivery.date.toordinal(),
        routed=placed.routed,
        boxes={boxed.pointer: boxed.count for boxed in boxed_texts(order)},
        set_aside=placed.set_aside,
    )


def new_document_fax(submitter: str, wish: DocumentOrder, deposited: Deposited, now: float) -> NewFax:
    body = encode_deposited(deposited)
    deadline_at = wish.deadline.timestamp() if wish.deadline else None
    # All that was asked counts: the same document to another number under the same key is no repeat.
    asked = msgspec.json.encode([deposited, wish.line, wish.priority, deadline_at, wish.number])
    return NewFax(
        submitter=submitter,
        key=wish.key,
        digest=hashlib.sha256(asked).digest(),
        number=wish.number or wish.key[:NUMBER_CHARS_MAX],
        line=wish.line,
        rank=RANKS[wish.priority],
        order=body,
        accepted_at=now,
        due_at=now,
        deadline_at=deadline_at,
        content=Content.DOCUMENT,
    )
