"""What stands on a statement, in the store's language; numbers and days as that language writes them.

Babel is pinned by the lock file, for its data change the signs between digits, and a closed month must print the same.
"""

import datetime as dt
import functools
import tomllib
from decimal import Decimal
from importlib import resources

import msgspec
from babel.dates import format_date
from babel.numbers import format_currency, format_percent

from faxgw.money import plain_amount
from faxgw.order import Language
from faxgw.settlement.month.statement import LineKind
from faxgw.store.ledger.port import Period

LOCALES = {"de": "de_DE", "en": "en_GB", "fr": "fr_FR", "nb": "nb_NO"}


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The labels of one language."""

    statement: str
    number: str
    member: str
    tax_id: str
    opening: str
    closing_owed: str
    """The store is owed it."""
    closing_owing: str
    closing_even: str
    day: str
    what: str
    order: str
    amount: str
    balance: str
    kinds: dict[LineKind, str]
    orders: str
    """How many orders a kind has."""
    taxes: str
    rate: str
    gross: str
    tax: str
    net: str
    basis: str
    """That the taxes are a basis and no advice."""
    page: str


@functools.cache
def words_of(language: Language) -> Words:
    """The labels in `wording/`; a language more is a file more there, and a locale above."""
    file = resources.files("faxgw.settlement.statements").joinpath("wording", f"{language}.toml")
    return msgspec.convert(tomllib.loads(file.read_text("utf-8")), Words)


@functools.lru_cache(maxsize=4_096)
def money_text(amount_minor: int, currency: str, language: Language) -> str:
    """As the language writes it, with the currency; exact, for the amount is a decimal and never a float."""
    return str(format_currency(plain_amount(amount_minor, currency), currency, locale=LOCALES[language]))


@functools.lru_cache(maxsize=1_024)
def day_text(day: dt.date, language: Language) -> str:
    return str(format_date(day, format="short" if language in {"nb", "de"} else "dd/MM/yy", locale=LOCALES[language]))


def period_text(period: Period, language: Language) -> str:
    text = str(format_date(dt.date.fromisoformat(f"{period}-01"), format="LLLL y", locale=LOCALES[language]))
    return text[:1].upper() + text[1:] if language in {"en", "de", "fr"} else text


def rate_text(basis_points: int, language: Language) -> str:
    return str(format_percent(Decimal(basis_points).scaleb(-4), format="#,##0.##%", locale=LOCALES[language]))
