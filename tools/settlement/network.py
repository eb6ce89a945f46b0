"""The network of the synthetic month: stores in two countries, a shop of its own in each, schemes, and rates of tax."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass

from faxgw.settlement.sale import Terms
from faxgw.settlement.scheme import Channel, Delivery, Fixed, Levy, Party, Percent, Scheme, SchemeBook
from faxgw.settlement.vat import VatRate, VatTable

FIRST_DAY = dt.date(2027, 1, 1)
SHOPS = {"NO": "NO-WEB", "FR": "FR-WEB"}
CURRENCIES = {"NO": "NOK", "FR": "EUR"}

NORWAY = Scheme(
    name="norway",
    version=1,
    currency="NOK",
    valid_from=FIRST_DAY,
    channels=(Channel.WEB, Channel.STORE),
    components=(
        Delivery(Party.EXECUTING),
        Percent(Party.SENDING, 2000),
        Percent(Party.NETWORK, 700),
        Percent(Party.EXECUTING, 7300),
        Levy(Party.SENDING, 100),
        Levy(Party.EXECUTING, 100),
    ),
)
FRANCE = Scheme(
    name="france",
    version=1,
    currency="EUR",
    valid_from=FIRST_DAY,
    channels=(Channel.WEB, Channel.STORE),
    components=(
        Fixed(Party.NETWORK, 300),
        Percent(Party.SENDING, 2000),
        Percent(Party.EXECUTING, 8000),
        Percent(Party.SENDING, 1500, "arrangement"),
        Percent(Party.EXECUTING, 8500, "arrangement"),
    ),
)
RATES = (
    VatRate(country="NO", code="3", basis_points=2500, valid_from=FIRST_DAY),
    VatRate(country="FR", code="N", basis_points=2000, valid_from=FIRST_DAY),
    VatRate(country="FR", code="R", basis_points=1000, valid_from=FIRST_DAY, family="bouquet"),
)
FAMILIES = {"BQ": "bouquet", "AR": "arrangement"}


@dataclass(frozen=True, slots=True)
class Store:
    """A florist of the network."""

    id: str
    country: str


@dataclass(frozen=True, slots=True)
class Network:
    stores: Sequence[Store]
    terms: Terms

    def any_store(self, dice: random.Random, country: str) -> Store:
        """Of the country, but for one order in fifty, which a florist beyond the border makes."""
        is_home = dice.random() > 0.02
        return dice.choice([store for store in self.stores if (store.country == country) is is_home])


def make_network(stores: int) -> Network:
    """Four of five stores are in Norway."""
    made = [
        Store(f"{'FR' if index % 5 == 4 else 'NO'}-{index:04}", "FR" if index % 5 == 4 else "NO")
        for index in range(stores)
    ]
    terms = Terms(
        schemes=SchemeBook([NORWAY, FRANCE]),
        families=FAMILIES,
        web_members=frozenset(SHOPS.values()),
        fund="Hope",
        vat=VatTable(RATES),
    )
    return Network(made, terms)
