"""What a server says of its files, line by line: MLSD where it has it (RFC 3659), else LIST as Unix or DOS write it.

LIST was never specified: its dates have no year or no time, and no zone. They are kept as words, and compared with
nothing but themselves.
"""

import calendar
import re
from collections.abc import Callable, Iterable

from faxgw.inbox.port import Listed

_UNIX = re.compile(
    r"(?P<kind>[-bcdlps])\S{9,10}\s+\d+\s+.*?(?P<size>\d+)\s+"
    r"(?P<stamp>(?:[^\W\d]\S*\s+\d{1,2}|\d{1,2}\.?\s+[^\W\d]\S*|\d{4}-\d\d-\d\d)"
    r"\s+(?:\d{4}|\d{1,2}:\d\d(?::\d\d)?)) (?P<name>.+)"
)
_DOS = re.compile(r"(?P<stamp>\d\d-\d\d-\d{2,4}\s+\d\d:\d\d(?:\s?[AP]M)?)\s+(?:<DIR>|(?P<size>\d+))\s+(?P<name>.+)")
_MODIFY = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?")


def read_listing(content: bytes, read_line: Callable[[str], Listed | None]) -> list[Listed]:
    """The files in a whole answer. Lines that tell of no file (folders, links, totals) are passed over."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return list(_files(map(read_line, (line.removesuffix("\r") for line in lines))))


def _files(found: Iterable[Listed | None]) -> Iterable[Listed]:
    # A name with a slash would lead out of the folder, one with a line break into another command.
    return (one for one in found if one is not None and not set(one.name) & set("/\r\n\0"))


def read_mlsd_line(line: str) -> Listed | None:
    """`modify=20261121235900;size=30000;type=file; the name`."""
    told, space, name = line.partition(" ")
    facts = dict(_fact(each) for each in told.split(";") if "=" in each)
    size = facts.get("size", "")
    if not (space and name) or facts.get("type", "").lower() != "file" or not size.isdecimal():
        return None
    stamp = facts.get("modify", "")
    return Listed(name, int(size), stamp, _seconds(stamp))


def _fact(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), value


def _seconds(modify: str) -> float | None:
    if not (found := _MODIFY.fullmatch(modify)):
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= 31 and year >= 1970):
        return None
    return calendar.timegm((year, month, day, hour, minute, second)) + float(found[7] or 0)


def read_list_line(line: str) -> Listed | None:
    """`-rw-r--r--    1 ftp      ftp         30000 Nov 21 23:59 the name`, or as DOS has it."""
    if found := _UNIX.fullmatch(line):
        return Listed(found["name"], int(found["size"]), found["stamp"]) if found["kind"] == "-" else None
    if (found := _DOS.fullmatch(line)) and found["size"] is not None:
        return Listed(found["name"], int(found["size"]), found["stamp"])
    return None
