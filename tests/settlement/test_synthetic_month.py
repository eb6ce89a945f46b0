"""A whole month of a network, from its orders to the bank, held against a truth that nobody booked.

The numbers in the names of tests and in comments are those of the invariants in docs/settlement.md.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import trio
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from faxgw.members.people import Person
from faxgw.settlement.exports.chart import BookAccount, Chart, vouchers_of
from faxgw.settlement.exports.fec import write_fec
from faxgw.settlement.exports.vouchers import write_vouchers
from faxgw.settlement.month.desk import Closed, NotClosed, Proposed
from faxgw.settlement.month.ready import Matter
from faxgw.settlement.month.run import Item
from faxgw.settlement.month.statement import Statement
from faxgw.settlement.payouts.order import Payment, PayoutOrder, Scheme, Side
from faxgw.settlement.payouts.pain import write_payouts
from faxgw.settlement.statements.lines import write_csv
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.settlement.statements.sheet import write_xlsx
from faxgw.settlement.takings import customers, in_transit, suspense
from faxgw.settlement.vat import tax_within
from faxgw.store.clearing.port import Imported, ImportedBefore
from faxgw.store.clearing.schema import settlement_entry
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Phase, Posting, balances, fold
from faxgw.store.ledger.port import Booked, BookedBefore, Entry, Kept, NotBooked
from faxgw.store.months.port import Run
from faxgw.store.sql import SqlStore, open_memory_store
from tools.settlement.month import LAST, SyntheticMonth, make_month
from tools.settlement.office import Office, Truth

SEED = 7
MAY, JUNE = "2027-05", "2027-06"
JUNE_10, JULY_10 = dt.date(2027, 6, 10), dt.date(2027, 7, 10)
IDA, PER = Person("Ida"), Person("Per")
CURRENCIES = ("NOK", "EUR")
CHART = Chart(
    kinds={
        kind: BookAccount(number=str(1500 + 100 * place), name=f"Konto {kind}")
        for place, kind in enumerate(AccountKind)
    }
)
SMALL = 300
"""Orders of the months that are made over and over."""


@pytest.fixture(scope="module")
def month() -> SyntheticMonth:
    return make_month(SEED, 2_000)


@pytest.fixture(scope="module")
def small() -> SyntheticMonth:
    return make_month(SEED, SMALL, stores=10)


async def rows_of(store: SqlStore) -> list[Any]:
    """Every movement as it stands in the store."""
    asked = select(settlement_entry).order_by(settlement_entry.c.id)
    reader = store.clearing._reader  # type: ignore[attr-defined]
    rows: list[Any] = await reader.read(lambda connection: list(connection.execute(asked)))
    return rows


async def kept_of(store: SqlStore) -> list[Kept]:
    return [kept for period in await store.ledger.periods() for kept in await store.ledger.journals(period, 0, 10**6)]


async def posted(store: SqlStore) -> dict[Account, int]:
    standings = await store.ledger.standings()
    return {account: standing.posted_minor for account, standing in standings.items() if standing.posted_minor}


async def placements(store: SqlStore) -> dict[tuple[str, str, str], tuple[str | None, str | None]]:
    """What each movement was placed with, whatever its number in this store."""
    return {(row.provider, row.kind, row.txn_id): (row.order_number, row.rule) for row in await rows_of(store)}


async def opened(month: SyntheticMonth) -> Office:
    office = Office(open_memory_store(), month, JUNE_10)
    await office.sell()
    return office


def earned(month: SyntheticMonth) -> dict[Account, int]:
    """The truth of May: what every account has of the orders that were delivered in it, by no journal of anybody."""
    ends = [life.end(month.network.terms) for life in month.lives if life.steps[-1].on <= LAST]
    return {account: total for account, total in balances([each for end in ends for each in end]).items() if total}


# --- the whole month -----------------------------------------------------------------------------------------


async def test_a_month_from_its_orders_to_the_bank(month: SyntheticMonth) -> None:
    """2,000 orders, eight formats, everything that goes wrong: each store has what it earned, and no krone is lost."""
    office, truth = await opened(month), Truth(month)
    store = office.store
    assert all(isinstance(done, Imported) for done in await office.take(month.files))
    account = await office.clearing.match()
    await check_matches(store, truth)  # 17
    await check_nothing_is_lost(office, month)  # 16
    assert account.matched > 1_000
    assert account.linked > 20
    not_closed = await office.desk.close(MAY, "Ida")  # 26
    assert isinstance(not_closed, NotClosed)
    assert Matter.EXCEPTIONS in {each.matter for each in not_closed.obstacles}
    await office.decide_all(truth)
    await check_matches(store, truth)
    await check_nothing_is_lost(office, month)
    assert await office.clearing.exceptions() == []
    closed = await office.desk.close(MAY, "Ida")
    assert isinstance(closed, Closed), closed
    statements = await office.desk.statements(MAY)
    await check_statements(office, statements, closed)  # 8, 9, 10, 23, 24, 27, 28
    await check_ledger(store)  # 1, 4, 5, 6
    await check_runs(office, statements)  # 24
    check_books(await store.ledger.journals(MAY, 0, 10**6))
    await check_june(office, month)  # 7, 16, 23
    verified = await office.desk.verify()  # 25
    assert (verified.months, list(verified.faults)) == (2, [])


async def check_matches(store: SqlStore, truth: Truth) -> None:
    """17: each order is paid once and by its own payment; what was plain is placed; refunds take back their own."""
    by_order: dict[str, list[Any]] = {}
    for row in await rows_of(store):
        if row.order_number is not None:
            assert truth.order_of(row) == row.order_number, row
            by_order.setdefault(row.order_number, []).append(row)
        elif row.kind in {"sale", "refund", "chargeback", "chargeback_reversal"}:
            assert not truth.is_plain(row), row
    for rows in by_order.values():
        sales = [row for row in rows if row.kind in {"sale", "bank"}]
        assert len(sales) == 1 or all(row.rule == "parts" for row in sales), rows
        assert sum(row.gross_minor for row in rows if row.rule != "by_hand" or row.gross_minor > 0) >= 0, rows


async def check_nothing_is_lost(office: Office, month: SyntheticMonth) -> None:
    """16: imported = matched + suspense, and each provider's money is in transit, in fees, or still with it."""
    rows = await rows_of(office.store)
    for currency in CURRENCIES:
        own = [row for row in rows if row.currency == currency and row.kind != "payout"]
        told = sum(line.amount_minor for line in month.bank if line.currency == currency and line.on <= LAST)
        assert sum(row.gross_minor for row in own if row.provider == "bank") == told
        assert sum(row.gross_minor for row in own if row.provider != "bank") == month.moved()[currency]
        held = await posted(office.store)
        waiting = sum(row.gross_minor for row in own if row.placed_at is None)
        assert -held.get(suspense(currency), 0) == waiting
        paid = sum(row.gross_minor for row in own if row.order_number is not None)
        due = sum(
            life.order.customer_price.amount_minor
            for life in month.lives
            if life.is_web and life.order.customer_price.currency == currency and life.end(month.network.terms)
        )
        accepted = held.get(Account(AccountKind.NETWORK, "differences", currency), 0)
        assert held.get(customers(currency), 0) == due - paid - accepted
    left = {account: total for account, total in (await posted(office.store)).items() if account.kind == "provider"}
    assert left == {}
    assert {row.kind for row in rows if row.placed_at is None} <= {"sale", "refund", "chargeback", "bank"}


async def check_statements(office: Office, statements: Sequence[Statement], closed: Closed) -> None:
    truth = earned(office.month)
    members = {account: -total for account, total in truth.items() if account.kind is AccountKind.MEMBER}
    told = {Account(AccountKind.MEMBER, each.whom.id, each.currency): each.closing_minor for each in statements}
    assert {account: total for account, total in told.items() if total} == members
    standings = await office.store.ledger.standings_at(MAY)
    for currency in CURRENCIES:
        whole = sum(own.posted_minor for account, own in standings.items() if account.currency == currency)
        assert whole == 0
    for each in statements:
        assert each.opening_minor + sum(line.amount_minor for line in each.lines) == each.closing_minor
        for vat in each.earned_taxes:
            assert vat.tax_minor == tax_within(vat.gross_minor, vat.basis_points)
            assert vat.net_minor + vat.tax_minor == vat.gross_minor
    both = Counter(each.whom.id for each in statements)
    assert max(both.values()) == 2, "somebody has movements in two currencies"
    assert [each.number for each in closed.statements] == list(range(1, len(statements) + 1))


async def check_ledger(store: SqlStore) -> None:
    kept = await kept_of(store)
    journals = [each.journal for each in sorted(kept, key=lambda each: each.seq)]
    for journal in journals:
        assert set(sums(journal.postings).values()) <= {0}, journal
    resolved = Counter(journal.resolves for journal in journals if journal.resolves)
    assert set(resolved.values()) == {1}
    running = await store.ledger.standings()
    folded = fold(journals)
    assert {account: running[account] for account in folded} == folded
    again = await store.ledger.book([Entry((journal,), 0.0) for journal in journals[:500]])
    assert all(isinstance(each, BookedBefore) for each in again)
    (other,) = await store.ledger.book([Entry((changed(journals[0]),), 0.0)])
    assert isinstance(other, NotBooked)


def sums(postings: Sequence[Posting]) -> dict[str, int]:
    by_currency: dict[str, int] = {}
    for each in postings:
        by_currency[each.account.currency] = by_currency.get(each.account.currency, 0) + each.amount_minor
    return by_currency


def changed(journal: Journal) -> Journal:
    return Journal(key=journal.key, effective_on=journal.effective_on, postings=journal.postings, memo="another")


async def check_runs(office: Office, statements: Sequence[Statement]) -> None:
    """24: who is owed is paid, who owes is collected from, nobody both; the file's sum is the run's."""
    for currency in CURRENCIES:
        owed = {each.whom.id: each.closing_minor for each in statements if each.currency == currency}
        paid = {member: amount for member, amount in owed.items() if amount >= 100}
        collected = {member: -amount for member, amount in owed.items() if amount <= -100}
        payout = await approved(office, "payout", currency)
        assert {item.member: item.amount_minor for item in payout.content.items} == paid
        if collected:
            collection = await approved(office, "collection", currency)
            assert {item.member: item.amount_minor for item in collection.content.items} == collected
        root = ET.fromstring(pain_of(payout))  # noqa: S314 - our own file
        space = root.tag.partition("}")[0] + "}"
        (control,) = {found.text for found in root.iter(f"{space}CtrlSum")}
        assert control is not None
        assert int(control.replace(".", "")) == payout.run.total_minor == sum(paid.values())


async def approved(office: Office, direction: Any, currency: str) -> Proposed:
    proposed = await office.desk.propose(MAY, direction, currency, dt.date(2027, 6, 20), IDA)
    assert isinstance(proposed, Proposed), proposed
    assert isinstance(await office.desk.approve(proposed.run.name, proposed.run.content, PER), Run)
    return proposed


def pain_of(proposed: Proposed) -> bytes:
    content = proposed.content
    scheme = Scheme.NORWAY if content.currency == "NOK" else Scheme.SEPA
    order = PayoutOrder(
        run=content.name,
        scheme=scheme,
        currency=content.currency,
        by=Side(name="Network", account="86011117947"),
        on=content.on,
        made_at=dt.datetime(2027, 6, 10, tzinfo=dt.UTC),
        payments=[_payment(item) for item in content.items],
    )
    return write_payouts(order)


def _payment(item: Item) -> Payment:
    to = Side(name=item.name, account=item.account)
    return Payment(id=item.member, to=to, amount_minor=item.amount_minor, text="Mai 2027")


def check_books(kept: Sequence[Kept]) -> None:
    """What goes to the accountant: debit is credit, and it is all of the month that counts."""
    vouchers = list(vouchers_of(kept, CHART))
    counting = [each for each in kept if each.journal.phase in {Phase.PLAIN, Phase.POST}]
    assert [voucher.number for voucher in vouchers] == list(range(1, len(counting) + 1))
    assert {sum(line.amount_minor for line in voucher.lines) for voucher in vouchers} == {0}
    assert write_vouchers(vouchers).count(b"\r\n") == 1 + sum(len(each.journal.postings) for each in counting)
    assert write_fec(vouchers, {MAY: JUNE_10}).count(b"\r\n") == 1 + sum(len(voucher.lines) for voucher in vouchers)


async def check_june(office: Office, month: SyntheticMonth) -> None:
    """What was on its way over the turn of the month arrives; what is May's and comes late counts in June."""
    await office.take(month.next_month)
    await office.clearing.match()
    await office.decide_all(Truth(month))
    office.clock.set(JULY_10)
    assert isinstance(await office.desk.close(JUNE, "Ida"), Closed)
    held = await posted(office.store)
    runs = dict.fromkeys(CURRENCIES, 0)
    for run in await office.desk.runs():
        runs[run.name[-3:]] += run.total_minor if "collection" in run.name else -run.total_minor
    assert {currency: held.get(in_transit(currency), 0) for currency in CURRENCIES} == runs
    may = {(each.whom.id, each.currency): each.closing_minor for each in await office.desk.statements(MAY)}
    kinds: set[str] = set()
    for each in await office.desk.statements(JUNE):
        assert each.opening_minor == may.get((each.whom.id, each.currency), 0)
        kinds |= {line.kind for line in each.lines}
    assert kinds >= {"paid_out", "collected"}
    late = Journal(
        key="order/LATE/1",
        effective_on=dt.date(2027, 5, 3),
        postings=(Posting(customers("NOK"), 5), Posting(Account(AccountKind.MEMBER, "NO-0000", "NOK"), -5)),
    )
    (booked,) = await office.store.ledger.book([Entry((late,), 0.0)])
    assert isinstance(booked, Booked)
    assert booked.period == "2027-07"


# --- again and again -----------------------------------------------------------------------------------------


async def test_14_and_18_files_in_any_order_again_and_at_once_are_the_same_ledger(small: SyntheticMonth) -> None:
    """Shuffled; each three times at once; one file after a match and the rest later: the same balances and matches."""
    files = [*small.files, *small.next_month]
    straight = await opened(small)
    await straight.take(files)
    await straight.clearing.match()
    for seed in (1, 2):
        shuffled = await opened(small)
        dice = random.Random(seed)  # noqa: S311 - to play it again
        await shuffled.take(dice.sample(files, len(files)))
        await shuffled.clearing.match()
        assert await placements(shuffled.store) == await placements(straight.store)
        assert await posted(shuffled.store) == await posted(straight.store)
    at_once = await opened(small)
    answers: list[object] = []

    async def take(file: tuple[str, bytes]) -> None:
        answers.extend(await at_once.take([file]))

    async with trio.open_nursery() as nursery:
        for file in [*files, *files, *files]:
            nursery.start_soon(take, file)
    assert sum(isinstance(answer, Imported) for answer in answers) == len(files)
    assert sum(isinstance(answer, ImportedBefore) for answer in answers) == 2 * len(files)
    for _ in range(2):
        await at_once.clearing.match()
        assert await placements(at_once.store) == await placements(straight.store)
        assert await posted(at_once.store) == await posted(straight.store)


async def test_16_a_match_after_every_file_places_nothing_wrong(small: SyntheticMonth) -> None:
    """As a day after day has it: some things are told apart earlier, none of them wrong."""
    office, truth = await opened(small), Truth(small)
    for file in [*small.files]:
        await office.take([file])
        await office.clearing.match()
    for row in await rows_of(office.store):
        assert row.order_number is None or truth.order_of(row) == row.order_number
    await check_nothing_is_lost(office, small)


async def close_elsewhere(small: SyntheticMonth) -> tuple[Mapping[str, bytes], bytes]:
    office = await opened(small)
    await office.take(small.files)
    await office.clearing.match()
    await office.decide_all(Truth(small))
    closed = await office.desk.close(MAY, "Ida")
    assert isinstance(closed, Closed)
    pages: dict[str, bytes] = {}
    for each in await office.desk.statements(MAY):
        name = f"{each.whom.id}-{each.currency}"
        pages |= {
            f"{name}.pdf": write_pdf(each, "Network"),
            f"{name}.csv": write_csv(each),
            f"{name}.xlsx": write_xlsx(each, "Network"),
        }
    kept = await office.store.ledger.journals(MAY, 0, 10**6)
    pages["vouchers.csv"] = write_vouchers(vouchers_of(kept, CHART))
    pages["fec.txt"] = write_fec(vouchers_of(kept, CHART), {MAY: JUNE_10})
    for currency in CURRENCIES:
        proposed = await approved(office, "payout", currency)
        pages[f"pain-{currency}.xml"] = pain_of(proposed)
    return pages, closed.seal.head


async def test_22_the_same_month_elsewhere_is_the_same_bytes(small: SyntheticMonth) -> None:
    """Statements as PDF, CSV and XLSX, the books, the bank's files, and the seal."""
    one, other = [await close_elsewhere(small) for _ in range(2)]
    assert len(one[0]) > 30
    assert one == other


async def test_3_and_25_the_database_itself_keeps_what_was_booked(small: SyntheticMonth) -> None:
    """No update and no delete, whoever asks."""
    office = await opened(small)
    connection = office.store._writer._connection  # type: ignore[attr-defined]
    for hand in ("UPDATE posting SET amount_minor = 0", "DELETE FROM posting", "UPDATE journal SET memo = 'x'"):
        with pytest.raises(IntegrityError):
            connection.execute(text(hand))
        connection.rollback()
    assert (await office.desk.verify()).faults == []


def test_8_the_shares_of_every_order_are_its_price(month: SyntheticMonth) -> None:
    """To the minor unit, in both schemes, whoever made it."""
    terms = month.network.terms
    for life in month.lives:
        postings = life.sale(life.order.executing_member, terms)
        assert sum(each.amount_minor for each in postings) == 0
        assert max(each.amount_minor for each in postings) == life.order.customer_price.amount_minor


def test_the_same_seed_is_the_same_month() -> None:
    """Byte for byte, so that whoever finds something can name it."""
    assert make_month(3, 200).files == make_month(3, 200).files != make_month(4, 200).files
