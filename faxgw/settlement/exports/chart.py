"""Which account of the network's books each account of the ledger is, and what of the ledger is exported at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from faxgw.faults import Fault
from faxgw.money import Currency
from faxgw.settlement.vat import tax_within
from faxgw.store.ledger.journal import Account, AccountKind, Phase
from faxgw.store.ledger.port import Kept


class BookAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account as the network's accountant has it."""

    number: str
    name: str
    grouping: str = ""
    """The code by which SAF-T groups accounts, where the country wants one."""


class Chart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The chart of accounts: by kind, and by kind and name where one account needs its own."""

    kinds: Mapping[AccountKind, BookAccount]
    named: Mapping[str, BookAccount] = {}
    """By `kind:name`, such as `network:commission`."""

    def find(self, account: Account) -> BookAccount:
        return self.named.get(f"{account.kind}:{account.name}") or self.kinds[account.kind]


def faults_of(chart: Chart) -> Iterator[Fault]:
    """Every kind has an account, so that no posting is without one."""
    for kind in AccountKind:
        if kind not in chart.kinds:
            yield Fault(f"/kinds/{kind}", "which account of the books is it?")


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose books they are."""

    name: str
    registration_number: str
    """Organisasjonsnummer in Norway, SIREN in France."""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "NO"


class BookLine(msgspec.Struct, frozen=True, kw_only=True):
    """One posting as books have it."""

    account: BookAccount
    auxiliary: str
    """The member, on the members' account; empty elsewhere."""
    amount_minor: int
    """Debit above zero."""
    currency: Currency
    tax: str
    """See `journal.Posting.tax`."""

    @property
    def tax_minor(self) -> int:
        return tax_within(self.amount_minor, int(self.tax.split("/")[2])) if self.tax else 0


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """One journal that counts, with its number in the books."""

    number: int
    kept: Kept
    lines: Sequence[BookLine]


def vouchers_of(journals: Iterable[Kept], chart: Chart, first_number: int = 1) -> Iterator[Voucher]:
    """In the order they were booked, numbered without gaps; what was pending or fell away was never in the books."""
    counting = (kept for kept in journals if kept.journal.phase in {Phase.PLAIN, Phase.POST})
    for number, kept in enumerate(counting, start=first_number):
        lines = [
            BookLine(
                account=chart.find(posting.account),
                auxiliary=posting.account.name if posting.account.kind is AccountKind.MEMBER else "",
                amount_minor=posting.amount_minor,
                currency=posting.account.currency,
                tax=posting.tax,
            )
            for posting in kept.journal.postings
        ]
        yield Voucher(number=number, kept=kept, lines=lines)
