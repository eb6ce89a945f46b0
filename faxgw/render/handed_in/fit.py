"""How large a page of any size gets on the fax page, and whether it is turned."""

import msgspec

from faxgw.render.handed_in.handed import RefusedError
from faxgw.render.handed_in.header import HEADER_ROWS
from faxgw.render.paper import COLUMNS, COLUMNS_PER_INCH, FINE_ROWS, Paper

MARGIN = 32
"""Columns and fine rows (4 mm) left white at the sides and the foot: many machines do not print there."""

_FINE_ROWS_PER_INCH = 196
_WIDE_INCHES = (COLUMNS - 2 * MARGIN) / COLUMNS_PER_INCH
_HIGH_INCHES = (FINE_ROWS - HEADER_ROWS - MARGIN) / _FINE_ROWS_PER_INCH
_SIDE_INCHES_MIN = 0.04
_SIDES_RATIO_MAX = 20
"""A page longer than that would be shrunk to a thread."""


class Fit(msgspec.Struct, frozen=True):
    """The pixels that a page takes on the fax page, and where its upper left corner lies."""

    left: int
    top: int
    columns: int
    rows: int
    turned: bool
    """By a quarter, against the clock, before it is scaled to `columns` x `rows`."""


def fit(wide_inches: float, high_inches: float, paper: Paper) -> Fit:
    """As large as it is, made smaller where it is larger than the page; turned where it then prints larger.

    Raises:
        RefusedError: nothing could be read on it.
    """
    if min(wide_inches, high_inches) < _SIDE_INCHES_MIN:
        raise RefusedError("the page is less than a millimetre wide or high: there is nothing to read on it")
    if max(wide_inches, high_inches) > _SIDES_RATIO_MAX * min(wide_inches, high_inches):
        raise RefusedError(f"the page is over {_SIDES_RATIO_MAX} times as long as wide: cut it into pages")
    turned = wide_inches > high_inches and _scale(high_inches, wide_inches) > _scale(wide_inches, high_inches)
    if turned:
        wide_inches, high_inches = high_inches, wide_inches
    scale = _scale(wide_inches, high_inches)
    columns = max(1, min(COLUMNS - 2 * MARGIN, round(wide_inches * scale * COLUMNS_PER_INCH)))
    top = paper.row(HEADER_ROWS)
    rows = max(1, min(paper.row(FINE_ROWS - MARGIN) - top, round(high_inches * scale * paper.lines_per_inch)))
    return Fit((COLUMNS - columns) // 2, top, columns, rows, turned)


def _scale(wide_inches: float, high_inches: float) -> float:
    return min(1.0, _WIDE_INCHES / wide_inches, _HIGH_INCHES / high_inches)
