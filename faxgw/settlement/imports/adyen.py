"""Adyen's settlement details report (CSV): one batch a batch number, a row each journal entry.

Debits and credits have columns of their own, fees four (docs.adyen.com, settlement-detail-report-structure). Amounts
count in the net currency, in which the payout is; the rows of a batch sum to its payout.
"""

import datetime as dt
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, day_in, require_total
from faxgw.settlement.imports.table import Row, read_table

NAME = "adyen"
REQUIRED = (
    "Merchant Account",
    "Psp Reference",
    "Merchant Reference",
    "Creation Date",
    "TimeZone",
    "Type",
    "Net Currency",
    "Net Debit (NC)",
    "Net Credit (NC)",
    "Batch Number",
)
FEES = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
KINDS = {
    "Settled": EntryKind.SALE,
    "Refunded": EntryKind.REFUND,
    "Chargeback": EntryKind.CHARGEBACK,
    "SecondChargeback": EntryKind.CHARGEBACK,
    "ChargebackReversed": EntryKind.CHARGEBACK_REVERSAL,
    "RefundedReversed": EntryKind.ADJUSTMENT,
    "Fee": EntryKind.FEE,
    "MiscCosts": EntryKind.FEE,
    "InvoiceDeduction": EntryKind.FEE,
    "PaymentCost": EntryKind.FEE,
    "MerchantPayout": EntryKind.PAYOUT,
    "DepositCorrection": EntryKind.RESERVE,
    "ManualCorrected": EntryKind.ADJUSTMENT,
    "MatchedStatement": EntryKind.ADJUSTMENT,
    "BankInstructionReturned": EntryKind.ADJUSTMENT,
    "Balancetransfer": EntryKind.ADJUSTMENT,
    "EpaPaid": EntryKind.ADJUSTMENT,
    "PaidOut": EntryKind.ADJUSTMENT,
    "PaidOutReversed": EntryKind.ADJUSTMENT,
}
ZONES = {
    "CET": "Europe/Amsterdam",
    "CEST": "Europe/Amsterdam",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
}
"""Abbreviations that Adyen writes for zones with summer time."""


def matches(head: bytes) -> bool:
    return b"Psp Reference" in head and b"Net Debit (NC)" in head


def read(content: bytes) -> SettlementFile:
    rows = list(read_table(content.decode("utf-8-sig"), ",", REQUIRED))
    rows.sort(key=lambda row: (row.need("Batch Number"), row.need("Net Currency"), row.line))
    by_batch = groupby(rows, key=lambda row: (row.text("Batch Number"), row.text("Net Currency")))
    batches = tuple(_batch(ref, currency, list(own)) for (ref, currency), own in by_batch)
    return SettlementFile(provider="adyen", format=NAME, batches=batches)


def _batch(ref: str, currency: str, rows: list[Row]) -> Batch:
    entries = tuple(_entry(row, currency) for row in rows)
    payouts = [entry for entry in entries if entry.kind is EntryKind.PAYOUT]
    payout_minor = -sum(entry.net_minor for entry in payouts) if payouts else None
    batch = Batch(
        ref=ref, account=rows[0].need("Merchant Account"), currency=currency, entries=entries, payout_minor=payout_minor
    )
    if payout_minor is not None:
        require_total(f"the sum of batch {ref}", batch.net_minor, payout_minor, payouts[0].line)
    return batch


def _entry(row: Row, currency: str) -> Entry:
    told_kind = row.need("Type")
    kind = KINDS.get(told_kind, EntryKind.OTHER)
    net_minor = row.minor("Net Credit (NC)", currency) - row.minor("Net Debit (NC)", currency)
    fee_minor = sum(row.minor(name, currency) for name in FEES)
    _check_gross(row, currency, net_minor + fee_minor)
    occurred_at = _moment(row)
    psp_reference, modification = row.text("Psp Reference"), row.text("Modification Reference")
    return Entry(
        line=row.line,
        kind=kind,
        told_kind=told_kind,
        txn_id=_txn_id(row, kind, modification or psp_reference),
        payment_id=psp_reference,
        merchant_ref=row.text("Merchant Reference"),
        gross_minor=net_minor + fee_minor,
        fee_minor=fee_minor,
        currency=currency,
        occurred_at=occurred_at,
        day=day_in(occurred_at.tzinfo or dt.UTC, occurred_at),
    )


def _txn_id(row: Row, kind: EntryKind, reference: str) -> str:
    """Fees, payouts and corrections have no reference of their own; batch, type, time and line name them."""
    if reference and kind is not EntryKind.FEE:
        return reference
    return "/".join((row.text("Batch Number"), row.text("Type"), row.text("Creation Date"), reference, str(row.line)))


def _check_gross(row: Row, currency: str, gross_minor: int) -> None:
    if row.text("Gross Currency") == currency and (row.text("Gross Debit (GC)") or row.text("Gross Credit (GC)")):
        told = row.minor("Gross Credit (GC)", currency) - row.minor("Gross Debit (GC)", currency)
        require_total("net + fees", gross_minor, told, row.line)


def _moment(row: Row) -> dt.datetime:
    text, name = row.need("Creation Date"), row.need("TimeZone")
    try:
        zone = ZoneInfo(ZONES.get(name, name))
        return dt.datetime.fromisoformat(text).replace(tzinfo=zone)
    except (ValueError, ZoneInfoNotFoundError):
        raise RefusedError(f"no time: {text!r} in the zone {name!r}", row.line) from None
