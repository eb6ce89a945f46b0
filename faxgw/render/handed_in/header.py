"""The line at the head of every page that fax rules ask for: who sends, when, and which page of how many."""

import datetime as dt

import msgspec

from faxgw.order import Language
from faxgw.render.characters import printable
from faxgw.render.marks import Page, Rule, Text
from faxgw.render.paper import COLUMNS
from faxgw.render.typeface import Style, width_px
from faxgw.render.wording import wording_of
from faxgw.render.wrapping import wrap

LEFT, RIGHT = 96, COLUMNS - 96
_BASELINE = 44
_RULE_TOP = 58

HEADER_ROWS = 68
"""Fine rows that belong to the header; content begins below them."""

_LABELS = "handed-in"
_NAME_WIDE_PX = 560
_STAMP_LEFT = LEFT + 580
_DUPLICATE_LEFT = LEFT + 930


class Header(msgspec.Struct, frozen=True):
    """What the header line of one document says."""

    name: str
    sent_at: dt.datetime
    language: Language
    possible_duplicate: bool

    def marks(self, page: int, pages: int) -> Page:
        """The header of page `page` (from 1)."""
        wording = wording_of(self.language)
        labels = wording.labels[_LABELS]
        number = labels["page"].format(page=page, pages=pages)
        marks: Page = [
            Text(LEFT, _BASELINE, Style.FINE_PRINT, wrap(Style.FINE_PRINT, printable(self.name), _NAME_WIDE_PX)[0]),
            Text(_STAMP_LEFT, _BASELINE, Style.FINE_PRINT, f"{wording.stamp(self.sent_at)} {self.sent_at:%z}".strip()),
            Text(RIGHT - width_px(Style.FINE_PRINT, number), _BASELINE, Style.FINE_PRINT, number),
            Rule(LEFT, _RULE_TOP, RIGHT - LEFT, 2),
        ]
        if self.possible_duplicate:
            marks.append(Text(_DUPLICATE_LEFT, _BASELINE, Style.LABEL, labels["possible_duplicate"]))
        return marks
