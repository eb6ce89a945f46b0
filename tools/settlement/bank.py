"""The bank's statements of the synthetic month as camt.053 (or camt.054): payouts, and what customers paid directly."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from faxgw.money import plain_amount
from tools.settlement.files import Payout

Version = Literal["camt.053.001.02", "camt.053.001.08", "camt.054.001.02", "camt.054.001.08"]
ACCOUNTS = {"NOK": "86011117947", "EUR": "FR7630006000011234567890189"}
OPENING_MINOR = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One movement on the account."""

    number: int
    currency: str
    amount_minor: int
    on: dt.date
    text: str = ""
    kid: str = ""


def line_of(payout: Payout, number: int) -> BankLine:
    """Nets' lines name nothing: an amount and a day have to do."""
    texts = {
        "vipps-xml": f"Utbet. {payout.ref} Vippsnr 513428",
        "vipps-csv": f"Utbet. {payout.ref} Vippsnr 513429",
        "adyen": f"ADYEN BATCH {payout.ref}",
        "stripe": f"STRIPE {payout.ref}",
        "systempay": f"REMISE CB {payout.ref}",
        "nets": "Innbetaling OCR",
    }
    return BankLine(
        number=number,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        on=payout.on,
        text=texts[payout.way],
    )


def write_statement(lines: Sequence[BankLine], version: Version) -> bytes:
    """One statement of one account, over all days of its lines; a notification (camt.054) has no balances."""
    is_statement = version.startswith("camt.053")
    currency, days = lines[0].currency, sorted(line.on for line in lines)
    document = ET.Element("Document", {"xmlns": f"urn:iso:std:iso:20022:tech:xsd:{version}"})
    message = ET.SubElement(document, "BkToCstmrStmt" if is_statement else "BkToCstmrDbtCdtNtfctn")
    made_at = f"{days[-1]}T23:00:00+02:00"
    _tell(message, "GrpHdr", ("MsgId", f"M{lines[0].number}"), ("CreDtTm", made_at))
    account = _tell(message, "Stmt" if is_statement else "Ntfctn", ("Id", f"S{lines[0].number}"), ("CreDtTm", made_at))
    own = ET.SubElement(account, "Acct")
    _account(ET.SubElement(own, "Id"), currency)
    ET.SubElement(own, "Ccy").text = currency
    if is_statement:
        total = OPENING_MINOR + sum(line.amount_minor for line in lines)
        _balance(account, "OPBD", OPENING_MINOR, currency, days[0])
        _balance(account, "CLBD", total, currency, days[-1])
    for line in lines:
        _entry(account, line, is_new=version.endswith("08"))
    text: str = ET.tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _account(parent: ET.Element, currency: str) -> None:
    number = ACCOUNTS[currency]
    if currency == "EUR":
        ET.SubElement(parent, "IBAN").text = number
        return
    other = _tell(parent, "Othr", ("Id", number))
    _tell(other, "SchmeNm", ("Cd", "BBAN"))


def _balance(parent: ET.Element, code: str, amount_minor: int, currency: str, day: dt.date) -> None:
    balance = ET.SubElement(parent, "Bal")
    _tell(ET.SubElement(balance, "Tp"), "CdOrPrtry", ("Cd", code))
    _amount(balance, amount_minor, currency)
    _tell(balance, "Dt", ("Dt", day.isoformat()))


def _entry(parent: ET.Element, line: BankLine, *, is_new: bool) -> None:
    entry = ET.SubElement(parent, "Ntry")
    _amount(entry, line.amount_minor, line.currency)
    if is_new:
        _tell(entry, "Sts", ("Cd", "BOOK"))
    else:
        ET.SubElement(entry, "Sts").text = "BOOK"
    for name in ("BookgDt", "ValDt"):
        _tell(entry, name, ("Dt", line.on.isoformat()))
    ET.SubElement(entry, "AcctSvcrRef").text = f"B{line.number}"
    _tell(ET.SubElement(entry, "BkTxCd"), "Prtry", ("Cd", "230"))
    details = ET.SubElement(ET.SubElement(entry, "NtryDtls"), "TxDtls")
    if is_new:
        _amount(details, line.amount_minor, line.currency)
    said = ET.SubElement(details, "RmtInf")
    if line.text:
        ET.SubElement(said, "Ustrd").text = line.text
    if line.kid:
        _tell(ET.SubElement(said, "Strd"), "CdtrRefInf", ("Ref", line.kid))


def _amount(parent: ET.Element, amount_minor: int, currency: str) -> None:
    ET.SubElement(parent, "Amt", {"Ccy": currency}).text = plain_amount(abs(amount_minor), currency)
    ET.SubElement(parent, "CdtDbtInd").text = "CRDT" if amount_minor >= 0 else "DBIT"


def _tell(parent: ET.Element, name: str, *told: tuple[str, str]) -> ET.Element:
    element = ET.SubElement(parent, name)
    for part, text in told:
        ET.SubElement(element, part).text = text
    return element
