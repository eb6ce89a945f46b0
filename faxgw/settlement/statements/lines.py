"""A statement as CSV for a store's own accounts: plain decimals, ISO days, no language."""

import csv
import io

from faxgw.money import plain_amount
from faxgw.settlement.month.statement import Statement

HEADER = ("member", "period", "number", "day", "order", "kind", "amount", "currency")


def write_csv(statement: Statement) -> bytes:
    """UTF-8, one movement a line; the balances stand first and last."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerow(_row(statement, f"{statement.period}-01", "", "opening", statement.opening_minor))
    for line in statement.lines:
        writer.writerow(_row(statement, line.day.isoformat(), line.order_number, line.kind, line.amount_minor))
    writer.writerow(_row(statement, "", "", "closing", statement.closing_minor))
    return target.getvalue().encode()


def _row(statement: Statement, day: str, order_number: str, kind: str, amount_minor: int) -> tuple[str, ...]:
    head = (statement.whom.id, statement.period, statement.number)
    return (*head, day, order_number, kind, plain_amount(amount_minor, statement.currency), statement.currency)
