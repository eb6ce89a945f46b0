"""Finds a key that stands twice in one JSON object: decoders let the last one count, and nobody is told.

An order with two `card_message` would be a bouquet with the wrong words. Looking at each object in Python takes 8 us, a
twentieth of a POST. So the keys are counted first, in the bytes (3 us), and looked at where the order has another
number of them. (Whoever sets some colons apart from their keys, and not all, may be let pass with as many keys twice.)
"""

import json
from collections import Counter
from operator import attrgetter, ne
from typing import Any, Final

import msgspec

from faxgw.faults import Fault
from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine, Recipient, Window


def key_twice(body: bytes, order: Order) -> list[Fault]:
    """The fault of the first key that stands twice in `body`, from which `order` was decoded."""
    surplus = body.count(_KEY_END) - _count_told(order)
    if surplus == 0 or _says_defaults(order, body, surplus):
        return []
    try:
        _decoder.decode(body.decode())
    except _TwiceError as twice:
        return [Fault("", f'"{twice.key}" stands twice in one object; which of them counts?')]
    return []


# --- counting ----------------------------------------------------------------------------------------

_KEY_END: Final = b'":'


def _required(struct: type[msgspec.Struct]) -> int:
    return sum(field.required for field in msgspec.structs.fields(struct))


def _optional(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(struct) if not field.required)


def _defaults(struct: type[msgspec.Struct]) -> tuple[Any, ...]:
    return tuple(field.default for field in msgspec.structs.fields(struct) if not field.required)


_ALWAYS: Final = sum(_required(each) for each in (Order, Delivery, Recipient, Money, Money))
_IN_LINE: Final = _required(ProductLine) + _required(Money)
_IN_WINDOW: Final = _required(Window)
_DEFAULTS: Final = (*_defaults(Order), *_defaults(Recipient))
_BEGINNINGS: Final = tuple(f'"{name}":'.encode() for name in (*_optional(Order), *_optional(Recipient)))
_of_order, _of_recipient = attrgetter(*_optional(Order)), attrgetter(*_optional(Recipient))


def _values(order: Order) -> tuple[Any, ...]:
    """Of all fields that may be left out, in the order of `_DEFAULTS`."""
    return (*_of_order(order), *_of_recipient(order.recipient))


def _count_told(order: Order) -> int:
    """How many keys the order's JSON has if none stands twice and none says a default."""
    count: int = _ALWAYS + _IN_LINE * len(order.lines) + sum(map(ne, _values(order), _DEFAULTS))
    for line in order.lines:
        count += line.code is not None
    return count if order.delivery.window is None else count + 1 + _IN_WINDOW


def _says_defaults(order: Order, body: bytes, count: int) -> bool:
    """Whether so many keys are there that say what would hold without them."""
    for value, default, beginning in zip(_values(order), _DEFAULTS, _BEGINNINGS, strict=True):
        if value == default and beginning in body:
            count -= 1
            if count == 0:
                return True
    return False


# --- looking -----------------------------------------------------------------------------------------


class _TwiceError(Exception):
    """The first such key ends the look."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _look(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _TwiceError(Counter(key for key, _ in pairs).most_common(1)[0][0])


# As loose as the decoder that read the order.
_decoder = json.JSONDecoder(object_pairs_hook=_look, strict=False)
