"""Systempay and Lyra Collect: the bank reconciliation journal ("journal de rapprochement bancaire", TABLE_V1 and V2).

Records TITRE, ENTETE, MATCHING and FIN; fields and lines end with `;`. Amounts are in the smallest unit. NET_AMOUNT
is there only where the bank's line was matched automatically; without it the commission is not known either.
"""

import datetime as dt
from itertools import groupby

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, require_total
from faxgw.settlement.imports.table import Row, read_records

NAME = "systempay"
NEEDED = ("TRANSACTION_ID", "ORIGIN_AMOUNT", "CURRENCY_CODE", "ORDER_ID", "OPERATION_TYPE", "PAYMENT_DATE")
CURRENCIES = {"978": "EUR", "756": "CHF", "826": "GBP", "840": "USD", "578": "NOK", "752": "SEK", "208": "DKK"}
"""By ISO 4217 number, which some shops are set up to get instead of the letters."""
UNREMITTED = "unremitted"


def matches(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"TITRE;") and b"ENTETE;" in head


def read(content: bytes) -> SettlementFile:
    rows = _rows(content.decode("utf-8-sig", errors="replace"))
    rows.sort(key=lambda row: (row.text("REMITTANCE_NB"), _currency(row), row.line))
    by_remittance = groupby(rows, key=lambda row: (row.text("REMITTANCE_NB"), _currency(row)))
    batches = tuple(_batch(ref, currency, list(own)) for (ref, currency), own in by_remittance)
    return SettlementFile(provider="systempay", format=NAME, batches=batches)


def _rows(text: str) -> list[Row]:
    names: list[str] | None = None
    rows: list[Row] = []
    ended_at: int | None = None
    for line, record in read_records(text, ";"):
        kind, fields = record[0].strip(), [field.strip() for field in record[1:]]
        if ended_at is not None:
            raise RefusedError("a record after FIN", line)
        match kind:
            case "TITRE":
                pass
            case "ENTETE":
                names = fields
                missing = [name for name in NEEDED if name not in names]
                if missing:
                    raise RefusedError(f"the header has no {', '.join(missing)}", line)
            case "MATCHING" if names is not None:
                if len(fields) != len(names):
                    raise RefusedError(f"{len(fields)} fields, but ENTETE names {len(names)}", line)
                rows.append(Row(line, dict(zip(names, fields, strict=True))))
            case "FIN":
                ended_at = line
                told = next((field for field in fields if field.isdecimal()), None)
                if told is not None:
                    require_total("the number of MATCHING records", len(rows), int(told), line)
            case other:
                raise RefusedError(f"a record {other!r} where it has no place", line)
    if ended_at is None:
        raise RefusedError("the file has no FIN: it is cut off")
    return rows


def _currency(row: Row) -> str:
    code = row.need("CURRENCY_CODE")
    return CURRENCIES.get(code, code)


def _batch(ref: str, currency: str, rows: list[Row]) -> Batch:
    """A remittance is what arrives at the bank, once the net of all its rows is known."""
    entries = tuple(_entry(row, currency) for row in rows)
    is_known = bool(ref) and all(row.text("NET_AMOUNT") for row in rows)
    payout_minor = sum(entry.net_minor for entry in entries) if is_known else None
    return Batch(
        ref=ref or UNREMITTED,
        account=rows[0].text("MERCHANT_ID") or rows[0].text("CONTRACT"),
        currency=currency,
        entries=entries,
        payout_minor=payout_minor,
        value_date=_day(rows[0], "REMITTANCE_DATE") if rows[0].text("REMITTANCE_DATE") else None,
    )


def _entry(row: Row, currency: str) -> Entry:
    side = row.need("OPERATION_TYPE")
    if side not in {"DT", "CT"}:
        raise RefusedError(f"OPERATION_TYPE is {side!r}, neither DT (payment) nor CT (refund)", row.line)
    amount_minor, fee_minor = _units(row, "ORIGIN_AMOUNT"), abs(_units(row, "COMMISSION_AMOUNT"))
    gross_minor = amount_minor if side == "DT" else -amount_minor
    if row.text("NET_AMOUNT"):
        net_minor = abs(_units(row, "NET_AMOUNT"))
        require_total("ORIGIN_AMOUNT less commission", abs(gross_minor - fee_minor), net_minor, row.line)
    return Entry(
        line=row.line,
        kind=EntryKind.SALE if side == "DT" else EntryKind.REFUND,
        told_kind=side,
        txn_id="/".join((row.need("PAYMENT_DATE"), row.need("TRANSACTION_ID"), side, row.text("OPERATION_NUMBER"))),
        payment_id=row.text("ORDER_ID"),
        merchant_ref=row.text("ORDER_ID"),
        gross_minor=gross_minor,
        fee_minor=fee_minor,
        currency=currency,
        day=_day(row, "PAYMENT_DATE"),
    )


def _units(row: Row, name: str) -> int:
    text = row.text(name)
    digits = text.removeprefix("-")
    if text and not (digits.isdecimal() and digits.isascii()):
        raise RefusedError(f"{name} is {text!r} and no whole number of the smallest unit", row.line)
    return int(text) if text else 0


def _day(row: Row, name: str) -> dt.date:
    text = row.need(name)
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day in France, as the file has it
    except ValueError:
        raise RefusedError(f"{name} is {text!r} and no day", row.line) from None
