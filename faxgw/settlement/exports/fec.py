"""France's FEC (fichier des écritures comptables, LPF art. A. 47 A-1): 18 columns, tabs, a line each posting.

Days as YYYYMMDD, decimals with a comma and no signs between thousands; numbers go on without gaps over the year, and
only validated entries are in it: those of sealed months.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator

from faxgw.money import plain_amount
from faxgw.settlement.exports.chart import BookLine, Company, Voucher

COLUMNS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
JOURNALS = {"order": ("VT", "Ventes"), "import": ("EN", "Encaissements"), "place": ("EN", "Encaissements")}
OTHER_JOURNAL = ("OD", "Operations diverses")
BOOKS_CURRENCY = "EUR"


def file_name(company: Company, year_end: dt.date) -> str:
    return f"{company.registration_number}FEC{year_end:%Y%m%d}.txt"


def write_fec(vouchers: Iterable[Voucher], validated: dict[str, dt.date]) -> bytes:
    """The file in UTF-8; `validated` is the day on which each month was sealed."""
    rows = ["\t".join(COLUMNS)]
    for voucher in vouchers:
        rows += ("\t".join(row) for row in _rows(voucher, validated[voucher.kept.period]))
    return ("\r\n".join(rows) + "\r\n").encode()


def _rows(voucher: Voucher, validated_on: dt.date) -> Iterator[tuple[str, ...]]:
    journal = voucher.kept.journal
    code, name = JOURNALS.get(journal.key.partition("/")[0], OTHER_JOURNAL)
    day = _day(journal.effective_on)
    for line in voucher.lines:
        yield (
            *(code, name, str(voucher.number), day),
            *(line.account.number, _plain(line.account.name), line.auxiliary, line.auxiliary),
            *(journal.order_number or _plain(journal.key), day, _plain(journal.memo) or name),
            *(_side(line, is_debit=True), _side(line, is_debit=False)),
            *("", "", _day(validated_on)),
            *_foreign(line),
        )


def _side(line: BookLine, *, is_debit: bool) -> str:
    counts = line.amount_minor > 0 if is_debit else line.amount_minor < 0
    return plain_amount(abs(line.amount_minor) if counts else 0, line.currency).replace(".", ",")


def _foreign(line: BookLine) -> tuple[str, str]:
    """Empty for euros; an amount in another currency is told with its sign."""
    if line.currency == BOOKS_CURRENCY:
        return ("", "")
    return (plain_amount(line.amount_minor, line.currency).replace(".", ","), line.currency)


def _day(day: dt.date) -> str:
    return f"{day:%Y%m%d}"


def _plain(text: str) -> str:
    """Nothing that would be a column or a line of its own."""
    return re.sub(r"[\t\r\n|]+", " ", text).strip()
