"""A page as ink on the grid that our forms count in: 204 columns and 196 rows to the inch."""

import enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Ink = NDArray[np.bool_]
"""One element a pixel, true where it is black: shape (rows, columns)."""

COLUMNS_PER_INCH, ROWS_PER_INCH = 204, 196

_SAME = 0.08
"""200 to the inch is as good as 204 or 196: what is left is taken up where the form is laid over the page."""


class Page(NamedTuple):
    ink: Ink
    bad_rows: int


class RefusedReason(enum.StrEnum):
    """The same words as `UnreadableReason` has."""

    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    NOT_A_FAX = "not_a_fax"
    ENCRYPTED = "encrypted"


class RefusedError(Exception):
    """The file cannot be read. The message says why, and what can be done about it."""

    def __init__(self, reason: RefusedReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def on_grid(ink: Ink, columns_per_inch: float, rows_per_inch: float) -> Ink:
    """The same ink with as many columns and rows to the inch as our forms have."""
    across = _whole_factor(columns_per_inch / COLUMNS_PER_INCH)
    down = _whole_factor(rows_per_inch / ROWS_PER_INCH)
    if across is None or down is None:
        return _scaled(ink, COLUMNS_PER_INCH / columns_per_inch, ROWS_PER_INCH / rows_per_inch)
    return _by_whole(_by_whole(ink, down).T, across).T


def _whole_factor(ratio: float) -> int | None:
    """2 for twice as fine, -2 for half as fine, 1 for the same; None where scaling is needed."""
    for factor in (1, 2, 4):
        if abs(ratio / factor - 1) <= _SAME:
            return factor
        if abs(ratio * factor - 1) <= _SAME:
            return -factor
    return None


def _by_whole(ink: Ink, factor: int) -> Ink:
    """Rows repeated where they are coarser; where they are finer as many made one, black if any is."""
    if factor == 1:
        return ink
    if factor < 0:
        return np.repeat(ink, -factor, axis=0)
    whole = ink[: len(ink) // factor * factor]
    return np.asarray(whole.reshape(-1, factor, ink.shape[1]).any(axis=1))


def _scaled(ink: Ink, across: float, down: float) -> Ink:
    rows, columns = ink.shape
    size = (max(1, round(columns * across)), max(1, round(rows * down)))
    grey = Image.fromarray((~ink).view(np.uint8) * np.uint8(255))
    # A box average with a threshold above the half keeps strokes that are thinner than a pixel.
    return np.asarray(grey.resize(size, Image.Resampling.BOX)) < 160
