"""One line of the bench's table: what was measured, against what, and how far it should be."""

import math

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`value` in `unit`; `ratio` is value / against. The target bounds the ratio, or the value if alone.

    A value that is not a number was not measured, and `against` says why. It stays a line of the table.
    """

    part: str
    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> str:
        compared = self.value if self.ratio is None else self.ratio
        if math.isnan(compared):
            return "not measured"
        if self.at_most is not None:
            return "reached" if compared <= self.at_most else "not reached"
        if self.at_least is not None:
            return "reached" if compared >= self.at_least else "not reached"
        return ""


def table(rows: list[Row]) -> str:
    """The rows in columns of text."""
    head = ("part", "what", "measured", "against", "ratio", "target", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def markdown(rows: list[Row]) -> str:
    """The same for a page of docs/."""
    head = "| what | measured | against | ratio | target | |\n|---|--:|---|--:|--:|---|"
    return "\n".join([head, *(f"| {' | '.join(_cells(row)[1:])} |" for row in rows)])


def _cells(row: Row) -> tuple[str, ...]:
    target = ""
    if row.at_most is not None:
        target = f"<= {row.at_most:g}"
    if row.at_least is not None:
        target = f">= {row.at_least:g}"
    ratio = "" if row.ratio is None or math.isnan(row.ratio) else f"{row.ratio:.2f}"
    measured = "" if math.isnan(row.value) else f"{row.value:,.2f} {row.unit}".rstrip()
    return (row.part, row.what, measured, row.against, ratio, target, row.verdict)
