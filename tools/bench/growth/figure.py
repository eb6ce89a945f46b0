"""One figure measured at several sizes, and whether it stays what it is while the size grows."""

from collections.abc import Iterable, Sequence

import msgspec

from tools.bench.row import Row

FLAT_AT_MOST = 2.0
"""A figure is flat that at its worst is no more than twice what it is at its smallest size.

Heaps and B-trees deepen with the logarithm, and what no longer fits the caches costs more; neither is growth that
an operator would notice, and both stay below this. Whatever looks at everything is far above.
"""


class Figure(msgspec.Struct, frozen=True):
    """What one `what` costs with so many of whatever grows."""

    what: str
    size: int
    value: float
    unit: str


class Series(msgspec.Struct, frozen=True):
    """The same figure at growing sizes."""

    figures: Sequence[Figure]

    @property
    def what(self) -> str:
        return self.figures[0].what

    @property
    def unit(self) -> str:
        return self.figures[0].unit

    @property
    def growth(self) -> float:
        """The worst value against that at the smallest size."""
        return max(figure.value for figure in self.figures) / self.figures[0].value

    @property
    def is_flat(self) -> bool:
        return self.growth <= FLAT_AT_MOST


def as_series(figures: Iterable[Figure]) -> list[Series]:
    """The figures of the same name together, in the order in which they first came."""
    together: dict[str, list[Figure]] = {}
    for figure in figures:
        together.setdefault(figure.what, []).append(figure)
    return [Series(sorted(each, key=lambda figure: figure.size)) for each in together.values()]


def as_rows(growing: str, series: Sequence[Series]) -> list[Row]:
    """For the table of the whole bench: the largest size against the smallest."""
    return [
        Row(
            part="growth",
            what=f"{each.what}, {each.figures[-1].size:,} {growing}",
            value=each.figures[-1].value,
            unit=each.unit,
            against=f"{each.figures[0].size:,}: {each.figures[0].value:,.1f}",
            ratio=each.growth,
            at_most=FLAT_AT_MOST,
        )
        for each in series
        if len(each.figures) > 1
    ]


def as_table(growing: str, series: Sequence[Series]) -> str:
    """A column a size, as Markdown, which reads well on a terminal, too."""
    sizes = sorted({figure.size for each in series for figure in each.figures})
    head = [growing, *(f"{size:,}" for size in sizes), "growth", ""]
    lines = [head, *(_cells(each, sizes) for each in series)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:-1]), "-" * max(widths[-1], 3)]
    return "\n".join(_line(cells, widths) for cells in [head, ruler, *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join([first, *others]) + " |"


def _cells(series: Series, sizes: Sequence[int]) -> list[str]:
    values = {figure.size: figure.value for figure in series.figures}
    shown = [f"{values[size]:,.1f}" if size in values else "" for size in sizes]
    return [f"{series.what}, {series.unit}", *shown, f"{series.growth:.2f}", "" if series.is_flat else "not flat"]
