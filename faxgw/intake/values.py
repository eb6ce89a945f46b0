"""Turns what was read in a field into what an order wants: days, prices, postcodes, countries. None for nonsense."""

import datetime as dt
import functools
import re
import typing
import unicodedata

from faxgw.money import MINOR_DIGITS
from faxgw.order import Language
from faxgw.render.wording import wording_of

_LANGUAGES: tuple[Language, ...] = typing.get_args(Language)

_YEAR_FIRST = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_DAY_FIRST = re.compile(r"\b(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})\b")
_MONTH_BY_NAME = re.compile(r"\b(\d{1,2})(?:er|st|nd|rd|th|\.)?\s+([^\W\d]+)\.?\s+(\d{4})\b")
_POSTCODE_AND_CITY = re.compile(r"^(?:[A-Z]{1,2}[- ])?(\d{4,5}|\d{3} \d{2})\s+(\S.*)$")
_BRITISH = re.compile(r"^(\S.*?)[,\s]+([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$")
_POSTCODE = re.compile(r"^(?:[A-Z]{1,2}-)?(\d{4,5}|\d{3} \d{2}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$")
_AMOUNT = re.compile(r"(?<![\d.,])(\d{1,3}(?:[ .,\u00a0\u202f']\d{3})+|\d+)(?:[.,](\d{2}|-{1,2}))?(?![\d.,])")
_SIGNS = {"€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "$": "USD", "usd": "USD", "kr": "NOK", "nok": "NOK",
          "chf": "CHF", "dkk": "DKK", "sek": "SEK"}  # fmt: skip


def plain(text: str) -> str:
    """Lower case without accents, so that a label is found however the recogniser took its accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ø", "o").replace("œ", "oe"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def read_date(text: str) -> dt.date | None:
    """A full date, day before month; None for an impossible one, or one whose weekday is another."""
    day = _numbers(text)
    if day is None:
        return None
    named = _weekday_in(text)
    return day if named is None or named == day.weekday() else None


def _numbers(text: str) -> dt.date | None:
    if found := _YEAR_FIRST.search(text):
        return _date(found[1], found[2], found[3])
    if found := _DAY_FIRST.search(text):
        return _date(found[3] if len(found[3]) == 4 else f"20{found[3]}", found[2], found[1])
    if found := _MONTH_BY_NAME.search(text):
        month = _months().get(plain(found[2]))
        return None if month is None else _date(found[3], str(month), found[1])
    return None


def _date(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


@functools.cache
def _months() -> dict[str, int]:
    written = [wording_of(language).written.months for language in _LANGUAGES]
    return {plain(name): number for months in written for number, name in enumerate(months, start=1)}


@functools.cache
def _weekdays() -> dict[str, int]:
    written = [wording_of(language).written.weekdays for language in _LANGUAGES]
    return {plain(name): number for names in written for number, name in enumerate(names)}


def _weekday_in(text: str) -> int | None:
    return next((_weekdays()[word] for word in re.findall(r"[^\W\d]+", plain(text)) if word in _weekdays()), None)


def read_money(text: str, currency: str) -> tuple[int, str] | None:
    """Minor units and currency of the only amount in the text; `currency` is that of an amount without a sign."""
    found = _AMOUNT.findall(text)
    named = {code for sign, code in _SIGNS.items() if re.search(rf"(?<![a-z]){re.escape(sign)}(?![a-z])", plain(text))}
    if len(found) != 1 or len(named) > 1:
        return None
    code = named.pop() if named else currency
    if code not in MINOR_DIGITS:
        return None
    whole, part = found[0]
    digits = re.sub(r"\D", "", whole)
    cents = part if part.isdecimal() else "00"
    return int(digits) * 10 ** MINOR_DIGITS[code] + (int(cents) if MINOR_DIGITS[code] == 2 else 0), code


def read_postcode(text: str) -> str | None:
    found = _POSTCODE.match(text.strip())
    return found[1] if found else None


def read_town(text: str) -> tuple[str, str] | None:
    """Postcode and city from one line."""
    if found := _POSTCODE_AND_CITY.match(text.strip()):
        return found[1], found[2].strip()
    if found := _BRITISH.match(text.strip()):
        return found[2], found[1].strip()
    return None


def read_country(text: str, default: str) -> str | None:
    """The ISO 3166 code of a country named in any of our languages, or by its code."""
    name = plain(text.strip())
    if not name:
        return default or None
    return _countries().get(name)


@functools.cache
def _countries() -> dict[str, str]:
    by_name = {plain(name): code for language in _LANGUAGES for code, name in wording_of(language).countries.items()}
    return by_name | {code.lower(): code for code in set(by_name.values())}


def read_quantity(text: str) -> int | None:
    found = re.fullmatch(r"(\d{1,3})\s*[x\u00d7]?", text.strip())
    return int(found[1]) if found and int(found[1]) else None
