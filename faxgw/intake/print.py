"""Tells machine print from handwriting by the letters' feet: print stands on one line, a hand does not."""

import numpy as np

from faxgw.intake.pages.page import Ink

_LETTERS_MIN = 3
_FEET_SPREAD_MAX = 0.075
"""Of the line's height: how far feet of print are from their line, at the median. Handwriting comes to 0.1 and more."""

_FEET_NEAR = 0.09
_ON_LINE_MIN = 0.6
"""So many letters stand on the line; the rest are commas and letters with a tail (p, q, ç)."""


def is_print(line: Ink) -> bool:
    """Whether the line of text was typed or printed. Joined letters, of which a line has too few to tell, were not."""
    feet, tall = _letters(line)
    if len(feet) < _LETTERS_MIN:
        # A number or two: too little to tell by their feet. Confidence and form of the field decide.
        return True
    height = float(np.quantile(tall, 0.8))
    columns = np.arange(len(feet))
    slope, start = _line_through(columns, feet)
    off = np.abs(feet - (slope * columns + start)) / height
    return bool(np.median(off) <= _FEET_SPREAD_MAX and (off <= _FEET_NEAR).mean() >= _ON_LINE_MIN)


def _letters(line: Ink) -> tuple[np.ndarray, np.ndarray]:
    """The lowest row and the height of each run of inked columns: a letter, or a few that touch."""
    inked = line.sum(axis=0) > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked, [False])).astype(np.int8))).reshape(-1, 2)
    feet, tall = [], []
    for start, end in edges.tolist():
        rows = np.flatnonzero(line[:, start:end].any(axis=1))
        extent = int(rows[-1] - rows[0]) + 1
        # Specks, dots and dashes say nothing about the line.
        if extent >= len(line) * 0.3 and end - start >= 3:
            feet.append(int(rows[-1]))
            tall.append(extent)
    return np.array(feet, float), np.array(tall, float)


def _line_through(columns: np.ndarray, feet: np.ndarray) -> tuple[float, float]:
    """Theil and Sen's line: tails and commas do not pull it down."""
    first, second = np.triu_indices(len(feet), 1)
    slope = float(np.median((feet[second] - feet[first]) / (columns[second] - columns[first])))
    return slope, float(np.median(feet - slope * columns))
