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

STALE_DEADLINES_MAX = 1_000
"""How many deadlines of faxes that wait no longer may stand beside those that count, before they are swept out."""


def rank_of(fax: Queued) -> Rank:
    return fax.rank, math.inf if fax.deadline_at is None else fax.deadline_at, fax.fax_id


@dataclass(slots=True)
class _LineQueue:
    """The faxes of one line that fell due, best first, and the fax that has its call."""

    due: list[tuple[Rank, float]] = field(default_factory=list)
    """Each with the time it fell due, which tells it from an earlier or later stay of the same fax."""
    busy_with: FaxId | None = None
    offered: Rank | None = None
    """Under which rank the line may go; whatever else stands for it among the lines that may go is void."""


@dataclass(frozen=True, slots=True)
class ScheduleStatistics:
    waiting: int
    lines_busy: int


class Schedule:
    """The faxes that wait for their turn."""

    def __init__(self) -> None:
        self._waiting: dict[FaxId, Queued] = {}
        self._taken: dict[FaxId, Queued] = {}
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
            self._sweep_deadlines()

    def remove(self, fax_id: FaxId) -> Queued | None:
        return self._waiting.pop(fax_id, None)

    def take(self, count: int, now: float) -> list[Queued]:
        """The next faxes that may go, at most one a line; their lines are busy until `free`."""
        self._let_due_in(now)
        taken: list[Queued] = []
        while self._may_go and len(taken) < count:
            rank, name = heapq.heappop(self._may_go)
            line = self._lines.get(name)
            if line is None or line.offered != rank:
                continue
            line.offered = None
            if self._head(line) != rank:
                # Whoever stood for the line went away; the next in it stands for it now.
                self._offer(name, line)
                continue
            heapq.heappop(line.due)
            taken.append(self._give_line(line, rank[2]))
        return taken

    def take_expired(self, now: float) -> list[Queued]:
        """The faxes whose deadline has passed before their line was let go; they wait no longer."""
        expired: list[Queued] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline_at, fax_id = heapq.heappop(self._deadlines)
            fax = self._waiting.get(fax_id) or self._taken.get(fax_id)
            if fax is not None and fax.deadline_at == deadline_at:
                self._waiting.pop(fax_id, None)
                self._taken.pop(fax_id, None)
                expired.append(fax)
        return expired

    def occupy(self, name: Line, fax_id: FaxId) -> None:
        """The line has a call already (found at start)."""
        line = self._lines.setdefault(name, _LineQueue())
        line.busy_with, line.offered = fax_id, None

    def free(self, name: Line, fax_id: FaxId) -> None:
        """The call of `fax_id` is over: the line's next fax may go."""
        self._taken.pop(fax_id, None)
        line = self._lines.get(name)
        if line is not None and line.busy_with == fax_id:
            line.busy_with = None
            self._offer(name, line)

    def next_due_at(self) -> float:
        """When the next fax falls due; never in the past just after `take`."""
        return self._not_due[0][0] if self._not_due else math.inf

    def next_deadline_at(self) -> float:
        """When the next fax may expire; never in the past just after `take_expired`."""
        return self._deadlines[0][0] if self._deadlines else math.inf

    def why(self, fax_id: FaxId, name: Line, now: float) -> Waiting:
        """Why a queued fax is not going this moment."""
        fax = self._waiting.get(fax_id)
        if fax is not None and fax.due_at > now:
            return Waiting.NOT_DUE
        line = self._lines.get(name)
        if line is not None and line.busy_with is not None and line.busy_with != fax_id:
            return Waiting.LINE_BUSY
        return Waiting.NEXT

    def oldest_due_at(self, now: float) -> float | None:
        """Since when the longest-waiting due fax could have gone; for alerts, not for hot paths."""
        due = (fax.due_at for fax in self._waiting.values() if fax.due_at <= now)
        return min(due, default=None)

    def statistics(self) -> ScheduleStatistics:
        busy = sum(line.busy_with is not None for line in self._lines.values())
        return ScheduleStatistics(len(self._waiting), busy)

    def _let_due_in(self, now: float) -> None:
        while self._not_due and self._not_due[0][0] <= now:
            due_at, fax_id = heapq.heappop(self._not_due)
            fax = self._waiting.get(fax_id)
            if fax is None or fax.due_at != due_at:
                continue
            line = self._lines.setdefault(fax.line, _LineQueue())
            heapq.heappush(line.due, (rank_of(fax), due_at))
            self._offer(fax.line, line)

    def _offer(self, name: Line, line: _LineQueue) -> None:
        """Let a line that is free stand for its best fax, and forget a line that has nothing to do."""
        if line.busy_with is not None:
            return
        head = self._head(line)
        if head is None:
            del self._lines[name]
        elif line.offered is None or head < line.offered:
            line.offered = head
            heapq.heappush(self._may_go, (head, name))

    def _head(self, line: _LineQueue) -> Rank | None:
        """The best fax of the line that still waits, with what went away before it dropped.

        Whether it is due is not asked again: it was, and a wall clock that is set back must not lose it.
        """
        while line.due:
            rank, due_at = line.due[0]
            fax = self._waiting.get(rank[2])
            if fax is not None and fax.due_at == due_at and rank_of(fax) == rank:
                return rank
            heapq.heappop(line.due)
        return None

    def _give_line(self, line: _LineQueue, fax_id: FaxId) -> Queued:
        fax = self._waiting.pop(fax_id)
        line.busy_with = fax_id
        # Its deadline is watched on: it may stand in front of a paused carrier for long.
        self._taken[fax_id] = fax
        return fax

    def _sweep_deadlines(self) -> None:
        # Every retry brings its deadline along again; a carrier that is down would fill the memory with them.
        live = len(self._waiting) + len(self._taken)
        if len(self._deadlines) > 2 * live + STALE_DEADLINES_MAX:
            faxes = [*self._waiting.values(), *self._taken.values()]
            self._deadlines = [(fax.deadline_at, fax.fax_id) for fax in faxes if fax.deadline_at is not None]
            heapq.heapify(self._deadlines)
