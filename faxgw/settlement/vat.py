"""Value added tax that is within a price: which rate a product bears on a day, and what of the price it is.

The rates of a country are config, for laws change and products move between them (in France a bouquet bears 10 %,
an arrangement in which labour dominates 20 %: CGI 278 bis 3). What comes out is a basis for invoices, not tax advice.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec

from faxgw.faults import Fault
from faxgw.order import Country

BASIS_POINTS = 10_000
"""Of the whole: 2,500 are 25 %."""
ANY_FAMILY = ""


class VatRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a family of products bears in a country, from a day on until another rate of the same family begins."""

    country: Country
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=12, pattern=r"^[^/\s]+$")]
    """As the country's accounts call it, such as `3` (Norway's output tax, regular). A slash would split `tax`."""
    basis_points: Annotated[int, msgspec.Meta(ge=0, lt=BASIS_POINTS)]
    valid_from: dt.date
    family: Annotated[str, msgspec.Meta(max_length=32)] = ANY_FAMILY
    """Which products; empty for all that no other rate names."""

    @property
    def tax(self) -> str:
        """As a posting has it: the country, its code for the rate, the rate in basis points."""
        return f"{self.country}/{self.code}/{self.basis_points}"


class Vat(msgspec.Struct, frozen=True):
    """One category of an invoice: everything that bears one rate."""

    code: str
    basis_points: int
    gross_minor: int
    """Tax included."""
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.tax_minor


class VatTable:
    """All rates, asked by country, family and day."""

    def __init__(self, rates: Iterable[VatRate]) -> None:
        self._rates = sorted(rates, key=lambda rate: rate.valid_from, reverse=True)

    def rate(self, country: str, family: str, on: dt.date) -> VatRate | None:
        """The newest rate that holds: the family's own before the country's general one."""
        for wanted in (family, ANY_FAMILY):
            for rate in self._rates:
                if (rate.country, rate.family) == (country, wanted) and rate.valid_from <= on:
                    return rate
        return None


def faults_of_rates(rates: Sequence[VatRate]) -> Iterator[Fault]:
    """Where it would be left to chance which rate a product bears."""
    begun = Counter((rate.country, rate.family, rate.valid_from) for rate in rates)
    for (country, family, valid_from), count in sorted(begun.items()):
        if count > 1:
            of = family or "all other products"
            yield Fault("", f"{count} rates begin on {valid_from} for {of} in {country}; one may")


def tax_within(gross_minor: int, basis_points: int) -> int:
    """The tax that a gross price holds, half a minor unit rounded away from zero.

    Computed over a category's total and not line by line, as EN 16931 (BR-CO-17) has it.
    """
    whole = BASIS_POINTS + basis_points
    tax = (2 * abs(gross_minor) * basis_points + whole) // (2 * whole)
    return tax if gross_minor >= 0 else -tax


def categories(gross_by_tax: Mapping[str, int]) -> Sequence[Vat]:
    """One line a rate, the highest first; what bears no tax is left out."""
    found = []
    for tax, gross_minor in gross_by_tax.items():
        if tax:
            _, code, basis_points = tax.split("/")
            rate = int(basis_points)
            found.append(Vat(code, rate, gross_minor, tax_within(gross_minor, rate)))
    return sorted(found, key=lambda vat: (-vat.basis_points, vat.code))
