"""Vouchers as CSV with standard VAT codes, which every accounting program imports."""

import csv
import io
from collections.abc import Iterable

from faxgw.money import plain_amount
from faxgw.settlement.exports.chart import Voucher

HEADER = (
    "voucher",
    "date",
    "booked_in",
    "account",
    "account_name",
    "member",
    "text",
    "order",
    "debit",
    "credit",
    "currency",
    "vat_code",
    "vat_amount",
)


def write_vouchers(vouchers: Iterable[Voucher]) -> bytes:
    """UTF-8; a line each posting, with debit and credit in columns of their own."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(HEADER)
    for voucher in vouchers:
        journal = voucher.kept.journal
        for line in voucher.lines:
            amount = plain_amount(abs(line.amount_minor), line.currency)
            writer.writerow(
                (
                    voucher.number,
                    journal.effective_on.isoformat(),
                    voucher.kept.period,
                    line.account.number,
                    line.account.name,
                    line.auxiliary,
                    journal.memo,
                    journal.order_number,
                    amount if line.amount_minor > 0 else "",
                    amount if line.amount_minor < 0 else "",
                    line.currency,
                    line.tax.split("/")[1] if line.tax else "",
                    plain_amount(line.tax_minor, line.currency) if line.tax else "",
                )
            )
    return target.getvalue().encode()
