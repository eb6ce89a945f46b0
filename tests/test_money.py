"""Money is shown with its point where the currency has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.money import AMOUNT_MINOR_MAX, MINOR_DIGITS, Money, split_minor


@pytest.mark.parametrize(
    ("amount_minor", "currency", "parts"),
    [
        (4550, "EUR", ("45", "50")),
        (5, "EUR", ("0", "05")),
        (0, "NOK", ("0", "00")),
        (100, "NOK", ("1", "00")),
        (123456789, "NOK", ("1234567", "89")),
        (4550, "ISK", ("4550", "")),
        (0, "JPY", ("0", "")),
    ],
)
def test_amount_is_split_at_its_point(amount_minor: int, currency: str, parts: tuple[str, str]) -> None:
    """Cents are two digits, leading zero included; the yen and the Icelandic krona have none."""
    assert split_minor(Money(amount_minor, currency)) == parts


@given(st.integers(0, AMOUNT_MINOR_MAX), st.sampled_from(sorted(MINOR_DIGITS)))
def test_nothing_is_lost_in_the_split(amount_minor: int, currency: str) -> None:
    """The digits before and after the point are the amount again, with as many decimals as ISO 4217 says."""
    whole, decimals = split_minor(Money(amount_minor, currency))
    assert int(whole + decimals) == amount_minor
    assert len(decimals) == MINOR_DIGITS[currency]
    assert whole == str(int(whole))


def test_unknown_currency_is_not_guessed() -> None:
    """A currency whose decimals are unknown is an error, never printed with the wrong point."""
    with pytest.raises(KeyError):
        split_minor(Money(100, "XAU"))


def test_several_pieces_cost_several_times() -> None:
    """Two at 11.80 euros are 23.60 euros."""
    assert Money(1180, "EUR").times(2) == Money(2360, "EUR")
