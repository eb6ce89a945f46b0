"""What a batch of orders and complaints claims: for each the journals still missing, or why a person must look.

Pure: decided on how the orders stand, what the ledger has of them, and the day.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import structlog

from faxgw.members.complaints import Complaint
from faxgw.settlement.claims import (
    Claim,
    Earned,
    Grace,
    Nothing,
    Outlook,
    Worth,
    claim_in,
    journals_to,
    outlook_of,
    stem_of,
    worth_of,
)
from faxgw.settlement.sale import Terms, sale_of
from faxgw.settlement.scheme import Channel, SplitRefused
from faxgw.store.claims.port import Refused, Turned
from faxgw.store.clearing.port import Due
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Posting
from faxgw.store.ledger.port import Entry, Kept

log = structlog.get_logger(__name__)

COMPLAINTS = "complaints"
BROKE = "working it out broke: our fault, noted in the log; it is tried again every day"
OWE_THE_NETWORK = frozenset({Channel.WEB, Channel.PHONE})
"""Channels whose customers pay the network itself."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """By whose days claims are made."""

    zone: ZoneInfo
    grace: Grace

    def day_of(self, at: float) -> dt.date:
        return dt.datetime.fromtimestamp(at, self.zone).date()

    def grace_over(self, today: dt.date) -> dt.date:
        """The last delivery day of which nobody may complain any more."""
        return today - dt.timedelta(days=self.grace.days + 1)


@dataclass(slots=True)
class Claims:
    """What is to be kept of a batch."""

    entries: list[Entry] = field(default_factory=list[Entry])
    dues: list[Due] = field(default_factory=list[Due])
    refused: list[Refused] = field(default_factory=list[Refused])
    settled: list[str] = field(default_factory=list[str])

    def book(self, stem: str, journals: Sequence[Journal], at: float) -> None:
        self.settled.append(stem)
        if journals:
            self.entries.append(Entry(tuple(journals), at))

    def refuse(self, refused: Refused, journals: Sequence[Journal], at: float) -> None:
        self.refused.append(refused)
        if journals:
            self.entries.append(Entry(tuple(journals), at))


def claims_of_orders(
    orders: Sequence[Turned], kept: Mapping[str, Sequence[Kept]], terms: Terms, calendar: Calendar, at: float
) -> Claims:
    """For each order the step from what the ledger has to what it is worth now."""
    claims = Claims()
    for turned in orders:
        number, day = turned.order.number, turned.order.delivery_date
        try:
            claims.dues += _dues(turned, terms, calendar)
            _claim_order(claims, turned, kept[number], terms, calendar, at)
        except Exception:
            # The crash barrier of an order: a person is told, its month waits, and the others are booked.
            log.exception("claim_broke", stage=turned.order.stage)
            claims.refuse(Refused(stem_of(number), number, day, BROKE, at), (), at)
    return claims


def _dues(turned: Turned, terms: Terms, calendar: Calendar) -> Iterator[Due]:
    """A customer of the network pays when ordering, so the debt does not wait for a florist's word."""
    ordered = turned.ordered
    if ordered is not None and terms.channel_of(ordered.sending_member) in OWE_THE_NETWORK:
        yield Due(
            number=turned.order.number,
            reference=ordered.payment_reference,
            amount_minor=ordered.customer_price.amount_minor,
            currency=ordered.customer_price.currency,
            day=calendar.day_of(turned.order.ordered_at),
        )


def _claim_order(
    claims: Claims, turned: Turned, kept: Sequence[Kept], terms: Terms, calendar: Calendar, at: float
) -> None:
    number, day = turned.order.number, turned.order.delivery_date
    claim = claim_in(kept, number)
    worth = _worth(turned, terms, calendar, at)
    if isinstance(worth, str):
        refused = Refused(stem_of(number), number, day, worth, at)
        claims.refuse(refused, _without(claim, number, day), at)
    else:
        claims.book(stem_of(number), journals_to(worth, claim, number, "order", day), at)


def _worth(turned: Turned, terms: Terms, calendar: Calendar, at: float) -> Worth | str:
    """What the order is worth, or why that cannot be said."""
    order, today = turned.order, calendar.day_of(at)
    if outlook_of(order, today, calendar.grace) is Outlook.NOTHING:
        return Nothing()
    if turned.ordered is None:
        return "the order cannot be read any more: settle it by hand"
    if order.executing is None:
        return "no member executed it: it went to a bare number"
    sale = sale_of(turned.ordered, order.executing, order.price, calendar.day_of(order.ordered_at), terms)
    if isinstance(sale, SplitRefused):
        return sale.reason
    return worth_of(order, sale.postings, today, calendar.grace)


def _without(claim: Claim, number: str, day: dt.date) -> tuple[Journal, ...]:
    """Nobody has a pending claim on what cannot be split; what was posted stays until a person has seen to it."""
    return () if claim.is_posted else journals_to(Nothing(), claim, number, "order", day)


# --- complaints ----------------------------------------------------------------------------------------------


def claims_of_complaints(
    complaints: Sequence[Complaint],
    orders: Mapping[str, Turned],
    kept: Mapping[str, Sequence[Kept]],
    terms: Terms,
    at: float,
) -> Claims:
    """What customers got back: the store bears it where the complaint counts against it, else the network does."""
    claims = Claims()
    for complaint in complaints:
        stem, number = f"complaint/{complaint.number}", complaint.order_number
        claim = claim_in(kept[number], number, stem)
        turned = orders.get(number)
        if complaint.compensation is None and not claim.count:
            continue
        if turned is None:
            reason = "the order of this complaint is not known to the relay: settle it by hand"
            claims.refuse(Refused(stem, number, complaint.delivered_on, reason, at), (), at)
            continue
        worth = _compensation(complaint, turned, terms)
        day = complaint.delivered_on
        claims.book(stem, journals_to(worth, claim, number, "complaint", day, stem), at)
    return claims


def _compensation(complaint: Complaint, turned: Turned, terms: Terms) -> Worth:
    money = complaint.compensation
    if money is None or not money.amount_minor:
        return Nothing()
    sending = turned.order.sending
    if terms.channel_of(sending) in OWE_THE_NETWORK:
        gets = Account(AccountKind.CUSTOMER, "orders", money.currency)
    else:
        # The sending store has the customer's money, and so gives back of it.
        gets = Account(AccountKind.MEMBER, sending, money.currency)
    if complaint.counts:
        bears = Account(AccountKind.MEMBER, complaint.member, money.currency)
    else:
        bears = Account(AccountKind.COMPENSATION, COMPLAINTS, money.currency)
    if bears == gets:
        return Nothing()
    return Earned((Posting(bears, money.amount_minor), Posting(gets, -money.amount_minor)))
