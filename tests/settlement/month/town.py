"""A town of three stores that sell to each other, its ledger, and the desk that closes its months."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from faxgw.members.people import Person
from faxgw.settlement.month.desk import (
    Closed,
    MonthDesk,
    Rules,
)
from faxgw.settlement.month.run import Thresholds
from faxgw.settlement.month.statement import Whom
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Posting
from faxgw.store.ledger.port import Booked, Entry
from faxgw.store.sql import SqlStore, open_memory_store

OSLO = ZoneInfo("Europe/Oslo")
JUNE_10 = dt.datetime(2027, 6, 10, 12, tzinfo=OSLO).timestamp()
IDA, PER = Person("Ida"), Person("Per")
STORES = ("NO-A", "NO-B", "NO-C")


class Clock:
    def __init__(self) -> None:
        self.at = JUNE_10

    def now(self) -> float:
        return self.at


class Book:
    """A register of three stores, of which one has no account."""

    def __init__(self) -> None:
        self.accounts = {"NO-A": "86011117947", "NO-B": "86011117947"}

    def whom(self, member_id: str, on: dt.date, known_at: float | None) -> Whom:
        del on, known_at
        return Whom(id=member_id, name=f"Blomster {member_id}", address=("Storgata 1",), language="nb")

    def payee(self, member_id: str, on: dt.date) -> tuple[str, str] | None:
        del on
        account = self.accounts.get(member_id)
        return (f"Blomster {member_id}", account) if account else None

    def without_account(self, on: dt.date) -> Sequence[str]:
        del on
        return [store for store in STORES if store not in self.accounts]


class Relay:
    def __init__(self) -> None:
        self.silent: list[str] = []
        self.not_booked: list[str] = []

    async def catch_up(self) -> None:
        pass

    async def refused(self, until: dt.date) -> Sequence[str]:
        del until
        return self.not_booked

    async def unanswered(self, first: dt.date, last: dt.date) -> Sequence[str]:
        del first, last
        return self.silent

    async def promised(self, first: dt.date, last: dt.date) -> Sequence[str]:
        del first, last
        return []


class Town:
    """A store with its desk, and the means to sell."""

    def __init__(self) -> None:
        self.store: SqlStore = open_memory_store()
        self.clock, self.book, self.relay = Clock(), Book(), Relay()
        rules = Rules(zone=OSLO, thresholds=Thresholds(pay_from_minor=100, collect_from_minor=100))
        self.desk = MonthDesk(
            self.store.ledger, self.store.months, self.store.clearing, self.book, self.relay, self.clock, rules
        )

    async def sell(self, number: int, on: dt.date, sender: str, executor: str, amount_minor: int = 10_000) -> None:
        share = amount_minor * 7 // 10
        postings = (
            Posting(member(sender), amount_minor),
            Posting(member(executor), -share, "NO/3/2500"),
            Posting(Account(AccountKind.NETWORK, "commission", "NOK"), share - amount_minor),
        )
        journal = Journal(key=f"order/N{number}/1", effective_on=on, postings=postings, order_number=f"N{number}")
        (booked,) = await self.store.ledger.book([Entry((journal,), self.clock.at)])
        assert isinstance(booked, Booked)

    async def sell_in_may(self) -> None:
        for number, (sender, executor) in enumerate((("NO-A", "NO-B"), ("NO-A", "NO-C"), ("NO-B", "NO-A"))):
            await self.sell(number, dt.date(2027, 5, 20), sender, executor)

    async def close(self, period: str = "2027-05") -> Closed:
        closed = await self.desk.close(period, "Ida")
        assert isinstance(closed, Closed), closed
        return closed


def member(name: str) -> Account:
    return Account(AccountKind.MEMBER, name, "NOK")
