"""Puts letters down, all of a canvas at once: a page has 370, and a numpy call costs more than the letter it draws.

A glyph lies in 64-pixel words, cut out once for each way it came to lie across their borders. The cuts of a
resolution stand one after the other in one long array; so where the words of all letters come from, and where
on the canvas they go, is found in some twenty calls, however many letters there are.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faxgw.render.marks import Text
from faxgw.render.paper import COLUMNS
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import Ink, Style, advance_px, ink_of

Words = NDArray[np.uint64]
"""Sixty-four pixels a word, the first in the highest bit of the first byte in memory, whatever the machine."""

Counts = NDArray[np.intp]

N = TypeVar("N", np.intp, np.uint64)

WORD_PX = 64
WORDS_A_ROW = COLUMNS // WORD_PX

WORDS_MAX = 1 << 20
"""16 MB with their places."""

GLYPHS_MAX = 1 << 12
"""Strange texts must not fill the memory: past as many words or glyphs as that, all is cut out anew."""


_ROOM = 512


class _Numbers(dict[str, int]):
    """The glyphs of one style by their characters, numbered as they come up: a look-up costs no call."""

    def __init__(self, style: Style, number: Callable[[Style, str], int]) -> None:
        super().__init__()
        self._style = style
        self._number = number

    def __missing__(self, character: str) -> int:
        number = self[character] = self._number(self._style, character)
        return number


class Glyphs:
    """The letters of one resolution, for one thread."""

    def __init__(self, resolution: Resolution, words_max: int = WORDS_MAX) -> None:
        self._resolution = resolution
        self._words_max = words_max
        self._forget()

    def _forget(self) -> None:
        self._numbers = {style: _Numbers(style, self._number) for style in Style}
        self._inks: list[Ink] = []
        self._metrics = np.zeros((_ROOM, 5), np.intp)
        """Of each glyph: advance, left and width in columns, top (from the baseline, negative) and height in rows."""
        self._cuts = np.zeros((_ROOM * WORD_PX, 2), np.intp)
        """Of each glyph moved right by 0 to 63 pixels: its first word, and how many; 0 for one not cut out yet."""
        self._words = np.zeros(_ROOM * WORD_PX, np.uint64)
        self._places = np.zeros(_ROOM * WORD_PX, np.intp)
        """Where each word goes, counted in words of a page from its glyph's first."""
        self._used = 1

    def put_down(self, canvas: Words, texts: Sequence[tuple[Text, int]]) -> None:
        """Add texts to a canvas (shape (rows, 27)) that is white, each moved down by so many rows."""
        if self._used > self._words_max or len(self._inks) > GLYPHS_MAX:
            self._forget()
        texts = [(text, rows_down) for text, rows_down in texts if text.text]
        if not texts:
            return
        letters = itertools.chain.from_iterable(
            map(self._numbers[text.style].__getitem__, text.text) for text, _ in texts
        )
        numbers = np.fromiter(letters, np.intp)
        columns, words_down, apart = self._pens(texts, numbers)
        # To add up words that share no pixel is to OR them, and takes numpy a tenth of the time.
        order = np.concatenate((np.flatnonzero(apart), np.flatnonzero(~apart)))
        numbers, columns, words_down = numbers[order], columns[order], words_down[order]
        firsts, counts = self._cut(numbers * WORD_PX + columns % WORD_PX)
        ends = counts.cumsum()
        sources = np.arange(ends[-1]) + np.repeat(firsts - (ends - counts), counts)
        places = self._places[sources] + np.repeat(words_down + columns // WORD_PX, counts)
        flat, words = canvas.reshape(-1, copy=False), self._words[sources]
        added = ends[np.count_nonzero(apart) - 1]
        np.add.at(flat, places[:added], words[:added])
        np.bitwise_or.at(flat, places[added:], words[added:])

    def _pens(self, texts: Sequence[tuple[Text, int]], numbers: Counts) -> tuple[Counts, Counts, NDArray[np.bool]]:
        """Of each letter, the column where its ink begins, the words before its top row, and if it stands apart."""
        advances, lefts, widths, tops, heights = self._metrics[numbers].T
        lengths = np.array([len(text.text) for text, _ in texts])
        starts = lengths.cumsum() - lengths
        pens = np.concatenate(([0], advances.cumsum()))
        moved = np.array([text.x for text, _ in texts]) - pens[starts]
        columns = pens[:-1] + lefts + np.repeat(moved, lengths)
        rows = tops + np.repeat(np.array([text.baseline + rows_down for text, rows_down in texts]), lengths)
        lines = _lines(np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows + heights, starts))
        apart = _apart(columns + np.repeat(lines * _PAST_ANY, lengths), widths)
        return columns, rows * WORDS_A_ROW, apart

    def _cut(self, cuts: Counts) -> tuple[Counts, Counts]:
        """Of each cut, its first word and how many it has."""
        found = self._cuts[cuts]
        missing = cuts[found[:, 0] == 0]
        if len(missing):
            for cut in np.unique(missing).tolist():
                self._cut_out(*divmod(cut, WORD_PX))
            found = self._cuts[cuts]
        firsts, counts = found.T
        return firsts, counts

    def _number(self, style: Style, character: str) -> int:
        """A new glyph's."""
        number, ink = len(self._inks), ink_of(style, character, self._resolution)
        self._inks.append(ink)
        self._metrics = _with_room(self._metrics, number + 1)
        height, width = ink.pixels.shape
        self._metrics[number] = advance_px(style, character), ink.left, width, ink.top, height
        self._cuts = _with_room(self._cuts, (number + 1) * WORD_PX)
        return number

    def _cut_out(self, number: int, shift: int) -> None:
        """The glyph's words when moved right by so many pixels, kept behind those of all others."""
        rows, width = self._inks[number].pixels.shape
        across = -(-(shift + width) // WORD_PX)
        room = np.zeros((rows, across * WORD_PX), np.uint8)
        room[:, shift : shift + width] = self._inks[number].pixels
        first, self._used = self._used, self._used + rows * across
        self._words = _with_room(self._words, self._used)
        self._places = _with_room(self._places, self._used)
        self._words[first : self._used] = np.packbits(room, axis=1).view(np.uint64).reshape(-1)
        self._places[first : self._used] = np.add.outer(np.arange(rows) * WORDS_A_ROW, np.arange(across)).reshape(-1)
        self._cuts[number * WORD_PX + shift] = first, rows * across


_PAST_ANY = 1 << 12
"""More columns than a page has: letters of different lines never meet."""


def _lines(tops: Counts, bottoms: Counts) -> Counts:
    """Numbers the texts so that all of a higher number stand below all of a lower one."""
    highest_after = np.minimum.accumulate(tops[::-1])[::-1]
    lowest_before = np.maximum.accumulate(bottoms)
    return np.concatenate(([0], np.cumsum(highest_after[1:] >= lowest_before[:-1])))


def _apart(columns: Counts, widths: Counts) -> NDArray[np.bool]:
    """Which letters begin behind the ink of every letter before them; the first always does."""
    ends = np.maximum.accumulate(columns + widths)
    return np.concatenate(([True], columns[1:] >= ends[:-1]))


def _with_room(array: NDArray[N], size: int) -> NDArray[N]:
    """The array, twice as long (or more) where it has less than `size`."""
    if size <= len(array):
        return array
    more = np.zeros((max(size - len(array), len(array)), *array.shape[1:]), array.dtype)
    return np.concatenate((array, more))


GLYPHS = {resolution: Glyphs(resolution) for resolution in Resolution}
