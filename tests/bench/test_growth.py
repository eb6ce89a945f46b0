"""How cost grows: when a figure counts as flat, how it is shown, and that the gateway is really measured."""

import pytest

from tools.bench.growth import sending
from tools.bench.growth.figure import FLAT_AT_MOST, Figure, as_rows, as_series, as_table


def figures_of(what: str, *values: float) -> list[Figure]:
    return [Figure(what, 10**power, value, "us") for power, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "growth", "is_flat"),
    [((4.0, 4.0, 8.0), 2.0, True), ((4.0, 4.0, 8.1), 2.025, False), ((9.0, 1.0, 2.0), 1.0, True)],
)
def test_the_worst_size_is_held_against_the_smallest(values: tuple[float, ...], growth: float, is_flat: bool) -> None:
    """Twice is still flat; what is dear at the smallest size only does not grow."""
    [series] = as_series(figures_of("pick", *values))
    assert series.growth == pytest.approx(growth)
    assert series.is_flat is is_flat


def test_figures_of_one_name_are_one_line_however_they_come() -> None:
    """Sizes are put in order, and a size at which a figure was not measured stays empty."""
    figures = [Figure("a", 100, 2.0, "us"), Figure("b", 100, 7.0, "B"), Figure("a", 10, 1.5, "us")]
    head, _, first, second = as_table("faxes", as_series(figures)).splitlines()
    assert [cell.strip() for cell in head.split("|")[1:4]] == ["faxes", "10", "100"]
    assert [cell.strip() for cell in first.split("|")[1:5]] == ["a, us", "1.5", "2.0", "1.33"]
    assert [cell.strip() for cell in second.split("|")[1:5]] == ["b, B", "", "7.0", "1.00"]


def test_what_is_not_flat_is_marked() -> None:
    """In the table, and as a row of the whole bench that did not reach its bound."""
    series = as_series([*figures_of("flat", 1.0, 1.1), *figures_of("steep", 1.0, 10.0)])
    assert [line.count("not flat") for line in as_table("faxes", series).splitlines()[2:]] == [0, 1]
    assert [(row.at_most, row.verdict) for row in as_rows("faxes", series)] == [
        (FLAT_AT_MOST, "reached"),
        (FLAT_AT_MOST, "not reached"),
    ]


def test_the_gateway_that_is_measured_sends_every_fax() -> None:
    """Over all its lanes at once, or to one line one after the other."""
    for lines, at_once in ((40, 8), (1, 1)):
        microseconds, sends_at_once = sending._send_all(40, lanes=8, lines=lines)
        assert sends_at_once == at_once
        assert microseconds > 0
