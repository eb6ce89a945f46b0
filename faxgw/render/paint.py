"""Puts marks down as black pixels, word by word, from pictures of words that were drawn before.

Marks and canvas count the same rows: a whole page's, or those of one band of it.
"""

import functools

import numpy as np

from faxgw.render.marks import Code, Mark, Rule, Text
from faxgw.render.paper import COLUMNS
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import Glyph, Pixels, Style, glyph_of

WORDS_MAX = 8192
"""Words kept as pictures, each in the shifts it was needed in: about 1 kB a picture."""


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
    x, baseline, style = text.x, text.baseline, text.style
    space_px = glyph_of(style, " ", resolution).advance
    for word in text.text.split(" "):
        if word:
            left, top, advance, width = _extent(style, word, resolution)
            if width:
                column, shift = divmod(x + left, 8)
                ink = _packed(style, word, resolution, shift)
                row = baseline + top
                canvas[row : row + ink.shape[0], column : column + ink.shape[1]] |= ink
            x += advance
        x += space_px


def _extent(style: Style, word: str, resolution: Resolution) -> tuple[int, int, int, int]:
    glyph = word_of(style, word, resolution)
    return glyph.left, glyph.top, glyph.advance, glyph.ink.shape[0]


@functools.lru_cache(WORDS_MAX)
def _packed(style: Style, word: str, resolution: Resolution, shift: int) -> Pixels:
    return word_of(style, word, resolution).shifted(shift)


@functools.lru_cache(WORDS_MAX)
def word_of(style: Style, word: str, resolution: Resolution) -> Glyph:
    """A word's letters set side by side, as one picture."""
    glyphs = [glyph_of(style, character, resolution) for character in word]
    inked = [glyph for glyph in glyphs if glyph.ink.shape[0]]
    advance = sum(glyph.advance for glyph in glyphs)
    if not inked:
        return Glyph(left=0, top=0, advance=advance, ink=np.zeros((0, 0), np.uint8))
    top = min(glyph.top for glyph in inked)
    bottom = max(glyph.top + glyph.ink.shape[0] for glyph in inked)
    # Letters may reach back over the pen's place, and a mark may lie wholly before it.
    overhang = max(0, -min(glyph.left for glyph in inked))
    reach = max(glyph.left + glyph.ink.shape[1] - glyph.advance for glyph in inked)
    ink = np.zeros((bottom - top, overhang + advance + max(0, reach)), np.uint8)
    x = overhang
    for glyph in glyphs:
        rows, columns = glyph.ink.shape
        ink[glyph.top - top : glyph.top - top + rows, x + glyph.left : x + glyph.left + columns] |= glyph.ink
        x += glyph.advance
    used = np.flatnonzero(ink.any(axis=0))
    first, last = int(used[0]), int(used[-1])
    return Glyph(left=first - overhang, top=top, advance=advance, ink=ink[:, first : last + 1].copy())


def _paint_code(canvas: Pixels, code: Code) -> None:
    modules = np.frombuffer(b"".join(code_rows(code.content)), np.uint8)
    side = round(len(modules) ** 0.5)
    row = np.zeros((side, COLUMNS), np.uint8)
    row[:, code.x : code.x + side * code.module_columns] = np.repeat(
        modules.reshape(side, side), code.module_columns, axis=1
    )
    ink = np.repeat(np.packbits(row, axis=1), code.module_rows, axis=0)
    canvas[code.y : code.y + len(ink)] |= ink
