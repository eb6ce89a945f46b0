"""What the ledger promises to those who book in it.

Journals of one entry are booked together or not at all. Nothing booked is ever changed, and nothing is booked into
a month that is sealed: what belongs to one counts in the first open month, with the day it belongs to kept.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from faxgw.store.ledger.journal import Account, Journal, Standing

Period = str
"""A month as ISO 8601 writes it, such as `2027-05`."""


def next_period(period: Period) -> Period:
    first = dt.date.fromisoformat(f"{period}-01")
    return (first + dt.timedelta(days=31)).isoformat()[:7]


@dataclass(frozen=True, slots=True)
class Entry:
    """Journals that happen together, such as the void and the new pending one of a forwarded order."""

    journals: tuple[Journal, ...]
    at: float
    """When it is booked, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Booked:
    seqs: tuple[int, ...]
    period: Period


@dataclass(frozen=True, slots=True)
class BookedBefore:
    """The same keys with the same content: nothing was written."""

    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NotBooked:
    """Nothing was written. Whoever made the entry must act."""

    reason: str


Booking = Booked | BookedBefore | NotBooked


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A journal as it stands in the ledger."""

    seq: int
    booked_at: float
    period: Period
    journal: Journal


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to an account, with what tells where it comes from: a line of a statement."""

    seq: int
    key: str
    effective_on: dt.date
    booked_at: float
    memo: str
    order_number: str
    amount_minor: int
    tax: str
    corrects: bool
    """Whether it sets something right that was booked before."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A closed month. `head` is the hash chain over its journals, begun with the head of the month before."""

    period: Period
    journals: int
    head: bytes
    closed_at: float
    who: str


class LedgerStore(Protocol):
    """The durable ledger."""

    async def book(self, entries: Sequence[Entry]) -> list[Booking]: ...

    async def close(self, seals: Sequence[Seal]) -> list[Seal | None]:
        """Seal months, each the first open one; None where the month is sealed already or holds more journals."""
        ...

    async def standings(self) -> Mapping[Account, Standing]:
        """Every account's balance as it runs along."""
        ...

    async def standings_at(
        self, period: Period, accounts: Sequence[Account] | None = None
    ) -> Mapping[Account, Standing]:
        """The balances at the end of a month, as one moment has them: of these accounts, or of all."""
        ...

    async def standings_summed(self) -> Mapping[Account, Standing]:
        """Every balance summed anew from all postings; each is what `standings` has, or somebody meddled."""
        ...

    async def journals(self, period: Period, after: int, limit: int) -> list[Kept]:
        """The month's journals in the order they were booked, from after the one of that `seq`."""
        ...

    async def journals_of(self, order_number: str) -> list[Kept]: ...

    async def lines(self, accounts: Sequence[Account], period: Period) -> Mapping[Account, list[Line]]:
        """What was posted (not what is pending) to the accounts in the month, in order."""
        ...

    async def moved(self, period: Period, accounts: Sequence[Account] | None = None) -> set[Account]:
        """Those of the accounts, or of all, to which something was posted in the month, even if it comes to nothing."""
        ...

    async def pending(self, order_numbers: Sequence[str]) -> list[Kept]:
        """The pending journals of these orders that nothing has resolved."""
        ...

    async def periods(self) -> list[Period]:
        """The months that have journals, in order."""
        ...

    async def seals(self) -> list[Seal]: ...
