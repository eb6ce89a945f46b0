"""A form made ready for one language, once; from then on it is filled, order after order.

What never changes (labels, rules, boxes) becomes marks at once. Names of labels, fields and styles are
checked here: an unknown one is refused with what was probably meant, before any order is drawn.
"""

import difflib
import string
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from faxgw.render.flow import Fields, Flow, leading
from faxgw.render.form import (
    LEFT,
    RIGHT,
    WIDTH,
    Block,
    Column,
    Columns,
    Fixed,
    Form,
    FormError,
    Particulars,
    Prose,
    Ruled,
    Table,
    TableColumn,
    TextAt,
    TickAt,
)
from faxgw.render.marks import Code, Mark, Page, Rule, Text, frame
from faxgw.render.qr import code_rows
from faxgw.render.typeface import Style, width_px
from faxgw.render.wrapping import wrap

_LABEL_BASELINE = 30
_LABEL_ROWS = 42
"""A section's label and the space below it."""

_OF_PAGES = frozenset({"page", "pages"})
"""Fields that every form has: which page of how many."""


class Overlong(msgspec.Struct, frozen=True):
    """The document needs more pages than a fax may have."""

    pages: int


class Names(msgspec.Struct, frozen=True):
    """What a form may name in one language; `label`, `field` and `style` answer or refuse."""

    form: str
    labels: Mapping[str, str]
    fields: frozenset[str]

    def label(self, name: str) -> str:
        if name not in self.labels:
            raise self._unknown("label", name, self.labels)
        for field in fields_in(self.labels[name]):
            self.field(field)
        return self.labels[name]

    def field(self, name: str) -> str:
        if name not in self.fields and name not in _OF_PAGES:
            raise self._unknown("field", name, self.fields)
        return name

    def style(self, name: str) -> Style:
        styles = {style.name.lower(): style for style in Style}
        if name not in styles:
            raise self._unknown("style", name, styles)
        return styles[name]

    def _unknown(self, kind: str, name: str, known: Mapping[str, object] | frozenset[str]) -> FormError:
        near = difflib.get_close_matches(name, list(known), n=1)
        return FormError(f"form {self.form}: unknown {kind} {name}" + (f"; did you mean {near[0]}?" if near else ""))


def fields_in(template: str) -> list[str]:
    """The fields that a text has in braces."""
    return [field for _, field, _, _ in string.Formatter().parse(template) if field]


class Setter(Protocol):
    """A block made ready."""

    def set(self, flow: Flow) -> None:
        """Put the block on the page, and move down."""
        ...


class Setting:
    """One form in one language."""

    def __init__(self, form: Form, labels: Mapping[str, str], fields: frozenset[str]) -> None:
        """Raises FormError for a name that the form uses and nobody knows."""
        names = Names(form.name, labels, fields)
        self._form = form
        self._header = FixedSetter(form.header, names)
        self._every_page = [_setter(block, form, names) for block in form.every_page]
        self._opening = [_setter(block, form, names) for block in form.opening]
        self._continuation = [_setter(block, form, names) for block in form.continuation]
        self._turn = FixedSetter(form.turn, names)
        self._foot = FixedSetter(form.foot.marks, names)

    def fill(self, fields: Fields) -> list[Page] | Overlong:
        """The pages of one document, where everything stands."""
        form = self._form
        flow = Flow(fields, form.top, form.bottom, self._begin_page)
        for setter in (*self._every_page, *self._opening):
            setter.set(flow)
        if flow.y > form.foot.top:
            flow.turn_page()
        self._foot.set_at(flow, form.foot.top)
        if len(flow.pages) > form.pages_max:
            return Overlong(len(flow.pages))
        for number in range(1, len(flow.pages) + 1):
            self._header.set_at(flow, 0, number)
        return flow.pages

    def _begin_page(self, flow: Flow) -> None:
        self._turn.set_at(flow, 0, note=len(flow.pages) + 1)
        flow.new_page()
        for setter in (*self._every_page, *self._continuation):
            setter.set(flow)


def _setter(block: Block, form: Form, names: Names) -> Setter:
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


class _Slot(msgspec.Struct, frozen=True):
    """A text that differs from order to order: a field, or a label with fields in it."""

    at: TextAt
    styles: tuple[Style, ...]
    template: str


class FixedSetter:
    def __init__(self, block: Fixed, names: Names) -> None:
        self._block = block
        if block.when:
            names.field(block.when)
        self._marks: list[Mark] = []
        """What never changes."""
        self._slots: list[_Slot] = []
        for text in block.texts:
            self._add_text(text, names)
        self._marks += [Rule(LEFT + rule.x, rule.y, rule.width, rule.height) for rule in block.rules]
        for box in block.frames:
            self._marks += frame(LEFT, box.y, WIDTH, box.height, box.stroke)
        for tick in block.ticks:
            self._marks += _tick(tick, block.tick_side, names.style(block.tick_style), names.label(tick.label))
        for code in block.codes:
            for field in fields_in(code.content):
                names.field(field)

    def _add_text(self, at: TextAt, names: Names) -> None:
        styles = tuple(names.style(style) for style in at.styles)
        text = names.label(at.label) if at.label else f"{{{names.field(at.field)}}}"
        if fields_in(text):
            self._slots.append(_Slot(at, styles, text))
        else:
            self._marks.append(_text(at, styles, text))

    def set(self, flow: Flow) -> None:
        if self._block.when and not flow.fields[self._block.when]:
            return
        self.set_at(flow, flow.y)
        flow.y += self._block.height

    def set_at(self, flow: Flow, y: int, page: int | None = None, *, note: int | None = None) -> None:
        """Put the marks on page `page` (the last), saying that it is page `note` (the page itself)."""
        number = page or len(flow.pages)
        marks = flow.pages[number - 1]
        marks += [mark.moved(y) for mark in self._marks]
        said = {"page": note or number, "pages": len(flow.pages)}
        for slot in self._slots:
            text = slot.template.format(**said, **flow.fields)
            if text:
                marks.append(_text(slot.at, slot.styles, text).moved(y))
        for code in self._block.codes:
            content = code.content.format(**said, **flow.fields)
            side = len(code_rows(content)) * code.module
            marks.append(Code(LEFT + code.to - side, y + code.y, code.module, code.module, content))


def _text(at: TextAt, styles: Sequence[Style], text: str) -> Text:
    style = next((style for style in styles if width_px(style, text) <= at.wide), styles[-1])
    text = wrap(style, text, at.wide)[0]
    if at.to is not None:
        return Text(LEFT + at.to - width_px(style, text), at.baseline, style, text)
    if at.center is not None:
        return Text(LEFT + at.center - width_px(style, text) // 2, at.baseline, style, text)
    return Text(LEFT + at.x, at.baseline, style, text)


def _tick(tick: TickAt, side: int, style: Style, label: str) -> list[Mark]:
    text = Text(LEFT + side + 24, tick.y + side - 9, style, label)
    marks: list[Mark] = [*frame(LEFT, tick.y, side, side, 4), text]
    if tick.line:
        start = text.x + width_px(style, label) + 24
        marks.append(Rule(start, tick.y + side - 4, RIGHT - start, 2))
    return marks


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
            texts = [wrap(s, row[c.field], cell.wide) for (c, _, s), cell in zip(self._columns, cells, strict=True)]
            lines = zip(texts, self._columns, strict=True)
            height = max(len(wrapped) * leading(style) for wrapped, (_, _, style) in lines) + 12
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
        """Columns grow with what stands in them; the one without a width takes what is left."""
        widths = [self._width(column, label, style, rows) for column, label, style in self._columns]
        left = WIDTH - sum(widths) - sum(column.gap for column, _, _ in self._columns)
        cells, x = [], LEFT
        for (column, _, _), width in zip(self._columns, widths, strict=True):
            wide = width or left
            cells.append(_Cell(x + column.gap, wide))
            x += column.gap + wide
        return cells

    def _width(self, column: TableColumn, label: str, style: Style, rows: list[dict[str, str]]) -> int:
        if column.at_least is None:
            return column.wide or 0
        return max(column.at_least, width_px(Style.LABEL, label), *(width_px(style, row[column.field]) for row in rows))

    def _head(self, flow: Flow, cells: list[_Cell]) -> None:
        for (column, label, _), cell in zip(self._columns, cells, strict=True):
            self._cell(flow, column, cell, flow.y + 28, Style.LABEL, label)
        flow.y += 38
        flow.rule(2, WIDTH)

    def _row(self, flow: Flow, cells: list[_Cell], texts: list[list[str]]) -> None:
        for (column, _, style), cell, lines in zip(self._columns, cells, texts, strict=True):
            baseline = flow.y + leading(style) - 2
            for line in lines:
                self._cell(flow, column, cell, baseline, style, line)
                baseline += leading(style)

    @staticmethod
    def _cell(flow: Flow, column: TableColumn, cell: _Cell, baseline: int, style: Style, text: str) -> None:
        if column.right:
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
