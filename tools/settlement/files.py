"""The synthetic month's payments as their providers' files, each a batch or several of what one payout settles."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from faxgw.money import plain_amount
from tools.settlement.payments import Paid

SETTLEMENT_HEADER = (
    "SettlementInfo,SalesUnitName,SaleUnitNumber,SettlementDate,SettlementID,SettlementAccount,Gross,Currency,"
    "Fee,Refund,Net,NumberOfTransactions"
)
TRANSACTION_HEADER = (
    "TransactionInfo,SalesDate,SaleUnitName,SaleUnitNumber,TransactionId,SettlementId,OrderID,SettlementDate,"
    "Gross,Currency,Fee,Refund,Net"
)
SYSTEMPAY_HEADER = (
    "ENTETE;MERCHANT_COUNTRY;MERCHANT_ID;PAYMENT_DATE;TRANSACTION_ID;ORIGIN_AMOUNT;CURRENCY_CODE;ORDER_ID;"
    "OPERATION_TYPE;OPERATION_NUMBER;REMITTANCE_DATE;REMITTANCE_NB;NET_AMOUNT;COMMISSION_AMOUNT;"
)
PAYOUT_DAYS = 2
"""From the end of a batch to the bank."""
ADYEN_KINDS = {"sale": "Settled", "refund": "Refunded", "chargeback": "Chargeback", "reversal": "ChargebackReversed"}
STRIPE_KINDS = {"sale": "charge", "refund": "refund", "chargeback": "dispute", "reversal": "dispute_reversal"}


@dataclass(frozen=True, slots=True)
class Payout:
    """A batch of movements that the provider pays out at once."""

    way: str
    number: int
    on: dt.date
    paid: Sequence[Paid]

    @property
    def amount_minor(self) -> int:
        return sum(each.amount_minor - each.fee_minor for each in self.paid)

    @property
    def currency(self) -> str:
        return self.paid[0].currency

    @property
    def ref(self) -> str:
        """As the batch is called in the file, and on the bank's line where that names it."""
        match self.way:
            case "stripe":
                return f"po_{self.number}"
            case "nets":
                return f"{self.number:07}/0000002/00001"
            case _:
                return str(self.number)


def make_payouts(paid: Iterable[Paid]) -> list[Payout]:
    """One a way and day, as wallets pay, in the order of days."""
    by_batch: dict[tuple[dt.date, str], list[Paid]] = {}
    for each in paid:
        by_batch.setdefault((each.day, each.way), []).append(each)
    return [
        Payout(way, 2_000_101 + index, day + dt.timedelta(days=PAYOUT_DAYS), own)
        for index, ((day, way), own) in enumerate(sorted(by_batch.items()))
    ]


def write_files(payouts: Sequence[Payout], days_a_file: int = 7) -> list[tuple[str, bytes]]:
    """Name and content; a file of each format for every few days."""
    by_file: dict[tuple[str, int], list[Payout]] = {}
    for payout in payouts:
        days = 1 if payout.way == "nets" else days_a_file
        by_file.setdefault((payout.way, payout.on.toordinal() // days), []).append(payout)
    return [(f"{way}-{place}", WRITERS[way](own)) for (way, place), own in sorted(by_file.items())]


# --- Vipps -----------------------------------------------------------------------------------------------


def vipps_xml(payouts: Sequence[Payout]) -> bytes:
    settlements = "".join(_settlement(payout) for payout in payouts)
    days = sorted(payout.on for payout in payouts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<SettlementReport xmlns="http://vipps.no/xmlschema/SettlementReport-3.0.xsd"><SettlementDetailsInfo>'
        "<SaleUnitName>Blomster</SaleUnitName><SerialNumber>513428</SerialNumber><PaymentsInfo>"
        f"<ReportDateFrom>{days[0]}</ReportDateFrom><ReportDateTo>{days[-1]}</ReportDateTo>"
        f"<SettlementCurrencyCode>NOK</SettlementCurrencyCode>{settlements}"
        f"<NumOfSettlements>{len(payouts)}</NumOfSettlements></PaymentsInfo></SettlementDetailsInfo></SettlementReport>"
    ).encode()


def _settlement(payout: Payout) -> str:
    captured = sum(max(0, each.amount_minor) for each in payout.paid)
    refunded = sum(min(0, each.amount_minor) for each in payout.paid)
    fees = sum(each.fee_minor for each in payout.paid)
    return (
        f"\n<SettlementInfo><SettlementDate>{payout.on}</SettlementDate><SettlementID>{payout.ref}</SettlementID>"
        "<SettlementCurrencyCode>NOK</SettlementCurrencyCode><SettlementType>Net</SettlementType>"
        f"{''.join(_transaction(each) for each in payout.paid)}"
        f"<NumOfTransactions>{len(payout.paid)}</NumOfTransactions>"
        f"{_amounts('{}SettlementAmount', captured, refunded, fees)}"
        f"<SettledAmount>{_nok(captured + refunded - fees)}</SettledAmount></SettlementInfo>"
    )


def _transaction(each: Paid) -> str:
    amounts = _amounts("Transaction{}Amount", max(0, each.amount_minor), min(0, each.amount_minor), each.fee_minor)
    return (
        f"\n<TransactionInfo><TransactionTime>{each.day}T12:00:00+02:00</TransactionTime>{amounts}"
        f"<SettlementCurrencyCode>NOK</SettlementCurrencyCode><TransactionID>{each.txn}</TransactionID>"
        f"<OrderID>{escape(each.reference)}</OrderID></TransactionInfo>"
    )


def _amounts(name: str, captured: int, refunded: int, fee: int) -> str:
    gross = captured + refunded
    values = (("Capture", captured), ("Refund", refunded), ("Gross", gross), ("Net", gross - fee), ("Fee", fee))
    return "".join(f"<{name.format(part)}>{_nok(value)}</{name.format(part)}>" for part, value in values)


def _nok(amount_minor: int) -> str:
    return plain_amount(amount_minor, "NOK")


def vipps_csv(payouts: Sequence[Payout]) -> bytes:
    """Records of three types; fees are negative, and Net leaves refunds out."""
    rows: list[Sequence[object]] = [SETTLEMENT_HEADER.split(","), TRANSACTION_HEADER.split(",")]
    for payout in payouts:
        on = f"{payout.on:%d.%m.%Y}"
        sums = _csv_sums(payout.paid)
        amounts = (sums[0], "NOK", *sums[1:])
        rows.append(("SettlementInfo", "Blomster", "513429", on, payout.ref, "1", *amounts, len(payout.paid)))
        for each in payout.paid:
            gross, *rest = _csv_sums([each])
            names = ("TransactionInfo", f"{each.day:%d.%m.%Y}", "Blomster", "513429", each.txn, payout.ref)
            rows.append((*names, each.reference, on, gross, "NOK", *rest))
    return _csv(rows)


def _csv_sums(paid: Sequence[Paid]) -> tuple[str, str, str, str]:
    gross = sum(max(0, each.amount_minor) for each in paid)
    fee = sum(each.fee_minor for each in paid)
    refund = sum(min(0, each.amount_minor) for each in paid)
    return _nok(gross), _nok(-fee), _nok(refund), _nok(gross - fee)


# --- cards -----------------------------------------------------------------------------------------------


def adyen(payouts: Sequence[Payout]) -> bytes:
    header = (
        "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,"
        "Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,"
        "Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Batch Number"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for payout in payouts:
        for each in payout.paid:
            fees = (_nok(each.fee_minor // 2), "", "", _nok(each.fee_minor - each.fee_minor // 2))
            net = each.amount_minor - each.fee_minor
            who = ("Co", "Shop", f"PSP{each.payment}", each.reference, "visa", f"{each.day} 12:00:00", "CEST")
            what = (ADYEN_KINDS[each.kind], f"M{each.txn}", "NOK", *_sides(each.amount_minor), "1", "NOK")
            rows.append((*who, *what, *_sides(net), *fees, payout.ref))
        paid_out = ("Co", "Shop", "", "", "", f"{payout.on} 12:00:00", "CEST", "MerchantPayout", "", "NOK", "", "", "")
        rows.append((*paid_out, "NOK", *_sides(-payout.amount_minor), "", "", "", "", payout.ref))
    return _csv(rows)


def _sides(amount_minor: int) -> tuple[str, str]:
    """Debit and credit."""
    return (_nok(-amount_minor), "") if amount_minor < 0 else ("", _nok(amount_minor))


def stripe(payouts: Sequence[Payout]) -> bytes:
    header = (
        "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,currency,gross,fee,"
        "net,reporting_category,payment_intent_id,charge_id,payment_metadata[order]"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for payout in payouts:
        for each in payout.paid:
            amounts = (each.amount_minor, each.fee_minor, each.amount_minor - each.fee_minor)
            when = (payout.ref, f"{payout.on} 00:00:00", f"txn_{each.txn}", f"{each.day} 09:00:00", "eur")
            told = (plain_amount(amount, "EUR") for amount in amounts)
            rows.append((*when, *told, STRIPE_KINDS[each.kind], f"pi_{each.payment}", "", each.reference))
    return _csv(rows)


def systempay(payouts: Sequence[Payout]) -> bytes:
    rows = ["TITRE;Fleurs en ligne;27/05/31_06:00:00;TABLE_V1;", SYSTEMPAY_HEADER]
    for payout in payouts:
        for each in payout.paid:
            side = "CT" if each.amount_minor < 0 else "DT"
            net = abs(each.amount_minor - each.fee_minor)
            rows.append(
                f"MATCHING;FR;012345678900011;{each.day:%Y%m%d};{each.txn};{abs(each.amount_minor)};978;{each.reference};"
                f"{side};1;{payout.on:%Y%m%d};{payout.ref};{net};{each.fee_minor};"
            )
    return "\n".join([*rows, f"FIN;{len(rows) - 2};", ""]).encode()


# --- KID -------------------------------------------------------------------------------------------------


def ocr_giro(payouts: Sequence[Payout]) -> bytes:
    """One assignment a transmission, which is one day."""
    (payout,) = payouts
    lines = [_giro("NY000010", "00008080", f"{payout.number:07}", "00010200")]
    lines.append(_giro("NY090020", "001008566", "0000002", "86011117947"))
    for index, each in enumerate(payout.paid, start=1):
        kid = each.reference.rjust(25)
        day = f"{each.day:%d%m%y}"
        lines.append(
            _giro("NY091030", f"{index:07}", day, "01", "46", "0", "00001", "0", f"{each.amount_minor:017}", kid)
        )
        lines.append(_giro("NY091031", f"{index:07}", "9636827194", "099038562", "0000000", day, "99990512341"))
    total = sum(each.amount_minor for each in payout.paid)
    count = len(payout.paid)
    on = f"{payout.on:%d%m%y}"
    lines.append(_giro("NY090088", f"{count:08}", f"{2 * count + 2:08}", f"{total:017}", on, on, on))
    lines.append(_giro("NY000089", f"{count:08}", f"{2 * count + 4:08}", f"{total:017}", on))
    return ("\n".join(lines) + "\n").encode()


def _giro(*fields: str) -> str:
    return "".join(fields).ljust(80, "0")


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue().encode()


WRITERS: Mapping[str, Callable[[Sequence[Payout]], bytes]] = {
    "vipps-xml": vipps_xml,
    "vipps-csv": vipps_csv,
    "adyen": adyen,
    "stripe": stripe,
    "systempay": systempay,
    "nets": ocr_giro,
}
