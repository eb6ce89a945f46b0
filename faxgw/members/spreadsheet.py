"""The register as CSV, for those who keep it in a spreadsheet: read by its header, written so that it reads back alike.

Columns may stand in any order, and any but `id` may be missing: a missing column leaves its field as it is. An empty
cell takes a field back, but for the standing: full membership is said outright. Lists stand in one cell: labels,
languages and products with spaces, areas as `0150-0199 0250`, further fax machines as
`+33 1 99 00 00 09; +33 1 99 00 00 10 x2`.

Refuses unknown columns (with the nearest known one), columns that stand twice, and rows longer than the header.
"""

import csv
import difflib
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from faxgw.faults import Fault
from faxgw.members.difference import FIELDS, fields_of
from faxgw.members.file import LineFault, check_member
from faxgw.members.member import Member

COLUMNS = ("id", *FIELDS)
_NUMBERS = {"fax_calls_max", "capacity_per_day"}
_WORDS = {"labels", "languages", "products", "own_products"}
_FORMULA_STARTS = ("=", "@", "\t", "\r")
"""How a spreadsheet knows a formula (OWASP, CSV injection). + and - begin telephone numbers, which no one executes."""


def write_csv(members: Iterable[Member]) -> bytes:
    """UTF-8 with a mark at the start, for the spreadsheet that would else take it for another encoding."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for member in members:
        fields = {"id": member.id, "standing": member.standing.value, **fields_of(member)}
        writer.writerow({name: _cell(name, fields.get(name)) for name in COLUMNS})
    return out.getvalue().encode("utf-8-sig")


def read_csv(content: bytes, known: Mapping[str, Member]) -> tuple[list[tuple[int, Member]], list[LineFault]]:
    """Each good line's member as it would be, with the line's number; `known` fills what the columns leave out."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as refused:
        line_number = content.count(b"\n", 0, refused.start) + 1
        return [], [LineFault(line_number, Fault("", "not UTF-8; save it as CSV UTF-8"))]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter_of(text), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        header_faults = _header_faults(header)
        if header_faults:
            return [], [LineFault(1, fault) for fault in header_faults]
        return _read_rows(rows, header, known)
    except csv.Error as refused:
        return [], [LineFault(rows.line_num, Fault("", f"not CSV: {refused}"))]


def _read_rows(
    rows: Any, header: list[str], known: Mapping[str, Member]
) -> tuple[list[tuple[int, Member]], list[LineFault]]:
    read: list[tuple[int, Member]] = []
    faults: list[LineFault] = []
    seen: dict[str, int] = {}
    next_line = rows.line_num + 1
    for row in rows:
        line_number, next_line = next_line, rows.line_num + 1
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header):
            faults.append(LineFault(line_number, Fault("", f"{len(row)} cells under {len(header)} columns")))
            continue
        member = _member_of(dict(zip(header, row, strict=False)), known)
        if isinstance(member, list):
            faults += [LineFault(line_number, fault) for fault in member]
        elif member.id in seen:
            first = f"line {seen[member.id]} has a member {member.id} already"
            faults.append(LineFault(line_number, Fault("/id", first)))
        else:
            seen[member.id] = line_number
            read.append((line_number, member))
    return read, faults


def _member_of(cells: Mapping[str, str], known: Mapping[str, Member]) -> Member | list[Fault]:
    member_id = cells["id"].strip()
    before = known.get(member_id)
    fields: dict[str, Any] = {} if before is None else fields_of(before)
    faults: list[Fault] = []
    for name, cell in cells.items():
        if name == "id" or (name == "standing" and not cell.strip()):
            continue
        try:
            value = _READERS.get(name, _unguarded)(cell) if cell.strip() else None
        except ValueError as refused:
            faults.append(Fault(f"/{name}", str(refused)))
            continue
        fields[name] = value
    said = {name: value for name, value in fields.items() if value is not None}
    member = check_member({"id": member_id, **said})
    if isinstance(member, list):
        return [*faults, *member]
    return faults or member


def _header_faults(header: list[str]) -> list[Fault]:
    faults = [Fault(f"/{name}", _unknown_column(name)) for name in header if name not in COLUMNS]
    twice = {name for index, name in enumerate(header) if name in header[:index]}
    faults += [Fault(f"/{name}", "this column stands twice") for name in sorted(twice)]
    if "id" not in header:
        faults.append(Fault("/id", f"this column is missing; there may be {', '.join(COLUMNS)}"))
    return faults


def _unknown_column(name: str) -> str:
    near = difflib.get_close_matches(name[:64], COLUMNS, n=1)
    return "there is no such column" + (f"; did you mean {near[0]}?" if near else "")


def _delimiter_of(text: str) -> str:
    """Spreadsheets of half of Europe write semicolons, for their comma stands in numbers."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


# --- cells -------------------------------------------------------------------------------------------


def _cell(name: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case list() if name == "areas":
            return " ".join(_area_text(area) for area in value)
        case list() if name == "fax_machines":
            return "; ".join(_machine_text(machine) for machine in value)
        case list():
            return " ".join(map(str, value))
        case _:
            return _guarded(str(value))


def _area_text(area: Mapping[str, str]) -> str:
    ends = area["first"] if area["first"] == area["last"] else f"{area['first']}-{area['last']}"
    return f"{area['country']}:{ends}" if area.get("country") else ends


def _machine_text(machine: Mapping[str, Any]) -> str:
    calls_max = machine.get("calls_max", 1)
    return f"{machine['number']} x{calls_max}" if calls_max > 1 else str(machine["number"])


def _read_areas(cell: str) -> list[dict[str, str]]:
    areas = []
    for word in cell.upper().split():
        country, colon, ends = word.rpartition(":")
        first, dash, last = ends.partition("-")
        areas.append({"first": first, "last": last if dash else first, **({"country": country} if colon else {})})
    return areas


def _read_machines(cell: str) -> list[dict[str, Any]]:
    machines = []
    for written in cell.split(";"):
        number, x, calls = written.strip().rpartition(" x")
        machines.append({"number": number, "calls_max": _read_number(calls)} if x else {"number": written.strip()})
    return machines


def _read_number(cell: str) -> int:
    digits = cell.strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        raise ValueError("must be a whole number")
    return int(digits)


def _guarded(text: str) -> str:
    """A cell that a spreadsheet would take for a formula begins with an apostrophe more."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text


_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_NUMBERS, _read_number),
    **dict.fromkeys(_WORDS, str.split),
    "areas": _read_areas,
    "fax_machines": _read_machines,
}
