"""ISO 20022 files for the bank: payouts as pain.001 (versions 03 and 09), collections as pain.008 (02 and 08).

Byte for byte the same for the same run. Under Norway's scheme accounts are BBANs and the service level is NURG, as
Norwegian banks' guides for pain.001.001.03 have it; under SEPA they are IBANs.
"""

import enum
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from faxgw.money import plain_amount
from faxgw.settlement.payouts.order import (
    ID_CHARS_MAX,
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    Collection,
    CollectionOrder,
    Payment,
    PayoutOrder,
    Scheme,
    Side,
    message_id,
    nordic_text,
    sepa_text,
)

ROOT = "urn:iso:std:iso:20022:tech:xsd:"


class Version(enum.StrEnum):
    """Which of the versions that banks take; the newer ones wrap dates and rename the BIC."""

    PAYOUT_03 = "pain.001.001.03"
    PAYOUT_09 = "pain.001.001.09"
    COLLECTION_02 = "pain.008.001.02"
    COLLECTION_08 = "pain.008.001.08"

    @property
    def is_new(self) -> bool:
        return self in {Version.PAYOUT_09, Version.COLLECTION_08}


def write_payouts(order: PayoutOrder, version: Version = Version.PAYOUT_03) -> bytes:
    """The pain.001 of a payout; its control sum is the sum of the payments."""
    page = _Page(version, order.scheme, order.currency)
    payments = list(order.payments)
    total_minor = sum(payment.amount_minor for payment in payments)
    document, start = page.document("CstmrCdtTrfInitn")
    ids = message_id(order.run, "PAY")
    page.group_header(start, ids, order.made_at.isoformat(timespec="seconds"), len(payments), total_minor, order.by)
    batch = page.add(start, "PmtInf")
    page.add(batch, "PmtInfId", ids)
    page.add(batch, "PmtMtd", "TRF")
    page.add(batch, "BtchBookg", "true")
    page.add(batch, "NbOfTxs", str(len(payments)))
    page.add(batch, "CtrlSum", page.amount(total_minor))
    kind = page.add(batch, "PmtTpInf")
    page.add(kind, "SvcLvl", ("Cd", "SEPA" if order.scheme is Scheme.SEPA else "NURG"))
    page.add(kind, "CtgyPurp", ("Cd", "SUPP"))
    page.requested_day(batch, "ReqdExctnDt", order.on.isoformat())
    page.party(batch, "Dbtr", order.by)
    page.account(batch, "DbtrAcct", order.by)
    page.agent(batch, "DbtrAgt", order.by)
    page.add(batch, "ChrgBr", "SLEV")
    for payment in payments:
        page.transfer(batch, payment)
    return page.bytes(document)


def write_collections(order: CollectionOrder, version: Version = Version.COLLECTION_02) -> bytes:
    """The pain.008 of a SEPA core direct debit: first collections and later ones are batches of their own."""
    page = _Page(version, Scheme.SEPA, order.currency)
    collections = list(order.collections)
    total_minor = sum(each.amount_minor for each in collections)
    document, start = page.document("CstmrDrctDbtInitn")
    ids = message_id(order.run, "COL")
    page.group_header(start, ids, order.made_at.isoformat(timespec="seconds"), len(collections), total_minor, order.by)
    for sequence, is_first in (("FRST", True), ("RCUR", False)):
        own = [each for each in collections if each.mandate.is_first is is_first]
        if own:
            page.collection_batch(start, f"{ids[: ID_CHARS_MAX - 5]}-{sequence}", sequence, order, own)
    return page.bytes(document)


class _Page:
    """Writes elements in the order the schema wants them, in the words of one version."""

    def __init__(self, version: Version, scheme: Scheme, currency: str) -> None:
        self._version = version
        self._scheme = scheme
        self._currency = currency
        self._text = sepa_text if scheme is Scheme.SEPA else nordic_text

    def document(self, message: str) -> tuple[ET.Element, ET.Element]:
        document = ET.Element("Document", {"xmlns": f"{ROOT}{self._version}"})
        return document, ET.SubElement(document, message)

    def bytes(self, document: ET.Element) -> bytes:
        ET.indent(document)
        text: str = ET.tostring(document, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()

    def add(self, parent: ET.Element, name: str, content: str | tuple[str, str] | None = None) -> ET.Element:
        """An element with a text, or with one element that has it."""
        element = ET.SubElement(parent, name)
        if isinstance(content, tuple):
            ET.SubElement(element, content[0]).text = content[1]
        elif content is not None:
            element.text = content
        return element

    def amount(self, amount_minor: int) -> str:
        return plain_amount(amount_minor, self._currency)

    def group_header(self, parent: ET.Element, ids: str, made_at: str, count: int, total_minor: int, by: Side) -> None:
        header = self.add(parent, "GrpHdr")
        self.add(header, "MsgId", ids)
        self.add(header, "CreDtTm", made_at)
        self.add(header, "NbOfTxs", str(count))
        self.add(header, "CtrlSum", self.amount(total_minor))
        self.add(header, "InitgPty", ("Nm", self._text(by.name, NAME_CHARS_MAX)))

    def requested_day(self, parent: ET.Element, name: str, day: str) -> None:
        """A payment of version 09 may also be asked for at a time, so that its day is wrapped."""
        is_wrapped = self._version is Version.PAYOUT_09
        self.add(parent, name, ("Dt", day) if is_wrapped else day)

    def party(self, parent: ET.Element, name: str, side: Side) -> None:
        self.add(parent, name, ("Nm", self._text(side.name, NAME_CHARS_MAX)))

    def account(self, parent: ET.Element, name: str, side: Side) -> None:
        number = self.add(self.add(parent, name), "Id")
        if self._scheme is Scheme.SEPA:
            self.add(number, "IBAN", side.account)
            return
        other = self.add(number, "Othr")
        self.add(other, "Id", side.account)
        self.add(other, "SchmeNm", ("Cd", "BBAN"))

    def agent(self, parent: ET.Element, name: str, side: Side) -> None:
        institution = self.add(self.add(parent, name), "FinInstnId")
        if side.bic:
            self.add(institution, "BICFI" if self._version.is_new else "BIC", side.bic)
        else:
            self.add(institution, "Othr", ("Id", "NOTPROVIDED"))

    def transfer(self, batch: ET.Element, payment: Payment) -> None:
        transfer = self.add(batch, "CdtTrfTxInf")
        self.add(transfer, "PmtId", ("EndToEndId", payment.id[:ID_CHARS_MAX]))
        amount = self.add(self.add(transfer, "Amt"), "InstdAmt", self.amount(payment.amount_minor))
        amount.set("Ccy", self._currency)
        if payment.to.bic:
            self.agent(transfer, "CdtrAgt", payment.to)
        self.party(transfer, "Cdtr", payment.to)
        self.account(transfer, "CdtrAcct", payment.to)
        self.add(transfer, "RmtInf", ("Ustrd", self._text(payment.text, TEXT_CHARS_MAX)))

    def collection_batch(
        self, parent: ET.Element, ids: str, sequence: str, order: CollectionOrder, own: Iterable[Collection]
    ) -> None:
        collections = list(own)
        batch = self.add(parent, "PmtInf")
        self.add(batch, "PmtInfId", ids)
        self.add(batch, "PmtMtd", "DD")
        self.add(batch, "NbOfTxs", str(len(collections)))
        self.add(batch, "CtrlSum", self.amount(sum(each.amount_minor for each in collections)))
        kind = self.add(batch, "PmtTpInf")
        self.add(kind, "SvcLvl", ("Cd", "SEPA"))
        self.add(kind, "LclInstrm", ("Cd", "CORE"))
        self.add(kind, "SeqTp", sequence)
        self.add(batch, "ReqdColltnDt", order.on.isoformat())
        self.party(batch, "Cdtr", order.by)
        self.account(batch, "CdtrAcct", order.by)
        self.agent(batch, "CdtrAgt", order.by)
        self.add(batch, "ChrgBr", "SLEV")
        other = self.add(self.add(self.add(self.add(batch, "CdtrSchmeId"), "Id"), "PrvtId"), "Othr")
        self.add(other, "Id", order.creditor_id)
        self.add(other, "SchmeNm", ("Prtry", "SEPA"))
        for each in collections:
            self.debit(batch, each)

    def debit(self, batch: ET.Element, collection: Collection) -> None:
        debit = self.add(batch, "DrctDbtTxInf")
        self.add(debit, "PmtId", ("EndToEndId", collection.id[:ID_CHARS_MAX]))
        self.add(debit, "InstdAmt", self.amount(collection.amount_minor)).set("Ccy", self._currency)
        mandate = self.add(self.add(debit, "DrctDbtTx"), "MndtRltdInf")
        self.add(mandate, "MndtId", collection.mandate.id[:ID_CHARS_MAX])
        self.add(mandate, "DtOfSgntr", collection.mandate.signed_on.isoformat())
        self.agent(debit, "DbtrAgt", collection.whom)
        self.party(debit, "Dbtr", collection.whom)
        self.account(debit, "DbtrAcct", collection.whom)
        self.add(debit, "RmtInf", ("Ustrd", self._text(collection.text, TEXT_CHARS_MAX)))
