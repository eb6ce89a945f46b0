"""What providers, banks and payers do to a clearing house: nothing is lost, doubled or taken for something else."""

import datetime as dt

import pytest

from faxgw.settlement.clearing import Clearing, Window, inline
from faxgw.settlement.deciding import DecisionRefused
from faxgw.settlement.imports.entry import FileRefused
from faxgw.settlement.takings import customers, in_transit, suspense
from faxgw.store.clearing.port import Decision, Due, Imported, ImportRefused, Taken
from faxgw.store.ledger.journal import Account, AccountKind
from faxgw.store.sql import SqlStore, open_memory_store
from tests.settlement.imports import samples
from tests.settlement.test_clearing import FEE, HEADER, PAYOUT, REFUND, SALE, StoppedClock, balances, due, take

NUMBER = "NO27-0000017"


@pytest.fixture
async def store() -> SqlStore:
    return open_memory_store()


@pytest.fixture
def clearing(store: SqlStore) -> Clearing:
    return Clearing(store.clearing, StoppedClock(), Window(), inline)


def adyen(*rows: bytes) -> bytes:
    return b"\n".join([HEADER, *rows])


async def queue(clearing: Clearing) -> dict[str, int]:
    return {each.reason: each.movement.gross_minor for each in await clearing.exceptions()}


async def test_a_settlement_in_both_formats_is_one(store: SqlStore, clearing: Clearing) -> None:
    """The XML says when money comes otherwise than the CSV: the same movements, the same payout."""
    assert await take(clearing, samples.VIPPS_XML) == [Imported(2, 0)]
    once = await balances(store)
    assert await take(clearing, samples.VIPPS_CSV) == [Imported(0, 2)]
    assert await balances(store) == once


async def test_a_batch_is_told_again_with_more_rows_and_its_payout(store: SqlStore, clearing: Clearing) -> None:
    """First the rows so far, then the whole batch: what was known is known, the payout is news, and only once."""
    assert await take(clearing, adyen(SALE)) == [Imported(1, 0)]
    assert in_transit("NOK") not in await balances(store)
    whole = adyen(SALE, REFUND, FEE, PAYOUT)
    assert await take(clearing, whole, whole + b"\n") == [Imported(3, 1), Imported(0, 4)]
    assert (await balances(store))[in_transit("NOK")] == 48600
    (other,) = await take(clearing, adyen(SALE, REFUND, PAYOUT.replace(b"486.00", b"491.00")))
    assert isinstance(other, ImportRefused)
    assert "another payout" in other.reason


async def test_an_account_called_anything_can_be_read_again(store: SqlStore, clearing: Clearing) -> None:
    """A colon in a merchant's name stands in the ledger for ever: every later question must bear it."""
    await take(clearing, samples.ADYEN.replace(b",Shop,", b",Shop:NO,"))
    names = {account.name for account in await balances(store)}
    assert "adyen/Shop:NO" not in names
    assert Account(AccountKind.PROVIDER, "adyen/Shop:NO", "NOK") in await store.ledger.standings()


@pytest.mark.parametrize("name", [b"S" * 49, b"Sh\0p"])
async def test_a_name_that_no_provider_has_is_refused_with_the_file(clearing: Clearing, name: bytes) -> None:
    """Too long for the books, or damaged."""
    (refused,) = await take(clearing, samples.ADYEN.replace(b",Shop,", b"," + name + b","))
    assert isinstance(refused, FileRefused)
    assert refused.line == 2


async def test_a_refund_before_its_sale_is_linked_once_that_came(store: SqlStore, clearing: Clearing) -> None:
    """In an earlier file, and before anybody knows the order: it waits in the queue, in plain sight."""
    await store.clearing.expect([due()])
    await take(clearing, adyen(REFUND))
    await clearing.match()
    assert await queue(clearing) == {"sale_unknown": -14900}
    await take(clearing, adyen(SALE))
    assert (await clearing.match()).linked == 1
    assert await queue(clearing) == {}
    assert (await balances(store))[customers("NOK")] == -50000


async def test_a_refund_of_a_sale_nobody_placed_is_in_the_queue(store: SqlStore, clearing: Clearing) -> None:
    """Left in suspense with its sale, it must not be hidden there."""
    await take(clearing, adyen(SALE, REFUND))
    await clearing.match()
    assert await queue(clearing) == {"unknown_reference": 64900, "sale_not_placed": -14900}
    assert (await balances(store))[suspense("NOK")] == -50000


async def test_a_chargeback_after_a_refund_takes_no_more_than_is_left() -> None:
    """The customer has 149.00 back and disputes the whole: a person decides, whichever row came first."""
    chargeback = REFUND.replace(b"Refunded,MOD1", b"Chargeback,MOD2").replace(b"149.00", b"649.00")
    chargeback = chargeback.replace(b"2027-05-30", b"2027-05-31")
    for rows in ((SALE, REFUND, chargeback), (chargeback, REFUND, SALE)):
        own = open_memory_store()
        desk = Clearing(own.clearing, StoppedClock(), Window(), inline)
        await own.clearing.expect([due()])
        await take(desk, adyen(*rows))
        assert (await desk.match()).linked == 1
        assert await queue(desk) == {"more_than_sold": -64900}
        assert (await balances(own))[customers("NOK")] == -50000


async def test_which_of_two_refunds_is_too_much_does_not_hang_on_the_order_of_rows() -> None:
    """Two of one day that together take back more than was paid: the same one is linked, always."""
    one = REFUND.replace(b"149.00", b"400.00")
    two = REFUND.replace(b"149.00", b"300.00").replace(b"MOD1", b"MOD2")
    linked = []
    for rows in ((SALE, one, two), (two, SALE, one)):
        own = open_memory_store()
        desk = Clearing(own.clearing, StoppedClock(), Window(), inline)
        await own.clearing.expect([due()])
        await take(desk, adyen(*rows))
        await desk.match()
        linked.append(await queue(desk))
    assert linked == [{"more_than_sold": -30000}] * 2


async def test_an_old_orders_kid_pays_no_other_order(store: SqlStore, clearing: Clearing) -> None:
    """Two series of numbers have the same digits; one order is paid, and a second payment with the KID comes."""
    await store.clearing.expect([due("A12-345678"), due("B12-345678")])
    kid = b"123456782"
    paid_by_card = adyen(SALE.replace(NUMBER.encode(), b"A12-345678"))
    await take(clearing, paid_by_card, samples.OCR_GIRO.replace(b" 12345674", kid, 1))
    account = await clearing.match()
    assert account.matched == 1
    assert (await queue(clearing))["duplicate"] == 64900
    await clearing.match()
    assert (await balances(store))[customers("NOK")] == -64900


async def test_a_payout_that_names_nothing_is_placed_by_a_person(store: SqlStore, clearing: Clearing) -> None:
    """Amount and day suggest it; the decision names the batch, which arrives once."""
    bank = samples.CAMT_053.replace(b"Utbet. 2000101 Vippsnr 513428", b"Utbetaling")
    await take(clearing, samples.VIPPS_XML, bank)
    await clearing.match()
    (line,) = [each for each in await clearing.exceptions() if each.movement.gross_minor == 49100]
    assert line.suggested == "batch 1"
    for wrong in ("batch 9", "batch 2"):
        refused = await clearing.decide(line.movement.id, Decision.MATCHED_BY_HAND, who="Ida", why="x", number=wrong)
        assert isinstance(refused, DecisionRefused)
    hand = Decision.MATCHED_BY_HAND
    assert await clearing.decide(line.movement.id, hand, who="Ida", why="phoned", number="batch 1") is Taken.DONE
    assert in_transit("NOK") not in await balances(store)
    again = await clearing.decide(line.movement.id, hand, who="Per", why="phoned", number="batch 1")
    assert isinstance(again, DecisionRefused)


async def test_a_payouts_name_within_a_longer_number_is_no_name(store: SqlStore, clearing: Clearing) -> None:
    """A customer's KID happens to contain the number of a settlement of the same amount."""
    bank = samples.CAMT_053.replace(b"Utbet. 2000101 Vippsnr 513428", b"KID 920001018")
    await take(clearing, samples.VIPPS_XML, bank)
    assert (await clearing.match()).arrived == 0
    assert (await balances(store))[in_transit("NOK")] == 49100


async def test_a_manual_payout_of_stripe_leaves_the_balance(store: SqlStore, clearing: Clearing) -> None:
    """Its row belongs to no automatic payout, and is one by itself."""
    manual = samples.STRIPE.replace(b"po_1,2027-05-31 00:00:00,txn_3", b",,txn_3")
    await take(clearing, manual.replace(b"po_1,2027-05-31 00:00:00", b","))
    booked = await balances(store)
    assert booked[in_transit("NOK")] == 49100
    assert Account(AccountKind.PROVIDER, "stripe/stripe", "NOK") not in booked


async def test_more_orders_than_a_statement_has_variables_are_expected(store: SqlStore) -> None:
    """A month's orders at once, and all of them again."""
    dues = [
        Due(number=f"N{index}", reference="", amount_minor=100, currency="NOK", day=dt.date(2027, 5, 1))
        for index in range(40_000)
    ]
    for _ in range(2):
        await store.clearing.expect(dues)
    assert len(await store.clearing.unpaid()) == 40_000


async def test_a_booking_in_parts_and_as_a_sum_is_one(store: SqlStore, clearing: Clearing) -> None:
    """The notification tells the single payments, the statement the sum; whichever comes first is what counts."""
    whole = samples.CAMT_053
    begin, end = whole.index(b"    <NtryDtls>\n     <TxDtls><AmtDtls>"), whole.index(b"    </NtryDtls></Ntry>")
    summed = whole[:begin] + whole[end:].replace(b"    </NtryDtls></Ntry>", b"</Ntry>", 1)
    summed = summed.replace(b"S-2027-105", b"S-2027-106")
    assert await take(clearing, whole, summed) == [Imported(4, 0), Imported(1, 2)]
    other = open_memory_store()
    desk = Clearing(other.clearing, StoppedClock(), Window(), inline)
    assert await take(desk, summed, whole) == [Imported(3, 0), Imported(1, 3)]
    bank = Account(AccountKind.BANK, "86011117947", "NOK")
    assert (await balances(other))[bank] == (await balances(store))[bank]


async def test_a_bank_that_numbers_its_bookings_with_a_slash_loses_none(store: SqlStore, clearing: Clearing) -> None:
    """`B/0` today and `B/1` tomorrow are two bookings, and so are two without a reference in a statement told again."""
    first = samples.CAMT_053.replace(b"<AcctSvcrRef>B1<", b"<AcctSvcrRef>B/0<").replace(b"<AcctSvcrRef>B2<", b"<X>B2<")
    first = first.replace(b"<X>B2</AcctSvcrRef>", b"")
    await take(clearing, first)
    second = first.replace(b"B/0", b"B/1").replace(b"S-2027-105", b"S-2027-106")
    assert await take(clearing, second) == [Imported(4, 0)]
    bank = Account(AccountKind.BANK, "86011117947", "NOK")
    assert (await balances(store))[bank] == 2 * 109100
