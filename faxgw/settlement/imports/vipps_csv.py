"""Vipps settlements as CSV, in both layouts: records of three types in one file, and one Norwegian row a transaction.

In the typed layout fees are negative, Gross leaves refunds out, and Net does not deduct them (the published sample:
16,511.71 - 61.09 = 16,450.62 beside a refund of 1,490.00). So what was paid is Gross + Refund + Fee, and Net is held
against Gross + Fee. An unquoted decimal comma makes one field too many and is refused with its line.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, require_total
from faxgw.settlement.imports.table import Row, read_records, read_table

NAME = "vipps-csv"
TYPES = ("SettlementInfo", "FeeInfo", "TransactionInfo")
NORWEGIAN = ("Salgsdato", "Vippsnummer", "Transaksjons-ID", "Ordre-ID", "Brutto", "Gebyr", "Netto", "Oppgjørs-ID")
NORWEGIAN_CURRENCY = "NOK"
"""That layout names none; a Vippsnummer is Norwegian."""


def matches(head: bytes) -> bool:
    first = _text(head).lstrip("\ufeff")
    return first.startswith(("SettlementInfo,", "Salgsdato"))


def read(content: bytes) -> SettlementFile:
    text = _text(content)
    batches = _norwegian(text) if text.lstrip("\ufeff").startswith("Salgsdato") else _typed(text)
    return SettlementFile(provider="vipps", format=NAME, batches=tuple(batches))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


# --- records of three types -------------------------------------------------------------------------------


def _typed(text: str) -> Iterator[Batch]:
    rows = list(_typed_rows(text))
    transactions = [row for row in rows if row.text("type") == "TransactionInfo"]
    settlements = [row for row in rows if row.text("type") == "SettlementInfo"]
    strays = {row.need("SettlementId") for row in transactions} - {row.need("SettlementID") for row in settlements}
    if strays:
        raise RefusedError(f"transactions of the settlement {min(strays)}, which the file does not tell of")
    by_settlement: dict[str, list[Row]] = {}
    for row in transactions:
        by_settlement.setdefault(row.text("SettlementId"), []).append(row)
    for settlement in settlements:
        yield _typed_batch(settlement, by_settlement.get(settlement.text("SettlementID"), []))


def _typed_rows(text: str) -> Iterator[Row]:
    """Each type has a header of its own, which is the first record of the type."""
    headers: dict[str, list[str]] = {}
    for line, record in read_records(text, ","):
        kind = record[0].strip().lstrip("\ufeff")
        if kind not in TYPES:
            raise RefusedError(f"a record of the type {kind!r}; known are {', '.join(TYPES)}", line)
        if kind not in headers:
            headers[kind] = ["type", *(name.strip() for name in record[1:])]
        elif len(record) != len(headers[kind]):
            raise RefusedError(f"{len(record)} fields, but a {kind} has {len(headers[kind])}", line)
        else:
            yield Row(line, dict(zip(headers[kind], [kind, *record[1:]], strict=True)))


def _typed_batch(settlement: Row, transactions: Sequence[Row]) -> Batch:
    currency = settlement.need("Currency")
    entries = [entry for row in transactions for entry in _typed_entries(row)]
    count = settlement.need("NumberOfTransactions")
    require_total("the number of transactions", len(transactions), _count(settlement, count), settlement.line)
    for name in ("Gross", "Fee", "Refund"):
        total = sum(row.minor(name, currency) for row in transactions)
        require_total(f"the sum of {name}", total, settlement.minor(name, currency), settlement.line)
    gross, fee, refund = (settlement.minor(name, currency) for name in ("Gross", "Fee", "Refund"))
    require_total("Gross + Fee", gross + fee, settlement.minor("Net", currency), settlement.line)
    return Batch(
        ref=settlement.need("SettlementID"),
        account=settlement.need("SaleUnitNumber"),
        currency=currency,
        entries=tuple(entries),
        payout_minor=gross + refund + fee,
        value_date=_day(settlement, "SettlementDate"),
    )


def _typed_entries(row: Row) -> Iterator[Entry]:
    currency = row.need("Currency")
    parts = [(EntryKind.SALE, row.minor("Gross", currency)), (EntryKind.REFUND, row.minor("Refund", currency))]
    moved = [part for part in parts if part[1]] or [(EntryKind.FEE, 0)]
    for index, (kind, amount_minor) in enumerate(moved):
        yield Entry(
            line=row.line,
            kind=kind,
            told_kind=str(kind),
            txn_id=row.need("TransactionId"),
            payment_id=row.text("OrderID"),
            merchant_ref=row.text("OrderID"),
            gross_minor=amount_minor,
            fee_minor=0 if index else -row.minor("Fee", currency),
            currency=currency,
            day=_day(row, "SalesDate"),
        )


# --- one Norwegian row a transaction -----------------------------------------------------------------------


def _norwegian(text: str) -> Iterator[Batch]:
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = sorted(read_table(text, delimiter, NORWEGIAN), key=lambda row: row.text("Oppgjørs-ID"))
    for ref, grouped in groupby(rows, key=lambda row: row.need("Oppgjørs-ID")):
        own = sorted(grouped, key=lambda row: row.line)
        entries = tuple(_norwegian_entry(row) for row in own)
        batch = Batch(
            ref=ref,
            account=own[0].need("Vippsnummer"),
            currency=NORWEGIAN_CURRENCY,
            entries=entries,
            payout_minor=own[0].minor("Oppgjørssum", NORWEGIAN_CURRENCY) if own[0].text("Oppgjørssum") else None,
            value_date=_day(own[0], "Oppgjørsdato") if own[0].text("Oppgjørsdato") else None,
        )
        if batch.payout_minor is not None:
            require_total(f"the sum of Netto in {ref}", batch.net_minor, batch.payout_minor, own[0].line)
        yield batch


def _norwegian_entry(row: Row) -> Entry:
    """The payer's name and message stay in the file: nobody needs them to settle."""
    gross, fee, net = (row.minor(name, NORWEGIAN_CURRENCY) for name in ("Brutto", "Gebyr", "Netto"))
    fee = abs(fee)
    require_total("Brutto - Gebyr", gross - fee, net, row.line)
    return Entry(
        line=row.line,
        kind=EntryKind.REFUND if gross < 0 else EntryKind.SALE,
        told_kind=row.text("Transaksjonstype"),
        txn_id=row.need("Transaksjons-ID"),
        payment_id=row.text("Ordre-ID"),
        merchant_ref=row.text("Ordre-ID"),
        gross_minor=gross,
        fee_minor=fee,
        currency=NORWEGIAN_CURRENCY,
        day=_day(row, "Salgsdato"),
    )


def _day(row: Row, name: str) -> dt.date:
    text = row.need(name)
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of Oslo, as the file has it
        except ValueError:
            continue
    raise RefusedError(f"{name} is {text!r} and no day", row.line)


def _count(row: Row, text: str) -> int:
    if not text.isdecimal():
        raise RefusedError(f"NumberOfTransactions is {text!r}", row.line)
    return int(text)
