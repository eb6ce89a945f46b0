"""Amounts of money as an operator types them."""

import click
import pytest

from faxgw.cli.amounts import AmountType, amount_text


@pytest.mark.parametrize(
    ("written", "minor", "shown"),
    [
        ("45.50 EUR", 4_550, "45.50 EUR"),
        ("45,50EUR", 4_550, "45.50 EUR"),
        (" 45 NOK", 4_500, "45.00 NOK"),
        ("0.05 NOK", 5, "0.05 NOK"),
        ("1500 JPY", 1_500, "1500 JPY"),
    ],
)
def test_an_amount_is_read_to_the_minor_unit(written: str, minor: int, shown: str) -> None:
    """With a point or a comma, of a currency with or without decimals; shown it is the same."""
    read = AmountType().convert(written, None, None)
    assert read == {"amount_minor": minor, "currency": shown[-3:]}
    assert amount_text(**read) == shown


@pytest.mark.parametrize("written", ["45.5 EUR", "45.500 EUR", "1.500 JPY", "-45 EUR", "45", "EUR 45", "45 XXQ", ""])
def test_what_may_be_another_amount_is_refused(written: str) -> None:
    """One decimal, three, thousands, no currency: a slip of ten or a thousand times is not guessed at."""
    with pytest.raises(click.BadParameter, match=r"write it as '45\.50 EUR'"):
        AmountType().convert(written, None, None)
