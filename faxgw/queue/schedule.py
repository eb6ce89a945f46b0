"""Which fax goes next: all that waits, in memory, in the order it should go, one call a line at a time.

A line that is busy costs nothing: only lines that may go stand in the heap that is asked. Removal is lazy;
an item that no longer speaks for a waiting fax is dropped when it comes up. Everything here is synchronous
and takes the time as an argument.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from faxgw.fax import FaxId, Waiting
from faxgw.phone import Line
from faxgw.store.port import Queued

Rank = tuple[int, float, FaxId]
"""Priority class, then the nearest deadline, then age: ids grow with time."""


def rank_of(fax: Queued) -> Rank:
    return fax.rank, math.inf if fax.deadline_at is None else fax.deadline_at, fax.fax_id


@dataclass(slots=True)
class _LineQueue:
    """The due faxes of one line, best first, and the fax that has its call."""

    due: list[Rank] = field(default_factory=list)
    busy_with: FaxId | None = None


@dataclass(frozen=True, slots=True)
class ScheduleStatistics:
    waiting: int
    not_due: int
    lines_busy: int


class Schedule:
    """The faxes that wait for their turn."""

    def __init__(self) -> None:
        self._waiting: dict[FaxId, Queued] = {}
        self._lines: dict[Line, _LineQueue] = {}
        self._may_go: list[tuple[Rank, Line]] = []
        self._not_due: list[tuple[float, FaxId]] = []
        self._deadlines: list[tuple[float, FaxId]] = []

    def load(self, faxes: Iterable[Queued]) -> None:
        for fax in faxes:
            self.add(fax)

    def add(self, fax: Queued) -> None:
        """Put a fax in line; one that is here already is replaced."""
        self._waiting[fax.fax_id] = fax
        heapq.heappush(self._not_due, (fax.due_at, fax.fax_id))
        if fax.deadline_at is not None:
            heapq.heappush(self._deadlines, (fax.deadline_at, fax.fax_id))

    def remove(self, fax_id: FaxId) -> Queued | None:
        return self._waiting.pop(fax_id, None)

    def take(self, count: int, now: float) -> list[Queued]:
        """The next faxes that may go, at most one a line; their lines are busy until `free`."""
        self._let_due_in(now)
        taken: list[Queued] = []
        while self._may_go and len(taken) < count:
            rank, name = heapq.heappop(self._may_go)
            line = self._lines[name]
            if line.busy_with is not None or self._head(line, now) != rank:
                # Stale: whoever made the line busy, or put a better fax in front, offers it again.
                continue
            heapq.heappop(line.due)
            fax = self._waiting.pop(rank[2])
            line.busy_with = fax.fax_id
            taken.append(fax)
        return taken

    def take_expired(self, now: float) -> list[Queued]:
        """The waiting faxes whose deadline has passed; they wait no longer."""
        expired: list[Queued] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline_at, fax_id = heapq.heappop(self._deadlines)
            fax = self._waiting.get(fax_id)
            if fax is not None and fax.deadline_at == deadline_at:
                expired.append(self._waiting.pop(fax_id))
        return expired

    def occupy(self, line: Line, fax_id: FaxId) -> None:
        """The line has a call already (found at start)."""
        self._lines.setdefault(line, _LineQueue()).busy_with = fax_id

    def free(self, name: Line, fax_id: FaxId, now: float) -> None:
        """The call of `fax_id` is over: the line's next fax may go."""
        line = self._lines.get(name)
        if line is None or line.busy_with != fax_id:
            return
        line.busy_with = None
        self._offer(name, line, now)
        if not line.due:
            del self._lines[name]

    def next_due_at(self) -> float:
        """When the next fax falls due; never in the past just after `take`."""
        return self._not_due[0][0] if self._not_due else math.inf

    def next_deadline_at(self) -> float:
        """When the next waiting fax may expire; never in the past just after `take_expired`."""
        return self._deadlines[0][0] if self._deadlines else math.inf

    def why(self, fax_id: FaxId, line: Line, now: float) -> Waiting:
        """Why a queued fax is not going this moment."""
        fax = self._waiting.get(fax_id)
        if fax is not None and fax.due_at > now:
            return Waiting.NOT_DUE
        queue = self._lines.get(line)
        if queue is not None and queue.busy_with is not None and queue.busy_with != fax_id:
            return Waiting.LINE_BUSY
        return Waiting.NEXT

    def oldest_due_at(self, now: float) -> float | None:
        """Since when the longest-waiting due fax could have gone; for alerts, not for hot paths."""
        due = (fax.due_at for fax in self._waiting.values() if fax.due_at <= now)
        return min(due, default=None)

    def statistics(self) -> ScheduleStatistics:
        busy = sum(line.busy_with is not None for line in self._lines.values())
        return ScheduleStatistics(len(self._waiting), len(self._not_due), busy)

    def _let_due_in(self, now: float) -> None:
        while self._not_due and self._not_due[0][0] <= now:
            due_at, fax_id = heapq.heappop(self._not_due)
            fax = self._waiting.get(fax_id)
            if fax is None or fax.due_at != due_at:
                continue
            line = self._lines.setdefault(fax.line, _LineQueue())
            heapq.heappush(line.due, rank_of(fax))
            if line.busy_with is None and line.due[0][2] == fax_id:
                heapq.heappush(self._may_go, (line.due[0], fax.line))

    def _offer(self, name: Line, line: _LineQueue, now: float) -> None:
        head = self._head(line, now)
        if head is not None:
            heapq.heappush(self._may_go, (head, name))

    def _head(self, line: _LineQueue, now: float) -> Rank | None:
        """The best fax of the line that still waits and is due, with what went away before it dropped."""
        while line.due:
            fax = self._waiting.get(line.due[0][2])
            if fax is not None and fax.due_at <= now and rank_of(fax) == line.due[0]:
                return line.due[0]
            heapq.heappop(line.due)
        return None
