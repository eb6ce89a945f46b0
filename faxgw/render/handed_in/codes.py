"""Whether the group-4 codes of a TIFF page are whole (docs/adr/0014-fax-pages-handed-in.md).

Codes that libtiff would write for the pixels it read in them are proven by that. Others are read once more,
strictly, and a page on which some row makes no sense is refused: all below that row would be noise.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from faxgw.render import libtiff
from faxgw.render.handed_in.group4 import are_whole
from faxgw.render.handed_in.handed import RefusedError

_COMPRESSION, _GROUP_4 = 259, 4
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_FILL_ORDER, _LOW_BIT_FIRST = 266, 2
_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTES = 273, 278, 279
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_BYTES = 322, 323, 324, 325
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Piece(msgspec.Struct, frozen=True):
    """A strip or a tile."""

    codes: bytes
    columns: int
    rows: int


def tags_of(file: Image.Image) -> Mapping[int, Any]:
    """The tags of the page that a TIFF stands at."""
    tags: Mapping[int, Any] = file.tag_v2  # type: ignore[attr-defined]  # `Image.open` does not say which kind it opened.
    return tags


def check_codes(file: Image.Image, content: bytes, page: int) -> None:
    """Look at the page (counted from 1) that `file` stands at; codes other than group 4 are not looked at.

    A group-3 row is found again after a damaged one, and group 3 with bad rows is how faxes come in.

    Raises:
        RefusedError: a row is damaged, or codes follow the last.
    """
    tags = tags_of(file)
    if tags.get(_COMPRESSION) != _GROUP_4:
        return
    own = _own_codes(file)
    for index, piece in enumerate(_pieces(file, content)):
        proven = own and _begins_with(piece.codes, own[index])
        if not proven and not are_whole(piece.codes, piece.columns, piece.rows):
            raise RefusedError(f"page {page} of the TIFF is damaged: send it again")


def _pieces(file: Image.Image, content: bytes) -> Iterator[_Piece]:
    tags = tags_of(file)
    tiled = _TILE_WIDTH in tags
    offsets, counts = (tags[_TILE_OFFSETS], tags[_TILE_BYTES]) if tiled else (tags[_STRIP_OFFSETS], tags[_STRIP_BYTES])
    for index, (offset, count) in enumerate(zip(offsets, counts, strict=True)):
        codes = content[offset : offset + count]
        if tags.get(_FILL_ORDER) == _LOW_BIT_FIRST:
            codes = codes.translate(_REVERSED_BITS)
        if tiled:
            yield _Piece(codes, tags[_TILE_WIDTH], tags[_TILE_LENGTH])
        else:
            rows = _rows_a_strip(file)
            yield _Piece(codes, file.width, min(rows, file.height - index * rows))


def _rows_a_strip(file: Image.Image) -> int:
    stated = tags_of(file).get(_ROWS_PER_STRIP, file.height)
    return max(1, min(int(stated), file.height))


def _own_codes(file: Image.Image) -> list[bytes]:
    """The strips as libtiff writes them for the pixels it read; none of tiles, or where rows end within a byte."""
    tags = tags_of(file)
    if file.mode != "1" or file.width % 8 or _TILE_WIDTH in tags:
        return []
    white = np.asarray(file)
    if white.shape != (file.height, file.width):
        return []
    coded = ~white if tags.get(_PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO else white
    return libtiff.encode(np.packbits(coded, axis=1), _rows_a_strip(file))


def _begins_with(codes: bytes, own: bytes) -> bool:
    """Whether the rows are coded the same; what closes them may differ."""
    whole, rest = divmod(libtiff.bits_before_end(own), 8)
    if codes[:whole] != own[:whole] or len(codes) < whole + (rest > 0):
        return False
    return not rest or (codes[whole] ^ own[whole]) >> (8 - rest) == 0
