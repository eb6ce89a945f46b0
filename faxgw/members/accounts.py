"""To which account a member is paid: proposed by one, approved by another, in force from a day on.

A payout that was approved keeps its account: whoever approves payouts notes the book's newest entry with them, and asks
for the account as it was known then (`Accounts.in_force`). Numbers are checked by their own digits (Norwegian modulus
11, IBAN modulus 97); whose they are no digit tells, hence the second person.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import assert_never

from stdnum import iban
from stdnum.no import kontonr

from faxgw.faults import Fault
from faxgw.members.entries import AccountApproved, AccountProposed, AccountRefused, subject_name
from faxgw.members.people import Identity, Person, are_two_people
from faxgw.store.register.port import Entry

WRITTEN_MAX = 64


def check_account(written: str, country: str) -> str | Fault:
    """The number without spaces and dots, or what is wrong with it."""
    number = "".join(written.split()).replace(".", "").upper()
    if len(written) > WRITTEN_MAX:
        return Fault("/account", f"at most {WRITTEN_MAX} characters")
    if number.isdecimal() and number.isascii() and country == "NO":
        if kontonr.is_valid(number) and len(number) == 11:
            return number
        return Fault("/account", "not a Norwegian account number: 11 digits, of which the last one checks the others")
    if iban.is_valid(number):
        return str(iban.compact(number))
    local = ", or a Norwegian account number of 11 digits" if country == "NO" else ""
    return Fault("/account", f"not an IBAN: its check digits or its length are wrong; write an IBAN{local}")


def mask_account(number: str) -> str:
    """For all who need not know it whole."""
    return f"{'*' * (len(number) - 4)}{number[-4:]}"


def first_day_in_force(approved_on: dt.date, cutoff_day: int, *, is_first: bool) -> dt.date:
    """From when a number that was approved that day is paid to.

    A member's first account serves at once. A changed one serves this month's payouts only where it came before the
    cut-off day, as at Teleflora's clearing house ("before the 5th of the month"); else the next month's.
    """
    if is_first or approved_on.day < cutoff_day:
        return approved_on
    return (approved_on.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A number that waits for a second person."""

    seq: int
    member: str
    number: str
    by: Person
    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Account:
    """A number that two people agreed on."""

    seq: int
    member: str
    number: str
    first_day: dt.date
    proposed_by: str
    approved_by: str
    approved_at: float


@dataclass(frozen=True, slots=True)
class NotOpen:
    """There is no such proposal, or another one took its place, or it was decided."""


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Who approves cannot be told from who proposed."""

    proposed_by: str


@dataclass(slots=True)
class _Ledger:
    open: Proposal | None = None
    approved: list[Account] = field(default_factory=list[Account])


class Accounts:
    """All members' accounts."""

    def __init__(self) -> None:
        self._of: dict[str, _Ledger] = {}

    def add(self, entry: Entry, said: AccountProposed | AccountApproved | AccountRefused) -> None:
        member = subject_name(entry.subject)
        ledger = self._of.setdefault(member, _Ledger())
        match said:
            case AccountProposed(number=number):
                # The newer one stands alone: nobody shall approve a number that is not the one he looked at.
                by = Person(entry.who, entry.login)
                ledger.open = Proposal(entry.seq, member, number, by, entry.at, entry.why)
            case AccountApproved(proposal=seq):
                if ledger.open is not None and ledger.open.seq == seq:
                    ledger.approved.append(_approved(ledger.open, entry))
                    ledger.open = None
            case AccountRefused(proposal=seq):
                if ledger.open is not None and ledger.open.seq == seq:
                    ledger.open = None
            case _:
                assert_never(said)

    def has_any(self, member: str) -> bool:
        return member in self._of and bool(self._of[member].approved)

    def open_proposals(self) -> list[Proposal]:
        return [ledger.open for ledger in self._of.values() if ledger.open is not None]

    def open_proposal(self, member: str) -> Proposal | None:
        ledger = self._of.get(member)
        return ledger.open if ledger is not None else None

    def judge(self, member: str, seq: int, approver: Person, identity: Identity) -> Proposal | NotOpen | SamePerson:
        """The proposal, where this person may approve it."""
        proposal = self.open_proposal(member)
        if proposal is None or proposal.seq != seq:
            return NotOpen()
        return proposal if are_two_people(proposal.by, approver, identity) else SamePerson(proposal.by.name)

    def all_of(self, member: str) -> list[Account]:
        return list(self._of[member].approved) if member in self._of else []

    def in_force(self, member: str, day: dt.date, known_seq: int | None = None) -> Account | None:
        """The account for a payout of that day, as the book stood when `known_seq` was its newest entry."""
        accounts = (
            each
            for each in self.all_of(member)
            if each.first_day <= day and (known_seq is None or each.seq <= known_seq)
        )
        return max(accounts, key=lambda each: each.seq, default=None)


def _approved(proposal: Proposal, entry: Entry) -> Account:
    first_day = entry.first_day or dt.date.min
    return Account(
        entry.seq, proposal.member, proposal.number, first_day, proposal.by.name, entry.who, approved_at=entry.at
    )
