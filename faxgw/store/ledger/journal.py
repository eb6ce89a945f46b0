"""Double entry: journals of postings that sum to zero, in two phases, and never changed.

A positive amount is a debit, a negative one a credit. What a florist has delivered but the month has not paid is a
credit on the florist's account. A claim that may still fall away is *pending*; it is resolved at most once, by a
`POST` or a `VOID` (TigerBeetle's two-phase transfers). A wrong journal is not mended but countered by another
that names it in `corrects`.

The store refuses what `faults_of` names, and keeps what it takes for ever.
"""

import datetime as dt
import enum
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from faxgw.money import Currency

ACCOUNT_CHARS_MAX = 80
KEY_CHARS_MAX = 200


class AccountKind(enum.StrEnum):
    """What an account stands for."""

    MEMBER = "member"
    """What the network owes a member (credit), or a member the network (debit)."""
    CUSTOMER = "customer"
    """What customers have to pay for orders that the network took."""
    PROVIDER = "provider"
    """Customers' money at an acquirer or wallet, not yet paid out to the bank."""
    BANK = "bank"
    SUSPENSE = "suspense"
    """Money that came and whose place nobody knows yet."""
    NETWORK = "network"
    """What the network earns."""
    FUND = "fund"
    """Levies collected for somebody else."""
    FEES = "fees"
    """What acquirers, wallets and banks keep."""
    COMPENSATION = "compensation"
    """What the network itself gives customers after complaints."""


class Account(msgspec.Struct, frozen=True, order=True):
    """One account in one currency, such as `member:NO-0301:NOK`."""

    kind: AccountKind
    name: str
    currency: Currency

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{self.currency}"


@functools.lru_cache(maxsize=65_536)
def parse_account(text: str) -> Account:
    """The account that `str` made `text` of, whatever signs a bank or a shop has in its name; `ValueError` else."""
    kind, _, rest = text.partition(":")
    name, _, currency = rest.rpartition(":")
    if not name or len(currency) != 3:
        raise ValueError(f"{text!r} names no account")
    return Account(AccountKind(kind), name, currency)


class Posting(msgspec.Struct, frozen=True):
    account: Account
    amount_minor: int
    """Debit above zero, credit below."""
    tax: str = ""
    """The rate of value added tax that is within the amount, such as `NO/3/2500`; empty where none is."""


class Phase(enum.StrEnum):
    """How much a journal counts for."""

    PLAIN = "plain"
    """It happened."""
    PENDING = "pending"
    """It will have happened unless it is voided; balances show it apart."""
    POST = "post"
    """A pending journal happened, with these postings: at most the pending amounts."""
    VOID = "void"
    """A pending journal fell away."""


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger, all or none of it."""

    key: str
    """The same key and content post nothing again; the same key with other content is refused."""
    phase: Phase = Phase.PLAIN
    effective_on: dt.date
    """The day it belongs to; when it was booked is the store's to say, and decides the period."""
    postings: tuple[Posting, ...] = ()
    memo: str = ""
    order_number: str = ""
    resolves: str = ""
    """The key of the pending journal that a `POST` or a `VOID` ends."""
    corrects: str = ""
    """The key of an earlier journal that this one sets right."""


def faults_of(journal: Journal, pending: Sequence[Posting] | None = None) -> Iterator[str]:
    """Why the ledger must not have it; `pending` is what the journal it resolves reserved, where that is known."""
    if (journal.phase in {Phase.POST, Phase.VOID}) != bool(journal.resolves):
        yield "a post and a void name the pending journal that they resolve, and nothing else does"
    if journal.phase is Phase.VOID:
        if journal.postings:
            yield "a void has no postings"
        return
    if len(journal.postings) < 2:
        yield "a journal has at least two postings"
    if any(posting.amount_minor == 0 for posting in journal.postings):
        yield "a posting of nothing"
    if any(len(str(posting.account)) > ACCOUNT_CHARS_MAX for posting in journal.postings):
        yield f"an account of more than {ACCOUNT_CHARS_MAX} signs"
    if len(journal.key) > KEY_CHARS_MAX:
        yield f"a key of more than {KEY_CHARS_MAX} signs"
    for currency, amount_minor in sorted(sums_by_currency(journal.postings).items()):
        if amount_minor:
            yield f"the postings in {currency} sum to {amount_minor}, not to zero"
    if pending is not None and journal.phase is Phase.POST:
        yield from _excess(journal, pending)


def sums_by_currency(postings: Iterable[Posting]) -> Mapping[str, int]:
    sums: Counter[str] = Counter()
    for posting in postings:
        sums[posting.account.currency] += posting.amount_minor
    return sums


def _excess(post: Journal, pending: Sequence[Posting]) -> Iterator[str]:
    reserved = balances(pending)
    for account, amount_minor in balances(post.postings).items():
        bound = reserved.get(account, 0)
        if not (0 <= amount_minor <= bound or bound <= amount_minor <= 0):
            yield f"{account} is posted {amount_minor}, but only {bound} were pending"


def balances(postings: Iterable[Posting]) -> dict[Account, int]:
    """The sum of each account's postings."""
    sums: dict[Account, int] = {}
    for posting in postings:
        sums[posting.account] = sums.get(posting.account, 0) + posting.amount_minor
    return sums


class Standing(msgspec.Struct, frozen=True):
    """Where an account stands: what happened, and what is pending on top of it."""

    posted_minor: int = 0
    pending_minor: int = 0


def fold(journals: Iterable[Journal]) -> dict[Account, Standing]:
    """All balances from scratch, journal by journal: what every running balance has to equal."""
    posted: Counter[Account] = Counter()
    pending: dict[str, Journal] = {}
    for journal in journals:
        match journal.phase:
            case Phase.PENDING:
                pending[journal.key] = journal
            case Phase.POST | Phase.VOID:
                del pending[journal.resolves]
                posted.update(balances(journal.postings))
            case Phase.PLAIN:
                posted.update(balances(journal.postings))
    waiting = balances(posting for journal in pending.values() for posting in journal.postings)
    return {account: Standing(posted[account], waiting.get(account, 0)) for account in sorted({*posted, *waiting})}
