"""Puts marks down as black pixels, on a whole page or on any run of its rows."""

import numpy as np

from faxgw.render.marks import Code, Mark, Page, Rule, Text, code_modules
from faxgw.render.paper import COLUMN_BYTES, PAPERS, Paper
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import Pixels, advance_px, glyph_of


def paint_page(page: Page, resolution: Resolution) -> Pixels:
    """The page's packed rows, ink is 1: shape (rows, 216)."""
    paper = PAPERS[resolution]
    canvas = np.zeros((paper.rows, COLUMN_BYTES), np.uint8)
    for mark in page:
        paint(canvas, mark, resolution)
    return canvas


def paint(canvas: Pixels, mark: Mark, resolution: Resolution) -> None:
    """Add one mark to the canvas; what lies outside it is an error of the layout."""
    paper = PAPERS[resolution]
    match mark:
        case Text():
            _paint_text(canvas, mark, resolution)
        case Rule(x, y, width, height):
            top = paper.row(y)
            _fill(canvas, x, top, width, max(1, paper.row(y + height) - top))
        case Code():
            _paint_code(canvas, mark, paper)


def _paint_text(canvas: Pixels, text: Text, resolution: Resolution) -> None:
    x, baseline = text.x, PAPERS[resolution].row(text.baseline)
    for character in text.text:
        glyph = glyph_of(text.style, character, resolution)
        if glyph.shifts:
            left = x + glyph.left
            ink = glyph.shifts[left & 7]
            top, column = baseline + glyph.top, left >> 3
            canvas[top : top + ink.shape[0], column : column + ink.shape[1]] |= ink
        x += advance_px(text.style, character)


def _fill(canvas: Pixels, x: int, y: int, width: int, height: int) -> None:
    row = np.zeros(COLUMN_BYTES * 8, np.uint8)
    row[x : x + width] = 1
    canvas[y : y + height] |= np.packbits(row)


def _paint_code(canvas: Pixels, code: Code, paper: Paper) -> None:
    modules = np.frombuffer(b"".join(code_modules(code.content)), np.uint8).reshape(-1, len(code_modules(code.content)))
    side = modules.shape[0] * code.module_px
    ink = np.zeros((modules.shape[0], COLUMN_BYTES * 8), np.uint8)
    ink[:, code.x : code.x + side] = np.repeat(modules, code.module_px, axis=1)
    top = paper.row(code.y)
    rows_per_module = paper.row(code.module_px)
    packed = np.repeat(np.packbits(ink, axis=1), rows_per_module, axis=0)
    canvas[top : top + packed.shape[0]] |= packed
