"""TIFF pages as machines, gateways and carriers write them: any T.4 or T.6 coding, fill order, strips, sense of black.

libtiff decodes, and goes on at the next line where a T.4 line is damaged. What it complains of is counted; so is what
the receiving machine says it lost (tag 326 of RFC 2306).
"""

import contextlib
import io
import os
import re
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image

from faxgw.config.intake import ReadingLimits
from faxgw.intake.pages.page import COLUMNS_PER_INCH, Page, RefusedError, RefusedReason, on_grid

_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES = 273, 279, 324, 325
_SUBFILE_TYPE, _REDUCED = 254, 1
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_PER_CENTIMETER = 3
_BAD_FAX_LINES = 326
_DIRECTORIES_A_PAGE_MAX = 3

_DPI_LOW, _DPI_HIGH = 60.0, 1300.0
"""Outside of it a density says nothing."""

_INK_BELOW = 128


def tiff_pages(content: bytes, limits: ReadingLimits) -> Iterator[Page]:
    """Each page, in the order of the file.

    Raises:
        RefusedError: no TIFF, cut off, or a page declares more pixels than it may.
    """
    with _opened(content) as file:
        for number in range(_DIRECTORIES_A_PAGE_MAX * limits.pages_max):
            try:
                file.seek(number)
            except EOFError:
                return
            if int(_tag(file, _SUBFILE_TYPE) or 0) & _REDUCED:
                continue
            _check(file, limits, len(content), number + 1)
            yield _page(file, number + 1)
    raise RefusedError(RefusedReason.TOO_LARGE, "the TIFF has more directories than a fax has pages")


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # What Pillow warns of (odd tags, large sizes) is either harmless or refused below.
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(content), formats=["TIFF"])
    except (Image.DecompressionBombError, MemoryError) as error:
        raise RefusedError(RefusedReason.TOO_LARGE, "the TIFF declares more pixels than any page has") from error
    except Exception as error:
        raise RefusedError(RefusedReason.DAMAGED, "the TIFF is damaged or cut off: ask for the fax again") from error


def _check(file: Image.Image, limits: ReadingLimits, size: int, page: int) -> None:
    if file.width * file.height > limits.pixels_max:
        raise RefusedError(
            RefusedReason.TOO_LARGE,
            f"page {page} declares {file.width} x {file.height} pixels, more than {limits.pixels_max}",
        )
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_BYTES), (_TILE_OFFSETS, _TILE_BYTES)):
        ends = map(sum, zip(_tags(file, offsets), _tags(file, counts), strict=False))
        if any(end > size for end in ends):
            raise RefusedError(RefusedReason.DAMAGED, f"the TIFF is cut off in page {page}: ask for the fax again")


def _page(file: Image.Image, number: int) -> Page:
    with _complaints() as complaints, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            file.load()
        except MemoryError:
            raise
        except Exception as error:
            raise RefusedError(
                RefusedReason.DAMAGED, f"page {number} cannot be decoded: ask for the fax again"
            ) from error
    ink = ~np.asarray(file) if file.mode == "1" else np.asarray(file.convert("L")) < _INK_BELOW
    told = int(_tag(file, _BAD_FAX_LINES) or 0)
    return Page(on_grid(ink, *_density(file)), max(told, len(complaints)))


def _density(file: Image.Image) -> tuple[float, float]:
    """Columns and rows to the inch; guessed from the page's shape where the tags do not say."""
    inch = 2.54 if _tag(file, _RESOLUTION_UNIT) == _PER_CENTIMETER else 1.0
    stated = [float(_tag(file, tag) or 0) * inch for tag in (_X_RESOLUTION, _Y_RESOLUTION)]
    if all(_DPI_LOW <= value <= _DPI_HIGH for value in stated):
        return stated[0], stated[1]
    return _guess(file.width, file.height)


def _guess(width: int, height: int) -> tuple[float, float]:
    """An A4 page is 1.3 times as long as wide: seemingly shorter or longer ones have coarser or finer rows."""
    columns = 2 * COLUMNS_PER_INCH if width >= 3000 else COLUMNS_PER_INCH
    length = height / width * columns / COLUMNS_PER_INCH
    return columns, 98 if length < 0.95 else 196 if length < 1.9 else 391


def _tag(file: Image.Image, tag: int) -> float | int | None:
    value = file.tag_v2.get(tag)  # type: ignore[attr-defined]  # `Image.open` does not say which kind it opened.
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _tags(file: Image.Image, tag: int) -> tuple[int, ...]:
    value = file.tag_v2.get(tag, ())  # type: ignore[attr-defined]  # `Image.open` does not say which kind it opened.
    return value if isinstance(value, tuple) else (value,)


_COMPLAINT = re.compile(rb"at line (\d+)")
_PIPE_BYTES = 65_536


@contextlib.contextmanager
def _complaints() -> Iterator[set[bytes]]:
    """The rows that libtiff finds fault with while inside. It has no other way to tell than standard error.

    For a process with a single thread. What does not fit into the pipe is lost, and then there is enough of it.
    """
    rows: set[bytes] = set()
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    kept = os.dup(2)
    os.dup2(writing, 2)
    try:
        yield rows
    finally:
        os.dup2(kept, 2)
        for end in (kept, writing):
            os.close(end)
        with contextlib.suppress(BlockingIOError):
            rows.update(_COMPLAINT.findall(os.read(reading, _PIPE_BYTES)))
        os.close(reading)
