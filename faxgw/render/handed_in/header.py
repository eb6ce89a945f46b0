"""The line at the head of every page that fax rules ask for: who sends, when, and which page of how many."""

import datetime as dt

import msgspec

from faxgw.render.characters import printable
from faxgw.render.marks import Page, Rule, Text
from faxgw.render.paper import COLUMNS
from faxgw.render.typeface import Style, width_px
from faxgw.render.wrapping import wrap

LEFT, RIGHT = 96, COLUMNS - 96
_BASELINE = 44
_RULE_TOP = 58

HEADER_ROWS = 68
"""Fine rows that belong to the header; content begins below them."""

_NAME_WIDE_PX = 620
_DUPLICATE = "POSSIBLE DUPLICATE"


class Header(msgspec.Struct, frozen=True):
    """What the header line of one document says."""

    name: str
    sent_at: dt.datetime
    possible_duplicate: bool

    def marks(self, page: int, pages: int) -> Page:
        """The header of page `page` (from 1). Figures only, for the reader's language is not known."""
        name = wrap(Style.FINE_PRINT, printable(self.name), _NAME_WIDE_PX)[0]
        stamp = self.sent_at.strftime("%Y-%m-%d %H:%M %z").strip()
        number = f"{page}/{pages}"
        marks: Page = [
            Text(LEFT, _BASELINE, Style.FINE_PRINT, name),
            Text(COLUMNS // 2 - 60, _BASELINE, Style.FINE_PRINT, stamp),
            Text(RIGHT - width_px(Style.FINE_PRINT, number), _BASELINE, Style.FINE_PRINT, number),
            Rule(LEFT, _RULE_TOP, RIGHT - LEFT, 2),
        ]
        if self.possible_duplicate:
            marks.append(Text(RIGHT - 110 - width_px(Style.LABEL, _DUPLICATE), _BASELINE, Style.LABEL, _DUPLICATE))
        return marks
