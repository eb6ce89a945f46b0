"""Letters as black pixels: the typeface in the few styles a sheet uses, measured and drawn once.

A character that no font has is drawn as a box of the height of a capital.
"""

import enum
import functools
import importlib.metadata
from typing import NamedTuple

import fontpkg
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from faxgw.render.paper import PAPERS
from faxgw.render.sheet import Resolution

Pixels = NDArray[np.uint8]
"""A small picture, one byte a pixel, ink is 1: shape (rows, columns)."""


class Style(enum.Enum):
    """The sizes text has on a sheet, in pixels of the em square (34 are 12 points), and how bold it is."""

    FINE_PRINT = (24, 400)
    LABEL = (24, 700)
    BODY = (28, 400)
    BODY_BOLD = (28, 700)
    CARD = (32, 400)
    ADDRESS = (36, 400)
    ADDRESS_BOLD = (38, 700)
    AMOUNT = (42, 700)
    WINDOW = (50, 700)
    DATE = (64, 700)

    def __init__(self, size_px: int, weight: int) -> None:
        self.size_px = size_px
        self.weight = weight

    __hash__ = object.__hash__  # There is one object a style; Enum's own hash is a Python call.


_FAMILIES = {"Noto Sans": (87.5,), "Source Sans 3": ()}
"""Looked through in this order (docs/adr/0003-font.md); with each, its axes beyond the weight:
Noto's is the width, semi-condensed, for steeper curves are shorter codes."""

PACKAGES = ("fontpkg-noto-sans", "fontpkg-source-sans-3")

_NEVER_A_CHARACTER = "\uffff"
"""Unicode promises that this is no character, so every font draws its sign for "missing" here."""


def typeface_version() -> str:
    """What decides the shape of every letter: the fonts, and the library that draws them."""
    fonts = (f"{package}-{importlib.metadata.version(package)}" for package in PACKAGES)
    return "+".join((*fonts, f"pillow-{importlib.metadata.version('pillow')}"))


class _Advances(dict[str, int]):
    """The advances of one style, filled as characters come up: a look-up costs no call."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self._style = style

    def __missing__(self, character: str) -> int:
        if len(self) > CHARACTERS_MAX:
            self.clear()
        font = _font_for(self._style, character)
        advance = _box_advance(self._style) if font is None else round(font.getlength(character))
        self[character] = advance
        return advance


CHARACTERS_MAX = 1024
"""Of a style. Strange texts must not fill the memory: past this many characters a cache begins anew."""

INKS_MAX = 4096

TEXTS_MAX = 4096
"""Measured last: some hundred pages' texts."""

_ADVANCES = {style: _Advances(style) for style in Style}


def advance_px(style: Style, character: str) -> int:
    """How far the pen moves for a character."""
    return _ADVANCES[style][character]


@functools.lru_cache(TEXTS_MAX)
def width_px(style: Style, text: str) -> int:
    """How wide a text is when set on one line."""
    return sum(map(_ADVANCES[style].__getitem__, text))


@functools.lru_cache(CHARACTERS_MAX)
def has_glyph(character: str) -> bool:
    """Whether any of our fonts can print the character."""
    return _font_for(Style.BODY, character) is not None


class Ink(NamedTuple):
    """One drawn character; offsets are pixels from the pen on the baseline to the upper left corner."""

    pixels: Pixels
    left: int
    top: int


@functools.lru_cache(INKS_MAX)
def ink_of(style: Style, character: str, resolution: Resolution) -> Ink:
    """What a character looks like, cut to its ink; no pixels at all for a blank."""
    ink = _ink_of(style, character, resolution)
    return ink if ink.pixels.any() else Ink(np.zeros((0, 0), np.uint8), 0, 0)


class _Reaches(dict[str, tuple[int, int]]):
    """Of one style's characters, the rows above the baseline (negative) and below that hold their ink."""

    def __init__(self, style: Style, resolution: Resolution) -> None:
        super().__init__()
        self._style = style
        self._resolution = resolution

    def __missing__(self, character: str) -> tuple[int, int]:
        if len(self) > CHARACTERS_MAX:
            self.clear()
        ink = ink_of(self._style, character, self._resolution)
        reach = self[character] = ink.top, ink.top + len(ink.pixels)
        return reach


_REACHES = {(style, resolution): _Reaches(style, resolution) for style in Style for resolution in Resolution}


@functools.lru_cache(TEXTS_MAX)
def reach(style: Style, text: str, resolution: Resolution) -> tuple[int, int]:
    """Rows above (negative) and below the baseline that hold all of the text's ink, and no row more.

    Where lines show white between them, each is coded and remembered by itself.
    """
    if not text:
        return 0, 0
    tops, bottoms = zip(*map(_REACHES[style, resolution].__getitem__, set(text)), strict=True)
    return min(tops), max(bottoms)


@functools.cache
def _fonts(size_px: int, weight: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    fonts = []
    for family, other_axes in _FAMILIES.items():
        font = ImageFont.truetype(str(fontpkg.path(family)), size_px, layout_engine=ImageFont.Layout.BASIC)
        font.set_variation_by_axes([weight, *other_axes])
        fonts.append(font)
    return tuple(fonts)


def _font_for(style: Style, character: str) -> ImageFont.FreeTypeFont | None:
    for font in _fonts(style.size_px, style.weight):
        if _draws(font, character):
            return font
    return None


def _draws(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Pillow does not show a font's character table, so the picture decides: it is not the "missing" one."""
    if character == _NEVER_A_CHARACTER:
        return False
    return not np.array_equal(_picture(font, character)[0], _picture(font, _NEVER_A_CHARACTER)[0])


def _box_width(style: Style) -> int:
    return style.size_px * 9 // 16


def _box_advance(style: Style) -> int:
    return _box_width(style) + style.size_px // 6


def _ink_of(style: Style, character: str, resolution: Resolution) -> Ink:
    if _font_for(style, character) is None:
        return _box(style, resolution)
    match resolution:
        case Resolution.FINE:
            return _drawn(style, character, 1)
        case Resolution.STANDARD:
            return _reduced(*_drawn(style, character, 4), columns=4, rows=8, least_ink=0.42)
        case Resolution.SUPERFINE:
            return _reduced(*_drawn(style, character, 2), columns=2, rows=1, least_ink=0.5)


def _drawn(style: Style, character: str, times: int) -> Ink:
    """The character at `times` its size, hinted for black and white: no grey, no dithering."""
    fonts = _fonts(style.size_px, style.weight)
    chosen = fonts.index(_font_for(style, character) or fonts[0])
    return _picture(_fonts(style.size_px * times, style.weight)[chosen], character)


def _picture(font: ImageFont.FreeTypeFont, character: str) -> Ink:
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character, mode="1", anchor="ls"))
    picture = Image.new("1", (max(1, right - left), max(1, bottom - top)), 0)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"
    pen.text((-left, -top), character, fill=1, font=font, anchor="ls")
    return Ink(np.asarray(picture, np.uint8), left, top)


def _reduced(ink: Pixels, left: int, top: int, *, columns: int, rows: int, least_ink: float) -> Ink:
    """Shrink a picture so that pixel borders stay where the page has them; a cell is black if inked enough."""
    left_cell, top_cell = left // columns, top // rows
    height, width = ink.shape
    pad_left, pad_top = left - left_cell * columns, top - top_cell * rows
    room = np.zeros((-(-(pad_top + height) // rows) * rows, -(-(pad_left + width) // columns) * columns), np.float32)
    room[pad_top : pad_top + height, pad_left : pad_left + width] = ink
    cells = room.reshape(room.shape[0] // rows, rows, room.shape[1] // columns, columns).mean(axis=(1, 3))
    return Ink((cells >= least_ink).astype(np.uint8), left_cell, top_cell)


def _box(style: Style, resolution: Resolution) -> Ink:
    paper = PAPERS[resolution]
    height, width, stroke = max(6, paper.row(style.size_px * 5 // 7)), _box_width(style), 2 + style.size_px // 40
    ink = np.ones((height, width), np.uint8)
    stroke_rows = max(1, paper.row(stroke))
    ink[stroke_rows:-stroke_rows, stroke:-stroke] = 0
    return Ink(ink, style.size_px // 12, -height)
