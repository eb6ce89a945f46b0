"""What an order is worth to whom: its price by the scheme that held when it was taken, as postings of the ledger."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from faxgw.money import Money
from faxgw.order import Order
from faxgw.settlement.scheme import Channel, Party, Priced, SchemeBook, Split, SplitRefused, split
from faxgw.settlement.shares import share_out
from faxgw.settlement.vat import ANY_FAMILY, VatTable
from faxgw.store.ledger.journal import Account, AccountKind, Posting


class Distances(Protocol):
    """How far a recipient lives from a store, by the coordinates that routing has."""

    def km(self, member_id: str, country: str, postcode: str, on: dt.date) -> int | None:
        """Whole kilometres on a day; None where they are not known."""
        ...


class NoDistances:
    """For a network whose schemes know no bands."""

    def km(self, member_id: str, country: str, postcode: str, on: dt.date) -> int | None:
        del member_id, country, postcode, on
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a network shares its money; all of it is config."""

    schemes: SchemeBook
    families: Mapping[str, str] = field(default_factory=dict[str, str])
    """Product family by the beginning of a product's code; the longest that fits counts."""
    web_members: frozenset[str] = frozenset()
    """Sending members that are shops of the network itself: their customers pay the network."""
    foreign_units: frozenset[str] = frozenset()
    """Sending members that are networks of other countries."""
    fund: str = "fund"
    distances: Distances = field(default_factory=NoDistances)
    vat: VatTable = field(default_factory=lambda: VatTable(()))

    def channel_of(self, sending: str) -> Channel:
        if sending in self.web_members:
            return Channel.WEB
        return Channel.INTERNATIONAL if sending in self.foreign_units else Channel.STORE

    def family_of(self, code: str | None) -> str:
        fitting = [prefix for prefix in self.families if (code or "").startswith(prefix)]
        return self.families[max(fitting, key=len)] if fitting else ANY_FAMILY


@dataclass(frozen=True, slots=True)
class Sale:
    """An order as money: whose shares, and how they are posted."""

    split: Split
    postings: tuple[Posting, ...]


def sale_of(order: Order, executing: str, price: Money, taken_on: dt.date, terms: Terms) -> Sale | SplitRefused:
    """The order at `price` (the execution price as agreed) by the scheme that was valid on the day it was taken."""
    channel = terms.channel_of(order.sending_member)
    scheme = terms.schemes.find(channel, order.customer_price.currency, taken_on)
    if scheme is None:
        return SplitRefused("", f"no scheme for {channel} orders in {order.customer_price.currency} on {taken_on}")
    shared = split(scheme, _priced(order, executing, price, taken_on, terms))
    if isinstance(shared, SplitRefused):
        return shared
    return Sale(shared, tuple(_postings(order, executing, channel, shared, terms)))


def _priced(order: Order, executing: str, price: Money, taken_on: dt.date, terms: Terms) -> Priced:
    goods_minor: dict[str, int] = {}
    for line in order.lines:
        family = terms.family_of(line.code)
        goods_minor[family] = goods_minor.get(family, 0) + line.unit_price.amount_minor * line.quantity
    return Priced(
        customer_minor=order.customer_price.amount_minor,
        execution_minor=price.amount_minor,
        goods_minor=goods_minor,
        distance_km=terms.distances.km(executing, order.recipient.country, order.recipient.postcode, taken_on),
    )


def _postings(order: Order, executing: str, channel: Channel, shared: Split, terms: Terms) -> list[Posting]:
    """Who has the customer's money owes it; each party with a share is credited with it, in one posting."""
    currency = order.customer_price.currency
    payer = _payer(order.sending_member, channel, currency)
    postings = [Posting(payer, order.customer_price.amount_minor)]
    taxed = goods_by_tax(order, terms)
    for party in Party:
        account = _account_of(party, order.sending_member, executing, channel, currency, terms)
        weights = {"": 1} if party is Party.FUND else taxed
        parts = share_out(-shared.of(party), list(weights.values()))
        postings += [Posting(account, part_minor, tax) for tax, part_minor in zip(weights, parts, strict=True)]
    return [posting for posting in postings if posting.amount_minor]


def goods_by_tax(order: Order, terms: Terms) -> dict[str, int]:
    """The order's lines by the rate that each bears on the day of delivery; never empty, and never all zero.

    The delivery bears the rates of what is delivered, in proportion, as a supply that is ancillary to it.
    """
    totals: dict[str, int] = {}
    for line in order.lines:
        rate = terms.vat.rate(order.recipient.country, terms.family_of(line.code), order.delivery.date)
        tax = rate.tax if rate is not None else ""
        totals[tax] = totals.get(tax, 0) + line.unit_price.amount_minor * line.quantity
    return totals if any(totals.values()) else {next(iter(totals), ""): 1}


def _payer(sending: str, channel: Channel, currency: str) -> Account:
    match channel:
        case Channel.WEB | Channel.PHONE:
            return Account(AccountKind.CUSTOMER, "orders", currency)
        case Channel.STORE | Channel.INTERNATIONAL:
            return Account(AccountKind.MEMBER, sending, currency)
        case _:
            assert_never(channel)


def _account_of(party: Party, sending: str, executing: str, channel: Channel, currency: str, terms: Terms) -> Account:
    match party:
        case Party.SENDING if channel in {Channel.WEB, Channel.PHONE}:
            return Account(AccountKind.NETWORK, "sales", currency)
        case Party.SENDING:
            return Account(AccountKind.MEMBER, sending, currency)
        case Party.EXECUTING:
            return Account(AccountKind.MEMBER, executing, currency)
        case Party.NETWORK:
            return Account(AccountKind.NETWORK, "commission", currency)
        case Party.FUND:
            return Account(AccountKind.FUND, terms.fund, currency)
        case _:
            assert_never(party)
