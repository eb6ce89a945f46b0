"""Stripe's payout reconciliation report (itemized CSV): one batch a payout.

Amounts are in major units, net = gross - fee in each row, the rows of a payout sum to it. `reporting_category` tells
the kind: `type` hides disputes among adjustments (docs.stripe.com/reports/balance). A manual payout cannot be
itemised; its rows come without a payout, and their batch without a sum to check.
"""

import datetime as dt
from itertools import groupby
from zoneinfo import ZoneInfo

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, day_in, require_total
from faxgw.settlement.imports.table import Row, read_table

NAME = "stripe"
REQUIRED = ("automatic_payout_id", "balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category")
KINDS = {
    "charge": EntryKind.SALE,
    "partial_capture_reversal": EntryKind.REFUND,
    "refund": EntryKind.REFUND,
    "refund_failure": EntryKind.ADJUSTMENT,
    "dispute": EntryKind.CHARGEBACK,
    "dispute_reversal": EntryKind.CHARGEBACK_REVERSAL,
    "fee": EntryKind.FEE,
    "network_cost": EntryKind.FEE,
    "payout": EntryKind.PAYOUT,
    "payout_reversal": EntryKind.ADJUSTMENT,
    "other_adjustment": EntryKind.ADJUSTMENT,
    "topup": EntryKind.ADJUSTMENT,
    "topup_reversal": EntryKind.ADJUSTMENT,
    "risk_reserved_funds": EntryKind.RESERVE,
}
METADATA = "payment_metadata["
MANUAL = "manual"
UTC = ZoneInfo("UTC")


def matches(head: bytes) -> bool:
    return b"balance_transaction_id" in head and b"reporting_category" in head


def read(content: bytes) -> SettlementFile:
    rows = list(read_table(content.decode("utf-8-sig"), ",", REQUIRED))
    rows.sort(key=lambda row: (_payout_ref(row), row.need("currency").upper(), row.line))
    by_payout = groupby(rows, key=lambda row: (_payout_ref(row), row.text("currency").upper()))
    batches = tuple(_batch(ref, currency, list(own)) for (ref, currency), own in by_payout)
    return SettlementFile(provider="stripe", format=NAME, batches=batches)


def _payout_ref(row: Row) -> str:
    """A manual payout settles nothing in particular, and is a batch of its own."""
    own = row.text("automatic_payout_id")
    if not own and KINDS.get(row.text("reporting_category")) is EntryKind.PAYOUT:
        return row.need("balance_transaction_id")
    return own


def _batch(ref: str, currency: str, rows: list[Row]) -> Batch:
    entries = tuple(_entry(row, currency) for row in rows)
    payouts = [entry for entry in entries if entry.kind is EntryKind.PAYOUT]
    net_minor = sum(entry.net_minor for entry in entries if entry.kind is not EntryKind.PAYOUT)
    if payouts:
        payout_minor = -sum(entry.net_minor for entry in payouts)
        if len(payouts) == len(entries):
            net_minor = payout_minor
        require_total(f"the sum of payout {ref}", net_minor, payout_minor, payouts[0].line)
    return Batch(
        ref=ref or MANUAL,
        account="stripe",
        currency=currency,
        entries=entries,
        payout_minor=net_minor if ref else None,
        value_date=_effective_day(rows[0]),
    )


def _entry(row: Row, currency: str) -> Entry:
    told_kind = row.need("reporting_category")
    kind = KINDS.get(told_kind, EntryKind.OTHER)
    gross, fee, net = (row.minor(name, currency) for name in ("gross", "fee", "net"))
    require_total("gross - fee", gross - fee, net, row.line)
    occurred_at = _moment(row)
    return Entry(
        line=row.line,
        kind=kind,
        told_kind=told_kind,
        txn_id=row.need("balance_transaction_id"),
        payment_id=row.text("payment_intent_id") or row.text("charge_id"),
        merchant_ref=_merchant_ref(row),
        gross_minor=gross,
        fee_minor=fee,
        currency=currency,
        occurred_at=occurred_at,
        day=day_in(UTC, occurred_at),
    )


def _merchant_ref(row: Row) -> str:
    """The shop's own reference is whatever it wrote into the payment's metadata; the first that is told counts."""
    return next((row.text(name) for name in row.values if name.startswith(METADATA) and row.text(name)), "")


def _moment(row: Row) -> dt.datetime:
    text = row.text("created_utc") or row.text("created")
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError(f"created is {text!r} and no time", row.line) from None


def _effective_day(row: Row) -> dt.date | None:
    text = row.text("automatic_payout_effective_at_utc") or row.text("automatic_payout_effective_at")
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=UTC).date() if text else None
    except ValueError:
        raise RefusedError(f"automatic_payout_effective_at is {text!r} and no time", row.line) from None
