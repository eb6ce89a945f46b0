"""The bank files that tests make are such as a bank sends: they fit ISO 20022's own schemas, and we read them."""

import datetime as dt
import functools
from pathlib import Path

import pytest
import xmlschema

from faxgw.settlement.imports.entry import EntryKind, SettlementFile
from faxgw.settlement.imports.formats import read_settlement_file
from tests.peers import miss_peer
from tests.settlement.imports import samples
from tools.settlement.bank import BankLine, Version, write_statement
from tools.settlement.month import make_month

SCHEMAS = Path(__file__).parents[2] / "var/peers/xsd"
VERSIONS: tuple[Version, ...] = ("camt.053.001.02", "camt.053.001.08", "camt.054.001.02", "camt.054.001.08")
DAY = dt.date(2027, 5, 28)


@functools.cache
def schema_of(version: str) -> xmlschema.XMLSchema:
    path = SCHEMAS / f"{version}.xsd"
    if not path.exists():
        miss_peer(f"ISO 20022 schema {version} (tests/install-peers fetches it)")
    return xmlschema.XMLSchema(path)


def lines(currency: str) -> list[BankLine]:
    told = [(64900, "Utbet. 2000101", ""), (-2500, "Gebyr", ""), (64900, "", "2700000173")]
    return [
        BankLine(number=number, currency=currency, amount_minor=amount, on=DAY, text=text, kid=kid)
        for number, (amount, text, kid) in enumerate(told, start=1)
    ]


@pytest.mark.parametrize("currency", ["NOK", "EUR"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_fits_its_schema_and_is_read(version: Version, currency: str) -> None:
    """BBAN and IBAN, credits and debits, text and KID: as the schema has it, and as it was meant."""
    content = write_statement(lines(currency), version)
    schema_of(version).validate(content.decode())
    file = read_settlement_file(content)
    assert isinstance(file, SettlementFile)
    (batch,) = file.batches
    assert [(entry.kind, entry.gross_minor, entry.merchant_ref) for entry in batch.entries] == [
        (EntryKind.BANK, 64900, ""),
        (EntryKind.BANK, -2500, ""),
        (EntryKind.BANK, 64900, "2700000173"),
    ]


def test_the_banks_of_the_synthetic_month_write_camt() -> None:
    """Every statement of both banks."""
    month = make_month(7, 300, stores=10)
    bank = [content for name, content in (*month.files, *month.next_month) if name.startswith("bank")]
    assert len(bank) >= 3
    for content in bank:
        version = "camt.053.001.02" if b"camt.053.001.02" in content else "camt.053.001.08"
        schema_of(version).validate(content.decode())


def test_the_sample_is_camt_too() -> None:
    """The one by hand, with a batch booking and a line that is only announced."""
    schema_of("camt.053.001.02").validate(samples.CAMT_053.decode())


def test_what_is_no_camt_is_no_camt() -> None:
    """The schemas are asked in earnest."""
    content = write_statement(lines("NOK"), "camt.053.001.02").replace(b"BOOK", b"LOOK")
    assert not schema_of("camt.053.001.02").is_valid(content.decode())
