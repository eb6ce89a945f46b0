"""A page's pixels as one group-4 strip (ITU-T T.6), coded by libtiff.

Pillow is used for nothing but the coding. Its default TIFF would be in eight strips, inverted, and
without a resolution; asking it for white-is-zero starts a loop over every pixel in Python.
"""

import io
import struct

from PIL import Image

from faxgw.render.typeface import Pixels

_STRIP_OFFSETS, _STRIP_BYTE_COUNTS = 273, 279
_ONE_STRIP = 1 << 30
_LONG = 4


def encode_strip(canvas: Pixels) -> bytes:
    """The canvas (packed, ink is 1) as group 4, most significant bit first, closed by its EOFB."""
    rows, columns = canvas.shape[0], canvas.shape[1] * 8
    # libtiff codes a 0 bit as white whatever the tags say: ink as 1 goes in as it is.
    picture = Image.frombytes("1", (columns, rows), canvas.tobytes())
    file = io.BytesIO()
    picture.save(file, "TIFF", compression="group4", strip_size=_ONE_STRIP)
    return _only_strip(file.getvalue())


def _only_strip(tiff: bytes) -> bytes:
    """Cut the one strip out of a little-endian TIFF."""
    tags = _long_tags(tiff)
    (offset,), (size,) = tags[_STRIP_OFFSETS], tags[_STRIP_BYTE_COUNTS]
    return tiff[offset : offset + size]


def _long_tags(tiff: bytes) -> dict[int, tuple[int, ...]]:
    (directory,) = struct.unpack_from("<4xL", tiff)
    (entries,) = struct.unpack_from("<H", tiff, directory)
    tags = {}
    for entry in range(entries):
        place = directory + 2 + 12 * entry
        tag, kind, count, value = struct.unpack_from("<HHLL", tiff, place)
        if kind == _LONG:
            tags[tag] = (value,) if count == 1 else struct.unpack_from(f"<{count}L", tiff, value)
        elif count == 1:
            tags[tag] = struct.unpack_from("<H", tiff, place + 8)
    return tags
