"""How a language says what stands on a sheet: its labels, and how it writes days, times and money."""

import datetime as dt
import functools
import importlib.resources
import tomllib

import msgspec

from faxgw.money import Money, split_minor
from faxgw.order import Language, Window


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Patterns for dates, times and amounts."""

    date: str
    weekdays: list[str]
    months: list[str]
    time: str
    window: str
    stamp: str
    """For `strftime`, digits only, so that the machine's locale has no say."""
    decimal: str
    thousands: str
    money: str
    currencies: dict[str, str]
    first_of_month: str = "1"


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language's file under `forms/`."""

    labels: dict[str, dict[str, str]]
    """By form. `setting.py` refuses a form that lacks one."""
    written: Written
    countries: dict[str, str]

    def date(self, day: dt.date) -> str:
        """ "samedi 29 mai 2027"."""
        return self.written.date.format(
            weekday=self.written.weekdays[day.weekday()],
            day=self.written.first_of_month if day.day == 1 else day.day,
            month=self.written.months[day.month - 1],
            year=day.year,
        )

    def window(self, window: Window) -> str:
        """ "de 9 h 00 à 12 h 30"."""
        start, end = (self.written.time.format(hour=t.hour, minute=t.minute) for t in (window.start, window.end))
        return self.written.window.format(start=start, end=end)

    def stamp(self, moment: dt.datetime) -> str:
        """ "29/05/2027 07:12"."""
        return moment.strftime(self.written.stamp)

    def money(self, money: Money) -> str:
        """ "1 234,50 €"; a currency without a sign of its own is written by its code."""
        whole, fraction = split_minor(money)
        amount = f"{int(whole):,}".replace(",", self.written.thousands)
        if fraction:
            amount += self.written.decimal + fraction
        sign = self.written.currencies.get(money.currency)
        if sign is None:
            return f"{amount}\N{NO-BREAK SPACE}{money.currency}"
        return self.written.money.format(amount=amount, currency=sign)

    def country(self, code: str) -> str:
        return self.countries.get(code, code)


@functools.cache
def wording_of(language: Language) -> Wording:
    """Read a language's file, once."""
    text = importlib.resources.files("faxgw.render").joinpath("forms", f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Wording)
