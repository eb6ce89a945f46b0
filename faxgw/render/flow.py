"""The pages of one document in the making: what stands on them so far, and how far down the last is filled."""

from collections.abc import Callable, Mapping
from typing import cast

from faxgw.render.form import LEFT
from faxgw.render.marks import Page, Rule, Text
from faxgw.render.typeface import Style, width_px

Fields = Mapping[str, object]
"""What a form is filled with: texts, and lists of rows for tables. An empty text leaves its place white."""


def leading(style: Style) -> int:
    """From baseline to baseline: a quarter more than the letters' size, in whole pairs of rows."""
    return style.size_px * 5 // 8 * 2


class Flow:
    """Blocks put their marks on `page` at `y` and move `y` down."""

    def __init__(self, fields: Fields, top: int, bottom: int, begin: Callable[["Flow"], None]) -> None:
        self.fields = fields
        self.pages: list[Page] = [[]]
        self.y = top
        self._top = top
        self._bottom = bottom
        self._begin = begin
        """Closes a page and opens the next."""

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def left_px(self) -> int:
        return self._bottom - self.y

    def turn_page(self) -> None:
        self._begin(self)

    def new_page(self) -> None:
        self.pages.append([])
        self.y = self._top

    def text_of(self, field: str) -> str:
        return str(self.fields[field])

    def rows_of(self, field: str) -> list[dict[str, str]]:
        return cast("list[dict[str, str]]", self.fields[field])

    def text(self, x: int, baseline: int, style: Style, text: str) -> None:
        if text:
            self.page.append(Text(x, baseline, style, text))

    def text_to(self, right: int, baseline: int, style: Style, text: str) -> None:
        """Text that ends at `right`."""
        self.text(right - width_px(style, text), baseline, style, text)

    def rule(self, height: int, width: int) -> None:
        self.page.append(Rule(LEFT, self.y, width, height))

    def lines(self, x: int, y: int, lines: list[tuple[Style, str]]) -> int:
        """Set lines under each other below `y`; returns where the last one ends."""
        for style, line in lines:
            y += leading(style)
            self.text(x, y - leading(style) // 4, style, line)
        return y
