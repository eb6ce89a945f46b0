"""What every settlement file says in the end: batches of entries, their sums held against what the file declares."""

import datetime as dt
import enum

import msgspec

from faxgw.money import Currency


class EntryKind(enum.StrEnum):
    """What an entry is about."""

    SALE = "sale"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    FEE = "fee"
    """What the provider keeps beyond the fees of single sales."""
    PAYOUT = "payout"
    """From the provider to our bank: leaves the provider's balance."""
    ADJUSTMENT = "adjustment"
    RESERVE = "reserve"
    """Kept back by the provider, or given back."""
    BANK = "bank"
    """A movement on our own bank account."""
    OTHER = "other"
    """A kind we do not know. It moves the balance, and a person looks at it."""


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line of a settlement file. Amounts are signed: what comes to us is above zero."""

    line: int
    """Where it stands in the file, from 1."""
    kind: EntryKind
    told_kind: str
    """The kind in the provider's own word."""
    txn_id: str
    """What names the movement at the provider; with the kind it is there once."""
    payment_id: str = ""
    """What all movements of one payment share at the provider, so that a refund finds its sale."""
    merchant_ref: str = ""
    """Our own reference, as far as the payer or the shop gave one: an order's number, a KID."""
    gross_minor: int
    fee_minor: int = 0
    """What the provider keeps of it; above zero."""
    currency: Currency
    occurred_at: dt.datetime | None = None
    """Aware; None where the file has days only."""
    day: dt.date
    """The day it counts on, in the provider's own time zone."""
    text: str = ""

    @property
    def net_minor(self) -> int:
        """What it changes of the provider's balance."""
        return self.gross_minor - self.fee_minor


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one payout of a provider settles, or one statement of a bank."""

    ref: str
    """The payout's name at the provider, as the bank statement repeats it."""
    account: str
    """Whose it is at the provider: a sales unit, a merchant account, a bank account."""
    currency: Currency
    entries: tuple[Entry, ...]
    payout_minor: int | None
    """What the provider says that it paid; None where it does not say."""
    value_date: dt.date | None = None
    """When the money is to be at the bank, where that is told."""

    @property
    def net_minor(self) -> int:
        """The sum of all that is no payout itself: what the payout should be."""
        return sum(entry.net_minor for entry in self.entries if entry.kind is not EntryKind.PAYOUT)


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file, read and held against its own totals."""

    provider: str
    format: str
    batches: tuple[Batch, ...]
    notes: tuple[str, ...] = ()
    """What is odd about it and no reason to refuse it."""


class FileRefused(msgspec.Struct, frozen=True):
    """Nothing of the file is taken. `line` counts from 1; None where the whole file is meant."""

    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line is not None else self.reason


class RefusedError(Exception):
    """Leaves a parser at the line that cannot be; `formats.read_settlement_file` turns it into `FileRefused`."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.refused = FileRefused(reason, line)


def require_total(what: str, found: int, declared: int, line: int | None) -> None:
    """Refuse the file where a sum is not what the file itself says."""
    if found != declared:
        raise RefusedError(f"{what} is {found}, but the file declares {declared}", line)


def day_in(zone: dt.tzinfo, moment: dt.datetime) -> dt.date:
    """The provider's day of a moment, right on the days on which clocks change."""
    return moment.astimezone(zone).date()
