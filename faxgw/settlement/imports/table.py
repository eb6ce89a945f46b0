"""CSV files by the names in their header, each row with the line it stands on."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from faxgw.settlement.imports.amounts import parse_minor
from faxgw.settlement.imports.entry import RefusedError


@dataclass(frozen=True, slots=True)
class Row:
    """One record; columns are asked for by name, and a wrong value is refused with its line."""

    line: int
    values: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def need(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise RefusedError(f"{name} is empty", self.line)
        return value

    def minor(self, name: str, currency: str) -> int:
        """The amount in minor units; an empty field is nothing."""
        value = self.text(name)
        if not value:
            return 0
        try:
            return parse_minor(value, currency)
        except ValueError as error:
            raise RefusedError(f"{name} is {value!r}: {error}", self.line) from None


def read_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records with the line each begins on; empty ones are left out."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in reader:
            if any(field.strip() for field in record):
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise RefusedError(f"not CSV: {error}", line) from None


def read_table(text: str, delimiter: str = ",", required: Sequence[str] = ()) -> Iterator[Row]:
    """The rows under the header, whatever order its columns have and whichever more there are."""
    records = read_records(text, delimiter)
    first = next(records, None)
    if first is None:
        raise RefusedError("the file is empty")
    line, header = first
    names = [name.strip().lstrip("\ufeff") for name in header]
    missing = [name for name in required if name not in names]
    if missing:
        raise RefusedError(f"the header has no {', '.join(missing)}", line)
    for line, record in records:
        if len(record) != len(names):
            raise RefusedError(f"{len(record)} fields, but the header names {len(names)}", line)
        yield Row(line, dict(zip(names, record, strict=True)))
