"""The TIFF container of a fax: profile F of RFC 3949 with MMR coding, written byte by byte.

Little-endian, first directory at offset 8, each directory before its strip, pages in order, one strip
a page: the layout that the strictest readers (TIFF-FX minimal profile) ask for. The same pages give the
same bytes.
"""

import datetime as dt
import struct

import msgspec

from faxgw.render.paper import COLUMNS, COLUMNS_PER_INCH

SOFTWARE = b"faxgw\0"

_DATE_TIME = "%Y:%m:%d %H:%M:%S"

_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2
_ENTRIES = 19
_DIRECTORY_BYTES = 2 + 12 * _ENTRIES + 4
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class CodedPage(msgspec.Struct, frozen=True):
    """One page ready for a container: its group-4 strip, most significant bit first."""

    strip: bytes
    rows: int
    lines_per_inch: int


def write_tiff(pages: list[CodedPage], made_at: dt.datetime) -> bytes:
    """The whole file. `made_at` is printed as it stands, without a zone, as TIFF wants it."""
    parts = [b"II*\0", struct.pack("<L", 8)]
    offset = 8
    for index, page in enumerate(pages):
        part = _page(page, index, len(pages), offset, made_at)
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def read_pages(tiff: bytes) -> list[CodedPage]:
    """The pages of a file that `write_tiff` wrote; any other is read elsewhere."""
    pages = []
    (directory,) = struct.unpack_from("<4xL", tiff)
    while directory:
        values = {
            tag: value
            for tag, _, _, value in struct.iter_unpack("<HHLL", tiff[directory + 2 : directory + 2 + 12 * _ENTRIES])
        }
        (lines_per_inch,) = struct.unpack_from("<L", tiff, values[283])
        strip = tiff[values[273] : values[273] + values[279]].translate(_REVERSED_BITS)
        pages.append(CodedPage(strip, values[257], lines_per_inch))
        (directory,) = struct.unpack_from("<L", tiff, directory + 2 + 12 * _ENTRIES)
    return pages


def read_made_at(tiff: bytes) -> dt.datetime:
    """The time in a file that `write_tiff` wrote, without a zone."""
    (directory,) = struct.unpack_from("<4xL", tiff)
    # The last entry of a directory; its value stands outside of it.
    (date_at,) = struct.unpack_from("<8xL", tiff, directory + 2 + 12 * (_ENTRIES - 1))
    return dt.datetime.strptime(tiff[date_at : date_at + 19].decode(), _DATE_TIME)  # noqa: DTZ007 - TIFF has no zone


def _page(page: CodedPage, index: int, pages: int, offset: int, made_at: dt.datetime) -> bytes:
    """Directory, long values, strip; padded so that the next directory starts on a word."""
    date_time = made_at.strftime(_DATE_TIME).encode() + b"\0"
    x_at = offset + _DIRECTORY_BYTES
    y_at, software_at = x_at + 8, x_at + 16
    date_at = software_at + len(SOFTWARE)
    strip_at = date_at + len(date_time)
    padding = -(strip_at + len(page.strip)) % 2
    next_at = strip_at + len(page.strip) + padding if index + 1 < pages else 0
    entries = (
        _short(254, _LONG, 2),  # NewSubfileType: one page of many.
        _short(256, _LONG, COLUMNS),
        _short(257, _LONG, page.rows),
        _short(258, _SHORT, 1),  # BitsPerSample
        _short(259, _SHORT, 4),  # Compression: group 4
        _short(262, _SHORT, 0),  # PhotometricInterpretation: white is zero
        _short(266, _SHORT, 2),  # FillOrder: least significant bit first, as bits go on the line
        _short(273, _LONG, strip_at),
        _short(274, _SHORT, 1),  # Orientation: top left
        _short(277, _SHORT, 1),  # SamplesPerPixel
        _short(278, _LONG, page.rows),  # RowsPerStrip: all
        _short(279, _LONG, len(page.strip)),
        struct.pack("<HHLL", 282, _RATIONAL, 1, x_at),
        struct.pack("<HHLL", 283, _RATIONAL, 1, y_at),
        _short(293, _LONG, 0),  # T6Options: no uncompressed mode
        _short(296, _SHORT, 2),  # ResolutionUnit: inch
        struct.pack("<HHLHH", 297, _SHORT, 2, index, pages),
        struct.pack("<HHLL", 305, _ASCII, len(SOFTWARE), software_at),
        struct.pack("<HHLL", 306, _ASCII, len(date_time), date_at),
    )
    directory = struct.pack("<H", _ENTRIES) + b"".join(entries) + struct.pack("<L", next_at)
    resolutions = struct.pack("<4L", COLUMNS_PER_INCH, 1, page.lines_per_inch, 1)
    strip = page.strip.translate(_REVERSED_BITS)
    return b"".join((directory, resolutions, SOFTWARE, date_time, strip, b"\0" * padding))


def _short(tag: int, kind: int, value: int) -> bytes:
    """One entry whose value stands in the entry itself; little-endian, so a short sits in a long's place."""
    return struct.pack("<HHLL", tag, kind, 1, value)
