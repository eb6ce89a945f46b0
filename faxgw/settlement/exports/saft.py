"""Norway's SAF-T Financial 1.30 (Skatteetaten): accounts with opening and closing balances, taxes, every voucher.

Since 1.30 accounts tell their grouping, a selection its criteria, taxes their standard code, and a tax amount its side
(github.com/Skatteetaten/saf-t). Byte for byte the same for the same months.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from xml.etree import ElementTree as ET

import msgspec

from faxgw.money import plain_amount
from faxgw.settlement.exports.chart import BookAccount, BookLine, Chart, Company, Voucher
from faxgw.store.ledger.journal import Account, AccountKind, Standing
from faxgw.store.ledger.port import Period

SPACE = "urn:StandardAuditFile-Taxation-Financial:NO"
VERSION = "1.30"
GROUPING = "RF-1167"
TEXT_CHARS_MAX = 256


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The months that are told, and how things stood before and after them."""

    first: Period
    last: Period
    made_on: dt.date
    """When the last month was sealed: not the day of writing."""
    opening: Mapping[Account, Standing]
    closing: Mapping[Account, Standing]


def write_saft(vouchers: Iterable[Voucher], span: Span, chart: Chart, company: Company, currency: str) -> bytes:
    """The audit file of sealed months in one currency."""
    told = [voucher for voucher in vouchers if any(line.currency == currency for line in voucher.lines)]
    page = _Page(currency)
    root = ET.Element("AuditFile", {"xmlns": SPACE})
    _write_header(page, root, span, company)
    masters = page.add(root, "MasterFiles")
    _write_accounts(page, masters, span, chart)
    _write_members(page, masters, span, chart)
    _write_taxes(page, masters, told)
    _write_entries(page, root, told)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


class _Page:
    def __init__(self, currency: str) -> None:
        self.currency = currency

    def add(self, parent: ET.Element, name: str, content: str | None = None) -> ET.Element:
        element = ET.SubElement(parent, name)
        element.text = content
        return element

    def balance(self, parent: ET.Element, name: str, amount_minor: int) -> None:
        """Debit and credit are elements of their own."""
        side = "Debit" if amount_minor >= 0 else "Credit"
        self.add(parent, f"{name}{side}Balance", self.amount(abs(amount_minor)))

    def amount(self, amount_minor: int) -> str:
        return plain_amount(amount_minor, self.currency)


def _write_header(page: _Page, root: ET.Element, span: Span, company: Company) -> None:
    header = page.add(root, "Header")
    page.add(header, "AuditFileVersion", VERSION)
    page.add(header, "AuditFileCountry", company.country)
    page.add(header, "AuditFileDateCreated", span.made_on.isoformat())
    page.add(header, "SoftwareCompanyName", "faxgw")
    page.add(header, "SoftwareID", "faxgw")
    page.add(header, "SoftwareVersion", version("faxgw"))
    own = page.add(header, "Company")
    page.add(own, "RegistrationNumber", company.registration_number)
    page.add(own, "Name", company.name)
    address = page.add(own, "Address")
    page.add(address, "StreetName", company.street)
    page.add(address, "City", company.city)
    page.add(address, "PostalCode", company.postcode)
    page.add(address, "Country", company.country)
    page.add(header, "DefaultCurrencyCode", page.currency)
    selection = page.add(header, "SelectionCriteria")
    for name, period in (("Start", span.first), ("End", span.last)):
        page.add(selection, f"Period{name}", str(int(period[5:])))
        page.add(selection, f"Period{name}Year", period[:4])
    page.add(header, "TaxAccountingBasis", "A")


def _write_accounts(page: _Page, masters: ET.Element, span: Span, chart: Chart) -> None:
    opening, closing = _by_number(page, span.opening, chart), _by_number(page, span.closing, chart)
    accounts = {own.number: own for own in (*chart.kinds.values(), *chart.named.values())}
    parent = page.add(masters, "GeneralLedgerAccounts")
    for number in sorted(opening.keys() | closing.keys()):
        account = accounts[number]
        element = page.add(parent, "Account")
        page.add(element, "AccountID", account.number)
        page.add(element, "AccountDescription", account.name)
        page.add(element, "GroupingCategory", GROUPING)
        page.add(element, "GroupingCode", account.grouping or account.number)
        page.add(element, "AccountType", "GL")
        page.balance(element, "Opening", opening.get(number, 0))
        page.balance(element, "Closing", closing.get(number, 0))


def _by_number(page: _Page, standings: Mapping[Account, Standing], chart: Chart) -> dict[str, int]:
    sums: dict[str, int] = {}
    for account, standing in standings.items():
        if account.currency == page.currency:
            number = chart.find(account).number
            sums[number] = sums.get(number, 0) + standing.posted_minor
    return sums


def _write_members(page: _Page, masters: ET.Element, span: Span, chart: Chart) -> None:
    """Members are suppliers of the network; each has its balance on the members' account."""
    members = sorted(
        account
        for account in span.opening.keys() | span.closing.keys()
        if account.kind is AccountKind.MEMBER and account.currency == page.currency
    )
    if not members:
        return
    parent = page.add(masters, "Suppliers")
    for account in members:
        element = page.add(parent, "Supplier")
        page.add(element, "Name", account.name)
        page.add(element, "SupplierID", account.name)
        structure = page.add(element, "BalanceAccountStructure")
        own = page.add(structure, "BalanceAccount")
        page.add(own, "AccountID", chart.find(account).number)
        page.balance(own, "Opening", span.opening.get(account, Standing()).posted_minor)
        page.balance(own, "Closing", span.closing.get(account, Standing()).posted_minor)


def _write_taxes(page: _Page, masters: ET.Element, vouchers: Sequence[Voucher]) -> None:
    taxes = sorted({line.tax for voucher in vouchers for line in voucher.lines if line.tax})
    if not taxes:
        return
    entry = page.add(page.add(masters, "TaxTable"), "TaxTableEntry")
    page.add(entry, "TaxType", "MVA")
    page.add(entry, "Description", "Merverdiavgift")
    for tax in taxes:
        country, code, basis_points = tax.split("/")
        details = page.add(entry, "TaxCodeDetails")
        page.add(details, "TaxCode", code)
        page.add(details, "Description", f"MVA {code}")
        page.add(details, "TaxPercentage", _percentage(int(basis_points)))
        page.add(details, "Country", country)
        page.add(details, "StandardTaxCode", code)
        page.add(details, "BaseRate", "100")


def _write_entries(page: _Page, root: ET.Element, vouchers: Sequence[Voucher]) -> None:
    entries = page.add(root, "GeneralLedgerEntries")
    lines = [line for voucher in vouchers for line in _own(page, voucher)]
    page.add(entries, "NumberOfEntries", str(len(vouchers)))
    page.add(entries, "TotalDebit", page.amount(sum(line.amount_minor for line in lines if line.amount_minor > 0)))
    page.add(entries, "TotalCredit", page.amount(-sum(line.amount_minor for line in lines if line.amount_minor < 0)))
    journal = page.add(entries, "Journal")
    page.add(journal, "JournalID", "SETTLEMENT")
    page.add(journal, "Description", "Settlement")
    page.add(journal, "Type", "GL")
    for voucher in vouchers:
        _write_transaction(page, journal, voucher)


def _write_transaction(page: _Page, parent: ET.Element, voucher: Voucher) -> None:
    kept = voucher.kept
    element = page.add(parent, "Transaction")
    page.add(element, "TransactionID", str(voucher.number))
    page.add(element, "Period", str(int(kept.period[5:])))
    page.add(element, "PeriodYear", kept.period[:4])
    page.add(element, "TransactionDate", kept.journal.effective_on.isoformat())
    page.add(element, "Description", (kept.journal.memo or kept.journal.key)[:TEXT_CHARS_MAX])
    booked_on = dt.datetime.fromtimestamp(kept.booked_at, dt.UTC).date()
    page.add(element, "SystemEntryDate", booked_on.isoformat())
    page.add(element, "GLPostingDate", booked_on.isoformat())
    for place, line in enumerate(_own(page, voucher), start=1):
        _write_line(page, element, f"{voucher.number}-{place}", line, kept.journal.order_number)


def _write_line(page: _Page, parent: ET.Element, record: str, line: BookLine, order_number: str) -> None:
    side = "Debit" if line.amount_minor > 0 else "Credit"
    element = page.add(parent, "Line")
    page.add(element, "RecordID", record)
    page.add(element, "AccountID", line.account.number)
    if order_number:
        page.add(element, "SourceDocumentID", order_number)
    if line.auxiliary:
        page.add(element, "SupplierID", line.auxiliary)
    page.add(element, "Description", _description(line.account, order_number))
    page.add(page.add(element, f"{side}Amount"), "Amount", page.amount(abs(line.amount_minor)))
    if line.tax:
        _, code, basis_points = line.tax.split("/")
        tax = page.add(element, "TaxInformation")
        page.add(tax, "TaxType", "MVA")
        page.add(tax, "TaxCode", code)
        page.add(tax, "TaxPercentage", _percentage(int(basis_points)))
        page.add(tax, "TaxBase", page.amount(abs(line.amount_minor - line.tax_minor)))
        page.add(page.add(tax, f"{side}TaxAmount"), "Amount", page.amount(abs(line.tax_minor)))


def _own(page: _Page, voucher: Voucher) -> list[BookLine]:
    return [line for line in voucher.lines if line.currency == page.currency]


def _description(account: BookAccount, order_number: str) -> str:
    return f"{account.name} {order_number}".strip()[:TEXT_CHARS_MAX]


def _percentage(basis_points: int) -> str:
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02}".rstrip("0").rstrip(".")
