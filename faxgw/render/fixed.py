"""Blocks whose marks have fixed places: what never changes is made once, what varies is a slot."""

from collections.abc import Sequence

import msgspec

from faxgw.render.flow import Flow
from faxgw.render.form import LEFT, RIGHT, Fixed, TextAt, TickAt
from faxgw.render.marks import Code, Mark, Rule, Text, frame
from faxgw.render.names import Names, fields_in
from faxgw.render.qr import code_rows
from faxgw.render.typeface import Style, width_px
from faxgw.render.wrapping import wrap


class _Slot(msgspec.Struct, frozen=True):
    """A text that differs from order to order: a field, or a label with fields in it."""

    at: TextAt
    styles: tuple[Style, ...]
    template: str


TICK_STROKE = 4


class FixedSetter:
    def __init__(self, block: Fixed, names: Names) -> None:
        self._block = block
        if block.when:
            names.field(block.when)
        self._marks: list[Mark] = []
        """What never changes."""
        self._slots: list[_Slot] = []
        self._moved_by, self._moved_marks = 0, self._marks
        for text in block.texts:
            self._add_text(text, names)
        self._marks += [Rule(LEFT + rule.x, rule.y, rule.width, rule.height) for rule in block.rules]
        for box in block.frames:
            self._marks += frame(LEFT + box.x, box.y, box.width, box.height, box.stroke)
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
        marks += self._moved(y)
        said = {**flow.fields, "page": note or number, "pages": len(flow.pages)}
        for slot in self._slots:
            text = slot.template.format_map(said)
            if text:
                marks.append(_text(slot.at, slot.styles, text).moved(y))
        for code in self._block.codes:
            content = code.content.format_map(said)
            side = len(code_rows(content)) * code.module
            marks.append(Code(LEFT + code.to - side, y + code.y, code.module, code.module, content))

    def _moved(self, y: int) -> list[Mark]:
        """What never changes, `y` rows down. Most blocks stand where they stood on the page before."""
        if y != self._moved_by:
            self._moved_by, self._moved_marks = y, [mark.moved(y) for mark in self._marks]
        return self._moved_marks


def _text(at: TextAt, styles: Sequence[Style], text: str) -> Text:
    style = next((style for style in styles if width_px(style, text) <= at.wide), styles[-1])
    text = wrap(style, text, at.wide)[0]
    if at.to is not None:
        return Text(LEFT + at.to - width_px(style, text), at.baseline, style, text)
    if at.center is not None:
        return Text(LEFT + at.center - width_px(style, text) // 2, at.baseline, style, text)
    return Text(LEFT + at.x, at.baseline, style, text)


def _tick(tick: TickAt, side: int, style: Style, label: str) -> list[Mark]:
    text = Text(LEFT + tick.x + side + 24, tick.y + side - 9, style, label)
    marks: list[Mark] = [*frame(LEFT + tick.x, tick.y, side, side, TICK_STROKE), text]
    if tick.line:
        start = text.x + width_px(style, label) + 24
        marks.append(Rule(start, tick.y + side - 4, RIGHT - start, 2))
    return marks
