"""What is paid to stores and collected from them for a closed month: a run, proposed by one and approved by another."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import msgspec

from faxgw.money import Currency
from faxgw.settlement.month.statement import Netting, netting_of
from faxgw.settlement.payouts.order import message_id
from faxgw.settlement.takings import in_transit
from faxgw.store.clearing.port import NewBatch, NewFile
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Posting, Standing
from faxgw.store.ledger.port import Period

OWN_RUNS = "network"
"""Among providers, whoever pays stores out: the network itself."""

Direction = Literal["payout", "collection"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One store in a run."""

    member: str
    name: str
    account: str
    """As two people agreed on it, and as it was known when the run was proposed."""
    amount_minor: int


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it is shown, approved and paid."""

    period: Period
    direction: Direction
    currency: Currency
    on: dt.date
    """The day the bank is asked to move the money."""
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        return run_name(self.period, self.direction, self.currency)

    @property
    def total_minor(self) -> int:
        return sum(item.amount_minor for item in self.items)


class LeftOut(msgspec.Struct, frozen=True):
    """A store that should be in the run and cannot be."""

    member: str
    amount_minor: int
    reason: str


class Payees(Protocol):
    """What a run asks of the register."""

    def payee(self, member_id: str, on: dt.date) -> tuple[str, str] | None:
        """Name, and the account in force that day; None where none was agreed on."""
        ...


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Below these a balance is carried to the next month."""

    pay_from_minor: int = 100
    collect_from_minor: int = 100


def run_name(period: Period, direction: Direction, currency: str) -> str:
    return f"{period}/{direction}/{currency}"


def make_content(
    standings: Mapping[Account, Standing],
    period: Period,
    direction: Direction,
    currency: str,
    on: dt.date,
    payees: Payees,
    thresholds: Thresholds,
) -> tuple[Content, list[LeftOut]]:
    """The run of a month's closing balances, stores in the order of their ids; and who is missing from it."""
    items: list[Item] = []
    left_out: list[LeftOut] = []
    for member, amount_minor in _owed(standings, direction, currency, thresholds):
        payee = payees.payee(member, on)
        if payee is None:
            left_out.append(LeftOut(member, amount_minor, "no account that two people agreed on is in force"))
        else:
            name, account = payee
            items.append(Item(member=member, name=name, account=account, amount_minor=amount_minor))
    content = Content(period=period, direction=direction, currency=currency, on=on, items=tuple(items))
    return content, left_out


def _owed(
    standings: Mapping[Account, Standing], direction: Direction, currency: str, thresholds: Thresholds
) -> Iterable[tuple[str, int]]:
    wanted = Netting.PAY if direction == "payout" else Netting.COLLECT
    for account, standing in sorted(standings.items()):
        if account.kind is not AccountKind.MEMBER or account.currency != currency:
            continue
        closing_minor = -standing.posted_minor
        netting = netting_of(
            closing_minor,
            pay_from_minor=thresholds.pay_from_minor,
            collect_from_minor=thresholds.collect_from_minor,
        )
        if netting is wanted:
            yield account.name, abs(closing_minor)


def expected_at_bank(content: Content, encoded: bytes, *, who: str, at: float) -> NewFile:
    """A bank books a run as one line that repeats the file's id: a payout takes money away, a collection brings it."""
    is_payout = content.direction == "payout"
    batch = NewBatch(
        account=content.direction,
        ref=message_id(content.name, "PAY" if is_payout else "COL"),
        currency=content.currency,
        payout_minor=-content.total_minor if is_payout else content.total_minor,
        value_date=content.on,
        movements=(),
        journal=None,
    )
    return NewFile(
        sha256=hashlib.sha256(encoded).hexdigest(),
        provider=OWN_RUNS,
        format="run",
        name=content.name,
        who=who,
        at=at,
        batches=(batch,),
    )


def journals_of(content: Content, on: dt.date) -> tuple[Journal, ...]:
    """One a store: its balance against the money that is on its way at the bank."""
    sign = 1 if content.direction == "payout" else -1
    return tuple(
        Journal(
            key=f"{content.direction}/{content.period}/{content.currency}/{item.member}",
            effective_on=on,
            postings=(
                Posting(Account(AccountKind.MEMBER, item.member, content.currency), sign * item.amount_minor),
                Posting(in_transit(content.currency), -sign * item.amount_minor),
            ),
            memo=f"{content.direction} for {content.period}",
        )
        for item in content.items
    )
