"""The ledger's promises: whole entries, no repeat, nothing changed, months that stay closed."""

import datetime as dt

import msgspec
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from faxgw.settlement.seal import NO_HEAD, SealChain
from faxgw.store.ledger import booking
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Phase, Posting, Standing
from faxgw.store.ledger.port import Booked, BookedBefore, Entry, NotBooked, Seal
from faxgw.store.sql import SqlStore, open_memory_store
from tests.store.test_growth import steps_of

MAY = dt.date(2027, 5, 30)
JUNE = dt.date(2027, 6, 2)
OSLO = Account(AccountKind.MEMBER, "NO-0301", "NOK")
BERGEN = Account(AccountKind.MEMBER, "NO-4601", "NOK")

COPIED = (
    "INSERT INTO journal "
    "SELECT 9, 'x', digest, {phase}, effective_on, 1.0, '{period}', '', '', {resolves}, NULL FROM journal"
)
REFUSED = r"ledger only grows|month is sealed|only a pending journal"


def move(key: str, amount_minor: int = 100, *, on: dt.date = MAY, phase: Phase = Phase.PLAIN, **more: str) -> Journal:
    postings = (Posting(OSLO, amount_minor), Posting(BERGEN, -amount_minor))
    return Journal(key=key, phase=phase, effective_on=on, postings=postings, **more)


def void(key: str, resolves: str) -> Journal:
    return Journal(key=key, phase=Phase.VOID, effective_on=MAY, resolves=resolves)


async def seal_month(store: SqlStore, period: str, head_before: bytes = NO_HEAD) -> Seal:
    chain = SealChain(period, head_before)
    chain.add(await store.ledger.journals(period, 0, 1_000))
    seal = Seal(period, chain.journals, chain.head(), 5.0, "Ida")
    assert await store.ledger.close([seal]) == [seal]
    return seal


async def test_an_entry_is_booked_whole_or_not_at_all(store: SqlStore) -> None:
    """One journal of two is wrong: neither stands, and the entry beside it does."""
    wrong = Journal(key="b", effective_on=MAY, postings=(Posting(OSLO, 100), Posting(BERGEN, -99)))
    refused, fine = await store.ledger.book([Entry((move("a"), wrong), 1.0), Entry((move("c"),), 1.0)])
    assert isinstance(refused, NotBooked)
    assert "sum to 1" in refused.reason
    assert fine == Booked((1,), "2027-05")
    assert [kept.journal.key for kept in await store.ledger.journals("2027-05", 0, 10)] == ["c"]
    assert await store.ledger.standings() == {OSLO: Standing(100), BERGEN: Standing(-100)}


async def test_the_same_key_books_once(store: SqlStore) -> None:
    """Said again it is answered as before; said otherwise it is refused; in one batch as over two."""
    first, again = await store.ledger.book([Entry((move("a"),), 1.0), Entry((move("a"),), 2.0)])
    assert (first, again) == (Booked((1,), "2027-05"), BookedBefore((1,)))
    later, other = await store.ledger.book([Entry((move("a"),), 9.0), Entry((move("a", 101),), 9.0)])
    assert later == BookedBefore((1,))
    assert isinstance(other, NotBooked)
    assert await store.ledger.standings() == {OSLO: Standing(100), BERGEN: Standing(-100)}


async def test_a_pending_journal_ends_once(store: SqlStore) -> None:
    """Two who resolve it at once: one does, the other is told; a forwarded order is a void and a new pending one."""
    await store.ledger.book([Entry((move("sale", phase=Phase.PENDING),), 1.0)])
    assert await store.ledger.standings() == {OSLO: Standing(0, 100), BERGEN: Standing(0, -100)}
    forward = Entry((void("v", "sale"), move("sale2", phase=Phase.PENDING, order_number="N1")), 2.0)
    post = Entry((move("p", phase=Phase.POST, resolves="sale"),), 2.0)
    done, late = await store.ledger.book([forward, post])
    assert isinstance(done, Booked)
    assert isinstance(late, NotBooked)
    assert "posted or voided before" in late.reason
    assert [kept.journal.key for kept in await store.ledger.pending(["N1"])] == ["sale2"]
    assert isinstance((await store.ledger.book([Entry((void("w", "p"),), 3.0)]))[0], NotBooked)
    (posted,) = await store.ledger.book([Entry((move("q", 60, phase=Phase.POST, resolves="sale2"),), 3.0)])
    assert isinstance(posted, Booked)
    assert await store.ledger.standings() == {OSLO: Standing(60), BERGEN: Standing(-60)}
    assert await store.ledger.pending(["N1"]) == []


async def test_a_sealed_month_takes_nothing_and_what_comes_late_counts_in_the_open_one(store: SqlStore) -> None:
    """A complaint of May that is upheld in June stands in June's statement with May's day."""
    await store.ledger.book([Entry((move("a"),), 1.0), Entry((move("j", on=JUNE),), 2.0)])
    seal = await seal_month(store, "2027-05")
    assert await store.ledger.close([seal]) == [None]
    (late,) = await store.ledger.book([Entry((move("late", -30, corrects="a"),), 6.0)])
    assert late == Booked((3,), "2027-06")
    lines = (await store.ledger.lines([OSLO], "2027-06"))[OSLO]
    assert [(line.key, line.effective_on, line.amount_minor) for line in lines] == [
        ("j", JUNE, 100),
        ("late", MAY, -30),
    ]
    assert (await store.ledger.standings_at("2027-05"))[OSLO] == Standing(100)
    assert (await store.ledger.standings_at("2027-06"))[OSLO] == (await store.ledger.standings())[OSLO] == Standing(170)


async def test_some_accounts_are_asked_for_as_they_are_among_all(store: SqlStore) -> None:
    """Balances at a month's end and what moved in it: of one account, of one that is not there, of none, of all."""
    nobody = Account(AccountKind.MEMBER, "NO-9999", "NOK")
    await store.ledger.book([Entry((move("a"),), 1.0), Entry((move("p", 7, phase=Phase.PENDING),), 1.0)])
    everyone = await store.ledger.standings_at("2027-05")
    assert everyone == {OSLO: Standing(100, 7), BERGEN: Standing(-100, -7)}
    assert await store.ledger.standings_at("2027-05", [OSLO, nobody]) == {OSLO: everyone[OSLO]}
    assert await store.ledger.moved("2027-05", [BERGEN, nobody]) == {BERGEN}
    assert await store.ledger.standings_at("2027-05", []) == {}
    assert await store.ledger.moved("2027-05", []) == set()
    assert await store.ledger.moved("2027-05") == {OSLO, BERGEN}


async def test_what_one_store_had_costs_nothing_of_what_others_have() -> None:
    """Behind ten times as many journals of others, one store's balance and movements are as many steps of SQLite."""

    async def ask(store: SqlStore) -> None:
        await store.ledger.standings_at("2027-05", [OSLO])
        await store.ledger.moved("2027-05", [OSLO])
        await store.ledger.lines([OSLO], "2027-05")

    steps = []
    for others in (200, 2_000):
        store = open_memory_store()
        await store.ledger.book([Entry((move("own"),), 1.0)])
        await store.ledger.book([Entry((of_others(number),), 1.0) for number in range(others)])
        steps.append(await steps_of(ask, store))
    assert 0 < steps[1] <= 1.5 * steps[0]


async def test_the_years_before_cost_nothing_of_a_months_balances() -> None:
    """Behind ten times as many journals, the balances of May, and which months there are, are as many steps."""

    async def ask(store: SqlStore) -> None:
        assert len(await store.ledger.standings_at("2027-05")) == 42
        assert await store.ledger.periods() == ["2026-05", "2027-05"]

    steps = []
    for before in (200, 2_000):
        store = open_memory_store()
        earlier = [
            msgspec.structs.replace(of_others(number), effective_on=dt.date(2026, 5, 1)) for number in range(before)
        ]
        await store.ledger.book([Entry((each,), 1.0) for each in earlier])
        await store.ledger.book([Entry((move("own"),), 1.0)])
        steps.append(await steps_of(ask, store))
    assert 0 < steps[1] <= 1.2 * steps[0]


def of_others(number: int) -> Journal:
    pair = [Account(AccountKind.MEMBER, f"NO-{5_000 + (number + step) % 40}", "NOK") for step in (0, 1)]
    return Journal(
        key=f"other/{number}", effective_on=MAY, postings=(Posting(pair[0], number + 1), Posting(pair[1], -number - 1))
    )


async def test_months_are_sealed_in_order_and_only_over_what_they_hold(store: SqlStore) -> None:
    """Not June before May, not May with a journal that the seal does not know, not a month again."""
    await store.ledger.book([Entry((move("a"),), 1.0), Entry((move("j", on=JUNE),), 2.0)])
    assert await store.ledger.close([Seal("2027-06", 1, b"\1" * 32, 5.0, "Ida")]) == [None]
    assert await store.ledger.close([Seal("2027-05", 2, b"\1" * 32, 5.0, "Ida")]) == [None]
    may = await seal_month(store, "2027-05")
    assert await store.ledger.close([Seal("2027-08", 0, b"\1" * 32, 5.0, "Ida")]) == [None]
    june = await seal_month(store, "2027-06", may.head)
    assert await store.ledger.seals() == [may, june]


@pytest.mark.parametrize(
    "hand",
    [
        "UPDATE journal SET memo = 'x' WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 1",
        "UPDATE posting SET amount_minor = 1",
        "DELETE FROM posting",
        "UPDATE seal SET journals = 2",
        "DELETE FROM seal",
        COPIED.format(phase="phase", period="2027-05", resolves="NULL"),
        COPIED.format(phase="'void'", period="2027-06", resolves="seq"),
    ],
)
def test_the_database_itself_refuses_what_would_rewrite_the_ledger(engine: Engine, hand: str) -> None:
    """Whoever has an SQL shell, or a bug of ours: the rows stay as they were booked."""
    with engine.begin() as connection:
        booking.book(connection, [Entry((move("a"),), 1.0)])
        booking.close(connection, [Seal("2027-05", 1, b"\1" * 32, 5.0, "Ida")])
    with pytest.raises(IntegrityError, match=REFUSED), engine.begin() as connection:
        connection.execute(text(hand))


async def test_thousands_of_journals_in_one_write(store: SqlStore) -> None:
    """More keys than one SQL statement takes; every one is there, and the ledger sums to zero."""
    count = 12_000
    booked = await store.ledger.book([Entry((move(str(number)),), 1.0) for number in range(count)])
    assert sum(isinstance(each, Booked) for each in booked) == count
    again = await store.ledger.book([Entry((move(str(number)),), 2.0) for number in range(count)])
    assert sum(isinstance(each, BookedBefore) for each in again) == count
    assert await store.ledger.standings() == {OSLO: Standing(100 * count), BERGEN: Standing(-100 * count)}
