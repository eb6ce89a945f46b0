"""A closed month in the books: debit is credit, numbers have no gaps, taxes are the ledger's, bytes are the same."""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from faxgw.settlement.exports.chart import BookAccount, Chart, Company, Voucher, faults_of, vouchers_of
from faxgw.settlement.exports.fec import COLUMNS, file_name, write_fec
from faxgw.settlement.exports.saft import SPACE, Span, write_saft
from faxgw.settlement.exports.vouchers import write_vouchers
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Phase, Posting, Standing, fold
from faxgw.store.ledger.port import Kept

CHART = Chart(
    kinds={
        kind: BookAccount(number=str(1500 + 100 * place), name=f"Konto {kind}")
        for place, kind in enumerate(AccountKind)
    },
    named={"network:commission": BookAccount(number="3000", name="Provisjon")},
)
COMPANY = Company(name="Blomsternettet & Co", registration_number="999999999", city="Oslo")
OSLO = Account(AccountKind.MEMBER, "NO-0301", "NOK")
BERGEN = Account(AccountKind.MEMBER, "NO-4601", "NOK")
COMMISSION = Account(AccountKind.NETWORK, "commission", "NOK")
SEALED = dt.date(2027, 6, 5)


def kept(seq: int, *postings: Posting, phase: Phase = Phase.PLAIN, resolves: str = "") -> Kept:
    journal = Journal(
        key=f"order/N{seq}/1",
        phase=phase,
        effective_on=dt.date(2027, 5, 20),
        postings=postings,
        memo="order\twith a tab",
        order_number=f"N{seq}",
        resolves=resolves,
    )
    return Kept(seq=seq, booked_at=1_811_000_000.0, period="2027-05", journal=journal)


def sale(seq: int, amount_minor: int = 10_000) -> Kept:
    share = amount_minor * 7 // 10
    return kept(
        seq,
        Posting(BERGEN, amount_minor),
        Posting(OSLO, -share, "NO/3/2500"),
        Posting(COMMISSION, share - amount_minor, "NO/3/2500"),
    )


MONTH = [
    kept(1, Posting(BERGEN, 5), Posting(OSLO, -5), phase=Phase.PENDING),
    sale(2),
    kept(3, phase=Phase.VOID, resolves="order/N1/1"),
    sale(4, 64_900),
]


def vouchers(journals: Sequence[Kept] = MONTH) -> list[Voucher]:
    return list(vouchers_of(journals, CHART))


def test_only_what_counts_is_in_the_books_numbered_without_gaps() -> None:
    """Pending and void journals never were; the rest goes on from the number it is given."""
    assert [(each.number, each.kept.seq) for each in vouchers()] == [(1, 2), (2, 4)]
    assert [each.number for each in vouchers_of(MONTH, CHART, first_number=41)] == [41, 42]


def test_a_kind_without_an_account_is_named() -> None:
    """So that no posting is left out of the books."""
    assert not list(faults_of(CHART))
    poor = Chart(kinds={AccountKind.BANK: BookAccount(number="1920", name="Bank")})
    assert len(list(faults_of(poor))) == len(AccountKind) - 1


def test_vouchers_balance_and_bear_their_tax() -> None:
    """Each voucher's debit is its credit; the tax is what the posting holds."""
    rows = list(csv.DictReader(io.StringIO(write_vouchers(vouchers()).decode())))
    for number in {row["voucher"] for row in rows}:
        own = [row for row in rows if row["voucher"] == number]
        assert sum(Decimal(row["debit"] or 0) for row in own) == sum(Decimal(row["credit"] or 0) for row in own)
    florist = rows[1]
    assert (florist["member"], florist["credit"], florist["vat_code"], florist["vat_amount"]) == (
        "NO-0301",
        "70.00",
        "3",
        "-14.00",
    )


def test_the_french_file_has_its_eighteen_columns() -> None:
    """Tabs, days without signs, commas; nothing that somebody wrote makes a column of its own."""
    lines = write_fec(vouchers(), {"2027-05": SEALED}).decode().split("\r\n")
    assert lines[0].split("\t") == list(COLUMNS)
    rows = [line.split("\t") for line in lines[1:-1]]
    assert {len(row) for row in rows} == {18}
    assert rows[0][:4] == ["VT", "Ventes", "1", "20270520"]
    assert [row[11] for row in rows[:3]] == ["100,00", "0,00", "0,00"]
    assert [row[12] for row in rows[:3]] == ["0,00", "70,00", "30,00"]
    assert rows[0][15:] == ["20270605", "100,00", "NOK"]
    assert file_name(COMPANY, dt.date(2027, 12, 31)) == "999999999FEC20271231.txt"


def saft(journals: Sequence[Kept] = MONTH) -> ET.Element:
    closing = fold(each.journal for each in journals)
    span = Span(first="2027-05", last="2027-05", made_on=SEALED, opening={}, closing=closing)
    content = write_saft(vouchers(journals), span, CHART, COMPANY, "NOK")
    assert content == write_saft(vouchers(journals), span, CHART, COMPANY, "NOK")
    return ET.fromstring(content.decode())  # noqa: S314 - our own file


def texts(root: ET.Element, *path: str) -> list[str]:
    found = root.findall("/".join(f"{{{SPACE}}}{name}" for name in path))
    return [each.text or "" for each in found]


def test_the_norwegian_file_tells_accounts_taxes_and_entries() -> None:
    """Totals equal the lines', closing balances the ledger's, a tax its base; elements stand where 1.30 wants them."""
    root = saft()
    assert [each.tag.partition("}")[2] for each in root] == ["Header", "MasterFiles", "GeneralLedgerEntries"]
    assert texts(root, "Header", "AuditFileVersion") == ["1.30"]
    assert texts(root, "Header", "SelectionCriteria", "PeriodStart") == ["5"]
    assert texts(root, "GeneralLedgerEntries", "NumberOfEntries") == ["2"]
    assert texts(root, "GeneralLedgerEntries", "TotalDebit") == texts(root, "GeneralLedgerEntries", "TotalCredit")
    assert texts(root, "GeneralLedgerEntries", "TotalDebit") == ["749.00"]
    assert texts(root, "MasterFiles", "TaxTable", "TaxTableEntry", "TaxCodeDetails", "TaxPercentage") == ["25"]
    line = ("GeneralLedgerEntries", "Journal", "Transaction", "Line")
    assert texts(root, *line, "TaxInformation", "TaxBase")[0] == "56.00"
    assert texts(root, *line, "TaxInformation", "CreditTaxAmount", "Amount")[0] == "14.00"
    members = ("MasterFiles", "Suppliers", "Supplier")
    assert texts(root, *members, "SupplierID") == ["NO-0301", "NO-4601"]
    assert texts(root, *members, "BalanceAccountStructure", "BalanceAccount", "ClosingDebitBalance") == ["749.00"]


@given(amounts=st.lists(st.integers(1, 10**8), min_size=1, max_size=12))
def test_whatever_was_sold_debit_is_credit_in_every_file(amounts: list[int]) -> None:
    """The same sums in vouchers, FEC and SAF-T: those of the ledger."""
    journals = [sale(seq, amount) for seq, amount in enumerate(amounts)]
    total = Decimal(sum(amounts)).scaleb(-2)
    root = saft(journals)
    rows = list(csv.DictReader(io.StringIO(write_vouchers(vouchers(journals)).decode())))
    lines = write_fec(vouchers(journals), {"2027-05": SEALED}).decode().split("\r\n")[1:-1]
    fec = [Decimal(line.split("\t")[column].replace(",", ".")) for line in lines for column in (11, 12)]
    assert Decimal(texts(root, "GeneralLedgerEntries", "TotalDebit")[0]) == total
    assert sum(Decimal(row["debit"] or 0) for row in rows) == sum(Decimal(row["credit"] or 0) for row in rows) == total
    assert sum(fec) == 2 * total
    closing = fold(each.journal for each in journals)
    assert sum(own.posted_minor for own in closing.values()) == 0
    assert closing.get(OSLO, Standing()).posted_minor == -sum(amount * 7 // 10 for amount in amounts)
