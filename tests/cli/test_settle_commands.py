"""`faxgw settle` over a served network: a month from its files to its bank file, as an operator does it."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import structlog

from faxgw.message import Kind
from faxgw.store.clearing.port import Due
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Posting
from faxgw.store.ledger.port import Entry
from faxgw_loadtest.settlement.vipps import Transaction, write_vipps
from tests.api.fakes import make_fakes
from tests.cli.terminal import Terminal, terminal_at
from tests.settlement.imports import samples
from tests.settlement.office import JUNE_10, MAY_20, PRICE, WEB, Network, open_network

Capture = pytest.CaptureFixture[str]
FEE = 900
SHARE = 47_377
"""73 % of the price."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@asynccontextmanager
async def served(network: Network, folder: Path, capsys: Capture) -> AsyncIterator[Terminal]:
    fakes = make_fakes()
    fakes.behind = dataclasses.replace(
        fakes.behind, store=network.store, settlement=network.settlement, metrics=network.office.metrics
    )
    async with terminal_at(fakes, folder, capsys) as terminal:
        yield terminal


def paid(number: str, *, id_: int, amount_minor: int = PRICE) -> Transaction:
    at = dt.datetime.combine(MAY_20, dt.time(12), dt.UTC)
    return Transaction(id=id_, order_id=number, at=at, captured_minor=amount_minor, fee_minor=FEE)


def vipps(folder: Path, *transactions: Transaction, settlement_id: int = 1) -> str:
    path = folder / f"vipps-{settlement_id}.xml"
    path.write_bytes(write_vipps(transactions, unit="513428", settlement_id=settlement_id, day=MAY_20))
    return str(path)


async def may(network: Network, folder: Path) -> str:
    """Two orders of the web shop and one of a store, delivered; the file has one payment with a wrong amount."""
    await network.order("N1")
    await network.deliver("N1")
    await network.order("N2", executor="NO-B")
    await network.deliver("N2", executor="NO-B")
    await network.order("N3", sender="NO-C", executor="NO-A")
    await network.deliver("N3")
    network.clock.set(JUNE_10)
    return vipps(folder, paid("N1", id_=1), paid("N2", id_=2, amount_minor=PRICE - 100))


async def test_a_month_from_its_files_to_the_banks_file(tmp_path: Path, capsys: Capture) -> None:
    """Each step says what it did and what comes next; the bank's sum is what the stores are owed."""
    network = await open_network()
    file = await may(network, tmp_path)
    async with served(network, tmp_path, capsys) as terminal:

        async def settle(*arguments: str, code: int = 0) -> str:
            done = await terminal.run("settle", *arguments)
            assert done.code == code, done
            return done.out + done.err

        assert await settle("import", file) == f"{file}: 2 movements taken\n"
        assert await settle("import", file) == f"{file}: it was imported before\n"
        assert (await settle("match")).startswith("1 payment matched, 0 refunds")
        [exception] = (await terminal.run("settle", "exceptions", "--json")).json()
        assert (exception["reason"], exception["about"], exception["amount_minor"]) == ("amount_differs", "N2", 64_800)
        blocked = await settle("close", "2027-05", "--who", "Ida", code=1)
        assert "1 open exceptions over 64800 minor units: decide them" in blocked
        own = str(exception["id"])
        assert "accept the difference" in await settle(
            "decide", own, "matched_by_hand", "N2", "--why", "she called", code=1
        )
        assert await settle("decide", own, "difference_accepted", "N2", "--why", "a voucher", "--who", "Ida") == (
            f"exception {own}: difference accepted, order N2\n"
        )
        assert await settle("ready", "2027-05") == "2027-05 can be closed\n"
        closed = await settle("close", "2027-05", "--who", "Ida")
        assert closed.startswith("2027-05 is closed: 3 statements, ")
        assert await settle("close", "2027-05", "--who", "Per") == closed
        assert "2027-05 is closed, since " in (told := await settle("ready", "2027-05"))
        assert told.endswith(" by Ida\n")
        listed = await settle("statement", "2027-05")
        assert "2027-000001" in listed
        assert "Blomster NO-A" in listed
        out = tmp_path / "out"
        assert await settle("statement", "2027-05", "-o", str(out)) == f"{out}: 3 statements as pdf\n"
        unknown = "XX-00-000: no such member, or nothing to state for 2027-05\n"
        assert await settle("statement", "2027-05", "XX-00-000", code=1) == unknown
        await settle("statement", "2027-05", "NO-B", "--format", "csv", "-o", str(tmp_path / "out"))
        proposed = await settle("payout", "propose", "2027-05", "NOK", "--on", "2027-06-15", "--who", "Ida")
        assert "2 stores, 1421.31 NOK" in proposed
        early = await settle("payout", "file", "2027-05", "NOK", code=1)
        assert "waits for a second person" in early
        [run] = (await terminal.run("settle", "payout", "list", "--json")).json()
        digest = ("--digest", run["digest"])
        same = await settle("payout", "approve", "2027-05", "NOK", *digest, "--who", "IDA", code=1)
        assert "another person must approve it" in same
        await settle("payout", "approve", "2027-05", "NOK", *digest, "--who", "Per")
        bank = tmp_path / "bank.xml"
        await settle("payout", "file", "2027-05", "NOK", "-o", str(bank))
        assert (await settle("verify")).endswith(": all seals and balances hold\n")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["2027-05-NO-A-NOK.pdf", "2027-05-NO-B-NOK.csv", "2027-05-NO-B-NOK.pdf", "2027-05-NO-C-NOK.pdf"]
    sums = [each.text for each in ET.fromstring(bank.read_bytes()).iter() if each.tag.endswith("CtrlSum")]  # noqa: S314 - our own file
    assert set(sums) == {f"{3 * SHARE // 100}.{3 * SHARE % 100:02}"}


async def test_the_money_adds_up_to_the_minor_unit(tmp_path: Path, capsys: Capture) -> None:
    """Imported net = matched + suspense; what the wallet holds, its fees and the customers' debts follow."""
    network = await open_network()
    file = await may(network, tmp_path)
    async with served(network, tmp_path, capsys) as terminal:
        await terminal.run("settle", "import", file)
        await terminal.run("settle", "match")
    standings = {str(account): own.posted_minor for account, own in (await network.store.ledger.standings()).items()}
    assert sum(standings.values()) == 0
    assert standings["suspense:unallocated:NOK"] == -(PRICE - 100)
    assert standings["fees:vipps:NOK"] == 2 * FEE
    assert standings["bank:in-transit:NOK"] == 2 * PRICE - 100 - 2 * FEE
    assert standings["customer:orders:NOK"] == PRICE, "one of two customers' debts is paid"
    assert standings["member:NO-A:NOK"] == -2 * SHARE


async def test_parts_of_one_order_and_a_fee_are_decided(tmp_path: Path, capsys: Capture) -> None:
    """Two transfers that name nothing are one order's together; what the bank charged is its fee, not a puzzle."""
    network = await open_network()
    await network.store.clearing.expect(
        [Due(number="N9", reference="", amount_minor=70000, currency="NOK", day=MAY_20)]
    )
    path = tmp_path / "bank.xml"
    path.write_bytes(samples.CAMT_053)
    async with served(network, tmp_path, capsys) as terminal:
        await terminal.run("settle", "import", str(path))
        await terminal.run("settle", "match")
        queue = (await terminal.run("settle", "exceptions", "--json")).json()
        ids = {each["amount_minor"]: str(each["id"]) for each in queue}
        why = ("--why", "by the slips", "--who", "Ida")
        together = ("matched_by_hand", "N9", "--with", ids[30000])
        paid = await terminal.run("settle", "decide", ids[40000], *together, *why)
        fee = await terminal.run("settle", "decide", ids[-10000], "fee", *why)
        left = (await terminal.run("settle", "exceptions", "--json")).json()
    assert (paid.code, fee.code, [each["amount_minor"] for each in left]) == (0, 0, [49100])
    standings = {str(account): own.posted_minor for account, own in (await network.store.ledger.standings()).items()}
    assert (standings["customer:orders:NOK"], standings["fees:bank:NOK"]) == (-70000, 10000)


async def test_a_file_that_does_not_add_up_is_refused_with_its_line(tmp_path: Path, capsys: Capture) -> None:
    """Nothing of it is taken; the good file beside it is."""
    network = await open_network()
    good = await may(network, tmp_path)
    bad = tmp_path / "bad.xml"
    bad.write_bytes((tmp_path / "vipps-1.xml").read_bytes().replace(b"Transactions>2<", b"Transactions>3<"))
    async with served(network, tmp_path, capsys) as terminal:
        done = await terminal.run("settle", "import", str(bad), good)
    assert (done.code, done.out) == (1, f"{good}: 2 movements taken\n")
    assert "nothing of the file was taken" in done.err
    assert "the number of transactions is 2, but the file declares 3" in done.err
    assert b'faxgw_settlement_imports_total{result="refused"} 1.0' in network.office.metrics.exposition()


async def test_a_silent_store_stands_in_the_way_until_it_answers(tmp_path: Path, capsys: Capture) -> None:
    """Ready names the order and what to do; an answer clears it."""
    network = await open_network()
    await network.order("N1")
    network.clock.set(JUNE_10)
    async with served(network, tmp_path, capsys) as terminal:
        blocked = await terminal.run("settle", "ready", "2027-05")
        await network.say(Kind.DCON, "N1", "NO-A")
        ready = await terminal.run("settle", "ready", "2027-05")
    assert (blocked.code, ready.code) == (1, 0)
    assert "BLOCKS" in blocked.out
    assert "N1" in blocked.out


async def test_a_payout_to_stores_without_accounts_names_them(tmp_path: Path, capsys: Capture) -> None:
    """With what each is owed and why it is left out, as JSON too; that is no success."""
    network = await open_network()
    await network.order("N9", sender="NO-C", executor=WEB)
    await network.deliver("N9", executor=WEB)
    network.clock.set(JUNE_10)
    propose = ("settle", "payout", "propose", "2027-05", "NOK", "--on", "2027-06-15", "--who", "Ida")
    async with served(network, tmp_path, capsys) as terminal:
        assert (await terminal.run("settle", "close", "2027-05")).code == 0
        done = await terminal.run(*propose)
        as_json = await terminal.run(*propose, "--json")
    assert done.code == as_json.code == 1
    assert "nobody can be paid in NOK for 2027-05: 1 store has no account in force" in done.err
    assert f"{WEB}: 473.77 NOK: no account that two people agreed on" in done.err
    assert [each["pointer"] for each in as_json.json()["errors"]] == [WEB]


async def test_a_closed_month_goes_to_the_accountants(tmp_path: Path, capsys: Capture) -> None:
    """Three formats of the same journals; an open month, or a SAF-T without its currency, is refused."""
    network = await open_network()
    await network.order("N1")
    await network.deliver("N1")
    network.clock.set(JUNE_10)
    async with served(network, tmp_path, capsys) as terminal:
        early = await terminal.run("settle", "export", "vouchers", "2027-05")
        await terminal.run("settle", "close", "2027-05", "--who", "Ida")
        vouchers = await terminal.run("settle", "export", "vouchers", "2027-05")
        saft = tmp_path / "saft.xml"
        await terminal.run("settle", "export", "saft", "2027-05", "--currency", "NOK", "-o", str(saft))
        fec = await terminal.run("settle", "export", "fec", "2027-05")
        no_currency = await terminal.run("settle", "export", "saft", "2027-05")
    assert (early.code, "2027-05 is not closed" in early.err) == (1, True)
    assert (vouchers.code, fec.code, no_currency.code) == (0, 0, 1)
    amounts = [line.split(",")[8:10] for line in vouchers.out.splitlines()[1:]]
    debit, credit = (sum(int(each[side].replace(".", "") or "0") for each in amounts) for side in (0, 1))
    assert debit == credit == PRICE
    assert fec.out.startswith("JournalCode\t")
    assert b"<TotalDebit>649.00</TotalDebit>" in saft.read_bytes()


async def test_statements_go_to_the_stores_by_fax(tmp_path: Path, capsys: Capture) -> None:
    """Of a closed month only; each names its fax, under a key that follows from the month."""
    network = await open_network()
    await network.order("N1")
    await network.deliver("N1")
    network.clock.set(JUNE_10)
    fakes = make_fakes()
    fakes.behind = dataclasses.replace(fakes.behind, store=network.store, settlement=network.settlement)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        early = await terminal.run("settle", "statement", "2027-05", "--fax")
        await terminal.run("settle", "close", "2027-05", "--who", "Ida")
        sent = await terminal.run("settle", "statement", "2027-05", "--fax")
    assert (early.code, "is not closed" in early.err) == (1, True)
    assert (sent.code, sent.out.startswith("NO-A: fax ")) == (0, True)
    [wish] = fakes.desk.documents
    assert (wish.key, wish.line) == ("statement/2027-05/NO-A/NOK", network.settlement.members.line_of("NO-A"))
    assert wish.content.startswith(b"%PDF-")


async def test_a_statement_that_cannot_be_printed_stops_no_other(tmp_path: Path, capsys: Capture) -> None:
    """It is named with its reason, as file and by fax; its neighbours are written and sent."""
    network = await open_network()
    for number, store in (("N1", "NO-A"), ("N2", "NO-C")):
        await network.order(number, executor=store)
        await network.deliver(number, executor=store)
    await network.store.ledger.book([Entry((_of_no_currency("NO-B"),), network.clock.now())])
    network.clock.set(JUNE_10)
    fakes = make_fakes()
    fakes.behind = dataclasses.replace(fakes.behind, store=network.store, settlement=network.settlement)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        await terminal.run("settle", "close", "2027-05", "--who", "Ida")
        written = await terminal.run("settle", "statement", "2027-05", "-o", str(tmp_path / "out"))
        sent = await terminal.run("settle", "statement", "2027-05", "--fax")
    assert (written.code, written.out) == (1, f"{tmp_path / 'out'}: 2 statements as pdf\n")
    assert written.err.startswith("NO-B (XTS): not written: ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"2027-05-{store}-NOK.pdf" for store in ("NO-A", "NO-C")
    ]
    assert sent.code == 1
    assert [line.partition(" ")[0] for line in sent.out.splitlines()] == ["NO-A:", "NO-B:", "NO-C:"]
    assert sent.out.splitlines()[1] == "NO-B: no page: printing it broke: KeyError"
    assert len(fakes.desk.documents) == 2


def _of_no_currency(store: str) -> Journal:
    """Money that no statement can name: nobody knows how many digits it has."""
    account = Account(AccountKind.MEMBER, store, "XTS")
    other = Account(AccountKind.NETWORK, "sales", "XTS")
    return Journal(key="odd", effective_on=MAY_20, postings=(Posting(account, -5), Posting(other, 5)))


async def test_what_the_commands_refuse_before_they_ask(tmp_path: Path, capsys: Capture) -> None:
    network = await open_network()
    async with served(network, tmp_path, capsys) as terminal:
        for arguments, words in (
            (("ready", "2027-13"), "write a month as 2027-05"),
            (("decide", "1", "unallocated", "N1", "--why", "x"), "for fee and unallocated name none"),
            (("decide", "1", "matched_by_hand", "N1"), "--why"),
        ):
            done = await terminal.run("settle", *arguments)
            assert (done.code, words in done.err) == (2, True), done
        nobody = await terminal.run("settle", "decide", "9", "matched_by_hand", "N1", "--why", "x")
    assert (nobody.code, "9 is not in the queue of exceptions" in nobody.err) == (1, True)


async def test_a_daemon_that_settles_nothing_says_so(tmp_path: Path, capsys: Capture) -> None:
    async with terminal_at(make_fakes(), tmp_path, capsys) as terminal:
        done = await terminal.run("settle", "ready", "2027-05")
    assert (done.code, "the config has no [settlement]" in done.err) == (1, True)
