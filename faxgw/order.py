"""An order for flowers as the order system hands it in, and all that may be wrong with one.

Decoding is strict: an unknown field is refused, because a misspelt `card_message` would otherwise
deliver a bouquet without its words. `read_order` names every refused field, not only the first.

Orders hold no cycles, hence `gc=False`: an upload of 10,000 would otherwise stop the event loop for 100 ms
while the collector looks through them.
"""

import datetime as dt
import enum
import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from faxgw.faults import Fault, convert_or_faults
from faxgw.money import MINOR_DIGITS, Money
from faxgw.phone import number_fault

# `$` alone would let a line feed at the end pass: Python's matches before it. `(?!\n)` closes that
# door and means the same in ECMA-262, which readers of the OpenAPI document use.
Key = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$(?!\n)",
        description="1 to 128 printable ASCII characters without spaces",
    ),
]
Line60 = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Line120 = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
MemberId = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[A-Za-z0-9_.-]+$(?!\n)",
        description="1 to 32 of the characters A-Z a-z 0-9 _ . -",
    ),
]
OrderNumber = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=20,
        pattern=r"^[A-Za-z0-9/_.-]+$(?!\n)",
        description="1 to 20 of the characters A-Z a-z 0-9 / _ . -",
    ),
]
PhoneText = Annotated[str, msgspec.Meta(min_length=3, max_length=32)]
Country = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="two capital letters such as FR (ISO 3166-1)")
]
Language = Literal["de", "en", "fr", "nb"]
LabelName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[a-z0-9-]+$(?!\n)",
        description="1 to 40 of the characters a-z 0-9 -, such as miljofyrtarn",
    ),
]
# An offset here could only contradict the recipient's own clock, so none is taken.
LocalTime = Annotated[dt.time, msgspec.Meta(tz=False)]


class Priority(enum.StrEnum):
    """Which class an order travels in; a lower rank goes first."""

    EXPRESS = "express"
    STANDARD = "standard"
    BULK = "bulk"


RANKS = {Priority.EXPRESS: 0, Priority.STANDARD: 1, Priority.BULK: 2}


class Window(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Between when and when the bouquet should arrive, as local times of the recipient."""

    start: LocalTime
    end: LocalTime


class Delivery(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The day the bouquet is due, and the part of that day if the customer chose one."""

    date: dt.date
    window: Window | None = None


class Recipient(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Who gets the flowers, and where the florist finds them."""

    name: Line120
    street: Annotated[list[Line120], msgspec.Meta(min_length=1, max_length=4)]
    postcode: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    city: Line60
    country: Country
    company: Line120 | None = None
    phone: PhoneText | None = None


class ProductLine(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """One thing to make or to add, with the price of a single piece."""

    description: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999)]
    unit_price: Money
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None


class Order(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A request to deliver flowers. `key` makes repeating it harmless."""

    key: Key
    number: OrderNumber
    delivery: Delivery
    recipient: Recipient
    lines: Annotated[list[ProductLine], msgspec.Meta(min_length=1, max_length=60)]
    customer_price: Money
    execution_price: Money
    sending_member: MemberId
    executing_member: MemberId | None = None
    fax_number: PhoneText | None = None
    priority: Priority = Priority.STANDARD
    deadline: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None
    not_before: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None
    language: Language | None = None
    required_labels: Annotated[tuple[LabelName, ...], msgspec.Meta(max_length=8)] = ()
    """What the executing florist must be certified for on the delivery day, as a public tender asks."""
    card_message: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    instructions: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    payment_reference: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Reach(msgspec.Struct, frozen=True, gc=False):
    """How far from today an order's times may lie, in days; what is further is a slip of the pen, such as year 0207."""

    delivery_days_max: int = 3_660
    """After today: an order may be written down long before a wedding."""
    delivery_days_past_max: int = 366
    """Before today: an order may be written down late."""
    deadline_days_max: int = 400


REACH = Reach()


_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
"""Tabs and line breaks are none: they print, as breaks in card texts and instructions and as spaces elsewhere."""

stored_order = msgspec.json.Decoder(Order).decode
"""An order as the store keeps it. It was checked when it came in; a row that was damaged since is a `DecodeError`."""


def read_order(raw: object, now: dt.datetime, *, is_routed: bool = False) -> Order | list[Fault]:
    """Turn decoded JSON into an order, or into every reason why it is none.

    `now` is aware; a deadline before it is refused. An order may leave open who executes it where orders are routed.
    The faults' paths are JSON pointers (RFC 6901).
    """
    order = convert_or_faults(raw, Order)
    if isinstance(order, list):
        return order
    return list(faults_of(order, now, is_routed=is_routed)) or order


def faults_of(order: Order, now: dt.datetime, *, is_routed: bool = False, reach: Reach = REACH) -> Iterator[Fault]:
    """What a well-formed order may still get wrong: one fault a field, none for a good order."""
    days = (order.delivery.date - now.date()).days
    days_max = reach.delivery_days_max if days > 0 else reach.delivery_days_past_max
    if abs(days) > days_max:
        detail = f"{abs(days)} days {'from now' if days > 0 else 'ago'}, at most {days_max}"
        yield Fault("/delivery/date", f"{detail}: look at the year")
    window = order.delivery.window
    if window is not None and window.start >= window.end:
        yield Fault("/delivery/window", "the window must start before it ends")
    if order.deadline is not None and order.deadline <= now:
        yield Fault("/deadline", f"the deadline has passed: it is {now.isoformat(timespec='seconds')} now")
    elif order.deadline is not None and (detail := too_far(order.deadline, now, reach.deadline_days_max)):
        yield Fault("/deadline", detail)
    if order.not_before is not None and order.deadline is not None and order.not_before >= order.deadline:
        yield Fault("/not_before", "the fax could never go: its deadline comes first")
    elif order.not_before is not None and (detail := too_far(order.not_before, now, reach.delivery_days_max)):
        yield Fault("/not_before", detail)
    yield from _destination_faults(order, is_routed=is_routed)
    if _CONTROL.search(whole_text(order)):
        yield from _control_faults(order)
    if order.recipient.phone is not None:
        yield from number_fault("/recipient/phone", order.recipient.phone, order.recipient.country)
    yield from _money_faults(order)


def whole_text(order: Order) -> str:
    """All that people wrote into the order, a text a line."""
    recipient = order.recipient
    texts = [order.card_message, order.instructions, order.payment_reference, recipient.name, recipient.company or ""]
    texts += [*recipient.street, recipient.postcode, recipient.city]
    for line in order.lines:
        texts += [line.description, line.code or ""]
    return "\n".join(texts)


def texts_of(order: Order) -> Iterator[tuple[str, str]]:
    """The same texts with the JSON pointer of each."""
    for name in ("card_message", "instructions", "payment_reference"):
        yield f"/{name}", getattr(order, name)
    recipient = order.recipient
    for name in ("name", "company", "postcode", "city"):
        yield f"/recipient/{name}", getattr(recipient, name) or ""
    yield from ((f"/recipient/street/{index}", street) for index, street in enumerate(recipient.street))
    for index, line in enumerate(order.lines):
        yield f"/lines/{index}/description", line.description
        yield f"/lines/{index}/code", line.code or ""


def _control_faults(order: Order) -> Iterator[Fault]:
    for pointer, text in texts_of(order):
        if found := _CONTROL.search(text):
            yield Fault(
                pointer, f"holds a control character (U+{ord(found[0]):04X}), which no page shows: leave it out"
            )


def too_far(moment: dt.datetime, now: dt.datetime, days_max: int) -> str:
    """Why a moment to come is no plausible one, or an empty text."""
    days = (moment - now).days
    return f"{days} days from now, at most {days_max}: look at the year" if days >= days_max else ""


def _destination_faults(order: Order, *, is_routed: bool) -> Iterator[Fault]:
    if order.fax_number is None and order.executing_member is None and not is_routed:
        yield Fault("/fax_number", "give the executing_member or the fax_number the order goes to")
    if order.fax_number is not None:
        yield from number_fault("/fax_number", order.fax_number, order.recipient.country)


def _money_faults(order: Order) -> Iterator[Fault]:
    currency = order.customer_price.currency
    if currency not in MINOR_DIGITS:
        known = ", ".join(sorted(MINOR_DIGITS))
        yield Fault("/customer_price/currency", f"{currency} is not a currency we know: {known}")
    others = [("/execution_price/currency", order.execution_price)]
    others += [(f"/lines/{index}/unit_price/currency", line.unit_price) for index, line in enumerate(order.lines)]
    for pointer, money in others:
        if money.currency != currency:
            yield Fault(pointer, f"one order has one currency: {money.currency} here, {currency} in customer_price")
    if (
        order.execution_price.currency == currency
        and order.execution_price.amount_minor > order.customer_price.amount_minor
    ):
        yield Fault("/execution_price/amount_minor", "the florist cannot be paid more than the customer pays")
