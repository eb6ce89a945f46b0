"""The synthetic month put together, from a seed: the same seed, the same bytes."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass

from faxgw.settlement.matching.references import make_kid
from faxgw.store.clearing.names import digits_of
from faxgw.store.clearing.port import Due
from tools.settlement.bank import BankLine, line_of, write_statement
from tools.settlement.files import Payout, make_payouts, write_files
from tools.settlement.lives import Life, make_lives
from tools.settlement.network import Network, make_network
from tools.settlement.payments import Paid, take_payments

FIRST = dt.date(2027, 5, 1)
LAST = dt.date(2027, 5, 31)
DIRECT = 0.5
"""Of web orders in kroner that were paid no other way: straight to the bank, by KID."""
BANK_FEE_MINOR = -25_00


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMonth:
    """Everything of it, and the truth."""

    network: Network
    lives: Sequence[Life]
    paid: Sequence[Paid]
    payouts: Sequence[Payout]
    bank: Sequence[BankLine]
    files: Sequence[tuple[str, bytes]]
    """Of providers, and of the bank until the last day of the month."""
    next_month: Sequence[tuple[str, bytes]]
    """The bank's, with payouts that were on their way over the turn of the month."""

    def dues(self) -> list[Due]:
        """What customers of the network's own shops owe it."""
        return [
            Due(
                number=life.order.number,
                reference="",
                amount_minor=life.order.customer_price.amount_minor,
                currency=life.order.customer_price.currency,
                day=life.taken_on,
            )
            for life in self.lives
            if life.is_web
        ]

    def moved(self) -> dict[str, int]:
        """By currency, all that came from customers or went back to them, at providers and straight at the bank."""
        sums: dict[str, int] = {}
        for each in self.paid:
            sums[each.currency] = sums.get(each.currency, 0) + each.amount_minor
        return sums


def make_month(seed: int, orders: int, stores: int = 40) -> SyntheticMonth:
    dice = random.Random(seed)
    network = make_network(stores)
    days = (LAST - FIRST).days + 1
    lives = list(make_lives(network, dice, FIRST, days, orders))
    paid = take_payments(lives, dice, LAST)
    payouts = make_payouts(paid)
    bank = _bank_lines(lives, paid, payouts, dice)
    by_month = [[line for line in bank if (line.on <= LAST) is is_may] for is_may in (True, False)]
    may, june = (_statements(lines) for lines in by_month)
    return SyntheticMonth(
        network=network,
        lives=lives,
        paid=paid,
        payouts=payouts,
        bank=bank,
        files=(*write_files(payouts), *may),
        next_month=june,
    )


def _bank_lines(
    lives: Sequence[Life], paid: Sequence[Paid], payouts: Sequence[Payout], dice: random.Random
) -> list[BankLine]:
    """Payouts, transfers of customers who had not paid, and what the bank charges."""
    lines = [line_of(payout, number) for number, payout in enumerate(payouts, start=1) if payout.amount_minor]
    known = {each.order for each in paid}
    for life in lives:
        price = life.order.customer_price
        if life.is_web and life.order.number not in known and price.currency == "NOK" and dice.random() < DIRECT:
            kid = make_kid(digits_of(life.order.number), "mod10")
            number = len(lines) + 1
            lines.append(
                BankLine(number=number, currency="NOK", amount_minor=price.amount_minor, on=life.taken_on, kid=kid)
            )
    fee = BankLine(number=len(lines) + 1, currency="NOK", amount_minor=BANK_FEE_MINOR, on=LAST, text="Gebyr")
    return sorted([*lines, fee], key=lambda line: (line.on, line.number))


def _statements(lines: Sequence[BankLine]) -> list[tuple[str, bytes]]:
    """One a currency, in the version that its bank writes."""
    kroner = [line for line in lines if line.currency == "NOK"]
    euros = [line for line in lines if line.currency == "EUR"]
    files = []
    if kroner:
        files.append((f"bank-nok-{kroner[0].on}", write_statement(kroner, "camt.053.001.02")))
    if euros:
        files.append((f"bank-eur-{euros[0].on}", write_statement(euros, "camt.053.001.08")))
    return files
