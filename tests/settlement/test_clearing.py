"""From files to the ledger: imported is matched plus suspense, whatever comes, how often and in which order."""

import datetime as dt
import random
from collections.abc import Mapping

import pytest
import trio

from faxgw.settlement.clearing import Clearing, Window, inline
from faxgw.settlement.deciding import DecisionRefused
from faxgw.settlement.imports.entry import FileRefused
from faxgw.settlement.takings import customers, in_transit, suspense
from faxgw.store.clearing.port import Decision, Due, Imported, ImportedBefore, ImportRefused, Taken
from faxgw.store.ledger.journal import Account, AccountKind
from faxgw.store.sql import SqlStore, open_memory_store
from tests.settlement.imports import samples

NUMBER = "NO27-0000017"
VIPPS = Account(AccountKind.PROVIDER, "vipps/513428", "NOK")
ADYEN = Account(AccountKind.PROVIDER, "adyen/Shop", "NOK")
FEES = Account(AccountKind.FEES, "vipps", "NOK")
BANK = Account(AccountKind.BANK, "86011117947", "NOK")
DIFFERENCES = Account(AccountKind.NETWORK, "differences", "NOK")
HEADER, SALE, REFUND, FEE, PAYOUT = samples.ADYEN.strip().split(b"\n")


class StoppedClock:
    def now(self) -> float:
        return 1_000.0


@pytest.fixture
async def store() -> SqlStore:
    return open_memory_store()


@pytest.fixture
def clearing(store: SqlStore) -> Clearing:
    return Clearing(store.clearing, StoppedClock(), Window(), inline)


def due(number: str = NUMBER, amount_minor: int = 64900) -> Due:
    return Due(number=number, reference="", amount_minor=amount_minor, currency="NOK", day=dt.date(2027, 5, 28))


async def take(clearing: Clearing, *files: bytes) -> list[object]:
    return [await clearing.import_file(content, name="file", who="Ida") for content in files]


async def balances(store: SqlStore) -> Mapping[Account, int]:
    standings = await store.ledger.standings()
    assert sum(standing.posted_minor for standing in standings.values()) == 0
    return {account: standing.posted_minor for account, standing in standings.items() if standing.posted_minor}


async def test_a_settlement_is_cleared_from_the_sale_to_the_bank(store: SqlStore, clearing: Clearing) -> None:
    """The order is paid, its refund linked, the payout found at the bank; what is left there is in suspense, open."""
    await store.clearing.expect([due()])
    assert await take(clearing, samples.VIPPS_XML, samples.CAMT_053) == [Imported(2, 0), Imported(4, 0)]
    account = await clearing.match()
    assert (account.arrived, account.matched, account.linked) == (1, 1, 1)
    assert await balances(store) == {
        BANK: 109100,
        FEES: 900,
        customers("NOK"): -64900 + 14900,
        suspense("NOK"): -60000,
    }
    open_ones = await clearing.exceptions()
    assert sum(each.movement.gross_minor for each in open_ones) == 60000
    assert {each.reason for each in open_ones} == {"no_reference", "unknown_reference", "no_payout"}


async def test_a_file_that_comes_again_changes_nothing(store: SqlStore, clearing: Clearing) -> None:
    """Twice, ten times, ten at once, or its movements in another format's words: one batch, the same postings."""
    await store.clearing.expect([due()])
    await take(clearing, samples.VIPPS_XML)
    once = await balances(store)
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(take, clearing, samples.VIPPS_XML)
    assert isinstance((await take(clearing, samples.VIPPS_XML))[0], ImportedBefore)
    assert await take(clearing, samples.VIPPS_XML.replace(b"?>", b"?><!-- again -->")) == [Imported(0, 2)]
    assert await balances(store) == once


async def test_a_file_that_contradicts_an_earlier_one_is_refused(store: SqlStore, clearing: Clearing) -> None:
    """The same movement with another amount: nothing of the file is taken, and the line is named."""
    await take(clearing, samples.ADYEN)
    before = await balances(store)
    other = samples.ADYEN.replace(b",649.00,1,NOK,,640.00,", b",659.00,1,NOK,,650.00,").replace(
        b",486.00,", b",496.00,"
    )
    (refused,) = await take(clearing, other)
    assert isinstance(refused, ImportRefused)
    assert "imported before with" in refused.reason
    (broken,) = await take(clearing, samples.ADYEN.replace(b",486.00,", b",487.00,"))
    assert isinstance(broken, FileRefused)
    assert await balances(store) == before


async def test_lines_in_another_order_book_the_same(clearing: Clearing, store: SqlStore) -> None:
    """The rows of a file shuffled: the same balances and the same matches."""
    dice = random.Random(7)  # noqa: S311 - to play it again
    results = []
    for _ in range(4):
        rows = [SALE, REFUND, FEE, PAYOUT]
        dice.shuffle(rows)
        own = open_memory_store()
        desk = Clearing(own.clearing, StoppedClock(), Window(), inline)
        await own.clearing.expect([due()])
        await take(desk, b"\n".join([HEADER, *rows]))
        await desk.match()
        results.append(await balances(own))
    assert results[0] == results[1] == results[2] == results[3]
    assert ADYEN not in results[0]
    assert results[0][in_transit("NOK")] == 48600


async def exception(clearing: Clearing, paid: int) -> int:
    (found,) = [each for each in await clearing.exceptions() if each.movement.gross_minor == paid]
    return found.movement.id


async def test_a_person_decides_what_no_rule_can(store: SqlStore, clearing: Clearing) -> None:
    """By hand to an order of that amount; with a difference only as such; or left in suspense: who and why stay."""
    await store.clearing.expect([due("A", 40000), due("B", 30100)])
    await take(clearing, samples.CAMT_053)
    await clearing.match()
    first, second, third = [await exception(clearing, amount) for amount in (40000, 30000, 49100)]
    refused = await clearing.decide(second, Decision.MATCHED_BY_HAND, who="Ida", why="phoned", number="B")
    assert isinstance(refused, DecisionRefused)
    assert "accept the difference" in refused.reason
    assert await clearing.decide(first, Decision.MATCHED_BY_HAND, who="Ida", why="slip", number="A") is Taken.DONE
    assert await clearing.decide(second, Decision.DIFFERENCE_ACCEPTED, who="Ida", why="1.00", number="B") is Taken.DONE
    assert await clearing.decide(third, Decision.UNALLOCATED, who="Ida", why="asked the bank") is Taken.DONE
    assert await clearing.decide(third, Decision.UNALLOCATED, who="Per", why="me too") is Taken.LATE
    booked = await balances(store)
    assert booked[customers("NOK")] == -70100
    assert booked[DIFFERENCES] == 100
    assert booked[suspense("NOK")] == -49100 + 10000
    told = {each.movement.id: each for each in await clearing.exceptions(all_of_them=True)}
    assert (told[third].decision, told[third].decided_by, told[third].why) == (
        Decision.UNALLOCATED,
        "Ida",
        "asked the bank",
    )


async def test_what_was_left_in_suspense_shows_who_placed_it_after_all(store: SqlStore, clearing: Clearing) -> None:
    """By a rule once its order is known, or by a person: the last word on the money stays, not the first."""
    await take(clearing, samples.CAMT_053)
    await clearing.match()
    by_rule, by_hand = await exception(clearing, 40000), await exception(clearing, 30000)
    for movement_id in (by_rule, by_hand):
        await clearing.decide(movement_id, Decision.UNALLOCATED, who="Ida", why="nobody knows it")
    left = {each.movement.id: each for each in await clearing.exceptions(all_of_them=True)}
    await store.clearing.expect([due(left[by_rule].movement.merchant_ref, 40000), due("B", 30000)])
    assert (await clearing.match()).matched == 1
    assert await clearing.decide(by_hand, Decision.MATCHED_BY_HAND, who="Per", why="slip", number="B") is Taken.DONE
    told = {each.movement.id: each for each in await clearing.exceptions(all_of_them=True)}
    assert (told[by_rule].decision, told[by_rule].decided_by) == (Decision.RULED, "")
    assert (told[by_hand].decision, told[by_hand].decided_by) == (Decision.MATCHED_BY_HAND, "Per")
    assert await clearing.decide(by_hand, Decision.UNALLOCATED, who="Ida", why="no") is Taken.LATE


@pytest.mark.parametrize(
    ("decision", "number", "why", "told"),
    [
        (Decision.MATCHED_BY_HAND, "nobody", "slip", "no customer owes"),
        (Decision.MATCHED_BY_HAND, "A", "", "needs who and why"),
        (Decision.RULED, "A", "slip", "matching itself"),
        (Decision.MATCHED_BY_HAND, "PAID", "slip", "paid already"),
    ],
)
async def test_a_decision_that_does_not_fit_is_refused(
    store: SqlStore, clearing: Clearing, decision: Decision, number: str, why: str, told: str
) -> None:
    """An order nobody knows, no reason, one that is paid: the sentence says what to do."""
    await store.clearing.expect([due("A", 40000), due("PAID", 30000)])
    await take(clearing, samples.CAMT_053)
    await clearing.match()
    other = await exception(clearing, 30000)
    assert await clearing.decide(other, Decision.MATCHED_BY_HAND, who="Ida", why="x", number="PAID") is Taken.DONE
    refused = await clearing.decide(await exception(clearing, 40000), decision, who="Ida", why=why, number=number)
    assert isinstance(refused, DecisionRefused)
    assert told in refused.reason


async def test_two_who_decide_at_once_are_told_apart(store: SqlStore, clearing: Clearing) -> None:
    """One of them was first; the money is placed once."""
    await store.clearing.expect([due("A", 40000)])
    await take(clearing, samples.CAMT_053)
    await clearing.match()
    movement_id = await exception(clearing, 40000)
    answers: list[object] = []

    async def decide(who: str) -> None:
        answers.append(await clearing.decide(movement_id, Decision.MATCHED_BY_HAND, who=who, why="slip", number="A"))

    async with trio.open_nursery() as nursery:
        for who in ("Ida", "Per"):
            nursery.start_soon(decide, who)
    assert answers.count(Taken.DONE) == 1
    assert (await balances(store))[customers("NOK")] == -40000


async def test_an_order_is_paid_once_by_whom_ever(store: SqlStore, clearing: Clearing) -> None:
    """Two people place two payments with one order at once: one is told that it is late."""
    await store.clearing.expect([due("A", 40000)])
    await take(clearing, samples.CAMT_053)
    await clearing.match()
    movement_ids = [await exception(clearing, amount) for amount in (40000, 30000)]
    answers: list[object] = []

    async def decide(movement_id: int) -> None:
        accepted = Decision.DIFFERENCE_ACCEPTED
        answers.append(await clearing.decide(movement_id, accepted, who="Ida", why="slip", number="A"))

    async with trio.open_nursery() as nursery:
        for movement_id in movement_ids:
            nursery.start_soon(decide, movement_id)
    assert answers.count(Taken.DONE) == 1
    assert (await balances(store))[customers("NOK")] == -40000


async def test_a_refund_waits_for_its_sale_and_never_takes_more(store: SqlStore, clearing: Clearing) -> None:
    """Linked once the sale is placed; one beyond what was paid goes to a person."""
    greedy = (
        samples.VIPPS_XML.replace(b"-149.00", b"-749.00").replace(b"500.00", b"-100.00").replace(b"491.00", b"-109.00")
    )
    await take(clearing, greedy)
    assert (await clearing.match()).linked == 0
    await store.clearing.expect([due()])
    account = await clearing.match()
    assert (account.matched, account.linked) == (1, 0)
    (left,) = await clearing.exceptions()
    assert (left.reason, left.about, left.movement.gross_minor) == ("more_than_sold", NUMBER, -74900)


async def test_a_chargeback_and_its_reversal_follow_the_sale(store: SqlStore, clearing: Clearing) -> None:
    """Taken back and given again: the customers' account ends where the sale had left it."""
    await store.clearing.expect([due()])
    chargeback = REFUND.replace(b"Refunded,MOD1", b"Chargeback,MOD2").replace(b"149.00", b"649.00")
    reversal = SALE.replace(b"Settled,", b"ChargebackReversed,MOD3").replace(
        b"640.00,2.00,3.00,1.00,3.00", b"649.00,,,,"
    )
    rows = [HEADER, SALE, chargeback, reversal, FEE, PAYOUT.replace(b"486.00", b"635.00")]
    assert await take(clearing, b"\n".join(rows)) == [Imported(5, 0)]
    account = await clearing.match()
    assert (account.matched, account.linked, account.exceptions) == (1, 2, 0)
    assert (await balances(store))[customers("NOK")] == -64900
    assert suspense("NOK") not in await balances(store)
