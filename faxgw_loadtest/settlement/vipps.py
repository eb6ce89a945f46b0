"""Writes a Vipps SettlementReport 3.0 as the wallet would: with every sum that it declares."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from faxgw.money import plain_amount

SPACE = "http://vipps.no/xmlschema/SettlementReport-3.0.xsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One movement at the wallet; what is refunded is below zero."""

    id: int
    order_id: str
    at: dt.datetime
    captured_minor: int = 0
    refunded_minor: int = 0
    fee_minor: int = 0

    @property
    def gross_minor(self) -> int:
        return self.captured_minor + self.refunded_minor

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.fee_minor


def write_vipps(
    transactions: Sequence[Transaction], *, unit: str, settlement_id: int, day: dt.date, currency: str = "NOK"
) -> bytes:
    """One settlement of a sales unit, net of fees."""

    def money(amount_minor: int) -> str:
        return plain_amount(amount_minor, currency)

    report = ET.Element("SettlementReport", xmlns=SPACE)
    details = ET.SubElement(report, "SettlementDetailsInfo")
    _texts(details, SaleUnitName="Flowers on the web", SerialNumber=unit)
    payments = ET.SubElement(details, "PaymentsInfo")
    first = min((each.at.date() for each in transactions), default=day)
    _texts(payments, ReportDateFrom=first.isoformat(), ReportDateTo=day.isoformat(), SettlementCurrencyCode=currency)
    settlement = ET.SubElement(payments, "SettlementInfo")
    _texts(settlement, SettlementDate=day.isoformat(), SettlementID=str(settlement_id))
    _texts(settlement, SettlementCurrencyCode=currency, SettlementType="Net")
    for each in transactions:
        _texts(
            ET.SubElement(settlement, "TransactionInfo"),
            TransactionTime=each.at.isoformat(),
            TransactionCaptureAmount=money(each.captured_minor),
            TransactionRefundAmount=money(each.refunded_minor),
            TransactionGrossAmount=money(each.gross_minor),
            TransactionNetAmount=money(each.net_minor),
            TransactionFeeAmount=money(each.fee_minor),
            SettlementCurrencyCode=currency,
            TransactionID=str(each.id),
            OrderID=each.order_id,
        )
    net_minor = sum(each.net_minor for each in transactions)
    _texts(
        settlement,
        NumOfTransactions=str(len(transactions)),
        CaptureSettlementAmount=money(sum(each.captured_minor for each in transactions)),
        RefundSettlementAmount=money(sum(each.refunded_minor for each in transactions)),
        GrossSettlementAmount=money(sum(each.gross_minor for each in transactions)),
        NetSettlementAmount=money(net_minor),
        FeeSettlementAmount=money(sum(each.fee_minor for each in transactions)),
        SettledAmount=money(net_minor),
    )
    _texts(payments, NumOfSettlements="1")
    text: bytes = ET.tostring(report, encoding="utf-8", xml_declaration=True)
    return text


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text
