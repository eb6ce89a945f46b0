"""The members' file: NDJSON, one member a line, so that a fault is named by its line and a change shows in a diff.

Empty lines are skipped. Anything wrong with the file is a `ConfigError` that lists every fault, because an operator
who mends forty florists wants to start the daemon once, not forty times.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from faxgw.errors import ConfigError
from faxgw.faults import Fault, convert_or_faults
from faxgw.members.checks import faults_of
from faxgw.members.difference import fields_of
from faxgw.members.member import Member
from faxgw.members.register import Register

FAULTS_SHOWN_MAX = 50


class LineFault(NamedTuple):
    """A fault with the line of the file that has it, counted from 1."""

    line_number: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.fault.pointer}: {self.fault.detail}" if self.fault.pointer else self.fault.detail


def load_members(path: Path) -> list[Member]:
    """The members in the file `path`, or a `ConfigError` with every `path:line: /field: fault`."""
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
    return members


def load_register(path: Path) -> Register:
    """The register as the file alone has it, for who draws pages without a daemon."""
    return Register(load_members(path))


def read_members(content: bytes) -> tuple[list[Member], list[LineFault]]:
    """The members that the NDJSON `content` describes well, and what is wrong with the others."""
    read, faults = read_numbered(content)
    return [member for _, member in read], faults


def read_numbered(
    content: bytes, known: Mapping[str, Member] | None = None
) -> tuple[list[tuple[int, Member]], list[LineFault]]:
    """The same, each member with its line; `known` fills what a line leaves out."""
    read: list[tuple[int, Member]] = []
    faults: list[LineFault] = []
    line_numbers: dict[str, int] = {}
    for line_number, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        member = _read_member(text, known or {})
        if isinstance(member, list):
            faults += [LineFault(line_number, fault) for fault in member]
        elif member.id in line_numbers:
            first = f"line {line_numbers[member.id]} has a member {member.id} already"
            faults.append(LineFault(line_number, Fault("/id", first)))
        else:
            line_numbers[member.id] = line_number
            read.append((line_number, member))
    return read, faults


def _read_member(text: bytes, known: Mapping[str, Member]) -> Member | list[Fault]:
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as refused:
        return [Fault("", f"not JSON in UTF-8: {refused}")]
    return check_member(_filled(raw, known))


def _filled(raw: Any, known: Mapping[str, Member]) -> Any:
    """What the line says, over what stands: a standing that nobody wrote is no word for full membership."""
    before = known.get(raw["id"]) if isinstance(raw, dict) and isinstance(raw.get("id"), str) else None
    return raw if before is None else fields_of(before) | raw


def check_member(raw: object) -> Member | list[Fault]:
    """A member from decoded JSON, or all that is wrong with it."""
    member = convert_or_faults(raw, Member)
    if isinstance(member, list):
        return member
    return list(faults_of(member)) or member
