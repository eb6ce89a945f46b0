"""A statement says the same as page, sheet and lines, adds up in each, and is the same bytes every time."""

import csv
import datetime as dt
import io
import zipfile
from typing import get_args

import fontpkg
import msgspec
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from faxgw.errors import BugError
from faxgw.money import plain_amount
from faxgw.order import Language
from faxgw.settlement.month.statement import LineKind, Netting, Statement, Whom, make_statement, netting_of
from faxgw.settlement.statements import fonts
from faxgw.settlement.statements.lines import write_csv
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.settlement.statements.sheet import write_xlsx
from faxgw.settlement.statements.words import money_text, period_text, words_of
from faxgw.settlement.vat import Vat
from faxgw.store.ledger.port import Line

NETWORK = "Blomsternettet"


def line(
    seq: int, amount_minor: int, key: str = "order/N/2", *, tax: str = "", corrects: bool = False, day: int = 1
) -> Line:
    return Line(
        seq=seq,
        key=key,
        effective_on=dt.date(2027, 5, day),
        booked_at=0.0,
        memo="",
        order_number=f"NO27-{seq:07}" if key.startswith("order") else "",
        amount_minor=amount_minor,
        tax=tax,
        corrects=corrects,
    )


LINES = [
    line(1, -47377, tax="NO/3/2500"),
    line(2, 64900, day=2),
    line(2, -12880, tax="NO/3/2500", day=2),
    line(3, 3000, tax="NO/3/2500", corrects=True, day=3),
    line(4, 10000, "payout/2027-04/NO-0301", day=20),
]


def whom(language: Language = "nb") -> Whom:
    return Whom(id="NO-0301", name="Blåbær & Løv", address=("Storgata 1", "0155 Oslo"), language=language)


def statement(lines: list[Line] = LINES, language: Language = "nb", opening_minor: int = -10000) -> Statement:
    closing_minor = opening_minor + sum(each.amount_minor for each in lines)
    made = make_statement(whom(language), "2027-05", "NOK", opening_minor, lines, closing_minor)
    return msgspec.structs.replace(made, number="2027-05-0017")


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    pages = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    return "\n".join(pages).replace("\u00a0", " ")


def test_what_the_network_owes_is_above_zero_for_the_store() -> None:
    """One movement an order, the sender's debt less its own share; the balance as the store sees it."""
    made = statement()
    assert [(each.kind, each.amount_minor) for each in made.lines] == [
        (LineKind.EXECUTED, 47377),
        (LineKind.SENT, -52020),
        (LineKind.CORRECTION, -3000),
        (LineKind.PAID_OUT, -10000),
    ]
    assert (made.opening_minor, made.closing_minor) == (10000, -7643)
    assert made.opening_minor + sum(each.amount_minor for each in made.lines) == made.closing_minor


def test_taxes_are_of_what_the_store_earned_corrections_included() -> None:
    """Its share as executing and as sending store less what was taken back; what it owes bears none."""
    assert statement().earned_taxes == (Vat("3", 2500, 57257, 11451),)


def test_a_statement_that_does_not_add_up_is_never_made() -> None:
    """The ledger said one thing twice, differently: that is ours to find, not the store's."""
    with pytest.raises(BugError, match="does not add up"):
        make_statement(whom(), "2027-05", "NOK", 0, LINES, 1)


@pytest.mark.parametrize("language", get_args(Language))
def test_the_page_says_it_in_the_stores_language(language: Language) -> None:
    """Every label, every kind that there is, the amounts as the language writes them."""
    text = text_of(write_pdf(statement(language=language), NETWORK))
    words = words_of(language)
    for wanted in (words.statement, words.closing_owing, words.taxes, words.basis, "NO27-0000001", "2027-05-0017"):
        assert wanted in text
    assert period_text("2027-05", language) in text
    for kind in (LineKind.EXECUTED, LineKind.SENT, LineKind.CORRECTION, LineKind.PAID_OUT):
        assert words.kinds[kind] in text
    for minor in (47377, -52020, 7643):
        assert money_text(minor, "NOK", language).replace("\u202f", " ").replace("\u00a0", " ") in text


def test_a_long_month_goes_over_many_pages_and_none_of_it_is_lost() -> None:
    """Seventeen hundred orders: each number is on a page, each page tells which of how many."""
    lines = [line(number, -100 - number, day=1 + number % 31) for number in range(1, 1701)]
    text = text_of(write_pdf(statement(lines), NETWORK))
    assert all(f"NO27-{number:07}" in text for number in range(1, 1701))
    pages = text.count("Side ")
    assert f"Side {pages}/{pages}" in text


def test_the_same_statement_is_the_same_bytes() -> None:
    """Written again, as after a restore on another machine."""
    made = statement()
    assert write_pdf(made, NETWORK) == write_pdf(made, NETWORK)
    assert write_xlsx(made, NETWORK) == write_xlsx(made, NETWORK)
    assert write_csv(made) == write_csv(made)


def test_the_sheet_has_numbers_and_sums_them_itself() -> None:
    """Amounts are cells to calculate with, the balance a formula with its value."""
    with zipfile.ZipFile(io.BytesIO(write_xlsx(statement(), NETWORK))) as book:
        cells = book.read("xl/worksheets/sheet1.xml").decode()
    for value in ("473.77", "-520.20", "-30.00", "-100.00"):
        assert f"<v>{value}</v>" in cells
    assert "<f>E13</f><v>-76.43</v>" in cells


AMOUNTS = st.lists(st.integers(-(10**8), 10**8).filter(bool), max_size=30)


@given(amounts=AMOUNTS, opening_minor=st.integers(-(10**8), 10**8))
def test_the_lines_sum_to_the_balance_whatever_the_month(amounts: list[int], opening_minor: int) -> None:
    """Read back from CSV, in decimals: opening + movements = closing = the ledger's balance."""
    lines = [line(number, amount) for number, amount in enumerate(amounts)]
    made = statement(lines, opening_minor=opening_minor)
    rows = list(csv.DictReader(io.StringIO(write_csv(made).decode())))
    read = [int(row["amount"].replace(".", "")) for row in rows]
    assert [plain_amount(minor, "NOK") for minor in read] == [row["amount"] for row in rows]
    assert sum(read[:-1]) == read[-1] == made.closing_minor == -(opening_minor + sum(amounts))


@given(closing=st.integers(-1000, 1000), pay_from=st.integers(1, 500), collect_from=st.integers(1, 500))
def test_a_store_is_paid_or_collected_from_and_never_both(closing: int, pay_from: int, collect_from: int) -> None:
    """By the sign of its balance; too little is carried to the next month."""
    netting = netting_of(closing, pay_from_minor=pay_from, collect_from_minor=collect_from)
    assert (netting is Netting.PAY) == (closing >= pay_from)
    assert (netting is Netting.COLLECT) == (closing <= -collect_from)
    assert (netting is Netting.NOTHING) == (closing == 0)


def test_fonts_that_are_kept_print_the_same_bytes_as_reportlab_alone() -> None:
    """Stores with signs of their own, and the first again: what was cut for one is not taken for another."""
    names = ("Blåbær & Løv", "Fleurs d’Œuvre", "Blomst", "Grünwald Süß", "Blåbær & Løv")
    statements = [named(name) for name in names]
    kept = [write_pdf(each, NETWORK) for each in statements]
    ours = [pdfmetrics.getFont(name) for name in fonts.WEIGHTS]
    try:
        for name, weight in fonts.WEIGHTS.items():
            pdfmetrics.registerFont(TTFont(name, str(fontpkg.path(fonts.FAMILY, weight=weight))))
        alone = [write_pdf(each, NETWORK) for each in statements]
    finally:
        for font in ours:
            pdfmetrics.registerFont(font)
    assert kept == alone
    assert len(set(kept)) == len(names) - 1


def named(name: str) -> Statement:
    made = statement()
    return msgspec.structs.replace(made, whom=msgspec.structs.replace(made.whom, name=name))
