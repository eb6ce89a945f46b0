"""Our blank forms as they are read: where code, boxes to tick and fields stand. Always taken from the form's file."""

import functools
from typing import NamedTuple

from faxgw.intake.code import Code, NewOrderCode, OrderCode, RelayCode
from faxgw.render import orderform, relayform, requestform
from faxgw.render.fixed import TICK_STROKE
from faxgw.render.form import LEFT, RIGHT, Block, Fixed, Form, Ruled
from faxgw.render.qr import code_rows


class Box(NamedTuple):
    """A box to tick: its upper left corner."""

    name: str
    x: int
    y: int
    line: bool
    """Whether there is a line to write on behind it."""


class Field(NamedTuple):
    """A frame to write in; its inside."""

    name: str
    x: int
    y: int
    width: int
    height: int


class CodePlace(NamedTuple):
    """Where the form may have its code."""

    right: int
    top: int
    module: int


class Blank(NamedTuple):
    """What stands on a form whatever it is filled with, in columns and fine rows."""

    form: str
    sent_as: frozenset[str]
    """The form and its earlier revisions that have code and boxes at the same places."""
    boxes: tuple[Box, ...]
    fields: tuple[Field, ...]
    codes: tuple[CodePlace, ...]
    side: int
    """Of a box, outside."""
    stroke: int = TICK_STROKE
    right: int = RIGHT


def blank_of(code: Code) -> Blank:
    """The form that bears such a code."""
    match code:
        case OrderCode():
            return _ORDER_SHEET
        case NewOrderCode():
            return _REQUEST
        case RelayCode():
            return _RELAY


def sent_as(form: str) -> frozenset[str]:
    """As which forms a sheet may have been sent whose boxes were read by this one."""
    return next((blank.sent_as for blank in (_ORDER_SHEET, _RELAY, _REQUEST) if blank.form == form), frozenset({form}))


def code_side(code: str, module: int) -> int:
    """How wide the symbol is; by its length alone."""
    return _modules(len(code)) * module


@functools.lru_cache(64)
def _modules(length: int) -> int:
    return len(code_rows("0" * length))


def _blank(form: Form) -> Blank:
    fixed = _fixed_blocks(form)
    frames = [(top, frame) for top, block in fixed for frame in block.frames if frame.name]
    return Blank(
        form=f"{form.name}/{form.revision}",
        sent_as=frozenset(
            f"{form.name}/{revision}" for revision in range(form.boxes_since or form.revision, form.revision + 1)
        ),
        boxes=tuple(Box(t.name, LEFT + t.x, top + t.y, t.line) for top, block in fixed for t in block.ticks),
        fields=tuple(
            Field(f.name, LEFT + f.x + f.stroke, top + f.y + f.stroke, f.width - 2 * f.stroke, f.height - 2 * f.stroke)
            for top, f in frames
        ),
        codes=tuple(_codes(form)),
        side=form.foot.marks.tick_side,
    )


def _fixed_blocks(form: Form) -> list[tuple[int, Fixed]]:
    """Those that always stand at the same place: the foot, and the page's first ones."""
    blocks, top = [(form.foot.top, form.foot.marks)], form.top
    for block in form.opening:
        match block:
            case Fixed(when=""):
                blocks.append((top, block))
                top += block.height
            case Ruled():
                top += block.above + block.height + block.below
            case _:
                break
    return blocks


def _codes(form: Form) -> list[CodePlace]:
    """On a first and on a following page, below what stands on every page if it does."""
    above = (0, sum(block.height for block in form.every_page if isinstance(block, Fixed)))
    first_blocks: list[Block] = [*form.opening[:1], *form.continuation[:1]]
    return [
        CodePlace(LEFT + code.to, form.top + shift + code.y, code.module)
        for shift in dict.fromkeys(above)
        for block in first_blocks
        if isinstance(block, Fixed)
        for code in block.codes
    ]


_ORDER_SHEET, _RELAY, _REQUEST = (_blank(module.FORM) for module in (orderform, relayform, requestform))
