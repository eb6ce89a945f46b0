"""The florists' register: who is a member, and which line a member's fax machine answers.

The file is NDJSON, one member a line, so that a fault can be named by its line and a change shows as
one line in a diff; empty lines are skipped. Anything wrong with it is a `ConfigError` that lists every
fault, because an operator who mends forty florists wants to start the daemon once, not forty times.
"""

import zoneinfo
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from opening_hours import ParserError  # type: ignore[attr-defined]  # Its stub leaves errors out.

from faxgw.errors import BugError, ConfigError
from faxgw.faults import Fault, convert_or_faults
from faxgw.members.member import Member
from faxgw.members.opening import read_opening_hours
from faxgw.phone import Line, number_fault, parse_line

FAULTS_SHOWN_MAX = 50


class Register:
    """All members by id. It never changes; a changed file makes a new register."""

    def __init__(self, members: Iterable[Member]) -> None:
        """`members` have different ids and possible fax numbers, as `load_register` sees to."""
        self._members: dict[str, Member] = {}
        self._lines: dict[str, tuple[Line, ...]] = {}
        self._calls_max: dict[Line, int] = {}
        for member in members:
            line = parse_line(member.fax, member.country)
            second = parse_line(member.fax_second, member.country) if member.fax_second else None
            if line is None or member.id in self._members:
                raise BugError(f"member {member.id} came to the register unchecked")
            self._members[member.id] = member
            self._lines[member.id] = (line,) if second is None else (line, second)
            self._calls_max[line] = max(self.calls_max(line), member.fax_calls_max)

    def find(self, member_id: str) -> Member | None:
        return self._members.get(member_id)

    def line_of(self, member: Member) -> Line:
        """The line of the member's fax machine, parsed once when the register was made."""
        return self._lines[member.id][0]

    def lines_of(self, member: Member) -> tuple[Line, ...]:
        """The same, and the line of the second machine where there is one."""
        return self._lines[member.id]

    def calls_max(self, line: Line) -> int:
        """How many calls the line takes at once; a number of no member takes one."""
        return self._calls_max.get(line, 1)

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())


def load_register(path: Path) -> Register:
    """The register kept in the NDJSON file `path`, or a `ConfigError` with every `path:line: /field: fault`."""
    try:
        content = path.read_bytes()
    except OSError as refused:
        raise ConfigError(f"cannot read the members' register {path}: {refused.strerror}") from refused
    members, faults = read_members(content)
    if faults:
        shown = [f"{path}:{fault.line_number}: {fault}" for fault in faults[:FAULTS_SHOWN_MAX]]
        if len(faults) > FAULTS_SHOWN_MAX:
            shown.append(f"and {len(faults) - FAULTS_SHOWN_MAX} more")
        raise ConfigError("the members' register cannot be used:\n" + "\n".join(shown))
    return Register(members)


class LineFault(NamedTuple):
    """A fault with the line of the file that has it, counted from 1."""

    line_number: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.fault.pointer}: {self.fault.detail}" if self.fault.pointer else self.fault.detail


def read_members(content: bytes) -> tuple[list[Member], list[LineFault]]:
    """The members that the NDJSON `content` describes well, and what is wrong with the others."""
    members: list[Member] = []
    faults: list[LineFault] = []
    line_numbers: dict[str, int] = {}
    for line_number, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        member = _read_member(text)
        if isinstance(member, list):
            faults += [LineFault(line_number, fault) for fault in member]
        elif member.id in line_numbers:
            first = f"line {line_numbers[member.id]} has a member {member.id} already"
            faults.append(LineFault(line_number, Fault("/id", first)))
        else:
            line_numbers[member.id] = line_number
            members.append(member)
    return members, faults


def _read_member(text: bytes) -> Member | list[Fault]:
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as refused:
        return [Fault("", f"not JSON in UTF-8: {refused}")]
    member = convert_or_faults(raw, Member)
    if isinstance(member, list):
        return member
    return list(_faults_of(member)) or member


def _faults_of(member: Member) -> Iterator[Fault]:
    """What a well-formed member may still get wrong."""
    yield from number_fault("/fax", member.fax, member.country)
    yield from number_fault("/phone", member.phone, member.country)
    if member.fax_second is not None:
        yield from number_fault("/fax_second", member.fax_second, member.country)
    try:
        zoneinfo.ZoneInfo(member.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield Fault("/timezone", "not a time zone known here; write its IANA name, such as Europe/Paris")
    else:
        yield from _opening_hours_fault(member)


def _opening_hours_fault(member: Member) -> Iterator[Fault]:
    try:
        read_opening_hours(member)
    except ParserError:
        yield Fault("/opening_hours", "write them as OpenStreetMap does, such as Mo-Sa 09:00-19:00; Su 09:00-12:30")
