"""Every format gives the same entries, holds the file against its own totals, and takes all of it or nothing."""

import datetime as dt
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxgw.settlement.imports.amounts import parse_minor
from faxgw.settlement.imports.cards import has_card_number
from faxgw.settlement.imports.entry import Batch, EntryKind, FileRefused, SettlementFile
from faxgw.settlement.imports.formats import read_settlement_file
from tests.settlement.imports import samples

GOOD = {
    "vipps-xml": samples.VIPPS_XML,
    "vipps-csv": samples.VIPPS_CSV,
    "vipps-norwegian": samples.VIPPS_NORWEGIAN,
    "adyen": samples.ADYEN,
    "stripe": samples.STRIPE,
    "ocr-giro": samples.OCR_GIRO,
    "camt": samples.CAMT_053,
    "systempay": samples.SYSTEMPAY,
}


def read(content: bytes) -> SettlementFile:
    file = read_settlement_file(content)
    assert isinstance(file, SettlementFile), file
    return file


def only_batch(content: bytes) -> Batch:
    (batch,) = read(content).batches
    return batch


def refused(content: bytes) -> FileRefused:
    file = read_settlement_file(content)
    assert isinstance(file, FileRefused)
    return file


@pytest.mark.parametrize("name", ["vipps-xml", "vipps-csv", "vipps-norwegian", "adyen", "stripe"])
def test_a_sale_and_its_refund_are_the_same_in_every_wallets_words(name: str) -> None:
    """649.00 less 9.00 fee, 149.00 of it taken back; both name the order, and share the payment."""
    sale, refund = only_batch(GOOD[name]).entries[:2]
    assert (sale.kind, sale.gross_minor, sale.fee_minor, sale.net_minor) == (EntryKind.SALE, 64900, 900, 64000)
    assert (refund.kind, refund.gross_minor, refund.fee_minor) == (EntryKind.REFUND, -14900, 0)
    assert sale.merchant_ref == refund.merchant_ref == "NO27-0000017"
    assert sale.payment_id == refund.payment_id != ""
    assert sale.txn_id != refund.txn_id
    assert sale.currency == "NOK"


@pytest.mark.parametrize(
    ("name", "paid"), [("vipps-xml", 49100), ("vipps-csv", 49100), ("adyen", 48600), ("stripe", 49100)]
)
def test_what_a_batch_holds_is_what_was_paid(name: str, paid: int) -> None:
    """The entries without the payout sum to it, fees of their own included."""
    batch = only_batch(GOOD[name])
    assert batch.payout_minor == batch.net_minor == paid


def test_a_day_is_the_providers_own() -> None:
    """22:30 UTC on the 28th is the 29th in Oslo; 23:30 CEST stays the 28th."""
    assert only_batch(samples.VIPPS_XML).entries[0].day == dt.date(2027, 5, 29)
    assert only_batch(samples.ADYEN).entries[0].day == dt.date(2027, 5, 28)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2027-03-27T23:30:00Z", dt.date(2027, 3, 28)),
        ("2027-03-28T21:59:59Z", dt.date(2027, 3, 28)),
        ("2027-03-28T22:00:00Z", dt.date(2027, 3, 29)),
        ("2027-10-31T22:59:59Z", dt.date(2027, 10, 31)),
        ("2027-10-31T23:00:00Z", dt.date(2027, 11, 1)),
    ],
)
def test_the_days_on_which_clocks_change_have_23_and_25_hours(written: str, day: dt.date) -> None:
    """A second before Oslo's midnight is the old day, midnight the new one, in summer time and out of it."""
    content = samples.VIPPS_XML.replace(b"2027-05-28T22:30:00Z", written.encode())
    assert only_batch(content).entries[0].day == day


def test_gross_settlement_leaves_fees_to_an_invoice() -> None:
    """The whole amount is paid out, so that the balance has no fee."""
    content = samples.VIPPS_XML.replace(b"<SettlementType>Net<", b"<SettlementType>Gross<")
    content = content.replace(b"<SettledAmount>491.00<", b"<SettledAmount>500.00<")
    batch = only_batch(content)
    assert batch.payout_minor == batch.net_minor == 50000


def test_a_giro_reversal_is_in_the_total_and_off_the_account() -> None:
    """The control total adds it, the entry takes it away."""
    payment, reversal = only_batch(samples.OCR_GIRO).entries
    assert (payment.kind, payment.gross_minor, payment.merchant_ref) == (EntryKind.SALE, 64900, "12345674")
    assert (reversal.kind, reversal.gross_minor) == (EntryKind.REFUND, -14900)
    assert payment.day == dt.date(2027, 5, 28)


def test_a_giro_type_that_nobody_listed_is_kept() -> None:
    """Vipps writes 50: the money is there, so it is taken as a kind that a person looks at."""
    entry = only_batch(samples.OCR_GIRO.replace(b"NY091030", b"NY095030").replace(b"NY091031", b"NY095031")).entries[0]
    assert (entry.kind, entry.told_kind, entry.gross_minor) == (EntryKind.OTHER, "50", 64900)


def test_an_unknown_kind_moves_the_balance_and_is_kept() -> None:
    """What a provider invents tomorrow is no reason to lose money today."""
    content = samples.ADYEN.replace(b",Fee,", b",LoyaltyThing,")
    entry = only_batch(content).entries[2]
    assert (entry.kind, entry.told_kind, entry.net_minor) == (EntryKind.OTHER, "LoyaltyThing", -500)


def test_a_bank_statement_tells_transactions_apart() -> None:
    """One entry each, batch bookings opened, what is only pending left out."""
    batch = only_batch(samples.CAMT_053)
    assert [entry.gross_minor for entry in batch.entries] == [49100, 40000, 30000, -10000]
    assert batch.entries[0].text == "Utbet. 2000101 Vippsnr 513428"
    assert batch.entries[1].merchant_ref == "12345674"
    assert (batch.ref, batch.account, batch.currency) == ("S-2027-105", "86011117947", "NOK")


def test_newer_bank_messages_are_read_the_same() -> None:
    """Version 08 has its status in a code; a notification is a statement without balances."""
    newer = samples.CAMT_053.replace(b"camt.053.001.02", b"camt.053.001.08")
    newer = re.sub(rb"<Sts>(\w+)</Sts>", rb"<Sts><Cd>\1</Cd></Sts>", newer)
    note = samples.CAMT_053.replace(b"camt.053", b"camt.054").replace(b"Stmt>", b"Ntfctn>")
    note = note.replace(b"BkToCstmrNtfctn", b"BkToCstmrDbtCdtNtfctn")
    note = re.sub(rb"<Bal>.*</Bal>", b"", note, flags=re.DOTALL)
    amounts = [entry.gross_minor for entry in only_batch(samples.CAMT_053).entries]
    for content in (newer, note):
        assert [entry.gross_minor for entry in only_batch(content).entries] == amounts


def test_a_french_payment_and_its_refund() -> None:
    """Cents as they are, the commission where it is told."""
    payment, refund = only_batch(samples.SYSTEMPAY).entries
    assert (payment.gross_minor, payment.fee_minor, payment.currency) == (6490, 50, "EUR")
    assert (refund.kind, refund.gross_minor, refund.merchant_ref) == (EntryKind.REFUND, -1490, "FR27-0000017")


BROKEN = [
    ("vipps-xml", b"<FeeSettlementAmount>9.00", b"<FeeSettlementAmount>9.01", "TransactionFeeAmount"),
    ("vipps-xml", b"<NumOfTransactions>2", b"<NumOfTransactions>3", "number of transactions is 2"),
    ("vipps-xml", b"<SettledAmount>491.00", b"<SettledAmount>500.00", "settled amount"),
    ("vipps-xml", b"<TransactionNetAmount>640.00", b"<TransactionNetAmount>641.00", "gross - fee"),
    ("vipps-xml", b"<NumOfSettlements>1", b"<NumOfSettlements>2", "number of settlements"),
    ("vipps-xml", b"</SettlementInfo>", b"</Settlement>", "well-formed"),
    ("vipps-xml", b"<SettlementReport", b"<!DOCTYPE x [<!ENTITY a 'b'>]><SettlementReport", "DOCTYPE"),
    ("vipps-csv", b"640.00,2", b"640.00,3", "number of transactions"),
    ("vipps-csv", b"-9.00,0.00,640.00", b"-9.00,0.00,640,00", "14 fields, but a TransactionInfo has 13"),
    ("vipps-csv", b"-9.00,-149.00", b"-9.00,-150.00", "sum of Refund"),
    ("vipps-csv", b"5401,2000101", b"5401,2000102", "does not tell of"),
    ("vipps-norwegian", b";640,00;", b";641,00;", "Brutto - Gebyr"),
    ("vipps-norwegian", b";491,00;", b";492,00;", "sum of Netto"),
    ("adyen", b",486.00,", b",487.00,", "sum of batch 7"),
    ("adyen", b",640.00,2.00", b",640.00,2.01", "net + fees"),
    ("adyen", b"CEST,Settled", b"Mars,Settled", "zone 'Mars'"),
    ("adyen", b",Batch Number", b",Batch", "header has no Batch Number"),
    ("stripe", b"649.00,9.00,640.00", b"649.00,9.00,641.00", "gross - fee"),
    ("stripe", b"-491.00,0.00,-491.00", b"-490.00,0.00,-490.00", "sum of payout po_1"),
    ("stripe", b"649.00,9.00", b"six,9.00", "gross is 'six'"),
    ("ocr-giro", b"00000000000079800", b"00000000000079801", "sum of amounts"),
    ("ocr-giro", b"NY090088", b"NY090099", "record 99"),
    ("camt", b">2091.00<", b">2092.00<", "opening balance with all entries"),
    ("camt", b">400.00<", b">401.00<", "batch booking"),
    ("systempay", b"FIN;2;", b"FIN;3;", "number of MATCHING"),
    ("systempay", b"FIN;2;\n", b"", "cut off"),
    ("systempay", b";6440;50;", b";6441;50;", "less commission"),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), BROKEN)
def test_a_file_that_does_not_add_up_is_refused_whole(name: str, old: bytes, new: bytes, told: str) -> None:
    """One amount, one count, one record less: nothing of it is taken, and the reason names what and where."""
    assert old in GOOD[name]
    refusal = refused(GOOD[name].replace(old, new, 1))
    assert told in refusal.reason
    assert refusal.line is not None or "cut off" in told or "does not tell of" in told


@pytest.mark.parametrize("name", [name for name in GOOD if name != "ocr-giro"])
def test_a_full_card_number_is_refused_wherever_it_stands(name: str) -> None:
    """In a reference, in a text, in a field nobody reads: refused with the line, and no digit of it told."""
    place = {"camt": b"Utbet. 2000101", "systempay": b"FR27-0000017"}.get(name, b"NO27-0000017")
    for card in (b"4111 1111 1111 1111", b"5555555555554444", b"378282246310005"):
        refusal = refused(GOOD[name].replace(place, card))
        assert "full card number" in refusal.reason
        assert card.decode() not in str(refusal)
        assert refusal.line is not None


def test_what_only_looks_like_a_card_number_is_none() -> None:
    """A wrong check digit, a provider's own sixteen digits, a masked number."""
    for text in ("4111111111111112", "8515500000000007", "411111******1111", "12345674", "4" * 25):
        assert not has_card_number(text)


def test_the_same_movement_twice_in_a_file_is_refused() -> None:
    """Two of one name would be one of them lost when they are kept, even where the totals hold."""
    lines = GOOD["adyen"].replace(b",486.00,", b",1126.00,").split(b"\n")
    assert "is there twice" in refused(b"\n".join([*lines[:2], lines[1], *lines[2:]])).reason


@pytest.mark.parametrize("content", [b"", b"\n", b"hello", b"<a/>", b"a,b,c\n1,2,3", b"\x00\xff\xfe", b"PK\x03\x04"])
def test_what_is_no_settlement_file_is_said_so(content: bytes) -> None:
    """An empty file, a spreadsheet, somebody's letter: the formats that are known are named."""
    assert "none of the formats" in refused(content).reason


@pytest.mark.parametrize("encoding", ["U-F-8", "shift_jis", "punycode", "hex"])
def test_xml_in_an_encoding_that_cannot_be_read_is_refused(encoding: str) -> None:
    """One that is unknown, of several bytes, or no encoding of texts at all."""
    content = GOOD["camt"].replace(b'encoding="UTF-8"', f'encoding="{encoding}"'.encode())
    assert content != GOOD["camt"]
    refused = read_settlement_file(content)
    assert isinstance(refused, FileRefused)
    assert "encoding" in refused.reason


@settings(max_examples=300)
@given(name=st.sampled_from(sorted(GOOD)), cut=st.integers(0, 4000), junk=st.binary(max_size=12), keep=st.booleans())
def test_whatever_is_damaged_is_refused_or_read_and_never_breaks(name: str, cut: int, junk: bytes, keep: bool) -> None:
    """Cut off anywhere, or with bytes over it: a refusal or a file whose totals still hold."""
    good = GOOD[name]
    cut %= len(good)
    content = good[:cut] + junk + (good[cut + len(junk) :] if keep else b"")
    file = read_settlement_file(content)
    if isinstance(file, SettlementFile):
        # A payout by itself settles nothing that the file tells of.
        settling = [each for each in file.batches if {entry.kind for entry in each.entries} - {EntryKind.PAYOUT}]
        assert all(batch.payout_minor in {None, batch.net_minor} for batch in settling)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("16450,62", "NOK", 1645062),
        ("-1490.00", "NOK", -149000),
        ("5", "EUR", 500),
        ("0.5", "EUR", 50),
        ("7", "JPY", 7),
        ("1490.00", "ISK", 1490),
    ],
)
def test_amounts_are_read_without_a_float(text: str, currency: str, minor: int) -> None:
    """A point or a comma, with or without decimals, and as many as the currency has, or as its providers write."""
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["", "1 000.00", "1.000,00", "1.234", "1.230", "1,000", "12.000", "1.2300", "abc", "1e3", "٣", "--1", "0.001"],
)
def test_what_could_be_two_amounts_is_none(text: str) -> None:
    """Groups of thousands, exponents, other scripts' digits, parts of a cent."""
    with pytest.raises(ValueError, match=r"."):
        parse_minor(text, "EUR")
    with pytest.raises(ValueError, match="finer"):
        parse_minor("5.50", "ISK")


@pytest.mark.parametrize(("text", "currency"), [("1.230", "NOK"), ("7.00", "JPY"), ("1.490", "ISK")])
def test_more_decimals_than_the_currency_has_are_refused_with_what_to_write(text: str, currency: str) -> None:
    """Somebody's 1.230 is 1,230 kroner, a thousand times what it would be read as."""
    with pytest.raises(ValueError, match=f"more decimals than {currency} has.*thousands"):
        parse_minor(text, currency)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("vipps-csv", b"649.00", b"649.000"), ("adyen", b"640.00", b"640.000"), ("stripe", b"649.00", b"649.000")],
)
def test_a_table_with_an_amount_that_could_be_two_is_refused_by_its_line(name: str, old: bytes, new: bytes) -> None:
    """Whole, like every file with a fault."""
    file = refused(GOOD[name].replace(old, new))
    assert "more decimals than NOK has" in str(file)
    assert file.line


def test_xml_may_pad_its_decimals_and_groups_nothing() -> None:
    """XML Schema's decimal has one point and no thousands: ISO 20022 allows five digits behind it."""
    padded = samples.CAMT_053.replace(b".00</Amt>", b".00000</Amt>")
    assert padded != samples.CAMT_053
    assert read(padded) == read(samples.CAMT_053)
    for written in (b"491,00", b"491.00001", b"1 491.00", b"4_91.00"):
        assert "Amt is" in str(refused(samples.CAMT_053.replace(b"491.00", written)))


def test_bank_entries_without_a_status_are_booked_in_the_balance_too() -> None:
    """The entries are taken, and the balances are held against the same ones; what is pending is neither."""
    told = read_settlement_file(samples.CAMT_053)
    untold = read_settlement_file(samples.CAMT_053.replace(b"<Sts>BOOK</Sts>", b""))
    assert isinstance(told, SettlementFile)
    assert isinstance(untold, SettlementFile)
    assert [each.gross_minor for each in untold.batches[0].entries] == [49100, 40000, 30000, -10000]
    assert untold.batches == told.batches
