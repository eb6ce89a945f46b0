"""A florist who answers: ticks boxes on the sheet as it came and faxes it back, as a TIFF for a carrier's folder.

    python -m faxgw_loadtest.florist --sheets FOLDER --into FOLDER 2=accept 6=question 7=? --letter "a line"

ticks those boxes on `2.tif` and `6.tif`, leaves a blot in a box of `7.tif`, and types a letter.
"""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageSequence

from faxgw.render.orderform import REPLY_TICKS, TICK_SIDE

PEN_COLUMNS = 7
"""A ball pen's stroke, at 204 columns to the inch."""


def answered(page: bytes, boxes: Sequence[str]) -> bytes:
    """The sheet (a TIFF of ours) with a cross in each of the boxes: `accept`, `reject`, `delivered`, `question`."""
    pages = _pages(page)
    draw = ImageDraw.Draw(pages[-1])
    for name in boxes:
        left, top = REPLY_TICKS[name]
        right, bottom = left + TICK_SIDE, top + TICK_SIDE
        draw.line((left - 4, top - 3, right + 5, bottom + 4), fill=0, width=PEN_COLUMNS)
        draw.line((right + 4, top - 5, left - 5, bottom + 3), fill=0, width=PEN_COLUMNS)
    return as_tiff(pages)


def half_answered(page: bytes, name: str) -> bytes:
    """The sheet with a pen put down in a box and lifted again: neither ticked nor clear."""
    pages = _pages(page)
    left, top = REPLY_TICKS[name]
    middle = (left + TICK_SIDE // 2, top + TICK_SIDE // 2)
    reach = TICK_SIDE // 6
    box = (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
    ImageDraw.Draw(pages[-1]).ellipse(box, fill=0)
    return as_tiff(pages)


def _pages(tiff: bytes) -> list[Image.Image]:
    return [frame.copy() for frame in ImageSequence.Iterator(Image.open(io.BytesIO(tiff)))]


def as_tiff(pages: Sequence[Image.Image]) -> bytes:
    """Group 4, as a fax server stores what it received."""
    bitmaps = [_bitmap(page) for page in pages]
    file = io.BytesIO()
    bitmaps[0].save(
        file, "TIFF", compression="group4", dpi=(204, 196), save_all=len(bitmaps) > 1, append_images=bitmaps[1:]
    )
    return file.getvalue()


def _bitmap(page: Image.Image) -> Image.Image:
    return page if page.mode == "1" else page.point(lambda grey: 255 if grey > 128 else 0).convert("1")


def typed(lines: Sequence[str]) -> bytes:
    """A letter from a typewriter."""
    page = Image.new("L", (1728, 2287), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(44)
    for number, line in enumerate(lines):
        draw.text((160, 200 + 80 * number), line, fill=0, font=font)
    return as_tiff([page])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--letter", action="append", default=[])
    parser.add_argument("answers", nargs="*", metavar="SHEET=BOX+BOX")
    arguments = parser.parse_args()
    for answer in arguments.answers:
        name, _, boxes = answer.partition("=")
        page = (arguments.sheets / f"{name}.tif").read_bytes()
        content = half_answered(page, "accept") if boxes == "?" else answered(page, boxes.split("+"))
        upload(arguments.into, f"answer to {name}.tif", content)
    if arguments.letter:
        upload(arguments.into, "typed order.tif", typed(arguments.letter))


def upload(folder: Path, name: str, content: bytes) -> None:
    """Whole at once, as a server does that hides what is under way."""
    part = folder / f".{name}.part"
    part.write_bytes(content)
    part.replace(folder / name)


if __name__ == "__main__":
    main()
