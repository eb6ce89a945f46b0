"""What customers paid for the orders of the synthetic month, and everything that goes wrong with payments."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faxgw.settlement.matching.references import make_kid
from faxgw.store.clearing.names import digits_of
from tools.settlement.lives import Life

WAYS = {
    "NO": ("vipps-xml", "vipps-xml", "vipps-csv", "adyen", "adyen", "nets"),
    "FR": ("stripe", "stripe", "systempay"),
}
FEE_BASIS_POINTS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """One movement at a provider, and what is true of it."""

    way: str
    kind: str
    """`sale`, `refund`, `chargeback` or `reversal`."""
    txn: int
    payment: str
    reference: str
    """As the payer or the shop wrote it."""
    amount_minor: int
    fee_minor: int
    currency: str
    day: dt.date
    order: str | None
    """Whose money it is; None where it is nobody's."""
    is_plain: bool
    """Whether clearing has to place it by itself."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What went on with an order's payment."""

    name: str
    part: float
    """Of all payments."""


HAPPENINGS = (
    Happening("unpaid", 0.015),
    Happening("in parts", 0.02),
    Happening("refunded in part", 0.02),
    Happening("refunded", 0.01),
    Happening("charged back", 0.004),
    Happening("charged back and given again", 0.004),
    Happening("charged back after a refund", 0.003),
    Happening("without a reference", 0.004),
    Happening("with a wrong reference", 0.006),
    Happening("mistyped", 0.01),
    Happening("written otherwise", 0.03),
    Happening("another amount", 0.004),
    Happening("paid twice", 0.005),
    Happening("nobody's", 0.003),
)


class Till:
    """Takes payments for orders, one movement after another."""

    def __init__(self, dice: random.Random, last: dt.date) -> None:
        self._dice = dice
        self._last = last
        self._txn = 5_554_000_000

    def pay(self, life: Life) -> Iterator[Paid]:
        """All movements about one order's payment; none where it was never paid."""
        way = self._dice.choice(WAYS[life.order.recipient.country])
        happening = self._happening(way)
        own = _Wallet(self, life, way)
        whole = life.order.customer_price.amount_minor
        match happening:
            case "unpaid":
                return
            case "in parts":
                yield own.sale(whole - whole // 3)
                yield own.sale(whole // 3, later=1)
            case "without a reference":
                yield own.sale(whole, reference="", is_plain=False)
            case "with a wrong reference":
                yield own.sale(whole, reference=f"XQ{self._dice.randrange(10**6)}", is_plain=False)
            case "mistyped":
                yield own.sale(whole, reference=self._mistyped(own.reference), is_plain=False)
            case "written otherwise":
                yield own.sale(whole, reference=own.reference.lower().replace("-", "/"))
            case "another amount":
                yield own.sale(whole - 100, is_plain=False)
            case "paid twice":
                yield own.sale(whole, is_plain=False)
                yield own.sale(whole, later=1, is_plain=False, payment="again")
            case "nobody's":
                yield own.sale(whole)
                yield own.sale(12300, reference="GAVE-2027", is_plain=False, order=None, payment="nobody")
            case _:
                yield own.sale(whole)
                yield from self._back(own, happening, whole)

    def _back(self, own: "_Wallet", happening: str, whole: int) -> Iterator[Paid]:
        match happening:
            case "refunded in part":
                yield own.back("refund", -(whole // 4), 2)
            case "refunded":
                yield own.back("refund", -whole, 1)
            case "charged back":
                yield own.back("chargeback", -whole, 3)
            case "charged back and given again":
                yield own.back("chargeback", -whole, 2)
                yield own.back("reversal", whole, 4)
            case "charged back after a refund":
                yield own.back("refund", -(whole // 4), 1)
                yield own.back("chargeback", -whole, 2, is_plain=False)
            case _:
                return

    def _happening(self, way: str) -> str:
        throw = self._dice.random()
        for happening in HAPPENINGS:
            throw -= happening.part
            if throw < 0:
                return "plain" if _cannot(way, happening.name) else happening.name
        return "plain"

    def _mistyped(self, reference: str) -> str:
        """One digit of the last six is another."""
        place = len(reference) - 1 - self._dice.randrange(6)
        other = self._dice.choice([digit for digit in "0123456789" if digit != reference[place]])
        return reference[:place] + other + reference[place + 1 :]

    def next_txn(self) -> int:
        self._txn += 1
        return self._txn

    def day(self, taken_on: dt.date, later: int) -> dt.date:
        return min(taken_on + dt.timedelta(days=later), self._last)


def _cannot(way: str, happening: str) -> bool:
    """Vipps and Systempay know no chargebacks, a KID has no payment that others refer to, and only KIDs are typed."""
    if happening.startswith("charged back"):
        return way not in {"adyen", "stripe"}
    if happening == "mistyped":
        return way != "nets"
    return way == "nets" and (happening.startswith("refunded") or happening == "written otherwise")


class _Wallet:
    """One customer's payment for one order."""

    def __init__(self, till: Till, life: Life, way: str) -> None:
        number = life.order.number
        self._till = till
        self._life = life
        self._way = way
        self.reference = make_kid(digits_of(number), "mod10") if way == "nets" else number

    def sale(
        self,
        amount_minor: int,
        *,
        later: int = 0,
        reference: str | None = None,
        is_plain: bool = True,
        order: str | None = "own",
        payment: str = "",
    ) -> Paid:
        fee = amount_minor * FEE_BASIS_POINTS // 10_000 if self._way != "nets" else 0
        written = self.reference if reference is None else reference
        return self._paid("sale", amount_minor, fee, later, written, is_plain, order, payment)

    def back(self, kind: str, amount_minor: int, later: int, *, is_plain: bool = True) -> Paid:
        return self._paid(kind, amount_minor, 0, later, self.reference, is_plain, "own", "")

    def _paid(
        self,
        kind: str,
        amount_minor: int,
        fee_minor: int,
        later: int,
        reference: str,
        is_plain: bool,
        order: str | None,
        payment: str,
    ) -> Paid:
        number = self._life.order.number
        return Paid(
            way=self._way,
            kind=kind,
            txn=self._till.next_txn(),
            payment=f"{number}{payment}",
            reference=reference,
            amount_minor=amount_minor,
            fee_minor=fee_minor,
            currency=self._life.order.customer_price.currency,
            day=self._till.day(self._life.taken_on, later),
            order=number if order else None,
            is_plain=is_plain,
        )


def take_payments(lives: Sequence[Life], dice: random.Random, last: dt.date) -> list[Paid]:
    """In the order of days, as providers report them."""
    till = Till(dice, last)
    paid = [each for life in lives if life.is_web for each in till.pay(life)]
    return sorted(paid, key=lambda each: (each.day, each.txn))
