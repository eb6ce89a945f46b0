"""Telephone numbers in one spelling (E.164), so that one line is one line however it was written."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NewType

import phonenumbers

from faxgw.faults import Fault

Line = NewType("Line", str)
"""A destination number in E.164, such as +33199001234."""
NO_COUNTRY = "ZZ"
"""In place of a country where none is known: the number must be international (ISO 3166 leaves the code to users)."""


@lru_cache(maxsize=65_536)
def parse_line(number: str, country: str) -> Line | None:
    """The line that `number` dials when written in `country` (ISO 3166 alpha-2), or None for an impossible one.

    A number that lacks its area code, or asks for an extension, is impossible too: the first dials
    somebody else, and no fax machine sits behind the second. A florist's number comes again and
    again, and parsing costs about 0.1 ms, hence the cache.
    """
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    # `is_possible_number` alone would take "possible within its area" for good enough.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    if parsed.extension is not None:
        return None
    return Line(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def number_fault(pointer: str, number: str, country: str) -> Iterator[Fault]:
    if parse_line(number, country) is None:
        yield Fault(pointer, f"not a possible telephone number in {country}; write it as +33 1 99 00 12 34")


def mask_line(line: str) -> str:
    """The line with its last four digits hidden, for logs above debug level."""
    return line[:-4] + "****" if len(line) > 6 else "****"
