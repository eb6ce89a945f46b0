"""The pages by plain Pillow, as its documentation shows it: draw each text with a font, save with group4.

Nothing is laid out here: it gets the finished places, which is to its advantage. Fonts are opened once.
"""

import functools
import io

import fontpkg
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from faxgw.render.marks import Code, Page, Rule, Text
from faxgw.render.paper import COLUMNS, FINE_ROWS
from faxgw.render.qr import code_rows
from faxgw.render.typeface import Style


def draw_and_save(page: Page) -> bytes:
    """One page as Pillow's TIFF."""
    picture = Image.new("1", (COLUMNS, FINE_ROWS), 1)
    pen = ImageDraw.Draw(picture)
    for mark in page:
        match mark:
            case Text(x, baseline, style, text):
                pen.text((x, baseline), text, fill=0, font=_font(style), anchor="ls")
            case Rule(x, y, width, height):
                pen.rectangle((x, y, x + width - 1, y + height - 1), fill=0)
            case Code(x, y, columns, rows, content):
                modules = np.array([list(row) for row in code_rows(content)], np.uint8)
                code = Image.fromarray(255 * (1 - modules)).convert("1")
                picture.paste(code.resize((len(modules) * columns, len(modules) * rows), 0), (x, y))
    file = io.BytesIO()
    picture.save(file, "TIFF", compression="group4", dpi=(204, 196))
    return file.getvalue()


@functools.cache
def _font(style: Style) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(fontpkg.path("Noto Sans")), style.size_px)
    font.set_variation_by_axes([style.weight, 100])
    return font
