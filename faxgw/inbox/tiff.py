"""A TIFF's directories: whether the file holds all that they name, and the words in them. Pixels are not looked at.

A file that an upload or a broken transfer cut off is the beginning of the whole one, and so is told by what lies
beyond its end. TIFF 6.0, sections 2 and 8; fax tags as libtiff names them.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

PAGES_MAX = 1_000
_BYTES_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_UNIT_OF_TYPE = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}
"""What a change of byte order turns around; a fraction is two numbers."""
_ASCII, _SHORT, _LONG = 2, 3, 4
_STRIPS = ((273, 279), (324, 325))
_MAGIC = {b"II*\0": "<", b"MM\0*": ">"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag's value, its bytes turned to little endian."""

    type: int
    count: int
    value: bytes

    def numbers(self) -> tuple[int, ...]:
        """Of SHORT, LONG and BYTE; empty for others."""
        code = {1: "B", _SHORT: "H", _LONG: "I", 13: "I"}.get(self.type)
        return struct.unpack(f"<{self.count}{code}", self.value) if code else ()

    def text(self) -> str:
        words = self.value.partition(b"\0")[0] if self.type == _ASCII else b""
        return words.decode("latin-1").strip()


Directory: TypeAlias = Mapping[int, Entry]


@dataclass(frozen=True, slots=True)
class Tiff:
    """Every directory in order, and all that it names lies in the file."""

    directories: tuple[Directory, ...]


@dataclass(frozen=True, slots=True)
class CutOff:
    """Good as far as it goes; so many bytes are missing at least."""

    missing_bytes: int


@dataclass(frozen=True, slots=True)
class NotTiff:
    """No TIFF, or one whose directories make no sense."""

    reason: str


class _EndError(Exception):
    def __init__(self, missing_bytes: int) -> None:
        self.missing_bytes = missing_bytes


class _NonsenseError(Exception):
    pass


def read_tiff(content: bytes) -> Tiff | CutOff | NotTiff:
    order = _MAGIC.get(content[:4])
    if order is None:
        begins = any(magic.startswith(content) for magic in _MAGIC)
        return CutOff(8 - len(content)) if begins else NotTiff("it does not begin as a TIFF does")
    try:
        directories = tuple(_directories(content, order))
    except _EndError as end:
        return CutOff(end.missing_bytes)
    except _NonsenseError as nonsense:
        return NotTiff(str(nonsense))
    return Tiff(directories) if directories else NotTiff("it has no page")


def _directories(content: bytes, order: str) -> Iterator[Directory]:
    offset = _number(content, 4, order + "I")
    seen: set[int] = set()
    while offset:
        if offset in seen or len(seen) == PAGES_MAX:
            raise _NonsenseError(f"its directories run in a circle, or there are more than {PAGES_MAX}")
        seen.add(offset)
        count = _number(content, offset, order + "H")
        if not count or offset < 8:
            raise _NonsenseError("a directory is empty")
        yield _directory(content, order, offset + 2, count)
        offset = _number(content, offset + 2 + 12 * count, order + "I")


def _directory(content: bytes, order: str, start: int, count: int) -> Directory:
    _check_within(content, start + 12 * count)
    entries: dict[int, Entry] = {}
    last = 0
    for at in range(start, start + 12 * count, 12):
        tag, type_, values = struct.unpack_from(order + "HHI", content, at)
        if tag < last or type_ not in _BYTES_OF_TYPE:
            # Writers keep tags in order: out of order means that these bytes are something else.
            raise _NonsenseError("a directory makes no sense")
        last = tag
        entries[tag] = _entry(content, order, at + 8, type_, values)
    _check_strips(content, entries)
    return entries


def _entry(content: bytes, order: str, at: int, type_: int, count: int) -> Entry:
    size = _BYTES_OF_TYPE[type_] * count
    if size > 4:
        at = _number(content, at, order + "I")
        _check_within(content, at + size)
    value = content[at : at + size]
    return Entry(type_, count, value if order == "<" else _turned(value, _UNIT_OF_TYPE.get(type_, 1)))


def _turned(value: bytes, unit: int) -> bytes:
    return b"".join(value[at : at + unit][::-1] for at in range(0, len(value), unit))


def _check_strips(content: bytes, entries: Directory) -> None:
    found = False
    for offsets_tag, counts_tag in _STRIPS:
        if offsets_tag in entries and counts_tag in entries:
            found = True
            for offset, size in zip(entries[offsets_tag].numbers(), entries[counts_tag].numbers(), strict=False):
                _check_within(content, offset + size)
    if not found:
        raise _NonsenseError("a page has no picture")


def _number(content: bytes, at: int, code: str) -> int:
    _check_within(content, at + struct.calcsize(code))
    return int(struct.unpack_from(code, content, at)[0])


def _check_within(content: bytes, end: int) -> None:
    if end > len(content):
        raise _EndError(end - len(content))
