"""Writes the order of an arrival: invented people, a florist's line, and as many pages as the arrival says."""

import datetime as dt
import functools
from collections.abc import Sequence

import msgspec

from faxgw.members.member import Member
from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.examples.orders import order
from faxgw_loadtest.examples.scene import Network
from faxgw_loadtest.examples.shops import members

SCENES = 500
"""So many different texts take turns; each order has its own number, so that no page is like another."""
LINES_A_PAGE = 28
"""More articles than an order sheet has room for: so many for each page after the first; an order has 60 at most."""
CARD_CHARACTERS_MAX = 240
"""A longer card would turn the page by itself."""
_FILLING = ProductLine(description="Rose de jardin, la tige", quantity=1, unit_price=Money(250, "EUR"))


class Writer:
    """Makes order bodies. `run` sets their keys and numbers apart from those of earlier runs."""

    def __init__(self, run: str, florists: Sequence[Member], day: dt.date) -> None:
        """`florists` are those of the gateway's register; two at least."""
        self._run = run
        self._florists = florists
        self._network = Network(list(members(60)))
        self._day = day
        self._scene = functools.lru_cache(SCENES)(self._make_scene)

    def key(self, index: int) -> str:
        return f"{self._run}.{index}"

    def number(self, index: int) -> str:
        return f"{self._run.upper()}-{index + 1:06d}"

    def write(self, index: int, arrival: Arrival, deadline_at: float | None) -> bytes:
        """The body of order number `index`; `deadline_at` in seconds since 1970."""
        florist = self._florists[arrival.florist]
        scene = self._scene(index % SCENES)
        deadline = None if deadline_at is None else dt.datetime.fromtimestamp(deadline_at, dt.UTC)
        made = msgspec.structs.replace(
            scene,
            key=self.key(index),
            number=self.number(index),
            delivery=Delivery(self._day, scene.delivery.window),
            lines=_filled(scene.lines, arrival.pages, scene.customer_price.currency),
            sending_member=self._florists[(arrival.florist + 1) % len(self._florists)].id,
            executing_member=florist.id,
            fax_number=None,
            priority=arrival.priority,
            deadline=deadline,
        )
        return msgspec.json.encode(made)

    def _make_scene(self, number: int) -> Order:
        """An example order that fits on one page."""
        made = order(number, self._network)
        while len(made.card_message) > CARD_CHARACTERS_MAX or made.card_message.count("\n") > 6 or len(made.lines) > 3:
            number += SCENES
            made = order(number, self._network)
        return msgspec.structs.replace(made, language=made.language or "fr")


def _filled(lines: list[ProductLine], pages: int, currency: str) -> list[ProductLine]:
    if pages == 1:
        return lines
    price = Money(_FILLING.unit_price.amount_minor, currency)
    filling = msgspec.structs.replace(_FILLING, unit_price=price)
    return [*lines, *[filling] * (LINES_A_PAGE * (pages - 1))]
