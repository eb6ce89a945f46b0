"""Takes out the lines that dirt on a scanner's glass draws down a page."""

import numpy as np
from numpy.typing import NDArray

from faxgw.intake.pages.page import Ink


def find_streaks(ink: Ink, share: float) -> NDArray[np.bool_]:
    """The columns that are black in more than so much of their rows."""
    return np.asarray(ink.mean(axis=0) > share)


def mend(ink: Ink, streaks: NDArray[np.bool_]) -> Ink:
    """The ink with each of these columns as the nearest clean one is: halves of a stroke meet again."""
    clean = np.flatnonzero(~streaks)
    if not len(clean) or not streaks.any():
        return ink
    columns = np.arange(len(streaks))
    after = np.clip(np.searchsorted(clean, columns), 0, len(clean) - 1)
    before = np.clip(after - 1, 0, len(clean) - 1)
    nearer_before = np.abs(clean[before] - columns) <= np.abs(clean[after] - columns)
    return np.asarray(ink[:, np.where(nearer_before, clean[before], clean[after])])
