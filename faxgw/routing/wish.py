"""What an order asks of the florist who executes it."""

import datetime as dt
from collections.abc import Collection

import msgspec

from faxgw.order import Order
from faxgw.routing.candidate import fold_postcode
from faxgw.routing.hours import MINUTES_A_DAY


class Wish(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """All of an order that routing looks at; two orders with equal wishes have the same candidates."""

    country: str
    postcode: str
    day: dt.date
    window: tuple[int, int] = (0, MINUTES_A_DAY)
    """Minutes of the day in which the bouquet should arrive, by the clock at the door."""
    products: tuple[str, ...] = ()
    """Codes, each once."""
    language: str | None = None
    labels: tuple[str, ...] = ()
    sender: str = ""
    had: frozenset[str] = frozenset()
    """Who had the order already, and does not get it again."""


def wish_of(order: Order, had: Collection[str] = ()) -> Wish:
    window = order.delivery.window
    return Wish(
        country=order.recipient.country,
        postcode=fold_postcode(order.recipient.postcode),
        day=order.delivery.date,
        window=(_minutes(window.start), _minutes(window.end)) if window else (0, MINUTES_A_DAY),
        products=tuple(sorted({line.code for line in order.lines if line.code is not None})),
        language=order.language,
        labels=tuple(sorted(set(order.required_labels))),
        sender=order.sending_member,
        had=frozenset(had),
    )


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute
