"""Decimal amounts as whole minor units, without ever being a float."""

import re

from faxgw.money import MINOR_DIGITS

_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d+)(?:[.,](?P<part>\d*))?", re.ASCII)


def parse_minor(text: str, currency: str) -> int:
    """`16450,62` or `-1490.00` in minor units of `currency`; `ValueError` for anything less plain.

    A point and a comma both mark the decimals, for files mix them; groups of thousands are refused, because
    `1.234` would be two numbers. Digits beyond the minor unit must be zero.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise ValueError(f"{currency} is not a currency we know")
    found = _DECIMAL.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a decimal amount")
    part = found["part"] or ""
    if part[digits:].strip("0"):
        raise ValueError(f"finer than the minor unit of {currency}")
    minor = int(found["whole"] + part[:digits].ljust(digits, "0"))
    return -minor if found["sign"] == "-" else minor
