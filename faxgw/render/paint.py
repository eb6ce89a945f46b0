"""Puts marks down as black pixels.

Marks and canvas count the same rows: a whole page's, or those of one band of it. A canvas lies on its
side: a column of 64-pixel words stands in one run of memory, because numpy ORs a run four times as fast
as a small rectangle (0.4 us against 1.5), and a page is drawn from some 500 letters.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from faxgw.render.marks import Code, Mark, Rule, Text
from faxgw.render.paper import COLUMNS
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import GLYPHS, WORD_PX, Words

Canvas = Words
"""Shape (27, rows): `canvas[c, r]` holds pixels 64 * c to 64 * c + 63 of row r, ink is 1."""

Rows = NDArray[np.uint8]
"""What a coder reads: shape (rows, 216), eight pixels a byte, first pixel in the high bit."""


def blank(rows: int) -> Canvas:
    """A white canvas."""
    return np.zeros((COLUMNS // WORD_PX, rows), np.uint64)


def rows_of(canvas: Canvas) -> Rows:
    """Stand a canvas up."""
    return np.ascontiguousarray(canvas.T).view(np.uint8)


def paint(canvas: Canvas, mark: Mark, resolution: Resolution) -> None:
    """Add one mark to the canvas; a mark that does not lie inside it is an error of the layout."""
    match mark:
        case Text():
            _paint_text(canvas, mark, resolution)
        case Rule(x, y, width, height):
            canvas[:, y : y + height] |= ruled_row(x, width)
        case Code():
            _paint_code(canvas, mark)


@functools.lru_cache(256)
def ruled_row(x: int, width: int) -> Canvas:
    """One row with a single black run."""
    row = np.zeros((1, COLUMNS), np.uint8)
    row[:, x : x + width] = 1
    return _packed(row)


def _packed(pixels: NDArray[np.uint8]) -> Canvas:
    """A canvas of unpacked rows, one byte a pixel."""
    return np.packbits(pixels, axis=1).view(np.uint64).T


def _paint_text(canvas: Canvas, text: Text, resolution: Resolution) -> None:
    x, baseline = text.x, text.baseline
    for advance, left, top, rows, shifts in map(GLYPHS[text.style, resolution].__getitem__, text.text):
        if rows:
            column, shift = divmod(x + left, WORD_PX)
            row = baseline + top
            for words in shifts[shift]:
                place = canvas[column, row : row + rows]
                place |= words
                column += 1
        x += advance


def _paint_code(canvas: Canvas, code: Code) -> None:
    modules = np.frombuffer(b"".join(code_rows(code.content)), np.uint8)
    side = round(len(modules) ** 0.5)
    pixels = np.zeros((side, COLUMNS), np.uint8)
    pixels[:, code.x : code.x + side * code.module_columns] = np.repeat(
        modules.reshape(side, side), code.module_columns, axis=1
    )
    canvas[:, code.y : code.y + side * code.module_rows] |= np.repeat(_packed(pixels), code.module_rows, axis=1)
