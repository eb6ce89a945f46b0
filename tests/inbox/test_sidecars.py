"""What carriers tell of a fax."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.inbox import SidecarFormat
from faxgw.inbox.port import Listed
from faxgw.inbox.settled import Arrival, Part
from faxgw.inbox.sidecar.read import read_sidecar
from faxgw.inbox.sidecar.told import BadSidecar, Told, seconds_of
from faxgw.inbox.verdict import Haul, Keep, decide
from tests.inbox.faxes import make_fax
from tests.inbox.shop import config_of

RETARUS = b"""RECEIPT.ID=+49/1250-400-1703
SENDER.FAXNO=0033199000017
SENDER.ID=Fleurs Martin
RECEIPT.DATE=2026-11-21
TIMESTAMP=2026-11-21-23.59.00
RESOLUTION=HHL
PAGES=3
STATUS=OK
NEW.FIELD=kept
"""
AT = 1_795_305_540.0
EXPECTED = Told("+49/1250-400-1703", "0033199000017", "Fleurs Martin", AT, 3)


def told_by(content: bytes, written_as: SidecarFormat, **fields: str) -> Told | BadSidecar:
    return read_sidecar(content, written_as, fields, "UTC")


def known(told: Told | BadSidecar) -> tuple[object, ...]:
    assert isinstance(told, Told), told
    return told.receipt_id, told.sender_number, told.sender_id, told.received_at, told.pages


def test_retarus_writes_keys_and_values() -> None:
    """What is not ours to know is kept as it is."""
    told = told_by(RETARUS, SidecarFormat.IDX)
    assert known(told) == known(EXPECTED)
    assert isinstance(told, Told)
    assert told.extra == {"RECEIPT.DATE": "2026-11-21", "RESOLUTION": "HHL", "STATUS": "OK", "NEW.FIELD": "kept"}


@pytest.mark.parametrize(
    ("content", "written_as"),
    [
        (
            (b'<?xml version="1.0"?><fax xmlns="urn:x"><receiptId>+49/1250-400-1703</receiptId>'
            b"<sender><faxNo>ignored</faxNo></sender><senderNumber>0033199000017</senderNumber>"
            b'<field name="SENDER.ID" value="Fleurs Martin"/><pages>3</pages><received>2026-11-21T23:59:00Z</received>'
            b"</fax>"),
            SidecarFormat.XML,
        ),
        (
            (b'{"message_id": "+49/1250-400-1703", "from": {"callerNumber": "0033199000017", "csid": "Fleurs Martin"},'
            b' "pages": 3, "received_at": "2026-11-22T00:59:00+01:00"}'),
            SidecarFormat.JSON,
        ),
        (
            "\ufeffReceipt ID;Sender number;CSID;Received;Pages\n"
            "+49/1250-400-1703;0033199000017;Fleurs Martin;21.11.2026 23:59;3\n".encode("utf-16"),
            SidecarFormat.CSV,
        ),
    ],
    ids=["xml", "json", "csv"],
)  # fmt: skip
def test_other_carriers_say_the_same_in_other_words(content: bytes, written_as: SidecarFormat) -> None:
    """Names are compared without case, dots and dashes; times in the forms that are in use."""
    assert known(told_by(content, written_as)) == known(EXPECTED)


def test_names_of_fields_can_be_given() -> None:
    """The config's word counts before the usual ones."""
    told = told_by(b'{"ANR": "0033199000017", "from": "the front desk"}', SidecarFormat.JSON, sender_number="ANR")
    assert isinstance(told, Told)
    assert (told.sender_number, told.extra) == ("0033199000017", {"from": "the front desk"})


@pytest.mark.parametrize(
    ("content", "written_as"),
    [
        (b"", SidecarFormat.IDX), (b"just words", SidecarFormat.IDX), (b"<fax>", SidecarFormat.XML),
        (b'<!DOCTYPE fax [<!ENTITY a "aaaa">]><fax>&a;</fax>', SidecarFormat.XML), (b"[1]", SidecarFormat.JSON),
        (b"{", SidecarFormat.JSON), (b"{" * 100_000, SidecarFormat.JSON), (b"a;b\n1\n", SidecarFormat.CSV),
    ],
)  # fmt: skip
def test_a_sidecar_that_cannot_be_read_says_why(content: bytes, written_as: SidecarFormat) -> None:
    """And nothing of what is in it."""
    assert isinstance(told_by(content, written_as), BadSidecar)


@given(
    st.binary(max_size=300),
    st.sampled_from([SidecarFormat.IDX, SidecarFormat.XML, SidecarFormat.JSON, SidecarFormat.CSV]),
)
def test_no_bytes_break_a_reader(content: bytes, written_as: SidecarFormat) -> None:
    """What is told fits every store: no surrogates, no NUL, no end of length."""
    told = told_by(content, written_as)
    if isinstance(told, Told):
        words = [told.receipt_id, told.sender_number, told.sender_id, *told.extra, *told.extra.values()]
        assert all(len(word.encode()) <= 800 and "\0" not in word for word in words)


def test_numbers_and_times_that_are_none_stay_among_the_rest() -> None:
    """A wrong word in one place takes nothing from the others."""
    told = told_by(b"PAGES=many\nTIMESTAMP=soon\nSENDER.FAXNO=0033199000017\n", SidecarFormat.IDX)
    assert told == Told(sender_number="0033199000017", extra={"PAGES": "many", "TIMESTAMP": "soon"})


def test_a_time_without_a_zone_is_told_by_the_inbox_s_clock() -> None:
    """In Paris midnight comes an hour before that of UTC."""
    assert seconds_of("2026-11-22 00:59:00", "Europe/Paris") == AT
    assert seconds_of("2026-11-22 00:59:00+01:00", "Asia/Tokyo") == AT
    assert seconds_of("0001-01-01", "UTC") is None


def kept(name: str, content: bytes, beside: bytes | None = None, **config: object) -> Keep:
    arrival = Arrival((Part(name, Listed(name, len(content), "x")),), 0.0)
    verdict = decide(Haul(arrival, (content,), beside), config_of(**config))
    assert isinstance(verdict, Keep), verdict
    return verdict


def test_the_tiff_tells_what_nobody_else_does() -> None:
    """HylaFAX and spandsp write the sender's id, the time and the lines that noise destroyed."""
    fax = make_fax(1, 2, tags={270: "Fleurs Martin", 306: "2026:11:21 23:59:00", 326: 9, 305: "HylaFAX"})
    told = kept("fax00000017.tif", fax).told
    assert (told.sender_id, told.received_at, told.bad_lines) == ("Fleurs Martin", AT, 18)
    assert told.extra == {"Software": "HylaFAX"}
    assert kept("a.tif", fax, b"SENDER.ID=The shop", sidecar=SidecarFormat.IDX).told.sender_id == "The shop"


def test_concord_tells_it_all_in_the_name() -> None:
    """Spaces and all."""
    name = "ct33199000018-20261121235900513-321-1_11212026 1159 PM_33199000017_33199000018_2.tif"
    pattern = (
        r"^(?P<receipt_id>[^_]+)_(?P<received_at>[^_]+)_(?P<sender_number>\d+)_(?P<called>\d+)_(?P<pages>\d+)\.tif$"
    )
    told = kept(name, make_fax(1), name_pattern=pattern).told
    assert known(told) == ("ct33199000018-20261121235900513-321-1", "33199000017", "", AT, 2)
    assert told.extra == {"called": "33199000018"}


def test_a_fax_inside_its_xml_is_taken_out() -> None:
    """The document is the picture; the words around it are told."""
    fax = make_fax(1)
    around = b"<fax><receiptId>17</receiptId><image>\n" + base64.encodebytes(fax) + b"</image></fax>"
    keep = kept("a.xml", around, sidecar=SidecarFormat.AROUND)
    assert (keep.contents, keep.told.receipt_id) == ((fax,), "17")
