"""Matches payments with orders: surest rule first, each payment and each order once, never on a tie.

The answer does not depend on the order in which anything came: every rule looks at all that is left, takes what is
unique in both directions, and leaves the rest to the next. Only a reference makes a match by itself; amounts and days
alone make suggestions, which a person confirms.
"""

import datetime as dt
import enum
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from faxgw.money import Currency
from faxgw.settlement.matching.references import KidCheck, kid_payload
from faxgw.store.clearing.names import digits_of, names_of, normalised

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


class Rule(enum.StrEnum):
    """Why two belong together, the surest first."""

    EXACT = "exact"
    """Our reference and the amount."""
    PARTS = "parts"
    """Our reference on several payments that together are the amount: captured in parts."""
    NORMALISED = "normalised"
    """The reference as a KID or with other signs between, and the amount."""
    AMOUNT_AND_DAY = "amount_and_day"
    """The only one of its amount in those days, on both sides. A suggestion."""
    ASSIGNED = "assigned"
    """The cheapest one-to-one assignment of what is left. A suggestion."""
    BY_HAND = "by_hand"


CONFIRMED = frozenset({Rule.EXACT, Rule.PARTS, Rule.NORMALISED, Rule.BY_HAND})
"""These are booked; the others wait for a person."""


class Reason(enum.StrEnum):
    """Why a payment is not matched."""

    AMOUNT_DIFFERS = "amount_differs"
    DUPLICATE = "duplicate"
    """The order it names was paid already, or is named by another payment of the same amount."""
    UNKNOWN_REFERENCE = "unknown_reference"
    NO_REFERENCE = "no_reference"
    SALE_UNKNOWN = "sale_unknown"
    """It takes back a payment that nobody knows."""
    SALE_NOT_PLACED = "sale_not_placed"
    """Nobody knows yet what the sale was for that it takes back."""
    SEVERAL_ORDERS = "several_orders"
    """The payment that it takes back paid more than one order."""
    MORE_THAN_SOLD = "more_than_sold"
    """More would be taken back than was paid."""
    UNKNOWN_KIND = "unknown_kind"
    NO_PAYOUT = "no_payout"
    """Money at the bank that no provider announced."""


class Payment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Money that came for an order, as far as anybody said."""

    id: int
    reference: str
    amount_minor: int
    currency: Currency
    day: dt.date


class Expected(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order whose customer owes the network."""

    number: str
    references: tuple[str, ...] = ()
    """What else names it: the payment's reference at the shop."""
    amount_minor: int
    currency: Currency
    day: dt.date
    """When it was taken."""


class Match(msgspec.Struct, frozen=True, gc=False):
    """A payment that is for an order."""

    payment_id: int
    number: str
    rule: Rule


class Unmatched(msgspec.Struct, frozen=True, gc=False):
    """A payment that a person has to look at: it goes to the queue of exceptions."""

    payment_id: int
    reason: Reason
    number: str = ""
    """The order it seems to be about."""


class Matching(msgspec.Struct, frozen=True):
    matches: tuple[Match, ...]
    """Those whose rule is in `CONFIRMED` may be booked."""
    unmatched: tuple[Unmatched, ...]
    """Every payment that is not matched for sure, with a suggestion or without."""


def match_payments(
    payments: Sequence[Payment],
    expected: Sequence[Expected],
    paid: Sequence[Expected] = (),
    *,
    days: int = 3,
    kid_check: KidCheck = "mod10",
    assign: Callable[[Sequence[Payment], Sequence[Expected]], Iterable[Match]] | None = None,
) -> Matching:
    """What each payment is for. `paid` are orders that were paid before and bear a name that a payment gives:
    nothing is matched with them, and nothing that they may be meant by; `days` bounds a suggestion.

    `assign` makes the last suggestions, over what no rule could place; without it there are none.
    """
    left = _Left(payments, expected, paid)
    left.take(_exact(left), Rule.EXACT)
    left.take(_in_parts(left, kid_check), Rule.PARTS)
    left.take(_normalised(left, kid_check), Rule.NORMALISED)
    names = _Names([*left.expected, *left.paid], left, kid_check)
    unmatched = [names.why(payment) for payment in left.payments]
    left.drop_payments({each.payment_id for each in unmatched if each.number})
    left.take(_by_amount_and_day(left, days), Rule.AMOUNT_AND_DAY)
    if assign is not None:
        left.matches += sorted(assign(left.payments, left.expected), key=lambda match: match.payment_id)
    return Matching(tuple(left.matches), tuple(unmatched))


Pair = tuple[Payment, Expected]


class _Left:
    """What no rule has placed yet, in an order of its own, so that the order of coming is forgotten."""

    def __init__(self, payments: Iterable[Payment], expected: Iterable[Expected], paid: Sequence[Expected]) -> None:
        self.payments = sorted(payments, key=lambda each: (each.day, each.reference, each.amount_minor, each.id))
        self.expected = sorted(expected, key=lambda order: order.number)
        self.paid = list(paid)
        self.matches: list[Match] = []

    def take(self, pairs: Iterable[Pair], rule: Rule) -> None:
        taken = list(pairs)
        self.matches += [Match(payment.id, order.number, rule) for payment, order in taken]
        numbers = {order.number for _, order in taken}
        self.paid += [order for order in self.expected if order.number in numbers]
        self.drop_payments({payment.id for payment, _ in taken})
        self.expected = [order for order in self.expected if order.number not in numbers]

    def drop_payments(self, ids: set[int]) -> None:
        self.payments = [payment for payment in self.payments if payment.id not in ids]


def _exact(left: _Left) -> Iterable[Pair]:
    return _unique_pairs(
        left,
        lambda payment: [(payment.reference, payment.amount_minor, payment.currency)] if payment.reference else [],
        lambda order: [(name, order.amount_minor, order.currency) for name in _names_told(order)],
    )


def _normalised(left: _Left, check: KidCheck) -> Iterable[Pair]:
    return _unique_pairs(
        left,
        lambda paid: [(name, paid.amount_minor, paid.currency) for name in names_paid(paid.reference, check)],
        lambda order: [(name, order.amount_minor, order.currency) for name in _names_expected(order)],
    )


def names_paid(reference: str, check: KidCheck) -> set[str]:
    """Letters and digits as they are; of a KID, the digits without the check digit, which a dash at the end may be."""
    written = normalised(reference)
    dashed = kid_payload(f"{written}-", check) if reference.rstrip().endswith("-") else None
    payload = dashed or kid_payload(written, check)
    return {written, f"#{digits_of(payload)}" if payload else ""} - {"", "#"}


def _names_expected(order: Expected) -> set[str]:
    return names_of(order.number, *order.references)


def _by_amount_and_day(left: _Left, days: int) -> Iterable[Pair]:
    """One payment whose only order of that amount is near, where that order has no other such payment."""
    span = [dt.timedelta(days=off) for off in range(-days, days + 1)]
    orders = _grouped(left.expected, lambda order: [(order.amount_minor, order.currency, order.day)])
    payments = _grouped(left.payments, lambda paid: [(paid.amount_minor, paid.currency, paid.day)])
    for payment in left.payments:
        fitting = _around(orders, payment.amount_minor, payment.currency, [payment.day + off for off in span])
        if len(fitting) != 1:
            continue
        (order,) = fitting
        if len(_around(payments, order.amount_minor, order.currency, [order.day + off for off in span])) == 1:
            yield payment, order


def _around(
    by_day: Mapping[tuple[int, str, dt.date], list[T]], amount_minor: int, currency: str, days: Iterable[dt.date]
) -> list[T]:
    """At most two of them: more tell nothing more."""
    found: list[T] = []
    for day in days:
        found += by_day.get((amount_minor, currency, day), ())[:2]
        if len(found) > 1:
            break
    return found


def _in_parts(left: _Left, check: KidCheck) -> Iterable[Pair]:
    """Several payments that name one order, and only it, and sum to it: all of them, or none."""
    by_name = _grouped(left.payments, lambda paid: names_paid(paid.reference, check))
    bearers = _grouped((*left.expected, *left.paid), _names_expected)
    for order in left.expected:
        named = [payment for name in _names_expected(order) for payment in by_name.get(name, ())]
        parts = {payment.id: payment for payment in named if payment.currency == order.currency}
        if len(parts) < 2 or sum(payment.amount_minor for payment in parts.values()) != order.amount_minor:
            continue
        meant = {name for payment in parts.values() for name in names_paid(payment.reference, check)}
        if all(bearer is order for name in meant for bearer in bearers.get(name, ())):
            yield from ((payment, order) for payment in parts.values())


def _names_told(order: Expected) -> set[str]:
    return {order.number, *order.references} - {""}


def _unique_pairs(
    left: _Left,
    keys_of_payment: Callable[[Payment], Iterable[Key]],
    keys_of_order: Callable[[Expected], Iterable[Key]],
) -> Iterable[Pair]:
    """Pairs that share a key, each the only partner of the other over all keys; one that was paid is a partner, too."""
    orders = _grouped((*left.expected, *left.paid), keys_of_order)
    open_ones = {order.number for order in left.expected}
    partners: dict[int, dict[str, Expected]] = {}
    suitors: dict[str, set[int]] = {}
    for payment in left.payments:
        for key in keys_of_payment(payment):
            for order in orders.get(key, ()):
                partners.setdefault(payment.id, {})[order.number] = order
                suitors.setdefault(order.number, set()).add(payment.id)
    for payment in left.payments:
        own = partners.get(payment.id, {})
        if len(own) == 1:
            (order,) = own.values()
            if len(suitors[order.number]) == 1 and order.number in open_ones:
                yield payment, order


def _grouped(items: Iterable[T], keys_of: Callable[[T], Iterable[Key]]) -> Mapping[Key, list[T]]:
    groups: dict[Key, list[T]] = {}
    for item in items:
        for key in keys_of(item):
            groups.setdefault(key, []).append(item)
    return groups


class _Names:
    """All names of all orders, paid or not: says what is wrong with a payment that no rule placed."""

    def __init__(self, orders: Sequence[Expected], left: _Left, check: KidCheck) -> None:
        self._check: KidCheck = check
        self._open = {order.number: order for order in left.expected}
        self._numbers: dict[str, set[str]] = {}
        for order in orders:
            for name in {*_names_told(order), *_names_expected(order)}:
                self._numbers.setdefault(name, set()).add(order.number)

    def why(self, payment: Payment) -> Unmatched:
        if not payment.reference.strip():
            return Unmatched(payment.id, Reason.NO_REFERENCE)
        names = {payment.reference, *names_paid(payment.reference, self._check)}
        numbers = sorted({number for name in names for number in self._numbers.get(name, ())})
        if not numbers:
            return Unmatched(payment.id, Reason.UNKNOWN_REFERENCE)
        order = self._open.get(numbers[0])
        if order is not None and (order.amount_minor, order.currency) != (payment.amount_minor, payment.currency):
            return Unmatched(payment.id, Reason.AMOUNT_DIFFERS, numbers[0])
        return Unmatched(payment.id, Reason.DUPLICATE, numbers[0])
