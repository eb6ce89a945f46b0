"""What can stand on a page: text, solid rules and the order's QR code, each at its place.

Positions are columns and fine rows from the page's upper left corner, whatever the resolution.
"""

import functools

import msgspec
import segno

from faxgw.render.typeface import Style


class Text(msgspec.Struct, frozen=True, gc=False):
    """One line of text; `x` is where the pen starts, `baseline` the row its letters stand on."""

    x: int
    baseline: int
    style: Style
    text: str


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A solid black rectangle: a line, or one side of a frame."""

    x: int
    y: int
    width: int
    height: int


class Code(msgspec.Struct, frozen=True, gc=False):
    """A QR code without its quiet zone, which the layout leaves white around it."""

    x: int
    y: int
    module_px: int
    content: str


Mark = Text | Rule | Code
Page = list[Mark]


def frame(x: int, y: int, width: int, height: int, stroke: int) -> list[Rule]:
    """The four sides of a box, outer size `width` x `height`."""
    return [
        Rule(x, y, width, stroke),
        Rule(x, y + height - stroke, width, stroke),
        Rule(x, y + stroke, stroke, height - 2 * stroke),
        Rule(x + width - stroke, y + stroke, stroke, height - 2 * stroke),
    ]


@functools.lru_cache(64)
def code_modules(content: str) -> tuple[bytes, ...]:
    """The QR code's rows, one byte a module, dark is 1. Level M bears the dirt of a fax line."""
    return tuple(bytes(row) for row in segno.make(content, error="m", micro=False, boost_error=False).matrix)
