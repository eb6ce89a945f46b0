"""A head office for the synthetic month: its register, its relay, and one who decides exceptions by the truth."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from faxgw.order import Language
from faxgw.settlement.clearing import Clearing, Window, inline
from faxgw.settlement.deciding import DecisionRefused
from faxgw.settlement.matching.references import make_kid
from faxgw.settlement.month.desk import MonthDesk, Rules
from faxgw.settlement.month.statement import Whom
from faxgw.store.clearing.names import digits_of
from faxgw.store.clearing.port import Decision, Exceptional, Movement, Taken
from faxgw.store.ledger.port import Entry
from faxgw.store.sql import SqlStore
from tools.settlement.files import PAYOUT_DAYS
from tools.settlement.month import SyntheticMonth

OSLO = ZoneInfo("Europe/Oslo")
AT_ONCE = 1_000
ACCOUNTS = {"NO": "86011117947", "FR": "FR7630006000011234567890189"}


class Clock:
    """Stands still until it is set."""

    def __init__(self, day: dt.date) -> None:
        self.set(day)

    def set(self, day: dt.date) -> None:
        self._at = dt.datetime.combine(day, dt.time(12), OSLO).timestamp()

    def now(self) -> float:
        return self._at


class Register:
    """Every store has an account and speaks its country's language."""

    def whom(self, member_id: str, on: dt.date, known_at: float | None) -> Whom:
        del on, known_at
        language: Language = "nb" if member_id.startswith("NO") else "fr"
        return Whom(id=member_id, name=f"Blomster {member_id}", address=("Storgata 1",), language=language)

    def payee(self, member_id: str, on: dt.date) -> tuple[str, str] | None:
        del on
        return f"Blomster {member_id}", ACCOUNTS[member_id[:2]]

    def without_account(self, on: dt.date) -> Sequence[str]:
        del on
        return []


class Relay:
    """Nobody is silent, nobody is waited for, and everything was heard."""

    async def catch_up(self) -> None:
        return

    async def refused(self, until: dt.date) -> Sequence[str]:
        del until
        return []

    async def unanswered(self, first: dt.date, last: dt.date) -> Sequence[str]:
        del first, last
        return []

    async def promised(self, first: dt.date, last: dt.date) -> Sequence[str]:
        del first, last
        return []


class Office:
    """The desks of a network over one store."""

    def __init__(self, store: SqlStore, month: SyntheticMonth, today: dt.date) -> None:
        self.store = store
        self.month = month
        self.clock = Clock(today)
        self.clearing = Clearing(store.clearing, self.clock, Window(), inline)
        rules = Rules(zone=OSLO)
        self.desk = MonthDesk(store.ledger, store.months, store.clearing, Register(), Relay(), self.clock, rules)

    async def sell(self) -> None:
        """Everything that became of the orders, in the order of the orders, and what customers owe for them."""
        await self.store.clearing.expect(self.month.dues())
        terms, at = self.month.network.terms, self.clock.now()
        entries = [Entry(journals, at) for life in self.month.lives for journals in life.entries(terms)]
        for start in range(0, len(entries), AT_ONCE):
            await self.store.ledger.book(entries[start : start + AT_ONCE])

    async def take(self, files: Sequence[tuple[str, bytes]]) -> list[object]:
        return [await self.clearing.import_file(content, name=name, who="Ida") for name, content in files]

    async def decide_all(self, truth: "Truth") -> None:
        """Each exception by what is true of it; what follows from that is matched, and the rest left in suspense."""
        for each in await self.clearing.exceptions():
            await self._decide(each, truth)
        await self.clearing.match()
        for each in await self.clearing.exceptions():
            await self._leave(each)

    async def _decide(self, each: Exceptional, truth: "Truth") -> None:
        number = truth.order_of(each.movement) or await self._payout_of(each.movement)
        if number is None:
            return
        for decision in (Decision.MATCHED_BY_HAND, Decision.DIFFERENCE_ACCEPTED):
            answer = await self.clearing.decide(each.movement.id, decision, who="Ida", why="by the slip", number=number)
            if not isinstance(answer, DecisionRefused):
                return

    async def _payout_of(self, line: Movement) -> str | None:
        """Of payouts of one amount, the one whose day fits: a person asks Nets where two fit."""
        if line.provider != "bank":
            return None
        due_on = line.day - dt.timedelta(days=PAYOUT_DAYS)
        fitting = [
            payout
            for payout in await self.store.clearing.payouts()
            if (payout.payout_minor, payout.currency) == (line.gross_minor, line.currency)
        ]
        fitting.sort(key=lambda payout: payout.value_date != due_on)
        return f"batch {fitting[0].batch_id}" if fitting else None

    async def _leave(self, each: Exceptional) -> None:
        left = await self.clearing.decide(each.movement.id, Decision.UNALLOCATED, who="Ida", why="nobody knows")
        if left is not Taken.DONE:
            raise RuntimeError(left)


class Truth:
    """Whose money each movement is, as only the maker of the month knows."""

    def __init__(self, month: SyntheticMonth) -> None:
        self._by_txn = {str(each.txn): each for each in month.paid}
        by_kid = [each for each in month.paid if each.way == "nets"]
        self._by_kid = {(each.reference, each.amount_minor, str(each.day)): each for each in by_kid}
        self._by_line = {f"B{line.number}": line for line in month.bank}
        self._orders_by_kid = _orders_by_kid(month)

    def order_of(self, movement: Movement) -> str | None:
        if movement.provider == "bank":
            return self._orders_by_kid.get(self._by_line[movement.txn_id].kid)
        return self._paid(movement)[0]

    def is_plain(self, movement: Movement) -> bool:
        """Whether clearing had to place it by itself."""
        return movement.provider != "bank" and self._paid(movement)[1]

    def _paid(self, movement: Movement) -> tuple[str | None, bool]:
        if movement.provider == "nets":
            each = self._by_kid[movement.merchant_ref, movement.gross_minor, str(movement.day)]
        else:
            (txn,) = re.findall(r"\d{10}", movement.txn_id.replace(movement.merchant_ref, ""))
            each = self._by_txn[txn]
        return each.order, each.is_plain


def _orders_by_kid(month: SyntheticMonth) -> Mapping[str, str]:
    return {make_kid(digits_of(life.order.number), "mod10"): life.order.number for life in month.lives}
