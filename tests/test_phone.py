"""One line has one spelling, and what cannot be dialled is no line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxgw.faults import Fault
from faxgw.phone import mask_line, number_fault, parse_line


@pytest.mark.parametrize(
    "written",
    [
        "+33199001234",
        "+33 1 99 00 12 34",
        "01 99 00 12 34",
        "01.99.00.12.34",
        "01-99-00-12-34",
        "0033 1 99 00 12 34",
        "+33 (0)1 99 00 12 34",
    ],
)
def test_one_line_however_it_is_written(written: str) -> None:
    """Every French way to write a number gives the same line."""
    assert parse_line(written, "FR") == "+33199001234"


def test_foreign_number_needs_its_country_code() -> None:
    """A Swedish number of a Norwegian shop is read as Swedish."""
    assert parse_line("+46 980 319 2 07", "NO") == "+46980319207"


@pytest.mark.parametrize(
    ("written", "country", "why"),
    [
        ("", "FR", "empty"),
        ("fax", "FR", "no digits"),
        ("12", "FR", "too short"),
        ("+33 1 99 00 12 34 56 78", "FR", "too long"),
        ("+999 12345678", "FR", "no such country code"),
        ("01 99 00 12 34", "ZZ", "national number in no country"),
        ("253-0000", "US", "the area code is missing: it would dial somebody else"),
        ("+33 1 99 00 12 34 ext 5", "FR", "an extension cannot be dialled by a fax machine"),
    ],
)
def test_impossible_number_is_no_line(written: str, country: str, why: str) -> None:
    """What no exchange could connect, or what would connect to somebody else, is refused."""
    assert parse_line(written, country) is None, why
    assert [fault.pointer for fault in number_fault("/fax", written, country)] == ["/fax"]


def test_possible_number_has_no_fault() -> None:
    """A good number passes without a word."""
    assert list(number_fault("/fax", "01 99 00 12 34", "FR")) == []


def test_fault_says_how_to_write_a_number() -> None:
    """The fault shows an example; it does not repeat the number, which is personal data."""
    (fault,) = number_fault("/fax", "0199", "FR")
    assert fault == Fault("/fax", "not a possible telephone number in FR; write it as +33 1 99 00 12 34")


@settings(deadline=None)  # The first example loads time zones or number plans.
@given(st.text(max_size=32), st.from_regex(r"[A-Z]{2}", fullmatch=True))
def test_any_text_is_a_line_or_none(written: str, country: str) -> None:
    """Parsing never raises; a line is E.164, and reading it again changes nothing."""
    line = parse_line(written, country)
    if line is not None:
        assert line[0] == "+"
        assert line[1:].isdigit()
        assert parse_line(line, country) == line


@pytest.mark.parametrize(
    ("line", "shown"), [("+33199001234", "+3319900****"), ("+12345", "****"), ("+123456", "+12****"), ("", "****")]
)
def test_masked_line_hides_its_end(line: str, shown: str) -> None:
    """Logs show which country and area, never who; a very short number shows nothing."""
    assert mask_line(line) == shown
