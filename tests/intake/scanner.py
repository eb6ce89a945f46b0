"""A florist's fax machine: scans a sheet askew, a little smaller, with dirt on its glass, at 98 or 196 lines."""

import math
import random
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from faxgw.render import libtiff
from faxgw.render.tiff import CodedPage, write_tiff
from tests.documents.samples import SENT_AT

COLUMNS = 1728
EDGE_NOISES = (15, 25, 35, 45)


@dataclass(frozen=True)
class Scan:
    """How a page is treated."""

    lines: int = 196
    skew_degrees: float = 0.0
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    edge_noise: int = 35
    """Standard deviation of the grey that the threshold sees; one of `EDGE_NOISES`."""
    specks: float = 0.001
    """Share of pixels that flip."""
    bad_rows: int = 0
    streak: bool = False
    """A line down the page, from dirt on the glass."""
    upside_down: bool = False
    sharp: bool = False
    """Whether it looks at each place as a scanner does, and not at the nearest dot: costs three times as much."""


def scan(page: Image.Image, how: Scan, rng: random.Random) -> np.ndarray:
    """The ink of the page (mode L, 204 x 196) as the machine sends it."""
    rows = round(page.height * how.lines / 196)
    optics = Image.Resampling.BILINEAR if how.sharp else Image.Resampling.NEAREST
    seen = page.transform((COLUMNS, rows), Image.Transform.AFFINE, _affine(page, how), optics, fillcolor=255)
    ink: np.ndarray = np.asarray(seen) < _thresholds(rows, how.edge_noise, rng)
    if how.streak:
        _draw_streak(ink, rng)
    _flip_specks(ink, how.specks, rng)
    for _ in range(how.bad_rows):
        _spoil_row(ink, rng)
    return np.ascontiguousarray(ink[::-1, ::-1]) if how.upside_down else ink


def _affine(page: Image.Image, how: Scan) -> tuple[float, ...]:
    """From a place on the scan to the place on the page that is seen there."""
    angle, size = math.radians(how.skew_degrees), 1 / how.scale
    cos, sin = math.cos(angle) * size, math.sin(angle) * size
    down = 196 / how.lines
    middle_x, middle_y = page.width / 2, page.height / 2
    x0 = middle_x - cos * (middle_x + how.shift[0]) - sin * (middle_y + how.shift[1])
    y0 = middle_y + sin * (middle_x + how.shift[0]) - cos * (middle_y + how.shift[1])
    return cos, sin * down, x0, -sin, cos * down, y0


_ROOM = 1_000_000


@cache
def _noise(strength: int) -> np.ndarray:
    """A threshold for each of so many pixels, made once: drawing them anew would cost more than all else."""
    normal = np.random.default_rng(5).normal(128, strength, _ROOM + COLUMNS * 2400)
    return np.clip(normal, 1, 255).astype(np.uint8)


def _thresholds(rows: int, strength: int, rng: random.Random) -> np.ndarray:
    start = rng.randrange(_ROOM)
    return _noise(strength)[start : start + rows * COLUMNS].reshape(rows, COLUMNS)


def _flip_specks(ink: np.ndarray, share: float, rng: random.Random) -> None:
    numbers = np.random.default_rng(rng.randrange(1 << 32))
    places = numbers.integers(0, ink.size, round(ink.size * share))
    flat = ink.reshape(-1)
    flat[places] = ~flat[places]


def _spoil_row(ink: np.ndarray, rng: random.Random) -> None:
    """As receivers do: the row before once more, or a wrong run of black."""
    row = rng.randrange(1, len(ink))
    ink[row] = ink[row - 1]
    if rng.random() < 0.5:
        start = rng.randrange(COLUMNS)
        ink[row, start : start + rng.randrange(20, 600)] = True


def _draw_streak(ink: np.ndarray, rng: random.Random) -> None:
    left = rng.randrange(40, COLUMNS - 40)
    ink[:, left : left + rng.choice((1, 2, 3))] = True


def fax(pages: list[np.ndarray], lines: int) -> bytes:
    """The machine's TIFF, group 4."""
    coded = [CodedPage(libtiff.encode(np.packbits(ink, axis=1), len(ink))[0], len(ink), lines) for ink in pages]
    return write_tiff(coded, SENT_AT)
