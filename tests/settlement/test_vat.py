"""The tax within a price, by the rate that held on the day."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.settlement.vat import Vat, VatRate, VatTable, categories, tax_within

NORWAY = VatRate(country="NO", code="3", basis_points=2500, valid_from=dt.date(2005, 1, 1))
BOUQUETS = VatRate(country="FR", code="10", basis_points=1000, valid_from=dt.date(2014, 1, 1), family="bouquet")
FRANCE = VatRate(country="FR", code="20", basis_points=2000, valid_from=dt.date(2014, 1, 1))


@pytest.mark.parametrize(
    ("gross", "points", "tax"), [(12500, 2500, 2500), (11000, 1000, 1000), (100, 2500, 20), (3, 2000, 1), (99, 0, 0)]
)
def test_the_tax_is_what_the_gross_price_holds(gross: int, points: int, tax: int) -> None:
    """25 % on 100.00 make 125.00, of which 25.00 are tax; half a minor unit is rounded up."""
    assert tax_within(gross, points) == tax


@given(gross=st.integers(-(10**10), 10**10), points=st.integers(0, 9_999))
def test_tax_is_within_half_a_unit_of_exact_and_a_refund_mirrors_it(gross: int, points: int) -> None:
    """Never more than half a minor unit off, in both directions."""
    tax = tax_within(gross, points)
    whole = 10_000 + points
    assert abs(2 * (tax * whole - gross * points)) <= whole
    assert tax_within(-gross, points) == -tax


def test_a_family_of_products_bears_its_own_rate() -> None:
    """Bouquets at 10 %, all else at the country's general rate; nothing before the first rate, nothing elsewhere."""
    table = VatTable([FRANCE, BOUQUETS, NORWAY])
    day = dt.date(2027, 5, 30)
    assert table.rate("FR", "bouquet", day) == BOUQUETS
    assert table.rate("FR", "vase", day) == FRANCE
    assert table.rate("NO", "bouquet", day) == NORWAY
    assert table.rate("FR", "bouquet", dt.date(2013, 12, 31)) is None
    assert table.rate("SE", "bouquet", day) is None


def test_categories_hold_the_whole_and_are_taxed_as_totals() -> None:
    """Three lines at one rate are one category: its tax is of the sum, not the sum of rounded taxes."""
    found = categories({BOUQUETS.tax: 3 * 995, FRANCE.tax: 1200, "": 77})
    assert found == [Vat("20", 2000, 1200, 200), Vat("10", 1000, 2985, 271)]
    assert 3 * tax_within(995, 1000) == 270
    assert sum(line.gross_minor for line in found) == 3 * 995 + 1200
    assert [line.net_minor for line in found] == [1000, 2714]
