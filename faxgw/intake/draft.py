"""From what was read of an order form to an order, or to every reason why it is none."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from faxgw.faults import Fault
from faxgw.intake.decision import OrderDraft
from faxgw.order import Order, read_order

OURS = ("key", "executing_member")
"""What the gateway adds to an order by itself."""


def order_of(draft: OrderDraft, key: str, now: float, *, is_routed: bool) -> Order | list[Fault]:
    """The order under that key; faults name the fields as in the API's JSON."""
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    return read_order(dict(_told({"key": key, **as_json(draft)})), moment, is_routed=is_routed)


def as_json(draft: OrderDraft) -> dict[str, Any]:
    """The draft in the shape of the API's order, for a person to complete; what was not read is missing in it."""
    line = {
        "description": draft.product,
        "quantity": draft.quantity,
        "unit_price": _money(draft.customer_price_minor, draft.currency, draft.quantity),
        "code": draft.product_code,
    }
    recipient = {
        "name": draft.recipient_name,
        "company": draft.company,
        "street": list(draft.street),
        "postcode": draft.postcode,
        "city": draft.city,
        "country": draft.country,
        "phone": draft.phone,
    }
    window = {"start": draft.window[0], "end": draft.window[1]} if draft.window else None
    told: dict[str, Any] = {
        # A form without a number of its sender's has the serial of its copy: the same copy faxed twice is one order.
        "number": draft.number or draft.serial,
        "delivery": dict(_told({"date": draft.delivery_date, "window": window})),
        "recipient": dict(_told(recipient)),
        "lines": [dict(_told(line))] if draft.product else [],
        "customer_price": _money(draft.customer_price_minor, draft.currency),
        "execution_price": _money(draft.execution_price_minor, draft.currency),
        "sending_member": draft.sending_member,
        "priority": draft.priority,
        "card_message": draft.card_message,
        "instructions": draft.instructions,
    }
    return dict(_told(told))


def _told(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in fields.items() if value not in ("", None, [], {}))


def _money(amount_minor: int | None, currency: str, pieces: int = 1) -> dict[str, Any] | None:
    if amount_minor is None or not currency:
        return None
    return {"amount_minor": amount_minor // max(pieces, 1), "currency": currency}


def is_same_order(new: Order, known: bytes) -> bool:
    """Whether two orders ask for the same, whoever handed them in. `known` is canonical JSON; empty is none."""
    if not known:
        return False
    ours: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(new))
    theirs: dict[str, Any] = msgspec.json.decode(known)
    return _without_ours(ours) == _without_ours(theirs)


def _without_ours(order: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if name not in OURS}
