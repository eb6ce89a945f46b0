"""Whose turn it is: classes in order, submitters in turns, new and retried faxes in turns.

Postfix' queue manager takes one message from its incoming and one from its deferred queue, so that no backlog
of either starves the other; the same is done here for each submitter, and among submitters of one class, so
that a hundred thousand faxes of one do not keep ten of another waiting.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field

from faxgw.fax import FaxId
from faxgw.phone import Line

CLASSES = 3
"""Express, standard, bulk: the ranks 0, 1 and 2."""

By = tuple[float, FaxId]
"""When a fax should have gone, then its age: ids grow with time."""


@dataclass(slots=True, eq=False)
class Flow:
    """The lines that may go with a new fax (or a retried one) of one submitter and class, best first."""

    deferred: bool
    offers: list[tuple[float, FaxId, Line]] = field(default_factory=list)

    def offer(self, by: By, line: Line) -> None:
        heapq.heappush(self.offers, (*by, line))


@dataclass(slots=True, eq=False)
class Share:
    """One submitter's part of a class."""

    new: Flow = field(default_factory=lambda: Flow(deferred=False))
    deferred: Flow = field(default_factory=lambda: Flow(deferred=True))
    deferred_next: bool = False
    in_ring: bool = False

    def in_turn(self) -> tuple[Flow, Flow]:
        return (self.deferred, self.new) if self.deferred_next else (self.new, self.deferred)


class PriorityClass:
    """The submitters of one class that have lines to offer, in a ring."""

    def __init__(self) -> None:
        # A submitter is somebody with a door of their own, so there are few; a share is kept for good, for lines
        # hold on to its flows.
        self._shares: dict[str, Share] = {}
        self._ring: deque[Share] = deque()
        self.climbing: list[tuple[float, FaxId]] = []
        """A heap of when the faxes of the class climb into the one above."""

    def share_of(self, submitter: str) -> Share:
        share = self._shares.get(submitter)
        if share is None:
            share = self._shares[submitter] = Share()
        return share

    def offer(self, submitter: str, flow: Flow, by: By, line: Line) -> None:
        flow.offer(by, line)
        share = self._shares[submitter]
        if not share.in_ring:
            share.in_ring = True
            self._ring.append(share)

    def first(self) -> Share | None:
        return self._ring[0] if self._ring else None

    def drop_first(self) -> None:
        """The first submitter has nothing that may go."""
        self._ring.popleft().in_ring = False

    def end_turn(self, flow: Flow) -> None:
        """The first submitter had its turn, with a fax from `flow`."""
        share = self._ring[0]
        share.deferred_next = not flow.deferred
        self._ring.rotate(-1)
