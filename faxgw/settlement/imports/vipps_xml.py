"""Vipps SettlementReport 3.0 (XML): one batch a settlement of a sales unit.

The file's own identities are checked as its XSD states them: Gross = Capture + Refund, Net = Gross - Fee, each
settlement amount the sum of its transactions', the settled amount net or gross by the type of settlement
(github.com/vippsas/vipps-developers, settlements).
"""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, day_in, require_total
from faxgw.settlement.imports.tree import Node, parse_tree

NAME = "vipps-xml"
SPACE = b"http://vipps.no/xmlschema/SettlementReport-3.0.xsd"
OSLO = ZoneInfo("Europe/Oslo")
"""A Vipps day is one of Oslo, whatever offset a time is written with."""


def matches(head: bytes) -> bool:
    return SPACE in head


def read(content: bytes) -> SettlementFile:
    report = parse_tree(content)
    return SettlementFile(provider="vipps", format=NAME, batches=tuple(_batches(report)))


def _batches(report: Node) -> Iterator[Batch]:
    for unit in report.all("SettlementDetailsInfo"):
        for payments in unit.all("PaymentsInfo"):
            settlements = list(payments.all("SettlementInfo"))
            told = payments.first("NumOfSettlements")
            if told is not None:
                require_total(
                    "the number of settlements", len(settlements), payments.count("NumOfSettlements"), told.line
                )
            for settlement in settlements:
                yield _batch(unit.need("SerialNumber"), settlement)


def _batch(unit: str, settlement: Node) -> Batch:
    currency = settlement.need("SettlementCurrencyCode")
    transactions = list(settlement.all("TransactionInfo"))
    is_net = settlement.told("SettlementType") == "Net"
    entries = [entry for each in transactions for entry in _entries(each, currency, is_net=is_net)]
    _check(settlement, transactions, currency)
    settled_minor = settlement.minor(currency, "SettledAmount")
    return Batch(
        ref=settlement.need("SettlementID"),
        account=unit,
        currency=currency,
        entries=tuple(entries),
        payout_minor=settled_minor,
        value_date=_settled_on(settlement),
    )


def _entries(transaction: Node, currency: str, *, is_net: bool) -> Iterator[Entry]:
    """A transaction may capture and refund at once; each is an entry, and the fee goes with the first.

    Under gross settlement fees are invoiced later and leave the balance alone.
    """
    if transaction.need("SettlementCurrencyCode") != currency:
        raise RefusedError("a transaction in another currency than its settlement", transaction.line)
    captured, refunded, gross, net, fee = (
        transaction.minor(currency, f"Transaction{part}Amount") for part in ("Capture", "Refund", "Gross", "Net", "Fee")
    )
    require_total("capture + refund of a transaction", captured + refunded, gross, transaction.line)
    require_total("gross - fee of a transaction", gross - fee, net, transaction.line)
    occurred_at = _moment(transaction)
    parts = [(EntryKind.SALE, captured), (EntryKind.REFUND, refunded)]
    moved = [part for part in parts if part[1]] or [(EntryKind.FEE, 0)]
    for index, (kind, amount_minor) in enumerate(moved):
        yield Entry(
            line=transaction.line,
            kind=kind,
            told_kind="capture" if kind is EntryKind.SALE else str(kind),
            txn_id=transaction.need("TransactionID"),
            payment_id=transaction.told("OrderID"),
            merchant_ref=transaction.told("OrderID"),
            gross_minor=amount_minor,
            fee_minor=fee if is_net and not index else 0,
            currency=currency,
            occurred_at=occurred_at,
            day=day_in(OSLO, occurred_at),
        )


def _moment(transaction: Node) -> dt.datetime:
    text = transaction.need("TransactionTime")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"TransactionTime is {text!r} and no time", transaction.line) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)


def _settled_on(settlement: Node) -> dt.date | None:
    """A day, in some files with a time or an offset behind it."""
    text = settlement.told("SettlementDate")
    try:
        return dt.date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise RefusedError(f"SettlementDate is {text!r} and no day", settlement.line) from None


def _check(settlement: Node, transactions: list[Node], currency: str) -> None:
    require_total(
        "the number of transactions", len(transactions), settlement.count("NumOfTransactions"), settlement.line
    )
    sums: dict[str, int] = {}
    for part in ("Capture", "Refund", "Gross", "Net", "Fee"):
        sums[part] = sum(each.minor(currency, f"Transaction{part}Amount") for each in transactions)
        declared = settlement.minor(currency, f"{part}SettlementAmount")
        require_total(f"the sum of all Transaction{part}Amount", sums[part], declared, settlement.line)
    kind = settlement.need("SettlementType")
    if kind not in {"Gross", "Net"}:
        raise RefusedError(f"SettlementType is {kind!r}, neither Gross nor Net", settlement.line)
    require_total("the settled amount", sums[kind], settlement.minor(currency, "SettledAmount"), settlement.line)
