"""A page's group-4 strip, put together from bands in the compressed domain.

Group 4 codes each row against the row above and runs on as one stream of bits. A band starts from a
background row that is known, and ends with one; so its bits are the same wherever it stands, and rows
between bands, being equal to the row above, are nothing but 1 bits (a "vertical 0" for each edge and one
for the end of the row). Bands are remembered; only those not seen before are drawn and coded, in few
calls. The strip is bit for bit what libtiff makes of the whole page (`tests/render/test_group4.py`).
"""

import functools
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faxgw.render import libtiff
from faxgw.render.bands import Background, Band, cut
from faxgw.render.coded import BandCache, Coded
from faxgw.render.marks import Page, at_resolution
from faxgw.render.paint import Canvas, Rows, blank, painted, rows_of, ruled_row
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
"""Of a canvas: 0.9 MB, which stay in the processor's cache."""

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


def _put_together(bands: list[tuple[int, Band]], coded: dict[Band, Coded], rows: int) -> bytes:
    pieces = [coded[band] for _, band in bands]
    bits = np.unpackbits(np.frombuffer(b"".join([piece.strip for piece in pieces]), np.uint8))
    parts: list[Bits] = []
    row, background, start = 0, 0, 0
    for (top, band), piece in zip(bands, pieces, strict=True):
        parts += (_ones((top - row) * (2 * background + 1)), bits[start + piece.first : start + piece.end])
        row, background, start = top + band.rows, len(band.below), start + 8 * len(piece.strip)
    parts += (_ones((rows - row) * (2 * background + 1)), _EOFB)
    return np.packbits(np.concatenate(parts)).tobytes()


def paint_page(page: Page, resolution: Resolution) -> Rows:
    """The whole page's rows, ink is 1: shape (rows, 216). What `encode_page` is measured against."""
    paper = PAPERS[resolution]
    return rows_of(painted(paper.rows, [(mark, 0) for mark in at_resolution(page, paper)], resolution))


def _ones(count: int) -> Bits:
    return _ONES[:count] if count <= len(_ONES) else np.ones(count, np.uint8)


def _code_all(bands: list[Band], resolution: Resolution, cache: BandCache) -> dict[Band, Coded]:
    """Each band's bits. Those not in the cache are coded together, by height, and put there."""
    coded: dict[Band, Coded] = {}
    missing: dict[int, dict[Band, None]] = {}
    for band in bands:
        known = cache.get(band)
        if known is None:
            missing.setdefault(max(_LOW_BITS, band.rows.bit_length()), {})[band] = None
        else:
            coded[band] = known
    for group in missing.values():
        new = list(group)
        at_once = max(1, _ROWS_AT_ONCE // max(band.rows for band in new))
        for start in range(0, len(new), at_once):
            some = new[start : start + at_once]
            for band, piece in zip(some, _code(some, resolution), strict=True):
                coded[band] = piece
                cache.put(band, piece)
    return coded


def _code(bands: list[Band], resolution: Resolution) -> list[Coded]:
    """Draw bands of like height under each other and code them in one call, each as a strip of its own.

    In its slot a band has the background row above it first, so that it is coded against that, and after
    it the background below down to the slot's end; both are cut off again, for their bits are known.
    """
    slot_rows = 1 + max(band.rows for band in bands)
    slots = list(zip(itertools.count(0, slot_rows), bands, strict=False))
    marks = [(mark, top + 1) for top, band in slots for mark in band.marks]
    canvas = painted(slot_rows * len(bands), marks, resolution)
    for top, band in slots:
        _rule_off(canvas[top : top + 1], band.above)
        _rule_off(canvas[top + 1 + band.rows : top + slot_rows], band.below)
    strips = libtiff.encode(rows_of(canvas), slot_rows)
    return [_cut_out(strip, band, slot_rows) for strip, band in zip(strips, bands, strict=True)]


def _rule_off(rows: Canvas, background: Background) -> None:
    for x, width in background:
        rows |= ruled_row(x, width)


def _cut_out(strip: bytes, band: Band, slot_rows: int) -> Coded:
    rows_below = slot_rows - 1 - band.rows
    end = libtiff.bits_before_end(strip) - rows_below * (2 * len(band.below) + 1)
    return Coded(strip, _first_row_bits(band.above), end)


@functools.lru_cache(256)
def _first_row_bits(background: Background) -> int:
    """How many bits the background takes as the first row of a strip."""
    row = blank(1)
    _rule_off(row, background)
    return libtiff.bits_before_end(libtiff.encode(rows_of(row), 1)[0])
