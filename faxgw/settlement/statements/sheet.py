"""A statement as a spreadsheet: the amounts are numbers, the days are days, and the balance is summed by the sheet.

The same statement gives the same bytes: the file's own time stamp is the first day after the month.
"""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import xlsxwriter

from faxgw.money import MINOR_DIGITS
from faxgw.settlement.month.statement import Statement
from faxgw.settlement.statements.words import period_text, rate_text, words_of

HEAD_ROW = 7
"""Of the movements, from 0."""
WIDTHS = (12, 22, 26, 16, 16)


def write_xlsx(statement: Statement, network: str) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    words = words_of(statement.whom.language)
    book.set_properties(
        {"title": f"{words.statement} {statement.period}", "author": network, "created": _made(statement)}
    )
    sheet = book.add_worksheet(statement.period)
    bold = book.add_format({"bold": True})
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write(0, 0, f"{network}: {words.statement} {period_text(statement.period, statement.whom.language)}", bold)
    sheet.write(1, 0, f"{statement.whom.id} {statement.whom.name}")
    if statement.number:
        sheet.write(2, 0, f"{words.number} {statement.number}")
    _write_movements(book, sheet, statement)
    _write_taxes(book, sheet, statement)
    book.close()
    return target.getvalue()


def _write_movements(book: Any, sheet: Any, statement: Statement) -> None:
    words, bold = words_of(statement.whom.language), book.add_format({"bold": True})
    money, day = (
        book.add_format({"num_format": _money_format(statement)}),
        book.add_format({"num_format": "yyyy-mm-dd"}),
    )
    for column, label in enumerate((words.day, words.order, words.what, words.amount, words.balance)):
        sheet.write(HEAD_ROW, column, label, bold)
    sheet.write(HEAD_ROW + 1, 2, words.opening)
    sheet.write_number(HEAD_ROW + 1, 4, _major(statement.opening_minor, statement), money)
    balance_minor = statement.opening_minor
    for row, line in enumerate(statement.lines, start=HEAD_ROW + 2):
        balance_minor += line.amount_minor
        sheet.write_datetime(row, 0, dt.datetime.combine(line.day, dt.time.min), day)
        sheet.write_string(row, 1, line.order_number)
        sheet.write_string(row, 2, words.kinds[line.kind])
        sheet.write_number(row, 3, _major(line.amount_minor, statement), money)
        sheet.write_formula(row, 4, f"=E{row}+D{row + 1}", money, _major(balance_minor, statement))
    last = HEAD_ROW + 2 + len(statement.lines)
    sheet.write(last, 2, words.balance, bold)
    sheet.write_formula(last, 4, f"=E{last}", money, _major(statement.closing_minor, statement))
    sheet.freeze_panes(HEAD_ROW + 1, 0)


def _write_taxes(book: Any, sheet: Any, statement: Statement) -> None:
    words, money = words_of(statement.whom.language), book.add_format({"num_format": _money_format(statement)})
    for row, vat in enumerate(statement.earned_taxes, start=3):
        sheet.write(row, 0, rate_text(vat.basis_points, statement.whom.language))
        for column, (label, minor) in enumerate(
            ((words.net, vat.net_minor), (words.tax, vat.tax_minor), (words.gross, vat.gross_minor)), start=2
        ):
            if row == 3:
                sheet.write(2, column, label)
            sheet.write_number(row, column, _major(minor, statement), money)


def _made(statement: Statement) -> dt.datetime:
    first = dt.datetime.fromisoformat(f"{statement.period}-01")
    return (first + dt.timedelta(days=32)).replace(day=1)


def _money_format(statement: Statement) -> str:
    digits = MINOR_DIGITS[statement.currency]
    return "#,##0" + ("." + "0" * digits if digits else "")


def _major(amount_minor: int, statement: Statement) -> Decimal:
    """A decimal: xlsxwriter writes its digits, and what the spreadsheet makes of them is the spreadsheet's."""
    return Decimal(amount_minor).scaleb(-MINOR_DIGITS[statement.currency])
