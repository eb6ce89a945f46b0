"""Group-4 coding (ITU-T T.6) by the libtiff that Pillow brings, fed with packed rows.

Pillow's own `save` spreads every pixel to a byte and packs it again, which costs more than the coding
(5.4 ms a page against 1.7 ms, measured). So the encoder behind `save` is called directly: it takes the
tags as given and copies rows as they are, and a picture of 216 grey bytes a row is a row of 1728 pixels.
`tests/render/test_group4.py` holds it against `save`, so that a change in Pillow is seen at once.
"""

import struct
from typing import Any

from PIL import Image

from faxgw.render.paint import Rows

_IMAGE_WIDTH, _IMAGE_LENGTH, _ROWS_PER_STRIP = 256, 257, 278
_STRIP_OFFSETS, _STRIP_BYTE_COUNTS = 273, 279
_FIXED_TAGS = {258: 1, 259: 4, 262: 0, 277: 1}
"""BitsPerSample, Compression group 4, white is zero, SamplesPerPixel."""

EOFB_BITS = 24
"""Of the end of facsimile block: twice eleven 0 and a 1."""

_BUFFER_BYTES = 1 << 20
_SHORT, _LONG = 3, 4


class EncodingError(Exception):
    """libtiff refused; nothing a page contains can cause that."""


def encode(rows: Rows, rows_per_strip: int) -> list[bytes]:
    """Code packed rows (ink is 1) in strips of so many.

    Each strip starts from a white row, as if a page began, has its most significant bit first, and is
    closed by an EOFB.
    """
    length, row_bytes = rows.shape
    tags = _FIXED_TAGS | {_IMAGE_WIDTH: row_bytes * 8, _IMAGE_LENGTH: length, _ROWS_PER_STRIP: rows_per_strip}
    picture = Image.frombuffer("L", (row_bytes, length), rows, "raw", "L", 0, 1)
    encoder = Image._getencoder("L", "libtiff", ("L", 0, "strips", sorted(tags.items()), {}), ())  # noqa: SLF001
    try:
        encoder.setimage(picture.im, (0, 0, row_bytes, length))
        tiff = _drain(encoder)
    finally:
        encoder.cleanup()
    return _strips(tiff)


def bits_before_end(strip: bytes) -> int:
    """How many bits a strip has before its EOFB, whose last bit is the last 1."""
    last = strip[-1]
    return len(strip) * 8 - ((last & -last).bit_length() - 1) - EOFB_BITS


def _drain(encoder: Any) -> bytes:
    parts = []
    while True:
        _, status, data = encoder.encode(_BUFFER_BYTES)
        parts.append(data)
        if status < 0:
            raise EncodingError(f"libtiff says {status}")
        if status:
            return b"".join(parts)


def _strips(tiff: bytes) -> list[bytes]:
    """Cut the strips out of libtiff's little-endian file."""
    tags = dict(_strip_tags(tiff))
    return [
        tiff[offset : offset + size]
        for offset, size in zip(tags[_STRIP_OFFSETS], tags[_STRIP_BYTE_COUNTS], strict=True)
    ]


def _strip_tags(tiff: bytes) -> list[tuple[int, tuple[int, ...]]]:
    (directory,) = struct.unpack_from("<4xL", tiff)
    (entries,) = struct.unpack_from("<H", tiff, directory)
    found = []
    for place in range(directory + 2, directory + 2 + 12 * entries, 12):
        tag, kind, count = struct.unpack_from("<HHL", tiff, place)
        if tag in {_STRIP_OFFSETS, _STRIP_BYTE_COUNTS}:
            letter, size = ("H", 2) if kind == _SHORT else ("L", 4)
            at = place + 8 if count * size <= 4 else struct.unpack_from("<L", tiff, place + 8)[0]
            found.append((tag, struct.unpack_from(f"<{count}{letter}", tiff, at)))
    return found
