"""Bank statements and notifications of ISO 20022: camt.053 and camt.054, in every version.

The elements that are read have kept their places since version 02; a code or a choice around a date or an agent,
which newer versions put in between, is looked through. A statement's balances are held against its entries, and the
transactions of a batch booking against its amount.
"""

import datetime as dt
from collections.abc import Iterator

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, require_total
from faxgw.settlement.imports.tree import Node, parse_tree

NAME = "camt"
SPACES = (b"urn:iso:std:iso:20022:tech:xsd:camt.053.", b"urn:iso:std:iso:20022:tech:xsd:camt.054.")
MESSAGES = (("BkToCstmrStmt", "Stmt"), ("BkToCstmrDbtCdtNtfctn", "Ntfctn"))
PART = "::"
"""Between a booking's reference and the number of a part of it; see `store.clearing.importing`."""
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def matches(head: bytes) -> bool:
    return any(space in head for space in SPACES)


def read(content: bytes) -> SettlementFile:
    document = parse_tree(content)
    accounts = [each for path in MESSAGES for each in document.all(*path)]
    if not accounts:
        raise RefusedError("neither a statement (camt.053) nor a notification (camt.054)", document.line)
    return SettlementFile(provider="bank", format=NAME, batches=tuple(_batch(each) for each in accounts))


def _batch(account: Node) -> Batch:
    number = account.told("Acct", "Id", "IBAN") or account.need("Acct", "Id", "Othr", "Id")
    booked = list(account.all("Ntry"))
    currency = account.told("Acct", "Ccy") or (_currency(booked[0]) if booked else "")
    if not currency:
        raise RefusedError("neither the account nor an entry names the currency", account.line)
    _check_balances(account, booked, currency)
    entries = [entry for position, each in enumerate(booked) for entry in _entries(each, account, position, currency)]
    return Batch(ref=account.need("Id"), account=number, currency=currency, entries=tuple(entries), payout_minor=None)


def _currency(entry: Node) -> str:
    amount = entry.first("Amt")
    return amount.attributes.get("Ccy", "") if amount is not None else ""


def _signed(node: Node, currency: str, entry: Node | None = None) -> int:
    amount = node.first("Amt")
    if amount is not None and amount.attributes.get("Ccy", currency) != currency:
        raise RefusedError(f"an amount in {amount.attributes['Ccy']} on an account in {currency}", amount.line)
    side = node.told("CdtDbtInd") or (entry.told("CdtDbtInd") if entry is not None else "")
    if side not in {"CRDT", "DBIT"}:
        raise RefusedError(f"CdtDbtInd is {side!r}, neither CRDT nor DBIT", node.line)
    minor = node.minor(currency, "Amt")
    return minor if side == "CRDT" else -minor


def _check_balances(account: Node, booked: list[Node], currency: str) -> None:
    """Opening balance + entries = closing balance, where the message has both."""
    balances = {each.told("Tp", "CdOrPrtry", "Cd"): each for each in account.all("Bal")}
    opening = next((balances[code] for code in OPENING if code in balances), None)
    closing = next((balances[code] for code in CLOSING if code in balances), None)
    if opening is None or closing is None:
        return
    settled = [each for each in booked if _is_settled(each)]
    total = _signed(opening, currency) + sum(_signed(each, currency) for each in settled)
    require_total("the opening balance with all entries", total, _signed(closing, currency), closing.line)


def _is_settled(entry: Node) -> bool:
    """The status is text until version 07, a code inside since; an entry without one is taken for booked."""
    return (entry.told("Sts", "Cd") or entry.told("Sts")) in {"BOOK", ""}


def _entries(booked: Node, account: Node, position: int, currency: str) -> Iterator[Entry]:
    """One entry a transaction, where the bank tells them apart; what is only announced (PDNG, INFO) is no money yet."""
    if not _is_settled(booked):
        return
    details = list(booked.all("NtryDtls", "TxDtls"))
    whole_minor = _signed(booked, currency)
    if len(details) <= 1:
        single = details[0] if details else booked
        own_ref = single.told("Refs", "AcctSvcrRef") or booked.told("AcctSvcrRef")
        yield _entry(booked, single, own_ref or f"{account.need('Id')}/{position}", whole_minor, currency)
        return
    parts = [_signed_part(each, booked, currency) for each in details]
    require_total("the transactions of a batch booking", sum(parts), whole_minor, booked.line)
    # Some banks give every transaction of a batch the reference of the batch.
    batch_ref = booked.told("AcctSvcrRef") or f"{account.need('Id')}/{position}"
    for index, (each, part_minor) in enumerate(zip(details, parts, strict=True)):
        yield _entry(booked, each, f"{batch_ref}{PART}{index}", part_minor, currency)


def _signed_part(details: Node, booked: Node, currency: str) -> int:
    """Version 02 has the amount of a transaction under AmtDtls, later ones have it in its own right, too."""
    if details.first("Amt") is not None:
        return _signed(details, currency, booked)
    within = details.first("AmtDtls", "TxAmt")
    if within is None:
        raise RefusedError("a transaction of a batch booking without an amount", details.line)
    minor = within.minor(currency, "Amt")
    side = details.told("CdtDbtInd") or booked.told("CdtDbtInd")
    return minor if side == "CRDT" else -minor


def _entry(booked: Node, details: Node, txn_id: str, amount_minor: int, currency: str) -> Entry:
    texts = [each.text.strip() for each in details.all("RmtInf", "Ustrd")]
    return Entry(
        line=details.line,
        kind=EntryKind.BANK,
        told_kind=booked.told("BkTxCd", "Prtry", "Cd") or booked.told("BkTxCd", "Domn", "Fmly", "SubFmlyCd"),
        txn_id=txn_id,
        payment_id=details.told("Refs", "EndToEndId"),
        merchant_ref=details.told("RmtInf", "Strd", "CdtrRefInf", "Ref"),
        gross_minor=amount_minor,
        currency=currency,
        day=_day(booked),
        text=" ".join(texts) or booked.told("AddtlNtryInf"),
    )


def _day(booked: Node) -> dt.date:
    text = booked.told("ValDt", "Dt") or booked.told("BookgDt", "Dt")
    text = text or booked.told("ValDt", "DtTm")[:10] or booked.told("BookgDt", "DtTm")[:10]
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"the day of an entry is {text!r}", booked.line) from None
