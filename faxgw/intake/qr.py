"""Finds our QR code on a page, however the line has treated it.

A median heals specks, a blur heals torn edges, half and double size suit the decoder's idea of a module. Damaged rows
and streaks are taken out, for one through a finder, the square in a corner, hides the whole code.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from faxgw.intake.pages.page import Ink
from faxgw.intake.streaks import find_streaks, mend

Grey = NDArray[np.uint8]
PREFIX = "faxgw"
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
"""As x and y, by the symbol's own upright: top left, top right, bottom right, bottom left."""


class Found(NamedTuple):
    text: str
    corners: Corners
    rung: str


def find_codes(ink: Ink, corner: float = 0.28) -> list[Found]:
    """Our codes on the page, from the first rung that finds any: all of the page as it is, then the filters.

    A filter costs ten times what looking costs, so filters look where the form has its code, upright or upside
    down (`corner` is that share of the page), and at all of the page only in the end; never doubled, which takes 0.1 s.
    """
    for rung, look in _rungs(ink, corner):
        found = [found for found in look() if found.text.startswith(PREFIX)]
        if found:
            return [Found(code.text, code.corners, rung) for code in found]
    return []


_STREAK = 0.6
"""Nothing else on a page is black in so much of a column: a frame comes to 0.2."""


def grey_of(ink: Ink) -> Grey:
    return np.where(ink, np.uint8(0), np.uint8(255))


def _rungs(ink: Ink, corner: float) -> Iterator[tuple[str, Callable[[], list[Found]]]]:
    grey = grey_of(ink)
    yield "plain", lambda: _decode(grey, zxingcpp.Binarizer.FixedThreshold)
    yield "average", lambda: _decode(grey, zxingcpp.Binarizer.LocalAverage)
    streaks = find_streaks(ink, _STREAK)
    if streaks.any():
        ink = mend(ink, streaks)
        grey = grey_of(ink)
        yield "mended", lambda: _decode(grey, zxingcpp.Binarizer.LocalAverage)
    rows, columns = (round(side * corner) for side in grey.shape)
    places = [(grey[:rows, -columns:], -columns, 0), (grey[-rows:, :columns], 0, -rows), (grey, 0, 0)]
    for part, left, top in places:
        x, y = left % grey.shape[1], top % grey.shape[0]
        for name, (filtered, scale) in _FILTERS.items():
            if part is grey and name == "double":
                continue
            yield (
                name,
                lambda part=part, filtered=filtered, scale=scale, x=x, y=y: [  # type: ignore[misc]  # mypy cannot infer defaults.
                    _moved(found, scale, x, y) for found in _decode(filtered(part), zxingcpp.Binarizer.LocalAverage)
                ],
            )


def _median(grey: Grey) -> Grey:
    """Of three by three, by counting: the picture has two greys only."""
    ink = np.pad((grey == 0).view(np.uint8), 1)
    across = ink[:, :-2] + ink[:, 1:-1] + ink[:, 2:]
    return np.where(across[:-2] + across[1:-1] + across[2:] >= 5, np.uint8(0), np.uint8(255))


def _without_rows(grey: Grey) -> Grey:
    """Without what is one or two rows high: damaged rows, which at 98 lines are two here."""
    return _median_down(grey, 5)


def _median_down(grey: Grey, rows: int) -> Grey:
    ink = np.pad((grey == 0).view(np.uint8), ((rows // 2, rows // 2), (0, 0)))
    counted = np.lib.stride_tricks.sliding_window_view(ink, rows, axis=0).sum(axis=-1, dtype=np.uint8)
    return np.where(counted > rows // 2, np.uint8(0), np.uint8(255))


def _blur(grey: Grey) -> Grey:
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(1.6)))


def _half(grey: Grey) -> Grey:
    return np.asarray(Image.fromarray(grey).reduce(2))


def _double(grey: Grey) -> Grey:
    picture = Image.fromarray(grey)
    size = (picture.width * 2, picture.height * 2)
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2.4)))


_FILTERS: dict[str, tuple[Callable[[Grey], Grey], float]] = {
    "median": (_median, 1),
    "blur": (_blur, 1),
    "half": (_half, 2),
    "double": (_double, 0.5),
    "without rows": (_without_rows, 1),
}


def _decode(grey: Grey, binarizer: zxingcpp.Binarizer) -> list[Found]:
    codes = zxingcpp.read_barcodes(
        np.ascontiguousarray(grey),
        formats=_QR,
        binarizer=binarizer,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return [Found(code.text, _corners(code.position), "") for code in codes]


def _corners(position: zxingcpp.Position) -> Corners:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    first, second, third, fourth = ((float(point.x), float(point.y)) for point in points)
    return first, second, third, fourth


def _moved(found: Found, scale: float, left: int, top: int) -> Found:
    first, second, third, fourth = ((x * scale + left, y * scale + top) for x, y in found.corners)
    return Found(found.text, (first, second, third, fourth), found.rung)
