"""Faxes as carriers drop them: small TIFFs laid out as HylaFAX and libtiff do, pictures last or directories last."""

import struct
from collections.abc import Mapping, Sequence

SHORT, LONG, ASCII = 3, 4, 2
Tags = Mapping[int, str | int]


def make_fax(number: int = 0, pages: int = 1, *, order: str = "<", tags: Tags | None = None, rows: int = 400) -> bytes:
    """A TIFF of its own for each number; directories stand behind the pictures, as a receiving machine writes them."""
    content = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4
    for page in range(pages):
        content += bytes(len(content) % 2)
        strip_at = len(content)
        content += picture_of(number, page, rows)
        fields = {
            254: 2, 256: 1728, 257: rows, 258: 1, 259: 4, 262: 0, 266: 1, 277: 1, 278: rows,
            273: strip_at, 279: len(content) - strip_at, **(tags or {}),
        }  # fmt: skip
        link = _append_directory(content, fields, order, link)
    return bytes(content)


def picture_of(number: int, page: int, rows: int) -> bytes:
    """Bytes with every value in them, line breaks too; what they show does not matter here."""
    seed = number * 1_000 + page
    return b"".join(struct.pack("<QH", (seed * 2_654_435_761 + row * 40_503) % 2**64, 0x0A0D) for row in range(rows))


def _append_directory(content: bytearray, fields: Mapping[int, str | int], order: str, link: int) -> int:
    rows = []
    for tag, value in sorted(fields.items()):
        if isinstance(value, str):
            text = value.encode() + b"\0"
            place = _append(content, text) if len(text) > 4 else 0
            inline = struct.pack(order + "I", place) if place else text.ljust(4, b"\0")
            rows.append(struct.pack(order + "HHI", tag, ASCII, len(text)) + inline)
        else:
            rows.append(
                struct.pack(order + "HHII", tag, LONG, 1, value)
                if tag in {257, 273, 278, 279}
                else _short(order, tag, value)
            )
    place = _append(content, struct.pack(order + "H", len(rows)) + b"".join(rows) + bytes(4))
    struct.pack_into(order + "I", content, link, place)
    return place + 2 + 12 * len(rows)


def _short(order: str, tag: int, value: int) -> bytes:
    return struct.pack(order + "HHIHH", tag, SHORT, 1, value, 0)


def _append(content: bytearray, part: bytes) -> int:
    content += bytes(len(content) % 2)
    place = len(content)
    content += part
    return place


def make_faxes(count: int) -> Sequence[bytes]:
    return [make_fax(number) for number in range(count)]
