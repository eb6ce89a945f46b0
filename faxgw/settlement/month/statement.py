"""A store's statement of a month: what stood open, each movement, what stands open now; a pure function of the ledger.

Amounts are turned round for the reader: what the store is owed is above zero, what it owes below.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from faxgw.errors import BugError
from faxgw.money import Currency
from faxgw.order import Language, MemberId
from faxgw.settlement.vat import Vat, categories
from faxgw.store.ledger.port import Line, Period


class LineKind(enum.StrEnum):
    """What a movement is, for the one who reads it."""

    EXECUTED = "executed"
    """Its share of an order that it made."""
    SENT = "sent"
    """What it owes for an order that it took, less its own share."""
    CORRECTION = "correction"
    PAID_OUT = "paid_out"
    COLLECTED = "collected"
    OTHER = "other"


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One movement."""

    day: dt.date
    """The day it belongs to, which may be of an earlier month where it came late."""
    kind: LineKind
    order_number: str
    amount_minor: int


class Whom(msgspec.Struct, frozen=True, kw_only=True):
    """The store, as the register has it on the last day of the month."""

    id: MemberId
    name: str
    address: tuple[str, ...]
    language: Language
    tax_id: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one store gets; its lines sum from the opening to the closing balance."""

    whom: Whom
    period: Period
    currency: Currency
    opening_minor: int
    lines: tuple[StatementLine, ...]
    closing_minor: int
    earned_taxes: tuple[Vat, ...]
    """The tax within its shares, by rate: a basis for its own accounts."""
    number: str = ""
    """Of the invoicing basis; gap-free in its series."""

    def total(self, kind: LineKind) -> int:
        return sum(line.amount_minor for line in self.lines if line.kind is kind)

    def count(self, kind: LineKind) -> int:
        return sum(line.kind is kind for line in self.lines)


def make_statement(
    whom: Whom, period: Period, currency: Currency, opening_minor: int, lines: Sequence[Line], closing_minor: int
) -> Statement:
    """From the ledger's postings to the store's account; both balances are debit minus credit, as the ledger has them.

    Raises:
        BugError: the lines do not lead from one balance to the other.
    """
    if opening_minor + sum(line.amount_minor for line in lines) != closing_minor:
        raise BugError(f"the statement of {whom.id} for {period} does not add up")
    return Statement(
        whom=whom,
        period=period,
        currency=currency,
        opening_minor=-opening_minor,
        lines=tuple(_statement_lines(lines)),
        closing_minor=-closing_minor,
        earned_taxes=tuple(_earned_taxes(lines)),
    )


def _statement_lines(lines: Iterable[Line]) -> Iterable[StatementLine]:
    """One a journal, in the order of days: the sender's debt and its own share of it are one movement for a reader."""
    by_journal = [list(own) for _, own in groupby(lines, key=lambda line: line.seq)]
    made = [
        StatementLine(
            day=own[0].effective_on,
            kind=_kind_of(own[0], sum(line.amount_minor for line in own)),
            order_number=own[0].order_number,
            amount_minor=-sum(line.amount_minor for line in own),
        )
        for own in by_journal
    ]
    return sorted(made, key=lambda line: (line.day, line.order_number, line.kind, line.amount_minor))


def _kind_of(line: Line, amount_minor: int) -> LineKind:
    source = line.key.partition("/")[0]
    if line.corrects or source == "complaint":
        return LineKind.CORRECTION
    match source:
        case "order":
            return LineKind.EXECUTED if amount_minor < 0 else LineKind.SENT
        case "payout":
            return LineKind.PAID_OUT
        case "collection":
            return LineKind.COLLECTED
        case _:
            return LineKind.OTHER


def _earned_taxes(lines: Iterable[Line]) -> Sequence[Vat]:
    """Only shares are posted with a tax, corrected ones too; what a sender owes for the customer has none."""
    gross_by_tax: dict[str, int] = {}
    for line in lines:
        gross_by_tax[line.tax] = gross_by_tax.get(line.tax, 0) - line.amount_minor
    return categories(gross_by_tax)


# --- what follows from it ------------------------------------------------------------------------------------


class Netting(enum.StrEnum):
    """What is done about a closing balance."""

    PAY = "pay"
    COLLECT = "collect"
    CARRY = "carry"
    """Too little to move: it opens the next month."""
    NOTHING = "nothing"


def netting_of(closing_minor: int, *, pay_from_minor: int, collect_from_minor: int) -> Netting:
    """By a statement's closing balance (above zero: the store is owed): paid or collected from, never both."""
    if closing_minor == 0:
        return Netting.NOTHING
    if closing_minor > 0:
        return Netting.PAY if closing_minor >= pay_from_minor else Netting.CARRY
    return Netting.COLLECT if -closing_minor >= collect_from_minor else Netting.CARRY
