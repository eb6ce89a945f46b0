"""A florist who answers: ticks boxes on the sheet as it came and faxes it back, as a TIFF for a carrier's folder."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageSequence

from faxgw.render.orderform import REPLY_TICKS, TICK_SIDE

PEN_COLUMNS = 7
"""A ball pen's stroke, at 204 columns to the inch."""


def answered(page: bytes, boxes: Sequence[str]) -> bytes:
    """The sheet (a TIFF of ours) with a cross in each of the boxes: `accept`, `reject`, `delivered`, `question`."""
    pages = [frame.convert("L") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(page)))]
    draw = ImageDraw.Draw(pages[-1])
    for name in boxes:
        left, top = REPLY_TICKS[name]
        right, bottom = left + TICK_SIDE, top + TICK_SIDE
        draw.line((left - 4, top - 3, right + 5, bottom + 4), fill=0, width=PEN_COLUMNS)
        draw.line((right + 4, top - 5, left - 5, bottom + 3), fill=0, width=PEN_COLUMNS)
    return as_tiff(pages)


def half_answered(page: bytes, name: str) -> bytes:
    """The sheet with a pen put down in a box and lifted again: neither ticked nor clear."""
    [sheet] = [frame.convert("L") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(page)))]
    left, top = REPLY_TICKS[name]
    middle = (left + TICK_SIDE // 2, top + TICK_SIDE // 2)
    reach = TICK_SIDE // 6
    box = (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
    ImageDraw.Draw(sheet).ellipse(box, fill=0)
    return as_tiff([sheet])


def as_tiff(pages: Sequence[Image.Image]) -> bytes:
    """Group 4, as a fax server stores what it received."""
    bitmaps = [page.point(lambda grey: 255 if grey > 128 else 0).convert("1") for page in pages]
    file = io.BytesIO()
    bitmaps[0].save(
        file, "TIFF", compression="group4", dpi=(204, 196), save_all=len(bitmaps) > 1, append_images=bitmaps[1:]
    )
    return file.getvalue()
