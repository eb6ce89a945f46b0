"""Orders are followed into the ledger: whatever is said of them, each is owed to the store it is with, once."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from faxgw.members.complaints import Complaint
from faxgw.message import Kind
from faxgw.money import Money
from faxgw.ops.metrics import Metrics
from faxgw.settlement.claiming import BROKE, Calendar
from faxgw.settlement.claims import Grace
from faxgw.settlement.follow import Follower
from faxgw.settlement.sale import Terms
from faxgw.settlement.scheme import Channel, Party, Percent, Privex, Scheme, SchemeBook
from faxgw.store.claims.sql import SqlClaims
from faxgw.store.clearing.sql import SqlClearing
from faxgw.store.ledger.journal import Standing, fold, sums_by_currency
from faxgw.store.ledger.sql import SqlLedger
from faxgw.store.relay.port import RelayOrder, RelayTaken, Stage
from tests.journeys.town import START
from tests.relay.test_one_store_machine import STORES, OneStore
from tests.relay.town import HOUR, PARIS, SENDER, RelayTown, said

A_DAY = 24 * HOUR
PRICE = 3_600
CUSTOMER_PRICE = 4_500
SCHEME = Scheme(
    name="relay",
    version=1,
    currency="EUR",
    valid_from=dt.date(2027, 1, 1),
    channels=(Channel.STORE, Channel.WEB),
    components=(Privex(), Percent(Party.SENDING, 7_000), Percent(Party.NETWORK, 3_000)),
)
TERMS = Terms(schemes=SchemeBook([SCHEME]))
WEB = Terms(schemes=SchemeBook([SCHEME]), web_members=frozenset({SENDER}))
NO_SCHEME = Terms(schemes=SchemeBook([]))
BY_SENDER = (CUSTOMER_PRICE - PRICE) * 7 // 10


class Connected:
    """Writer and reader over the one connection of a relay town."""

    def __init__(self, town: RelayTown) -> None:
        self._connection = town.connection

    @property
    def waiting_items(self) -> int:
        return 0

    @property
    def waiting_since(self) -> float | None:
        return None

    async def write(self, operation: Callable[..., Any], items: Sequence[Any], *, bounded: bool = False) -> Any:
        await trio.lowlevel.checkpoint()
        answers = operation(self._connection, items)
        self._connection.commit()
        return answers

    async def read(self, question: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await trio.lowlevel.checkpoint()
        answer = question(self._connection, *args, **kwargs)
        self._connection.rollback()
        return answer

    async def work(self, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return job(*args, **kwargs)

    async def look(self, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.work(job, *args, **kwargs)


class Books:
    """The follower of a relay town, and what it booked."""

    def __init__(self, town: RelayTown, *, terms: Terms = TERMS, batch_max: int = 3):
        self.at = START.timestamp()
        self.terms = terms
        self.complaints: list[Complaint] = []
        self.metrics = Metrics()
        connected = Connected(town)
        self.claims = SqlClaims(connected, connected)
        self.ledger = SqlLedger(connected, connected)
        self.clearing = SqlClearing(connected, connected)
        self.batch_max = batch_max
        self.follower = self.restarted()

    def restarted(self) -> Follower:
        calendar = Calendar(PARIS, Grace(days=1))
        return Follower(
            self.claims,
            lambda: self.terms,
            lambda: self.complaints,
            calendar,
            self,
            self.metrics,
            batch_max=self.batch_max,
            gather_seconds=1.0,
        )

    def now(self) -> float:
        return self.at

    def catch_up(self) -> int:
        async def follow() -> int:
            return await self.follower.catch_up(thoroughly=True)

        return trio.run(follow)

    def ask(self, question: Callable[[], Any]) -> Any:
        async def asked() -> Any:
            return await question()

        return trio.run(asked)

    def journals(self) -> list[Any]:
        periods: list[str] = self.ask(self.ledger.periods)
        kept = [each for period in periods for each in self._in(period)]
        return [each.journal for each in sorted(kept, key=lambda each: each.seq)]

    def _in(self, period: str) -> Any:
        return self.ask(lambda: self.ledger.journals(period, 0, 100_000))

    def standings(self) -> dict[str, Standing]:
        found = fold(self.journals())
        assert {k: v for k, v in self.ask(self.ledger.standings).items() if v != Standing()} == {
            k: v for k, v in found.items() if v != Standing()
        }
        return {str(account): standing for account, standing in found.items() if standing != Standing()}


def owed_to(store: str) -> dict[str, int]:
    """What the accounts show for the order, with whoever made it."""
    return {
        f"member:{SENDER}:EUR": CUSTOMER_PRICE - BY_SENDER,
        f"member:{store}:EUR": -PRICE,
        "network:commission:EUR": -(CUSTOMER_PRICE - PRICE - BY_SENDER),
    }


def posted(amounts: dict[str, int]) -> dict[str, Standing]:
    return {account: Standing(amount, 0) for account, amount in amounts.items()}


def pending(amounts: dict[str, int]) -> dict[str, Standing]:
    return {account: Standing(0, amount) for account, amount in amounts.items()}


@pytest.fixture
def town() -> Iterator[RelayTown]:
    made = RelayTown()
    made.order(to=1, day=START.date() + dt.timedelta(days=1))
    # The relay's own follower gives the order its row.
    made.look(next(iter(made.papers()))[0], "accepted")
    yield made
    made.close()


@pytest.fixture
def books(town: RelayTown) -> Books:
    return Books(town)


def taken(town: RelayTown, kind: Kind, by: str | None, *, at: float = START.timestamp(), to: str | None = None) -> None:
    [answer] = town.say(said(kind, by, at=at, to=to))
    assert isinstance(answer, RelayTaken), answer


def test_an_accepted_order_is_pending_and_posted_once_it_is_delivered(town: RelayTown, books: Books) -> None:
    """Nothing before a word, pending by ACK, posted by DCON; followed again and again it is booked once."""
    assert (books.catch_up(), books.standings()) == (0, {})
    taken(town, Kind.ACK, "FR-1")
    assert (books.catch_up(), books.standings()) == (1, pending(owed_to("FR-1")))
    taken(town, Kind.DCON, "FR-1", at=START.timestamp() + A_DAY)
    assert (books.catch_up(), books.standings()) == (1, posted(owed_to("FR-1")))
    books.follower = books.restarted()
    assert books.catch_up() == 0
    assert [journal.effective_on for journal in books.journals()] == [START.date() + dt.timedelta(days=1)] * 2


def test_after_the_grace_an_accepted_order_counts_as_delivered(town: RelayTown, books: Books) -> None:
    """Nothing happens to it, and nobody says a word: the day alone posts it, once, also over a restart."""
    taken(town, Kind.ACK, "FR-1")
    books.catch_up()
    books.at += 2 * A_DAY
    assert (books.catch_up(), books.standings()) == (0, pending(owed_to("FR-1")))
    books.at += A_DAY
    books.follower = books.restarted()
    assert (books.catch_up(), books.standings()) == (1, posted(owed_to("FR-1")))
    assert books.catch_up() == 0


def test_whoever_forwards_has_no_claim_any_more(town: RelayTown, books: Books) -> None:
    """FOR voids and claims anew in one; then only the last store has one."""
    taken(town, Kind.ACK, "FR-1")
    books.catch_up()
    taken(town, Kind.FOR, "FR-1", to="FR-2")
    assert (books.catch_up(), books.standings()) == (1, {})
    taken(town, Kind.ACK, "FR-2", at=START.timestamp() + 1)
    assert (books.catch_up(), books.standings()) == (1, pending(owed_to("FR-2")))


def test_an_order_without_a_scheme_is_an_exception_until_there_is_one(town: RelayTown, books: Books) -> None:
    """It stands in the list with its reason and its day, is counted once, and books itself when the scheme is there."""
    taken(town, Kind.ACK, "FR-1")
    books.terms = NO_SCHEME
    assert books.catch_up() == 0
    books.at += HOUR
    books.catch_up()
    [refused] = books.ask(books.claims.refused)
    assert (refused.stem, refused.day) == ("order/1001", START.date() + dt.timedelta(days=1))
    assert refused.reason.startswith("no scheme for store orders in EUR")
    assert refused.since == START.timestamp()
    assert b'faxgw_settlement_claims_total{result="refused"} 1.0' in books.metrics.exposition()
    books.terms = TERMS
    assert books.catch_up() == 1
    assert books.ask(books.claims.refused) == []
    assert books.standings() == pending(owed_to("FR-1"))


def test_what_was_posted_stays_where_a_scheme_is_taken_away(town: RelayTown, books: Books) -> None:
    """A wrong config reverses nobody's money; it is told as an exception."""
    taken(town, Kind.ACK, "FR-1")
    taken(town, Kind.DCON, "FR-1", at=START.timestamp() + A_DAY)
    books.catch_up()
    books.terms = NO_SCHEME
    taken(town, Kind.GEN, "FR-1", at=START.timestamp() + 2 * A_DAY)
    books.catch_up()
    assert books.standings() == posted(owed_to("FR-1"))


def test_the_networks_customer_owes_from_the_order_on(town: RelayTown, books: Books) -> None:
    """A web shop's order is owed before any florist says a word; a store's customer owes us nothing."""
    books.catch_up()
    assert books.ask(books.clearing.unpaid) == []
    other = Books(town, terms=WEB)
    town.order("1002", to=2)
    town.look(list(town.papers())[-1][0], "accepted")
    other.catch_up()
    [due] = other.ask(other.clearing.unpaid)
    assert (due.number, due.amount_minor, due.currency, due.day) == ("1002", CUSTOMER_PRICE, "EUR", START.date())


def complaint(**changes: Any) -> Complaint:
    told: dict[str, Any] = {
        "number": 7,
        "member": "FR-1",
        "order_number": "1001",
        "delivered_on": START.date() + dt.timedelta(days=1),
        "received_on": START.date() + dt.timedelta(days=2),
        "category": "wilted",
        "in_time": True,
        "is_upheld": True,
        "compensation": Money(1_000, "EUR"),
    }
    return Complaint(**told | changes)


def test_an_upheld_complaint_is_borne_by_the_store_and_decided_otherwise_set_right(
    town: RelayTown, books: Books
) -> None:
    """The sender's customer gets 10 euros of the store's; not upheld after all, the network bears them."""
    taken(town, Kind.ACK, "FR-1")
    taken(town, Kind.DCON, "FR-1", at=START.timestamp() + A_DAY)
    books.catch_up()
    books.complaints = [complaint()]
    assert books.catch_up() == 1
    whole = owed_to("FR-1")
    borne = {**whole, f"member:{SENDER}:EUR": whole[f"member:{SENDER}:EUR"] - 1_000, "member:FR-1:EUR": -PRICE + 1_000}
    assert books.standings() == posted(borne)
    books.complaints = [complaint(is_upheld=False)]
    assert books.catch_up() == 1
    gift = {**borne, "member:FR-1:EUR": -PRICE, "compensation:complaints:EUR": 1_000}
    assert books.standings() == posted(gift)
    books.complaints = [complaint(is_upheld=False, compensation=None)]
    assert (books.catch_up(), books.standings()) == (1, posted(whole))
    books.follower = books.restarted()
    assert books.catch_up() == 0
    assert [each.effective_on for each in books.journals()][-1] == START.date() + dt.timedelta(days=1)


def test_a_complaint_about_an_order_that_nobody_knows_is_told(books: Books) -> None:
    books.complaints = [complaint(order_number="gone")]
    assert books.catch_up() == 0
    [refused] = books.ask(books.claims.refused)
    assert refused.stem == "complaint/7"


async def test_many_orders_are_booked_in_batches_wherever_it_is_cut_off(town: RelayTown) -> None:
    """Twenty orders, five a commit; the follower dies after each commit, and every order is booked once."""
    for number in range(20):
        town.order(f"20{number:02}", to=1 + number % 4, day=START.date() + dt.timedelta(days=1))
        [*_, paper] = town.papers()
        town.look(paper[0], "accepted")
        town.say(said(Kind.ACK, f"FR-{1 + number % 4}", f"20{number:02}", key=f"ack-{number}"))
    books = Books(town, batch_max=5)
    for _ in range(12):
        with trio.CancelScope() as scope:
            keep = books.claims.keep

            async def once(steps: Any, keep: Any = keep, scope: Any = scope) -> Any:
                kept = await keep(steps)
                scope.cancel()
                await trio.lowlevel.checkpoint()
                return kept

            books.claims.keep = once  # type: ignore[method-assign]
            await books.follower.catch_up()
        books.claims.keep = keep  # type: ignore[method-assign]
        books.follower = books.restarted()
    assert await books.follower.catch_up() == 0
    journals = [each.journal for each in await books.ledger.journals("2027-05", 0, 1_000)]
    assert sorted(journal.order_number for journal in journals) == [f"20{number:02}" for number in range(20)]


class SettledOnce(OneStore):
    """The same story, with a bookkeeper who looks now and then."""

    @property
    def books(self) -> Books:
        if not hasattr(self, "_books"):
            self._books = Books(self.town)
        self._books.at = self.now
        return self._books

    @rule(restarts=st.booleans())
    def the_bookkeeper_looks(self, restarts: bool) -> None:
        if restarts:
            self.books.follower = self.books.restarted()
        self.books.catch_up()
        assert self.books.catch_up() == 0, "followed twice, booked twice"
        assert self.books.standings() == worth(self.town.relay_order(), self.now)
        for journal in self.books.journals():
            assert not any(sums_by_currency(journal.postings).values())

    def teardown(self) -> None:
        if hasattr(self, "town"):
            # The relay's follower may not have given it a row yet, and then nobody has said a word.
            self.the_bookkeeper_looks(restarts=True)
        super().teardown()


def worth(order: RelayOrder, now: float) -> dict[str, Standing]:
    """By the order alone: who it is with, and whether the day and its grace are over."""
    today = dt.datetime.fromtimestamp(now, ZoneInfo("Europe/Paris")).date()
    is_over = today > order.delivery_date + dt.timedelta(days=1)
    if order.executing is None or order.stage not in {Stage.ACCEPTED, Stage.DELIVERED}:
        return {}
    assert order.executing in STORES
    rest = CUSTOMER_PRICE - order.price.amount_minor
    to_sender = (rest * 7 + 5) // 10
    amounts = {
        f"member:{SENDER}:EUR": CUSTOMER_PRICE - to_sender,
        f"member:{order.executing}:EUR": -order.price.amount_minor,
    }
    if rest:
        amounts["network:commission:EUR"] = to_sender - rest
    is_earned = order.stage is Stage.DELIVERED or is_over
    return posted(amounts) if is_earned else pending(amounts)


TestSettledOnce = SettledOnce.TestCase
TestSettledOnce.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


class BrokenDistances:
    """A bug of ours, met by an order."""

    def km(self, member_id: str, country: str, postcode: str, on: dt.date) -> int | None:
        del member_id, country, postcode, on
        raise ZeroDivisionError


def test_an_order_that_breaks_is_refused_and_stops_nobody(town: RelayTown) -> None:
    """It stands among the refused, without a word of the error, and is booked once the bug is mended."""
    books = Books(town, terms=dataclasses.replace(TERMS, distances=BrokenDistances()))
    taken(town, Kind.ACK, "FR-1")
    with structlog.testing.capture_logs() as logs:
        assert books.catch_up() == 0
    assert "claim_broke" in [entry["event"] for entry in logs]
    [refused] = books.ask(books.claims.refused)
    assert refused.reason == BROKE
    books.terms = TERMS
    assert books.catch_up() == 1
    assert books.ask(books.claims.refused) == []
    assert books.standings() == pending(owed_to("FR-1"))
