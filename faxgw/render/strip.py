"""A page's group-4 strip, put together from bands in the compressed domain.

Group 4 codes each row against the row above and runs on as one stream of bits. A band starts from a
background row that is known, and ends with one; so its bits are the same wherever it stands, and rows
between bands, being equal to the row above, are nothing but 1 bits (a "vertical 0" for each edge and one
for the end of the row). Bands are remembered; only those not seen before are drawn and coded, in few
calls. The strip is bit for bit what libtiff makes of the whole page (`tests/render/test_group4.py`).
"""

import collections
import functools
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faxgw.render import libtiff
from faxgw.render.bands import Background, Band, cut
from faxgw.render.marks import Mark, Page, at_resolution
from faxgw.render.paint import Canvas, Rows, blank, paint, rows_of, ruled_row
from faxgw.render.paper import PAPERS
from faxgw.render.sheet import Resolution

Bits = NDArray[np.uint8]
"""One bit a byte, in the order they go on the line."""

_EOFB = np.array([*[0] * 11, 1] * 2, np.uint8)
"""Closes every strip: end of facsimile block."""

_ONES = np.ones(1 << 16, np.uint8)

_LOW_BITS = 6
"""Bands of less than 64 rows (a line of text, a rule) share one call; taller ones, one for each doubling."""


_ROWS_AT_ONCE = 1 << 12
"""Of a canvas: 1.8 MB, which stay in the processor's cache."""


class BandCache:
    """Bits of the bands used last, at one resolution; bounded by the memory they take.

    A band is kept when it comes up for the second time: most never do (a name, a number, a card), and would push out
    those that come on every page.
    """

    def __init__(self, bits_max: int = 32 << 20) -> None:
        self._bits: collections.OrderedDict[Band, Bits] = collections.OrderedDict()
        self._bits_max = bits_max
        self._seen_once: set[int] = set()
        """Hashes: a clash keeps a band one time too early, no more."""
        self.bits_held = 0

    def get(self, band: Band) -> Bits | None:
        bits = self._bits.get(band)
        if bits is not None:
            self._bits.move_to_end(band)
        return bits

    def put(self, band: Band, bits: Bits) -> None:
        if hash(band) not in self._seen_once:
            self._see(hash(band))
            return
        # A copy, for these bits are a view of a whole batch's.
        self._bits[band] = bits.copy()
        self.bits_held += len(bits)
        while self.bits_held > self._bits_max:
            self.bits_held -= len(self._bits.popitem(last=False)[1])

    def _see(self, band_hash: int) -> None:
        if len(self._seen_once) >= SEEN_ONCE_MAX:
            self._seen_once.clear()
        self._seen_once.add(band_hash)


SEEN_ONCE_MAX = 1 << 17
"""Some ten thousand pages' bands; 12 MB at most."""

_CACHES = {resolution: BandCache() for resolution in Resolution}


def encode_page(page: Page, resolution: Resolution, cache: BandCache | None = None) -> bytes:
    """The page as one group-4 strip, most significant bit first, closed by its EOFB."""
    return encode_pages([page], resolution, cache)[0]


def encode_pages(pages: Sequence[Page], resolution: Resolution, cache: BandCache | None = None) -> list[bytes]:
    """Each page's strip. What is new on all of them is drawn and coded together, which costs less than apart."""
    paper = PAPERS[resolution]
    cuts = [cut(at_resolution(page, paper), resolution) for page in pages]
    bands = [band for bands in cuts for _, band in bands]
    coded = _code_all(bands, resolution, _CACHES[resolution] if cache is None else cache)
    return [_put_together(bands, coded, paper.rows) for bands in cuts]


def _put_together(bands: list[tuple[int, Band]], coded: dict[Band, Bits], rows: int) -> bytes:
    parts: list[Bits] = []
    row, background = 0, 0
    for top, band in bands:
        parts += (_ones((top - row) * (2 * background + 1)), coded[band])
        row, background = top + band.rows, len(band.below)
    parts += (_ones((rows - row) * (2 * background + 1)), _EOFB)
    return np.packbits(np.concatenate(parts)).tobytes()


def paint_page(page: Page, resolution: Resolution) -> Rows:
    """The whole page's rows, ink is 1: shape (rows, 216). What `encode_page` is measured against."""
    paper = PAPERS[resolution]
    canvas = blank(paper.rows)
    paint(canvas, [(mark, 0) for mark in at_resolution(page, paper)], resolution)
    return rows_of(canvas)


def _ones(count: int) -> Bits:
    return _ONES[:count] if count <= len(_ONES) else np.ones(count, np.uint8)


def _code_all(bands: list[Band], resolution: Resolution, cache: BandCache) -> dict[Band, Bits]:
    """Each band's bits. Those not in the cache are coded together, by height, and put there."""
    coded: dict[Band, Bits] = {}
    missing: dict[int, dict[Band, None]] = {}
    for band in bands:
        bits = cache.get(band)
        if bits is None:
            missing.setdefault(max(_LOW_BITS, band.rows.bit_length()), {})[band] = None
        else:
            coded[band] = bits
    for group in missing.values():
        new = list(group)
        at_once = max(1, _ROWS_AT_ONCE // max(band.rows for band in new))
        for start in range(0, len(new), at_once):
            some = new[start : start + at_once]
            for band, bits in zip(some, _code(some, resolution), strict=True):
                coded[band] = bits
                cache.put(band, bits)
    return coded


def _code(bands: list[Band], resolution: Resolution) -> list[Bits]:
    """Draw bands of like height under each other and code them in one call, each as a strip of its own.

    In its slot a band has the background row above it first, so that it is coded against that, and after
    it the background below down to the slot's end; both are cut off again, for their bits are known.
    """
    slot_rows = 1 + max(band.rows for band in bands)
    canvas = blank(slot_rows * len(bands))
    marks: list[tuple[Mark, int]] = []
    for top, band in zip(itertools.count(0, slot_rows), bands, strict=False):
        _rule_off(canvas[top : top + 1], band.above)
        _rule_off(canvas[top + 1 + band.rows : top + slot_rows], band.below)
        marks += [(mark, top + 1) for mark in band.marks]
    paint(canvas, marks, resolution)
    strips = libtiff.encode(rows_of(canvas), slot_rows)
    return [_cut_out(strip, band, slot_rows) for strip, band in zip(strips, bands, strict=True)]


def _rule_off(rows: Canvas, background: Background) -> None:
    for x, width in background:
        rows |= ruled_row(x, width)


def _cut_out(strip: bytes, band: Band, slot_rows: int) -> Bits:
    rows_below = slot_rows - 1 - band.rows
    first = _first_row_bits(band.above)
    end = libtiff.bits_before_end(strip) - rows_below * (2 * len(band.below) + 1)
    return np.unpackbits(np.frombuffer(strip, np.uint8), count=end)[first:]


@functools.lru_cache(256)
def _first_row_bits(background: Background) -> int:
    """How many bits the background takes as the first row of a strip."""
    row = blank(1)
    _rule_off(row, background)
    return libtiff.bits_before_end(libtiff.encode(rows_of(row), 1)[0])
