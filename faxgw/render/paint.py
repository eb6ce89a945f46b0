"""Puts marks down as black pixels: rules and QR codes here, all letters together in `glyphs.py`."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faxgw.render.glyphs import GLYPHS, WORDS_A_ROW, Words
from faxgw.render.marks import Code, Mark, Rule, Text
from faxgw.render.paper import COLUMNS
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Resolution

Canvas = Words
"""Shape (rows, 27): `canvas[r, c]` holds pixels 64 * c to 64 * c + 63 of row r, ink is 1."""

Rows = NDArray[np.uint8]
"""What a coder reads: shape (rows, 216), eight pixels a byte, first pixel in the high bit."""


def blank(rows: int) -> Canvas:
    """A white canvas."""
    return np.zeros((rows, WORDS_A_ROW), np.uint64)


def rows_of(canvas: Canvas) -> Rows:
    """The same pixels by bytes."""
    return canvas.view(np.uint8)


def painted(rows: int, marks: Sequence[tuple[Mark, int]], resolution: Resolution) -> Canvas:
    """A canvas with marks, each moved down by so many rows.

    A mark that does not lie inside the canvas is an error of the layout.
    """
    canvas = blank(rows)
    # Letters first: they want white paper.
    GLYPHS[resolution].put_down(canvas, [(mark, rows_down) for mark, rows_down in marks if isinstance(mark, Text)])
    for mark, rows_down in marks:
        match mark:
            case Rule(x, y, width, height):
                canvas[y + rows_down : y + rows_down + height] |= ruled_row(x, width)
            case Code():
                _paint_code(canvas, mark, rows_down)
            case Text():
                pass
    return canvas


@functools.lru_cache(256)
def ruled_row(x: int, width: int) -> Canvas:
    """One row with a single black run."""
    row = np.zeros((1, COLUMNS), np.uint8)
    row[:, x : x + width] = 1
    return _packed(row)


def _packed(pixels: NDArray[np.uint8]) -> Canvas:
    """A canvas of unpacked rows, one byte a pixel."""
    return np.packbits(pixels, axis=1).view(np.uint64)


def _paint_code(canvas: Canvas, code: Code, rows_down: int) -> None:
    modules = np.frombuffer(b"".join(code_rows(code.content)), np.uint8)
    side = round(len(modules) ** 0.5)
    pixels = np.zeros((side, COLUMNS), np.uint8)
    pixels[:, code.x : code.x + side * code.module_columns] = np.repeat(
        modules.reshape(side, side), code.module_columns, axis=1
    )
    top = code.y + rows_down
    canvas[top : top + side * code.module_rows] |= np.repeat(_packed(pixels), code.module_rows, axis=0)
