"""What people decide of money that no rule could place: parts of one order, fees, and orders that are paid anew."""

from collections.abc import Sequence

import pytest

from faxgw.settlement.clearing import Clearing, Window, inline
from faxgw.settlement.deciding import DecisionRefused
from faxgw.settlement.takings import customers, placed_with_order, suspense
from faxgw.store.clearing.port import Decision, Movement, Place, Taken, Together
from faxgw.store.ledger.journal import Account, AccountKind
from faxgw.store.sql import SqlStore, open_memory_store
from tests.settlement.imports import samples
from tests.settlement.test_clearing import DIFFERENCES, StoppedClock, balances, due, exception, take

BANK_FEES = Account(AccountKind.FEES, "bank", "NOK")
FIRST, SECOND, CHARGE = 40000, 30000, -10000
"""Two payments and a debit of the bank's statement, none of which names an order that is known."""
BY_HAND = Decision.MATCHED_BY_HAND


@pytest.fixture
async def store() -> SqlStore:
    return open_memory_store()


@pytest.fixture
def clearing(store: SqlStore) -> Clearing:
    return Clearing(store.clearing, StoppedClock(), Window(), inline)


async def bank_line(clearing: Clearing) -> Sequence[int]:
    await take(clearing, samples.CAMT_053)
    await clearing.match()
    return [await exception(clearing, amount_minor) for amount_minor in (FIRST, SECOND, CHARGE)]


async def test_several_payments_without_a_reference_are_one_orders(store: SqlStore, clearing: Clearing) -> None:
    """Each alone is not its amount; named together they are, each out of the queue with who and why."""
    await store.clearing.expect([due("A", FIRST + SECOND)])
    first, second, _ = await bank_line(clearing)
    alone = await clearing.decide(first, BY_HAND, who="Ida", why="slip", number="A")
    assert isinstance(alone, DecisionRefused)
    assert "more payments that are for it" in alone.reason
    done = await clearing.decide(first, BY_HAND, who="Ida", why="two slips", number="A", together_with=[second])
    assert done is Taken.DONE
    booked = await balances(store)
    assert booked[customers("NOK")] == -(FIRST + SECOND)
    assert DIFFERENCES not in booked
    told = {each.movement.id: each for each in await clearing.exceptions(all_of_them=True)}
    assert [(told[each].movement.order_number, told[each].decision, told[each].why) for each in (first, second)] == [
        ("A", BY_HAND, "two slips")
    ] * 2
    assert await store.clearing.paid_minor("A") == FIRST + SECOND


async def test_what_parts_lack_is_a_difference_once(store: SqlStore, clearing: Clearing) -> None:
    """A customer's bank kept five crowns: the order is paid whole, and the network bears them."""
    await store.clearing.expect([due("A", FIRST + SECOND + 500)])
    first, second, _ = await bank_line(clearing)
    accepted = Decision.DIFFERENCE_ACCEPTED
    assert await clearing.decide(second, accepted, who="Ida", why="x", number="A", together_with=[first]) is Taken.DONE
    booked = await balances(store)
    assert (booked[customers("NOK")], booked[DIFFERENCES]) == (-(FIRST + SECOND + 500), 500)


async def test_parts_are_placed_together_or_not_at_all(store: SqlStore, clearing: Clearing) -> None:
    """While matching thought, a person placed one of them elsewhere: the other stays free, and the order unpaid."""
    await store.clearing.expect([due("A", FIRST + SECOND), due("B", SECOND)])
    first, second, _ = await bank_line(clearing)
    movements = {each.id: each for each in await store.clearing.unplaced(["bank"])}
    together = Together(tuple(place(movements[each], "A") for each in (first, second)))
    assert await clearing.decide(second, BY_HAND, who="Ida", why="slip", number="B") is Taken.DONE
    assert await store.clearing.take([together]) == [Taken.LATE]
    assert first in [each.id for each in await store.clearing.unplaced(["bank"])]
    assert [each.number for each in await store.clearing.unpaid()] == ["A"]
    assert (await balances(store))[customers("NOK")] == -SECOND


def place(movement: Movement, number: str) -> Place:
    return Place(
        movement_id=movement.id,
        order_number=number,
        rule="parts",
        at=1_000.0,
        journal=placed_with_order(movement, number),
    )


async def test_a_banks_charge_is_a_fee(store: SqlStore, clearing: Clearing) -> None:
    """It leaves suspense for what the bank keeps, and needs no order."""
    *_, charge = await bank_line(clearing)
    before = (await balances(store))[suspense("NOK")]
    assert await clearing.decide(charge, Decision.FEE, who="Ida", why="account for June") is Taken.DONE
    booked = await balances(store)
    assert (booked[BANK_FEES], booked[suspense("NOK")] - before) == (-CHARGE, CHARGE)
    assert charge not in [each.movement.id for each in await clearing.exceptions()]


async def test_customers_money_is_no_fee(clearing: Clearing) -> None:
    """A sale that names no order waits for one; the sentence says so."""
    await take(clearing, samples.ADYEN)
    await clearing.match()
    sale = await exception(clearing, 64900)
    refused = await clearing.decide(sale, Decision.FEE, who="Ida", why="no idea")
    assert refused == DecisionRefused("a sale is customers' money or held back, and no fee: name the order")


async def test_an_order_whose_payment_was_taken_back_is_paid_anew(store: SqlStore, clearing: Clearing) -> None:
    """The card was charged back whole, then the customer transferred the money: a person may place it, no rule does."""
    await store.clearing.expect([due(amount_minor=64900)])
    charged_back = samples.ADYEN.replace(
        b"Refunded,MOD1,NOK,149.00,,1,NOK,149.00", b"Chargeback,MOD1,NOK,649.00,,1,NOK,649.00"
    ).replace(b"MerchantPayout,,NOK,,,,NOK,486.00,,", b"MerchantPayout,,NOK,,,,NOK,,14.00,")
    await take(clearing, charged_back)
    await take(
        clearing,
        samples.CAMT_053.replace(b"300.00", b"649.00").replace(b"700.00", b"1049.00").replace(b"2091.00", b"2440.00"),
    )
    await clearing.match()
    assert await store.clearing.paid_minor("NO27-0000017") == 0
    transferred = await exception(clearing, 64900)

    async def place_by_hand(movement_id: int) -> object:
        return await clearing.decide(movement_id, BY_HAND, who="Ida", why="she wrote", number="NO27-0000017")

    assert await place_by_hand(transferred) is Taken.DONE
    assert (await balances(store))[customers("NOK")] == -64900
    second = await place_by_hand(await exception(clearing, FIRST))
    assert isinstance(second, DecisionRefused)
    assert "was paid already" in second.reason
