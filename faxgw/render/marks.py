"""What can stand on a page: text, solid rules and the order's QR code, each at its place.

A layout counts columns and fine rows from the page's upper left corner; `at_resolution` turns its marks
into rows of the paper they go on, once, before anything is drawn.
"""

import msgspec

from faxgw.render.paper import Paper
from faxgw.render.typeface import Style


class Text(msgspec.Struct, frozen=True, gc=False):
    """One line of text; `x` is where the pen starts, `baseline` the row its letters stand on."""

    x: int
    baseline: int
    style: Style
    text: str

    def moved(self, rows: int) -> "Text":
        return Text(self.x, self.baseline + rows, self.style, self.text)


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A solid black rectangle: a line, or one side of a frame."""

    x: int
    y: int
    width: int
    height: int

    def moved(self, rows: int) -> "Rule":
        return Rule(self.x, self.y + rows, self.width, self.height)


class Code(msgspec.Struct, frozen=True, gc=False):
    """A QR code without its quiet zone, which the layout leaves white around it."""

    x: int
    y: int
    module_columns: int
    module_rows: int
    content: str

    def moved(self, rows: int) -> "Code":
        return Code(self.x, self.y + rows, self.module_columns, self.module_rows, self.content)


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


def at_resolution(page: Page, paper: Paper) -> Page:
    """The same marks, in the paper's own rows. A rule never gets thinner than one row."""
    if paper.times == paper.per:
        return page
    return [_at_resolution(mark, paper) for mark in page]


def _at_resolution(mark: Mark, paper: Paper) -> Mark:
    match mark:
        case Text(x, baseline, style, text):
            return Text(x, paper.row(baseline), style, text)
        case Rule(x, y, width, height):
            return Rule(x, paper.row(y), width, max(1, paper.row(y + height) - paper.row(y)))
        case Code(x, y, columns, rows, content):
            return Code(x, paper.row(y), columns, paper.row(rows), content)
