"""Puts marks down as black pixels.

Marks and canvas count the same rows: a whole page's, or those of one band of it.
"""

import functools

import numpy as np
from numpy import bitwise_or

from faxgw.render.marks import Code, Mark, Rule, Text
from faxgw.render.paper import COLUMNS
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import GLYPHS, Pixels


def blank(rows: int) -> Pixels:
    """White packed rows."""
    return np.zeros((rows, COLUMNS // 8), np.uint8)


def paint(canvas: Pixels, mark: Mark, resolution: Resolution) -> None:
    """Add one mark to the canvas; a mark that does not lie inside it is an error of the layout."""
    match mark:
        case Text():
            _paint_text(canvas, mark, resolution)
        case Rule(x, y, width, height):
            canvas[y : y + height] |= ruled_row(x, width)
        case Code():
            _paint_code(canvas, mark)


@functools.lru_cache(256)
def ruled_row(x: int, width: int) -> Pixels:
    """One packed row with a single black run."""
    row = np.zeros(COLUMNS, np.uint8)
    row[x : x + width] = 1
    return np.packbits(row)


def _paint_text(canvas: Pixels, text: Text, resolution: Resolution) -> None:
    x, baseline = text.x, text.baseline
    for advance, left, top, rows, columns, shifts in map(GLYPHS[text.style, resolution].__getitem__, text.text):
        if rows:
            row, column = baseline + top, (x + left) >> 3
            place = canvas[row : row + rows, column : column + columns]
            bitwise_or(place, shifts[(x + left) & 7], place)
        x += advance


def _paint_code(canvas: Pixels, code: Code) -> None:
    modules = np.frombuffer(b"".join(code_rows(code.content)), np.uint8)
    side = round(len(modules) ** 0.5)
    row = np.zeros((side, COLUMNS), np.uint8)
    row[:, code.x : code.x + side * code.module_columns] = np.repeat(
        modules.reshape(side, side), code.module_columns, axis=1
    )
    ink = np.repeat(np.packbits(row, axis=1), code.module_rows, axis=0)
    canvas[code.y : code.y + len(ink)] |= ink
