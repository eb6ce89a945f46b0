"""A month is closed once, handed out the same for ever, and proven."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import trio
from sqlalchemy import text

from faxgw.cli.settle.asking import obstacle_text
from faxgw.settlement.clearing import Clearing, Window, inline
from faxgw.settlement.month.desk import (
    Closed,
    MonthDesk,
    NotClosed,
    Rules,
    days_of,
    period_before,
)
from faxgw.settlement.month.ready import Matter
from faxgw.settlement.month.statement import LineKind, Statement
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.store.ledger.journal import AccountKind
from faxgw.store.ledger.port import Kept, Seal
from faxgw.store.ledger.sql import SqlLedger
from faxgw.store.months.port import Closing
from faxgw.store.months.sql import SqlMonths
from faxgw.store.sql import SqlStore
from tests.settlement.imports import samples
from tests.settlement.month.town import OSLO, STORES, Town


async def test_a_closed_month_gives_each_store_its_statement(town: Town) -> None:
    """The balances of all stores and the network's commission are nothing together; each is numbered, without gaps."""
    await town.sell_in_may()
    closed = await town.close()
    statements = {each.whom.id: each for each in await town.desk.statements("2027-05")}
    assert {store: each.closing_minor for store, each in statements.items()} == {
        "NO-A": -20_000 + 7_000,
        "NO-B": 7_000 - 10_000,
        "NO-C": 7_000,
    }
    assert [each.number for each in statements.values()] == ["2027-000001", "2027-000002", "2027-000003"]
    assert [each.number for each in closed.statements] == [1, 2, 3]
    assert sum(each.closing_minor for each in statements.values()) == -3 * 3_000


async def test_a_statement_asked_for_alone_is_the_one_among_all(town: Town) -> None:
    """One store or two of them, in a month that is closed and in one that is open; of nobody there is none."""
    await town.sell_in_may()
    await town.close()
    await town.sell(9, dt.date(2027, 5, 31), "NO-A", "NO-C")
    for period in ("2027-05", "2027-06"):
        everyone = await town.desk.statements(period)
        alone = [each for store in STORES for each in await town.desk.statements(period, [store])]
        assert alone == everyone
        assert len(alone) == len(STORES)
        assert await town.desk.statements(period, ["NO-C", "NO-A"]) == [everyone[0], everyone[2]]
        assert await town.desk.statements(period, ["NO-Z"]) == []


async def test_what_comes_late_is_junes_and_may_stays_as_it_was(town: Town) -> None:
    """A delivery of May that is told in June: in June's statement with its own day; May's pages are the same bytes."""
    await town.sell_in_may()
    first = await town.close()
    before = [write_pdf(each, "Network") for each in await town.desk.statements("2027-05")]
    await town.sell(9, dt.date(2027, 5, 31), "NO-A", "NO-C")
    assert [write_pdf(each, "Network") for each in await town.desk.statements("2027-05")] == before
    assert await town.close() == first
    (june,) = await town.desk.statements("2027-06", ["NO-C"])
    assert (june.opening_minor, june.closing_minor, june.number) == (7_000, 14_000, "")
    assert [(line.day, line.kind) for line in june.lines] == [(dt.date(2027, 5, 31), LineKind.EXECUTED)]


async def test_a_month_that_is_not_ready_says_what_to_do(town: Town) -> None:
    """A month under way, an earlier one open, a silent store, an exception: each is named, and nothing is closed."""
    await town.sell_in_may()
    await town.sell(7, dt.date(2027, 4, 2), "NO-A", "NO-B")
    town.relay.silent = ["N2"]
    not_closed = await town.desk.close("2027-05", "Ida")
    assert isinstance(not_closed, NotClosed)
    assert [each.matter for each in not_closed.obstacles] == [Matter.EARLIER_MONTH, Matter.UNANSWERED]
    assert "close 2027-04 first" in not_closed.obstacles[0].sentence
    shown = await town.desk.ready("2027-06")
    assert Matter.MONTH_NOT_OVER in {each.matter for each in shown}
    assert [
        (each.blocks, each.names) for each in await town.desk.ready("2027-05") if each.matter is Matter.NO_ACCOUNT
    ] == [(False, ("NO-C",))]
    assert await town.store.ledger.seals() == []


async def test_a_long_list_says_how_many_it_leaves_out(town: Town) -> None:
    """Twenty names are shown, and the others counted."""
    await town.sell_in_may()
    town.relay.silent = [f"N{number}" for number in range(23)]
    silent = next(each for each in await town.desk.ready("2027-05") if each.matter is Matter.UNANSWERED)
    assert (len(silent.names), silent.more) == (20, 3)
    assert obstacle_text(msgspec.to_builtins(silent)).endswith(" and 3 more")
    town.relay.silent = ["N1"]
    [one] = [each for each in await town.desk.ready("2027-05") if each.matter is Matter.UNANSWERED]
    assert (one.names, one.more) == (("N1",), 0)
    assert obstacle_text(msgspec.to_builtins(one)).endswith("          N1")


async def test_two_who_close_at_once_close_it_once(town: Town) -> None:
    """Both are answered with the same seal."""
    await town.sell_in_may()
    answers: list[Closed] = []

    async def close() -> None:
        answers.append(await town.close())

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(close)
    assert answers[0] == answers[1] == answers[2]
    assert len(await town.store.ledger.seals()) == 1


async def test_what_is_booked_while_a_month_is_closed_is_hashed_once_and_is_in_it(town: Town) -> None:
    """Twice a journal of May comes between the chain and the seal: the third try has all, none read twice."""
    await town.sell_in_may()
    ledger, late = CountingLedger(town.store), iter((901, 902))

    async def book_late() -> None:
        for number in late:
            await town.sell(number, dt.date(2027, 5, 30), "NO-A", "NO-B")
            break

    town.desk = MonthDesk(
        ledger,
        LateMonths(town.store, book_late),
        town.store.clearing,
        town.book,
        town.relay,
        town.clock,
        Rules(zone=OSLO),
    )
    closed = await town.close()
    assert closed.seal.journals == ledger.read == 3 + 2
    assert not (await town.desk.verify()).faults


class CountingLedger(SqlLedger):
    def __init__(self, store: SqlStore) -> None:
        self.__dict__.update(store.ledger.__dict__)
        self.read = 0

    async def journals(self, period: str, after: int, limit: int) -> list[Kept]:
        found = await super().journals(period, after, limit)
        self.read += len(found)
        return found


class LateMonths(SqlMonths):
    """Something happens just before it seals."""

    def __init__(self, store: SqlStore, before: Callable[[], Awaitable[None]]) -> None:
        self.__dict__.update(store.months.__dict__)
        self._before = before

    async def close(self, closings: Sequence[Closing]) -> list[Seal | None]:
        await self._before()
        return await super().close(closings)


async def test_verify_finds_what_a_hand_in_the_database_changed(town: Town) -> None:
    """An amount of a closed month, a journal gone, a balance of its own: each is named; untouched there is nothing."""
    await town.sell_in_may()
    await town.close()
    whole = await town.desk.verify()
    assert (whole.months, whole.journals, list(whole.faults)) == (1, 3, [])
    for hand, told in (
        (
            "UPDATE posting SET amount_minor = amount_minor + 1 WHERE journal_seq = 1 AND number < 2",
            "not as it was sealed",
        ),
        ("UPDATE ledger_balance SET posted_minor = 5 WHERE account = 'member:NO-A:NOK'", "not the sum of its postings"),
        ("DELETE FROM posting WHERE journal_seq = 3", "not as it was sealed"),
        ("DELETE FROM journal WHERE seq = 3", "has 2 journals, and was sealed with 3"),
    ):
        connection = town.store._writer._connection  # type: ignore[attr-defined]
        for table in ("posting", "journal"):
            for change in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{change}"))
        connection.execute(text(hand))
        connection.commit()
        assert any(told in fault for fault in (await town.desk.verify()).faults), hand


def sums(statements: Sequence[Statement]) -> int:
    return sum(each.closing_minor for each in statements)


async def test_a_statement_opens_where_the_last_one_closed(town: Town) -> None:
    """Over three months, with payouts between: closing is the next opening, and the whole is the ledger's."""
    closing: dict[str, int] = {}
    for month, period in enumerate(("2027-03", "2027-04", "2027-05")):
        for number, (sender, executor) in enumerate((("NO-A", "NO-B"), ("NO-C", "NO-A"))):
            await town.sell(10 * month + number, dt.date(2027, 3 + month, 5), sender, executor, 10_000 + 100 * month)
        await town.close(period)
        statements = await town.desk.statements(period)
        assert all(each.opening_minor == closing.get(each.whom.id, 0) for each in statements)
        closing = {each.whom.id: each.closing_minor for each in statements}
        standings = await town.store.ledger.standings_at(period)
        assert sums(statements) == -sum(
            own.posted_minor for account, own in standings.items() if account.kind is AccountKind.MEMBER
        )
    assert not (await town.desk.verify()).faults


def test_a_month_has_its_days() -> None:
    """The first and the last, in leap years and over the turn of the year."""
    assert days_of("2028-02") == (dt.date(2028, 2, 1), dt.date(2028, 2, 29))
    assert days_of("2027-12")[1] == dt.date(2027, 12, 31)
    assert period_before("2027-01") == "2026-12"


async def test_an_open_exception_keeps_the_month_open(town: Town) -> None:
    """Money that nobody placed is settled first: the sentence says how."""
    clearing = Clearing(town.store.clearing, town.clock, Window(), inline)
    await clearing.import_file(samples.CAMT_053, name="bank.xml", who="Ida")
    await clearing.match()
    not_closed = await town.desk.close("2027-05", "Ida")
    assert isinstance(not_closed, NotClosed)
    assert "4 open exceptions" in not_closed.obstacles[-1].sentence


async def test_months_are_closed_one_after_another_those_without_a_journal_too(town: Town) -> None:
    """March, nothing in April, May: April comes first, May then, and what is before March is the first open month's."""
    await town.sell(1, dt.date(2027, 3, 5), "NO-A", "NO-B")
    await town.close("2027-03")
    await town.sell(2, dt.date(2027, 5, 5), "NO-A", "NO-B")
    for period, told in (("2027-05", "close 2027-04 first"), ("2027-02", "2027-04 is the first open month")):
        not_closed = await town.desk.close(period, "Ida")
        assert isinstance(not_closed, NotClosed)
        assert told in not_closed.obstacles[0].sentence
    empty = await town.close("2027-04")
    assert (empty.seal.journals, len(empty.statements)) == (0, 2)
    assert [each.lines for each in await town.desk.statements("2027-04")] == [(), ()]
    await town.close("2027-05")
    assert (await town.desk.verify()).faults == []


async def test_the_turn_of_the_year_is_a_month_like_any_other(town: Town) -> None:
    """December's last order and January's first, in the months they belong to; numbers begin anew with the year."""
    town.clock.at = dt.datetime(2028, 2, 3, tzinfo=OSLO).timestamp()
    await town.sell(1, dt.date(2027, 12, 31), "NO-A", "NO-B")
    await town.sell(2, dt.date(2028, 1, 1), "NO-A", "NO-B")
    for period in ("2027-12", "2028-01"):
        await town.close(period)
        statements = await town.desk.statements(period)
        assert [each.number for each in statements] == [f"{period[:4]}-000001", f"{period[:4]}-000002"]
        assert [len(each.lines) for each in statements] == [1, 1]
