"""TIFF of any compression as fax pages. What already is a fax page keeps its pixels, and only moves below the header.

Its strip is decoded and coded anew even so (2 ms): that is what proves it (`codes.py`), for libtiff reads over
damaged codes without a word and a fax machine does not. Out of a strip that is written the way T.6 says come the
very same codes.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from faxgw.render.handed_in.codes import check_codes, tags_of
from faxgw.render.handed_in.handed import HandedIn, Kind, Limits, RefusedError
from faxgw.render.handed_in.header import HEADER_ROWS
from faxgw.render.handed_in.ink import Ink, put_on_page
from faxgw.render.handed_in.picture import check_size, dpi_of, draw_picture, open_picture
from faxgw.render.paint import Rows
from faxgw.render.paper import COLUMNS, COLUMNS_PER_INCH, PAPERS, Paper

_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES = 273, 279, 324, 325
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_SUBFILE_TYPE, _REDUCED = 254, 1
"""A page may have a small picture of itself beside it, which is no page."""
_DIRECTORIES_A_PAGE_MAX = 3

_LINES_PER_INCH = (98, 196, 391)
_LINES_TOLERANCE = 15
"""As HylaFAX's tiffcheck has it: 200 lines to the inch are as good as 196."""


def tiff_pages(handed: HandedIn, limits: Limits) -> Iterator[Rows]:
    """Each page's rows, without its header.

    Raises:
        RefusedError: a page is too large, cut off, or of a sort that cannot be shown.
    """
    paper = PAPERS[handed.resolution]
    with open_picture(handed.content, Kind.TIFF) as file:
        for number in range(_DIRECTORIES_A_PAGE_MAX * limits.pages_max):
            try:
                file.seek(number)
            except EOFError:
                return
            if tags_of(file).get(_SUBFILE_TYPE, 0) & _REDUCED:
                continue
            check_size(file, limits)
            _check_whole(file, number + 1, limits, len(handed.content))
            check_codes(file, handed.content, number + 1)
            yield _page(file, paper, photo=handed.photo)
    raise RefusedError(f"the TIFF has more than {_DIRECTORIES_A_PAGE_MAX * limits.pages_max} directories: split it")


def _check_whole(file: Image.Image, page: int, limits: Limits, size: int) -> None:
    """Whether the file reaches as far as its directory says, and a tile is no larger than a page."""
    tags = tags_of(file)
    if tags.get(_TILE_WIDTH, 0) * tags.get(_TILE_LENGTH, 0) > limits.pixels_max:
        raise RefusedError(f"page {page} declares tiles larger than {limits.pixels_max} pixels")
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_BYTES), (_TILE_OFFSETS, _TILE_BYTES)):
        ends = map(sum, zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False))
        if any(end > size for end in ends):
            raise RefusedError(f"the TIFF is cut off in page {page}: send it again")


def _page(file: Image.Image, paper: Paper, *, photo: bool) -> Rows:
    if file.mode == "1" and file.width == COLUMNS:
        ink = _at_lines(~np.asarray(file), _lines_per_inch(file), paper)
        placed = _below_header(ink, paper)
        if placed is not None:
            return placed
    dpi = (COLUMNS_PER_INCH, _lines_per_inch(file)) if file.width == COLUMNS and file.mode == "1" else dpi_of(file)
    return draw_picture(file, dpi, paper, photo=photo)


def _lines_per_inch(file: Image.Image) -> float:
    """Of a page that is as wide as a fax; where it does not say, fine."""
    _, down = file.info.get("dpi", (0, 0))
    near = [lines for lines in _LINES_PER_INCH if abs(lines - down) <= _LINES_TOLERANCE]
    return near[0] if near else 196


def _at_lines(ink: Ink, lines_per_inch: float, paper: Paper) -> Ink:
    """The rows of another resolution: each one repeated, or as many made one, black if any is."""
    if lines_per_inch <= paper.lines_per_inch:
        return np.repeat(ink, round(paper.lines_per_inch / lines_per_inch), axis=0)
    merged = round(lines_per_inch / paper.lines_per_inch)
    whole = np.pad(ink, ((0, -len(ink) % merged), (0, 0)))
    return np.asarray(whole.reshape(-1, merged, ink.shape[1]).any(axis=1))


def _below_header(ink: Ink, paper: Paper) -> Rows | None:
    """The page as it is, moved down as far as the header needs; None where it has no white to give for that."""
    inked = np.flatnonzero(ink.any(axis=1))
    if not len(inked):
        return put_on_page(ink[:0], 0, 0, paper)
    first, end = int(inked[0]), int(inked[-1]) + 1
    top = max(first, paper.row(HEADER_ROWS))
    top = min(top, paper.rows - (end - first))
    if top < paper.row(HEADER_ROWS):
        return None
    return put_on_page(ink[first:end], 0, top, paper)
