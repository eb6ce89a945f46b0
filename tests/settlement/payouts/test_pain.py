"""The bank's schema takes what we write, the sums are the run's, and the same run gives the same bytes."""

import datetime as dt
import functools
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import sepaxml
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from faxgw.settlement.payouts.order import (
    Collection,
    CollectionOrder,
    Mandate,
    Payment,
    PayoutOrder,
    Scheme,
    Side,
    message_id,
    nordic_text,
    sepa_text,
)
from faxgw.settlement.payouts.pain import Version, write_collections, write_payouts

SCHEMAS = Path(sepaxml.__file__).parent / "schemas"
MADE = dt.datetime(2027, 6, 10, 9, 0, tzinfo=dt.UTC)
DAY = dt.date(2027, 6, 20)
NETWORK_NO = Side(name="Blomsternettet & Søn AS", account="86011117947")
NETWORK_FR = Side(name="Réseau des fleuristes", account="FR7630006000011234567890189", bic="AGRIFRPP")
OSLO = Side(name="Blåbær & Løv, Grünerløkka", account="86011117947")
LYON = Side(name="L'Œillet et la Rose", account="FR7630006000011234567890189")


@functools.cache
def schema_of(version: Version) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / f"{version}.xsd")


def valid(content: bytes, version: Version) -> ET.Element:
    schema_of(version).validate(content.decode())
    return ET.fromstring(content.decode())  # noqa: S314 - our own file


def payouts(scheme: Scheme, *payments: Payment) -> PayoutOrder:
    norway = scheme is Scheme.NORWAY
    return PayoutOrder(
        run="2027-05/payout",
        scheme=scheme,
        currency="NOK" if norway else "EUR",
        by=NETWORK_NO if norway else NETWORK_FR,
        on=DAY,
        made_at=MADE,
        payments=payments,
    )


def payment(id_: str, to: Side, amount_minor: int, text: str = "Oppgjør mai 2027") -> Payment:
    return Payment(id=id_, to=to, amount_minor=amount_minor, text=text)


@pytest.mark.parametrize("version", [Version.PAYOUT_03, Version.PAYOUT_09])
@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_payout_is_valid_and_sums_to_the_run(version: Version, scheme: Scheme) -> None:
    """Both versions, both ways to write an account; control sums at both levels."""
    to = OSLO if scheme is Scheme.NORWAY else LYON
    content = write_payouts(payouts(scheme, payment("2027-05/A", to, 4737700), payment("2027-05/B", to, 5)), version)
    root = valid(content, version)
    space = f"{{urn:iso:std:iso:20022:tech:xsd:{version}}}"
    assert [each.text for each in root.iter(f"{space}CtrlSum")] == ["47377.05"] * 2
    assert [each.text for each in root.iter(f"{space}NbOfTxs")] == ["2", "2"]
    assert [each.text for each in root.iter(f"{space}InstdAmt")] == ["47377.00", "0.05"]
    assert (b"<Cd>BBAN</Cd>" in content) is (scheme is Scheme.NORWAY)


@pytest.mark.parametrize("version", [Version.COLLECTION_02, Version.COLLECTION_08])
def test_collections_are_valid_first_ones_apart(version: Version) -> None:
    """A mandate's first collection is announced as such, in a batch of its own."""
    mandates = [Mandate(id=f"M{number}", signed_on=DAY, is_first=number == 1) for number in range(3)]
    order = CollectionOrder(
        run="2027-05/collection",
        currency="EUR",
        by=NETWORK_FR,
        creditor_id="FR72ZZZ123456",
        on=DAY,
        made_at=MADE,
        collections=[
            Collection(id=f"2027-05/{number}", whom=LYON, amount_minor=100 + number, text="Relevé", mandate=mandate)
            for number, mandate in enumerate(mandates)
        ],
    )
    root = valid(write_collections(order, version), version)
    space = f"{{urn:iso:std:iso:20022:tech:xsd:{version}}}"
    assert [each.text for each in root.iter(f"{space}SeqTp")] == ["FRST", "RCUR"]
    assert [each.text for each in root.iter(f"{space}CtrlSum")] == ["3.03", "1.01", "2.02"]


def test_the_same_run_is_the_same_file() -> None:
    """Made again, on another machine and another day: the same bytes, so that a bank refuses it a second time."""
    order = payouts(Scheme.NORWAY, payment("a", OSLO, 100))
    assert write_payouts(order) == write_payouts(order)
    assert message_id("2027-05/payout", "PAY") != message_id("2027-06/payout", "PAY")
    assert len(message_id("x" * 100, "PAY")) <= 35


NAMES = st.text(min_size=1, max_size=80)


@given(name=NAMES, text=NAMES, amount_minor=st.integers(1, 10**9), scheme=st.sampled_from(Scheme))
def test_any_name_and_text_leave_a_valid_file(name: str, text: str, amount_minor: int, scheme: Scheme) -> None:
    """Whatever a florist is called: letters that the bank does not take are spelt, or left out."""
    account = OSLO.account if scheme is Scheme.NORWAY else LYON.account
    to = Side(name=f"A{name}", account=account)
    order = payouts(scheme, payment("id", to, amount_minor, f"A{text}"))
    valid(write_payouts(order, Version.PAYOUT_03), Version.PAYOUT_03)


def test_letters_are_spelt_as_banks_take_them() -> None:
    """SEPA has no accents; Norwegian banks know their own letters."""
    assert sepa_text("L'Œillet & la Rosé, Ø", 70) == "L'OEillet   la Rose, O"
    assert nordic_text("Blåbær & Løv, Šibenik", 70) == "Blåbær   Løv, Sibenik"
    assert sepa_text("x" * 100, 70) == "x" * 70
