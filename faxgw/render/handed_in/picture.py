"""PNG and JPEG as one fax page: opened within bounds, made grey, scaled, inked.

The declared size is held against the limit before a pixel is decoded.
"""

import io
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps

from faxgw.render.handed_in.fit import fit
from faxgw.render.handed_in.handed import HandedIn, Kind, Limits, RefusedError
from faxgw.render.handed_in.ink import ink_of, put_on_page, scale
from faxgw.render.paint import Rows
from faxgw.render.paper import COLUMNS, FINE_ROWS, PAPERS, Paper

_SCREEN_DPI = (96.0, 96.0)
"""Taken where a picture does not say how large it is; a CSS pixel."""

_DPI_RANGE = (30.0, 2400.0)
"""Outside of it a density says nothing: cameras and converters write 0 and 1."""

_WIDE_MODES = frozenset({"I", "F"})


def picture_page(handed: HandedIn, limits: Limits) -> Iterator[Rows]:
    """The picture's single page, as rows without the header.

    Raises:
        RefusedError: it is too large, or of a sort that cannot be shown.
    """
    with open_picture(handed.content, handed.kind) as picture:
        check_size(picture, limits)
        # A JPEG can be decoded at a half, a quarter or an eighth, which saves most of the time of a camera's photo.
        full = picture.size
        picture.draft("L", (2 * COLUMNS, 2 * FINE_ROWS))
        dpi = tuple(
            value * part / whole for value, part, whole in zip(dpi_of(picture), picture.size, full, strict=True)
        )
        yield draw_picture(_upright(picture), (dpi[0], dpi[1]), PAPERS[handed.resolution], photo=handed.photo)


def open_picture(content: bytes, kind: Kind) -> Image.Image:
    """Read the head; nothing is decoded yet."""
    try:
        with warnings.catch_warnings():
            # Pillow's own alarm at declared sizes; ours says it better, and bounds it lower.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(content), formats=[kind.name])
    except Image.DecompressionBombError as error:
        raise RefusedError("the picture declares more pixels than any page has: make it smaller") from error


def check_size(picture: Image.Image, limits: Limits) -> None:
    width, height = picture.size
    if width * height > limits.pixels_max:
        raise RefusedError(
            f"the picture declares {width} x {height} pixels; at most {limits.pixels_max} are taken: make it smaller"
        )


def dpi_of(picture: Image.Image) -> tuple[float, float]:
    """Rows to the inch, across and down."""
    stated = picture.info.get("dpi", _SCREEN_DPI)
    low, high = _DPI_RANGE
    across, down = (float(value) for value in stated)
    return (across, down) if low <= across <= high and low <= down <= high else _SCREEN_DPI


def draw_picture(picture: Image.Image, dpi: tuple[float, float], paper: Paper, *, photo: bool) -> Rows:
    """A fax page with the picture as large as it says it is, or as fits."""
    place = fit(picture.width / dpi[0], picture.height / dpi[1], paper)
    ink = ink_of(scale(grey_of(picture), place), photo=photo)
    return put_on_page(ink, place.left, place.top, paper)


def grey_of(picture: Image.Image) -> Image.Image:
    """The picture in mode L; what is transparent shows the white of the paper."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in _WIDE_MODES:
        raise RefusedError("the picture has 32 bits a sample, which no screen shows: save it with 8 bits")
    if picture.mode == "LAB":
        return picture.getchannel("L")
    if picture.has_transparency_data:
        coloured = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        paper = Image.new("L", picture.size, 255)
        return Image.composite(coloured.convert("L"), paper, coloured.getchannel("A"))
    # Pillow knows no way from CMYK to grey but the one over RGB.
    return picture.convert("RGB").convert("L") if picture.mode == "CMYK" else picture.convert("L")


def _upright(picture: Image.Image) -> Image.Image:
    """As the camera was held."""
    return ImageOps.exif_transpose(picture)
