"""Decimal amounts as whole minor units, without ever being a float."""

import re

from faxgw.money import MINOR_DIGITS

_WRITTEN = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d+)(?:[.,](?P<part>\d*))?", re.ASCII)
_XML = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d+)(?:\.(?P<part>\d*))?", re.ASCII)
_WRITTEN_DIGITS = MINOR_DIGITS | {"ISK": 2}
"""Stripe ("special cases", docs.stripe.com/currencies) and Adyen ("currency codes", docs.adyen.com) give Iceland's
króna two decimals, which are always 00."""


def parse_minor(text: str, currency: str) -> int:
    """`16450,62` or `-1490.00` of a table in minor units of `currency`; `ValueError` for anything less plain.

    A point and a comma both mark the decimals, for files mix them. Hence more digits behind one than the currency has
    are refused, zeros too: `1.230` is 1.23 to some, and 1,230 to others.
    """
    found = _WRITTEN.fullmatch(text.strip())
    part = (found["part"] or "") if found is not None else ""
    if len(part) > _WRITTEN_DIGITS.get(currency, len(part)):
        detail = f"more decimals than {currency} has; if the mark is one of thousands, write the amount without it"
        raise ValueError(detail)
    return _minor(found, currency)


def parse_xml_minor(text: str, currency: str) -> int:
    """The same of XML's `decimal`, whose one mark is the point, and which may be padded with zeros.

    There are no thousands in it (XML Schema 1.1 part 2, 3.3.3), and ISO 20022 lets an amount have five decimals
    whatever its currency (ActiveOrHistoricCurrencyAndAmount).
    """
    return _minor(_XML.fullmatch(text.strip()), currency)


def _minor(found: re.Match[str] | None, currency: str) -> int:
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise ValueError(f"{currency} is not a currency we know")
    if found is None:
        raise ValueError("not a decimal amount")
    part = found["part"] or ""
    if part[digits:].strip("0"):
        raise ValueError(f"more decimals than {currency} has: finer than its minor unit")
    minor = int(found["whole"] + part[:digits].ljust(digits, "0"))
    return -minor if found["sign"] == "-" else minor
