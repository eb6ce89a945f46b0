"""Blocks that grow with what they are filled with: rules, columns, particulars, tables, prose."""

from typing import Protocol

import msgspec

from faxgw.render.fixed import FixedSetter
from faxgw.render.flow import Flow, leading
from faxgw.render.form import (
    LEFT,
    WIDTH,
    Block,
    Column,
    Columns,
    Fixed,
    Form,
    Particulars,
    Prose,
    Ruled,
    Table,
    TableColumn,
)
from faxgw.render.marks import frame
from faxgw.render.names import Names
from faxgw.render.typeface import Style, width_px
from faxgw.render.wrapping import wrap

_LABEL_BASELINE = 28
_LABEL_ROWS = 38
"""A section's label and the space below it."""


class Setter(Protocol):
    """A block made ready."""

    def set(self, flow: Flow) -> None:
        """Put the block on the page, and move down."""
        ...


def setter_of(block: Block, form: Form, names: Names) -> Setter:
    match block:
        case Fixed():
            return FixedSetter(block, names)
        case Ruled():
            return _Ruled(block)
        case Columns():
            return _Columns(block, names)
        case Particulars():
            return _Particulars(block, names)
        case Table():
            return _Table(block, names, names.label(form.continued))
        case Prose():
            return _Prose(block, names, names.label(form.continued))


class _Ruled:
    def __init__(self, block: Ruled) -> None:
        self._block = block

    def set(self, flow: Flow) -> None:
        flow.y += self._block.above
        flow.rule(self._block.height, WIDTH)
        flow.y += self._block.below


class _Columns:
    def __init__(self, block: Columns, names: Names) -> None:
        self._below = block.below
        self._columns = [
            (column, names.label(column.label), [(names.field(x.field), names.style(x.style)) for x in column.lines])
            for column in block.columns
        ]

    def set(self, flow: Flow) -> None:
        columns = [(column, label, _wrapped(flow, column, lines)) for column, label, lines in self._columns]
        height = max(sum(leading(style) for style, _ in lines) for _, _, lines in columns) + _LABEL_ROWS
        if height > flow.left_px():
            flow.turn_page()
        for column, label, lines in columns:
            if lines:
                flow.text(LEFT + column.x, flow.y + _LABEL_BASELINE, Style.LABEL, label)
                flow.lines(LEFT + column.x, flow.y + _LABEL_ROWS, lines)
        flow.y += height + self._below


def _wrapped(flow: Flow, column: Column, lines: list[tuple[str, Style]]) -> list[tuple[Style, str]]:
    texts = [(style, flow.text_of(field)) for field, style in lines]
    return [(style, line) for style, text in texts if text for line in wrap(style, text, column.wide)]


class _Particulars:
    def __init__(self, block: Particulars, names: Names) -> None:
        self._block = block
        self._style = names.style(block.style)
        self._lines = [(names.label(line.label), names.field(line.field)) for line in block.lines]

    def set(self, flow: Flow) -> None:
        step = leading(self._style)
        for label, field in self._lines:
            text = flow.text_of(field)
            if text:
                flow.text(LEFT, flow.y + step - step // 4, Style.LABEL, label)
                lines = wrap(self._style, text, WIDTH - self._block.x)
                flow.y = flow.lines(LEFT + self._block.x, flow.y, [(self._style, line) for line in lines])
                flow.y += self._block.gap
        flow.y += self._block.below


class _Cell(msgspec.Struct, frozen=True):
    """One column of a table, placed for one order's content."""

    column: TableColumn
    label: str
    style: Style
    x: int
    wide: int


class _Table:
    def __init__(self, block: Table, names: Names, continued: str) -> None:
        self._block = block
        self._rows = names.field(block.rows)
        self._again = f"{names.label(block.title)} {continued}"
        self._columns = [(c, names.label(c.label), names.style(c.style)) for c in block.columns]

    def set(self, flow: Flow) -> None:
        rows = flow.rows_of(self._rows)
        cells = self._place(rows)
        self._head(flow, cells)
        for row in rows:
            texts = [wrap(cell.style, row[cell.column.field], cell.wide) for cell in cells]
            height = max(len(lines) * leading(cell.style) for cell, lines in zip(cells, texts, strict=True)) + 12
            if height > flow.left_px():
                flow.turn_page()
                flow.text(LEFT, flow.y + _LABEL_BASELINE, Style.LABEL, self._again)
                flow.y += _LABEL_ROWS
                self._head(flow, cells)
            self._row(flow, cells, texts)
            flow.y += height
            flow.rule(2, WIDTH)
        flow.y += self._block.below

    def _place(self, rows: list[dict[str, str]]) -> list[_Cell]:
        """Columns that show something. They grow with what stands in them; the one without a width takes the rest."""
        columns = [column for column in self._columns if any(row[column[0].field] for row in rows)]
        widths = [self._width(column, label, style, rows) for column, label, style in columns]
        left = WIDTH - sum(widths) - sum(column.gap for column, _, _ in columns)
        cells, x = [], LEFT
        for (column, label, style), width in zip(columns, widths, strict=True):
            wide = width or left
            cells.append(_Cell(column, label, style, x + column.gap, wide))
            x += column.gap + wide
        return cells

    def _width(self, column: TableColumn, label: str, style: Style, rows: list[dict[str, str]]) -> int:
        if column.at_least is None:
            return column.wide or 0
        return max(column.at_least, width_px(Style.LABEL, label), *(width_px(style, row[column.field]) for row in rows))

    def _head(self, flow: Flow, cells: list[_Cell]) -> None:
        for cell in cells:
            self._cell(flow, cell, flow.y + 28, Style.LABEL, cell.label)
        flow.y += 38
        flow.rule(2, WIDTH)

    def _row(self, flow: Flow, cells: list[_Cell], texts: list[list[str]]) -> None:
        for cell, lines in zip(cells, texts, strict=True):
            baseline = flow.y + leading(cell.style) - 2
            for line in lines:
                self._cell(flow, cell, baseline, cell.style, line)
                baseline += leading(cell.style)

    @staticmethod
    def _cell(flow: Flow, cell: _Cell, baseline: int, style: Style, text: str) -> None:
        if cell.column.right:
            flow.text_to(cell.x + cell.wide, baseline, style, text)
        else:
            flow.text(cell.x, baseline, style, text)


_PADDING = 24
"""Between a frame and its text."""

_LINES_TOGETHER = 3
"""A label never stands at the foot of a page with fewer lines of its text than that."""


class _Prose:
    """A frame closes at the foot of a page and opens again on the next."""

    def __init__(self, block: Prose, names: Names, continued: str) -> None:
        self._block = block
        self._field = names.field(block.field)
        self._label = names.label(block.label)
        self._continued = f"{self._label} {continued}"
        self._none = names.label(block.none) if block.none else ""
        self._style = names.style(block.style)
        self._long_style = names.style(block.long_style) if block.long_style else self._style
        self._padding = _PADDING if block.framed else 0

    def set(self, flow: Flow) -> None:
        text = flow.text_of(self._field) or self._none
        if not text:
            return
        style = self._long_style if len(text) > self._block.long_from else self._style
        side = 2 * self._padding + 8 if self._block.framed else 0
        lines = wrap(style, text, WIDTH - side)
        label = self._label
        while lines:
            room = (flow.left_px() - _LABEL_ROWS - 2 * self._padding - 14) // leading(style)
            if room < min(_LINES_TOGETHER, len(lines)):
                flow.turn_page()
                continue
            flow.text(LEFT, flow.y + _LABEL_BASELINE, Style.LABEL, label)
            flow.y += _LABEL_ROWS
            self._lines(flow, style, lines[:room])
            lines, label = lines[room:], self._continued

    def _lines(self, flow: Flow, style: Style, lines: list[str]) -> None:
        height = len(lines) * leading(style) + 2 * self._padding
        if self._block.framed:
            flow.page.extend(frame(LEFT, flow.y, WIDTH, height, 4))
        baseline = flow.y + self._padding - leading(style) // 4
        for line in lines:
            baseline += leading(style)
            flow.text(LEFT + self._padding, baseline, style, line)
        flow.y += height + 14
