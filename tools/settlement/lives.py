"""Orders of the synthetic month, and what became of each: the journals that its life books, and what it is worth."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faxgw.fax import FaxId
from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine, Recipient
from faxgw.settlement.claims import Grace, claim_in, journals_to, worth_of
from faxgw.settlement.sale import Sale, Terms, sale_of
from faxgw.store.ledger.journal import Journal, Posting
from faxgw.store.ledger.port import Kept
from faxgw.store.relay.port import RelayOrder, Stage
from tools.settlement.network import CURRENCIES, SHOPS, Network

GRACE = Grace(days=5)
PRICES_MINOR = {"NOK": (39900, 49900, 54900, 64900, 79900, 99500), "EUR": (3990, 4490, 5490, 6690, 8400)}
DELIVERY_MINOR = {"NOK": 9900, "EUR": 1490}
WEB = 0.65
"""Of all orders; the others come from stores."""
LIVES = (
    (0.90, ("accepted", "delivered")),
    (0.94, ("accepted", "forwarded", "delivered")),
    (0.96, ("accepted", "rejected", "placed anew", "delivered")),
    (0.98, ("accepted", "cancelled")),
    (0.99, ("accepted", "delivered", "complained")),
    (1.00, ("accepted",)),
)
"""What becomes of orders, up to which part of all."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where an order stands from a day on."""

    stage: Stage
    executing: str | None
    on: dt.date


@dataclass(frozen=True, slots=True)
class Life:
    """An order with all that became of it."""

    order: Order
    taken_on: dt.date
    steps: Sequence[Step]

    @property
    def is_web(self) -> bool:
        return self.order.sending_member in SHOPS.values()

    def end(self, terms: Terms) -> tuple[Posting, ...]:
        """What the order is worth when all is said: the truth that the ledger has to come to."""
        last = self.steps[-1]
        return self.sale(last.executing, terms) if last.stage is Stage.DELIVERED else ()

    def sale(self, executing: str | None, terms: Terms) -> tuple[Posting, ...]:
        if executing is None:
            return ()
        sold = sale_of(self.order, executing, self.order.execution_price, self.taken_on, terms)
        if not isinstance(sold, Sale):
            raise TypeError(sold)
        return sold.postings

    def entries(self, terms: Terms) -> Iterator[tuple[Journal, ...]]:
        """What each step books, told as the relay tells it."""
        kept: list[Kept] = []
        for step in self.steps:
            postings = self.sale(step.executing, terms)
            worth = worth_of(self._relay_order(step), postings, step.on, GRACE)
            number = self.order.number
            journals = journals_to(worth, claim_in(kept, number), number, step.stage, step.on)
            kept += [Kept(seq=1, booked_at=0.0, period="", journal=journal) for journal in journals]
            if journals:
                yield journals

    def _relay_order(self, step: Step) -> RelayOrder:
        return RelayOrder(
            number=self.order.number,
            fax_id=FaxId(1),
            sending=self.order.sending_member,
            executing=step.executing,
            stage=step.stage,
            ordered_at=0.0,
            delivery_date=self.order.delivery.date,
            price=self.order.execution_price,
        )


def make_lives(network: Network, dice: random.Random, first: dt.date, days: int, count: int) -> Iterator[Life]:
    """`count` orders taken on the `days` from `first` on; numbers run on over both countries."""
    for number in range(1, count + 1):
        country = "NO" if dice.random() < 0.8 else "FR"
        yield _life(network, dice, first + dt.timedelta(days=dice.randrange(days)), country, number)


def _life(network: Network, dice: random.Random, taken_on: dt.date, country: str, number: int) -> Life:
    currency = CURRENCIES[country]
    price_minor = dice.choice(PRICES_MINOR[currency])
    delivery_minor = DELIVERY_MINOR[currency]
    extra = [_line("AR-7", 14900 if currency == "NOK" else 1990, currency)] if dice.random() < 0.2 else []
    lines = [_line("BQ-1", price_minor, currency), *extra]
    whole_minor = sum(line.unit_price.amount_minor for line in lines) + delivery_minor
    is_web = dice.random() < WEB
    sending = SHOPS[country] if is_web else network.any_store(dice, country).id
    executing = network.any_store(dice, country).id
    order = Order(
        key=f"k{number}",
        number=f"{country}27-{number:07}",
        delivery=Delivery(taken_on + dt.timedelta(days=1)),
        recipient=Recipient(name="Kari Fiktiv", street=["Storgata 1"], postcode="0155", city="By", country=country),
        lines=lines,
        customer_price=Money(whole_minor, currency),
        execution_price=Money(price_minor, currency),
        sending_member=sending,
        executing_member=executing,
    )
    return Life(order, taken_on, tuple(_steps(network, dice, order, executing, country)))


def _line(code: str, price_minor: int, currency: str) -> ProductLine:
    return ProductLine(description="Flowers", quantity=1, unit_price=Money(price_minor, currency), code=code)


def _steps(network: Network, dice: random.Random, order: Order, executing: str, country: str) -> Iterator[Step]:
    throw = dice.random()
    words = next(words for part, words in LIVES if throw < part)
    on = order.delivery.date
    for word in words:
        match word:
            case "accepted":
                yield Step(Stage.ACCEPTED, executing, on - dt.timedelta(days=1))
            case "forwarded" | "placed anew":
                executing = network.any_store(dice, country).id
                yield Step(Stage.ACCEPTED, executing, on)
            case "rejected":
                yield Step(Stage.UNPLACED, None, on)
            case "cancelled" | "complained":
                yield Step(Stage.CANCELLED, executing, on)
            case _:
                yield Step(Stage.DELIVERED, executing, on)
