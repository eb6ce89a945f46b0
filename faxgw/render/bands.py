"""Cuts a page across into bands that can be coded apart, and drawn or remembered one by one.

A band is a run of rows with something on it, and one row more: the first that shows only its background
again. Between bands every row is background: white, or the sides of a frame that runs on. So a band's
code depends on nothing but itself and the backgrounds above and below, and what stands between two bands
is known without drawing it.
"""

import functools

import msgspec

from faxgw.render.marks import Code, Mark, Page, Rule, Text
from faxgw.render.paint import word_of
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import Style

Background = tuple[tuple[int, int], ...]
"""Upright strokes that cross a row, as disjoint (first column, width), left to right; () is white."""

_UPRIGHT_ROWS = 56
"""A rule at least this tall runs behind bands, instead of making one band of all it passes."""


class Band(msgspec.Struct, frozen=True):
    """Rows that are drawn and coded as one. Equal bands have equal codes, wherever they stand."""

    rows: int
    above: Background
    below: Background
    marks: tuple[Mark, ...]
    """Rows counted from the band's own top."""


def cut(page: Page, resolution: Resolution) -> list[tuple[int, Band]]:
    """The page's bands from top to bottom, each with its top row."""
    uprights = [mark for mark in page if isinstance(mark, Rule) and mark.height >= _UPRIGHT_ROWS]
    spans = [(*_rows_of(mark, resolution), mark) for mark in page if mark not in uprights]
    # Where a background begins or ends there must be a band, even if nothing else stands there.
    spans += [(end, end + 1, None) for rule in uprights for end in (rule.y, rule.y + rule.height - 1)]
    spans = sorted((span for span in spans if span[1] > span[0]), key=_by_top)
    return [_band(group, uprights) for group in _groups(spans)]


_Span = tuple[int, int, Mark | None]
"""First row, row after the last, and what stands there."""


def _by_top(span: _Span) -> int:
    return span[0]


def _groups(spans: list[_Span]) -> list[list[_Span]]:
    """Spans that touch or overlap belong together: there is no row of background between them."""
    groups: list[list[_Span]] = []
    bottom = -2
    for span in spans:
        if span[0] > bottom:
            groups.append([])
        groups[-1].append(span)
        bottom = max(bottom, span[1])
    return groups


def _band(group: list[_Span], uprights: list[Rule]) -> tuple[int, Band]:
    top = group[0][0]
    rows = max(span[1] for span in group) + 1 - top
    marks = [_lifted(mark, top) for _, _, mark in group if mark is not None]
    if not uprights:
        return top, Band(rows, (), (), tuple(marks))
    marks += [_lifted(part, top) for part in _crossing(uprights, top, top + rows)]
    return top, Band(rows, _background(uprights, top - 1), _background(uprights, top + rows - 1), tuple(marks))


def _crossing(uprights: list[Rule], top: int, bottom: int) -> list[Rule]:
    """The parts of the uprights between two rows."""
    parts = []
    for rule in uprights:
        first, end = max(rule.y, top), min(rule.y + rule.height, bottom)
        if first < end:
            parts.append(Rule(rule.x, first, rule.width, end - first))
    return parts


def _background(uprights: list[Rule], row: int) -> Background:
    strokes: list[tuple[int, int]] = []
    for rule in sorted(uprights, key=lambda rule: rule.x):
        if not rule.y <= row < rule.y + rule.height:
            continue
        if strokes and rule.x <= sum(strokes[-1]):
            x, width = strokes.pop()
            strokes.append((x, max(x + width, rule.x + rule.width) - x))
        else:
            strokes.append((rule.x, rule.width))
    return tuple(strokes)


def _lifted(mark: Mark, rows: int) -> Mark:
    match mark:
        case Text(x, baseline, style, text):
            return Text(x, baseline - rows, style, text)
        case Rule(x, y, width, height):
            return Rule(x, y - rows, width, height)
        case Code(x, y, module_columns, module_rows, content):
            return Code(x, y - rows, module_columns, module_rows, content)


def _rows_of(mark: Mark, resolution: Resolution) -> tuple[int, int]:
    """The rows a mark may ink: first, and the one after the last."""
    match mark:
        case Text():
            top, bottom = _reach(mark.style, mark.text, resolution)
            return mark.baseline + top, mark.baseline + bottom
        case Rule():
            return mark.y, mark.y + mark.height
        case Code():
            return mark.y, mark.y + len(code_rows(mark.content)) * mark.module_rows


def _reach(style: Style, text: str, resolution: Resolution) -> tuple[int, int]:
    """How far a text's ink goes above (negative) and below its baseline."""
    if text.isascii():
        return _ascii_reach(style, resolution)
    word = word_of(style, "".join(sorted(set(text))), resolution)
    top, bottom = _ascii_reach(style, resolution)
    return min(top, word.top), max(bottom, word.top + word.ink.shape[0])


@functools.cache
def _ascii_reach(style: Style, resolution: Resolution) -> tuple[int, int]:
    word = word_of(style, "".join(map(chr, range(0x20, 0x7F))), resolution)
    return word.top, word.top + word.ink.shape[0]
