"""The ledger against folding a plain list, through any sequence of bookings, repeats, ends and closes."""

import datetime as dt
from collections.abc import Mapping

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection

from faxgw.settlement.seal import NO_HEAD, SealChain
from faxgw.store.database import bring_up_to_date, open_in_memory
from faxgw.store.ledger import booking, reading
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Phase, Posting, Standing, fold
from faxgw.store.ledger.port import Booked, BookedBefore, Entry, Kept, NotBooked, Period, Seal, next_period

ACCOUNTS = [
    Account(AccountKind.MEMBER, "a", "NOK"),
    Account(AccountKind.MEMBER, "b", "NOK"),
    Account(AccountKind.CUSTOMER, "orders", "NOK"),
    Account(AccountKind.NETWORK, "commission", "NOK"),
]
DAYS = [dt.date(2027, 4, 30), dt.date(2027, 5, 1), dt.date(2027, 5, 31), dt.date(2027, 6, 1)]
AMOUNTS = st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=3)


def postings_of(amounts: list[int]) -> tuple[Posting, ...]:
    """Balanced by one more posting; empty where they sum to zero already."""
    parts = [*amounts, -sum(amounts)]
    return tuple(Posting(account, part) for account, part in zip(ACCOUNTS, parts, strict=False) if part)


class LedgerModel(RuleBasedStateMachine):
    """`journals` is what has to stand; everything the store answers is compared with folding it."""

    @initialize()
    def open(self) -> None:
        self.engine = open_in_memory()
        bring_up_to_date(self.engine)
        self.journals: list[tuple[Journal, Period]] = []
        self.ended: set[str] = set()
        self.sealed: dict[Period, dict[Account, Standing]] = {}
        self.head = NO_HEAD
        self.count = 0

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()

    def book(self, *journals: Journal) -> Booked | BookedBefore | NotBooked:
        with self.engine.begin() as connection:
            (answer,) = booking.book(connection, [Entry(journals, 1.0)])
        return answer

    def take(self, *journals: Journal) -> None:
        """What is right is booked, in the month that is open for its day."""
        answer = self.book(*journals)
        assert isinstance(answer, Booked), answer
        first_open = next_period(max(self.sealed)) if self.sealed else ""
        for journal in journals:
            self.journals.append((journal, max(journal.effective_on.isoformat()[:7], first_open)))
            if journal.resolves:
                self.ended.add(journal.resolves)

    def new_key(self) -> str:
        self.count += 1
        return f"key{self.count}"

    def pending(self) -> list[Journal]:
        return [each for each, _ in self.journals if each.phase is Phase.PENDING and each.key not in self.ended]

    @rule(amounts=AMOUNTS, day=st.sampled_from(DAYS), phase=st.sampled_from([Phase.PLAIN, Phase.PENDING]))
    def book_new(self, amounts: list[int], day: dt.date, phase: Phase) -> None:
        postings = postings_of(amounts)
        if len(postings) >= 2:
            self.take(Journal(key=self.new_key(), phase=phase, effective_on=day, postings=postings))

    @precondition(lambda self: self.journals)
    @rule(pick=st.integers(0, 99), memo=st.booleans())
    def repeat(self, pick: int, memo: bool) -> None:
        """Word for word it changes nothing; with another word it is refused."""
        journal, _ = self.journals[pick % len(self.journals)]
        if memo:
            journal = Journal(**{name: getattr(journal, name) for name in journal.__struct_fields__} | {"memo": "x"})
        assert isinstance(self.book(journal), NotBooked if memo else BookedBefore)

    @precondition(lambda self: self.pending())
    @rule(pick=st.integers(0, 99), day=st.sampled_from(DAYS), how=st.sampled_from(["post", "void", "forward", "twice"]))
    def resolve(self, pick: int, day: dt.date, how: str) -> None:
        sale = self.pending()[pick % len(self.pending())]
        void = Journal(key=self.new_key(), phase=Phase.VOID, effective_on=day, resolves=sale.key)
        post = Journal(
            key=self.new_key(), phase=Phase.POST, effective_on=day, resolves=sale.key, postings=sale.postings
        )
        match how:
            case "post":
                self.take(post)
            case "void":
                self.take(void)
            case "forward":
                fields = {"phase": Phase.PENDING, "effective_on": day, "postings": sale.postings}
                self.take(void, Journal(key=self.new_key(), **fields))  # type: ignore[arg-type]
            case _:
                self.take(post)
                assert isinstance(self.book(void), NotBooked)

    @precondition(lambda self: self.journals)
    @rule(day=st.sampled_from(DAYS))
    def book_wrong(self, day: dt.date) -> None:
        """A lopsided journal takes its whole entry down."""
        right = Journal(key=self.new_key(), effective_on=day, postings=postings_of([5]))
        lopsided = Journal(key=self.new_key(), effective_on=day, postings=(Posting(ACCOUNTS[0], 1),) * 2)
        assert isinstance(self.book(right, lopsided), NotBooked)

    @precondition(lambda self: self.journals and len(self.sealed) < 2)
    @rule()
    def close(self) -> None:
        period = next_period(max(self.sealed)) if self.sealed else min(own for _, own in self.journals)
        with self.engine.begin() as connection:
            chain = SealChain(period, self.head)
            chain.add(self.month(connection, period))
            seal = Seal(period, chain.journals, chain.head(), 1.0, "Ida")
            assert booking.close(connection, [seal]) == [seal]
            self.sealed[period] = reading.read_standings_at(connection, period)
        self.head = seal.head

    def month(self, connection: Connection, period: Period) -> list[Kept]:
        return reading.read_journals(connection, period, 0, 10_000)

    @invariant()
    def balances_are_the_fold(self) -> None:
        if not hasattr(self, "engine"):
            return
        with self.engine.connect() as connection:
            running = reading.read_standings(connection)
            assert moved(running) == moved(fold(each for each, _ in self.journals))
            assert sum(own.posted_minor for own in running.values()) == 0
            for period in {own for _, own in self.journals}:
                kept = [journal.journal for journal in self.month(connection, period)]
                assert kept == [journal for journal, own in self.journals if own == period]
                assert moved(reading.read_standings_at(connection, period)) == moved(self.by_the_end_of(period))
            assert moved(reading.read_standings_summed(connection)) == moved(running)

    def by_the_end_of(self, period: Period) -> dict[Account, Standing]:
        """What was resolved by then is not pending, though its own month may be a later one."""
        by_then = [each for each, own in self.journals if own <= period]
        resolved = {each.resolves for each in by_then}
        return fold(each for each, own in self.journals if own <= period or each.key in resolved)

    @invariant()
    def sealed_months_stay_as_they_were(self) -> None:
        if not hasattr(self, "engine"):
            return
        with self.engine.connect() as connection:
            head = NO_HEAD
            for seal in reading.read_seals(connection):
                chain = SealChain(seal.period, head)
                chain.add(self.month(connection, seal.period))
                assert (chain.journals, chain.head()) == (seal.journals, seal.head)
                assert reading.read_standings_at(connection, seal.period) == self.sealed[seal.period]
                head = seal.head


def moved(standings: Mapping[Account, Standing]) -> dict[Account, Standing]:
    return {account: own for account, own in standings.items() if own != Standing()}


TestLedgerModel = LedgerModel.TestCase
TestLedgerModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
