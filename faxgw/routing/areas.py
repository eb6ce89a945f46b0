"""Whose delivery area has a postcode: looked up in one step, however many ranges there are and however they overlap."""

import itertools
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from faxgw.routing.candidate import Range

_LAST = "\uffff"
"""Sorts behind every postcode that begins as the range's last one does."""


class _Edge(NamedTuple):
    code: str
    opens: bool
    member_id: str


class AreaIndex:
    """Between two edges of ranges the florists are always the same: those are kept, sorted, and found by bisection."""

    def __init__(self, areas: Iterable[tuple[str, Range]]) -> None:
        """`areas` name a member for each range; a member may have many."""
        edges: dict[str, list[_Edge]] = {}
        for member_id, area in areas:
            of_country = edges.setdefault(area.country, [])
            of_country += [_Edge(area.first, True, member_id), _Edge(area.last + _LAST, False, member_id)]
        self._countries = {country: _segments(of_country) for country, of_country in edges.items()}

    def covering(self, country: str, postcode: str) -> tuple[str, ...]:
        """The members with the postcode in an area of theirs, by id."""
        starts, members = self._countries.get(country, ((), ()))
        at = bisect_right(starts, postcode) - 1
        return members[at] if at >= 0 else ()

    @property
    def countries(self) -> frozenset[str]:
        return frozenset(self._countries)


def _segments(edges: list[_Edge]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Where each segment starts, and who covers it."""
    open_now: dict[str, int] = {}
    starts: list[str] = []
    members: list[tuple[str, ...]] = []
    for code, at_code in itertools.groupby(sorted(edges), key=lambda edge: edge.code):
        for edge in at_code:
            open_now[edge.member_id] = open_now.get(edge.member_id, 0) + (1 if edge.opens else -1)
            if not open_now[edge.member_id]:
                del open_now[edge.member_id]
        starts.append(code)
        members.append(tuple(sorted(open_now)))
    return tuple(starts), tuple(members)
