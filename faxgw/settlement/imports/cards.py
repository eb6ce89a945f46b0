"""Full card numbers have no place here: a file that holds one is refused, so that none is ever kept.

PCI DSS 3.4 lets at most the first six and the last four digits be shown. A number counts as a card's when it has the
length and the beginning of a card scheme and its check digit is right (ISO/IEC 7812); the first two keep a provider's
own 16-digit references from being taken for one.
"""

import re

_RUN = re.compile(r"(?<![\d])(?:\d[ -]?){12,18}\d(?![\d])")
_SCHEMES = re.compile(
    r"4\d{12}(?:\d{3}){0,2}"  # Visa
    r"|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
)


def has_card_number(text: str) -> bool:
    """Whether the digits of a whole card stand in the text, together or in the groups of the plastic."""
    return any(_is_card(re.sub(r"[ -]", "", found.group())) for found in _RUN.finditer(text))


def _is_card(digits: str) -> bool:
    return _SCHEMES.fullmatch(digits) is not None and _check_digit_fits(digits)


def _check_digit_fits(digits: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
