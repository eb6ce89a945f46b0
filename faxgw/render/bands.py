"""Cuts a page across into bands that can be coded apart, and drawn or remembered one by one.

A band is a run of rows with something on it, and one row more: the first that shows only its background
again. Between bands every row is background: white, or the sides of a frame that runs on. So a band's
code depends on nothing but itself and the backgrounds above and below, and what stands between two bands
is known without drawing it.
"""

import operator

import msgspec

from faxgw.render.marks import Code, Mark, Page, Rule, Text
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import reach

Background = tuple[tuple[int, int], ...]
"""Upright strokes that cross a row, as disjoint (first column, width), left to right; () is white."""

_UPRIGHT_ROWS = 56
"""A rule at least this tall runs behind bands, instead of making one band of all it passes."""


class Band(msgspec.Struct, frozen=True, cache_hash=True):
    """Rows that are drawn and coded as one. Equal bands have equal codes, wherever they stand."""

    rows: int
    above: Background
    below: Background
    marks: tuple[Mark, ...]
    """Rows counted from the band's own top."""


def cut(page: Page, resolution: Resolution) -> list[tuple[int, Band]]:
    """The page's bands from top to bottom, each with its top row."""
    uprights: list[Rule] = []
    spans: list[_Span] = []
    for mark in page:
        if isinstance(mark, Rule) and mark.height >= _UPRIGHT_ROWS:
            uprights.append(mark)
            # Where a background begins or ends there must be a band, even if nothing else stands there.
            spans += [(mark.y, mark.y + 1, None), (mark.y + mark.height - 1, mark.y + mark.height, None)]
        else:
            spans.append((*_rows_of(mark, resolution), mark))
    spans.sort(key=_by_top)
    return [_band(group, uprights) for group in _groups(spans)]


_Span = tuple[int, int, Mark | None]
"""First row, row after the last, and what stands there."""

_by_top = operator.itemgetter(0)


def _groups(spans: list[_Span]) -> list[tuple[int, int, list[Mark]]]:
    """Top row, row after the last, and marks of each run of rows without a row of background in it."""
    groups: list[tuple[int, int, list[Mark]]] = []
    marks: list[Mark] = []
    first, end = 0, -1
    for top, bottom, mark in spans:
        if top > end:
            if end >= 0:
                groups.append((first, end, marks))
            first, end, marks = top, bottom, []
        elif bottom > end:
            end = bottom
        if mark is not None:
            marks.append(mark)
    return [*groups, (first, end, marks)] if end >= 0 else groups


def _band(group: tuple[int, int, list[Mark]], uprights: list[Rule]) -> tuple[int, Band]:
    top, last, marks = group
    end = last + 1
    near = [rule for rule in uprights if rule.y < end and rule.y + rule.height >= top]
    if not near:
        return top, Band(end - top, (), (), tuple([mark.moved(-top) for mark in marks]))
    lifted = tuple([mark.moved(-top) for mark in (*marks, *_crossing(near, top, end))])
    return top, Band(end - top, _background(near, top - 1), _background(near, end - 1), lifted)


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


def _rows_of(mark: Mark, resolution: Resolution) -> tuple[int, int]:
    """The rows a mark may ink: first, and the one after the last."""
    match mark:
        case Text():
            top, bottom = reach(mark.style, mark.text, resolution)
            return mark.baseline + top, mark.baseline + bottom
        case Rule():
            return mark.y, mark.y + mark.height
        case Code():
            return mark.y, mark.y + len(code_rows(mark.content)) * mark.module_rows
