"""What telephone lines allow: a day played with a gateway that loses no moment, nearest deadline first on each line.

It is the measure for a real run (a deadline that even this missed is nobody's fault but the line's) and what the
planner asks. A line takes one call at a time; mishaps and florists' own calls are not in it.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from faxgw.order import RANKS
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.profile import Lines

_NEVER = float("inf")
_Key = tuple[float, int, float, int]


@dataclass(frozen=True, slots=True)
class Played:
    """How the day went, by index of the arrivals; seconds of the day."""

    finished: list[float]
    calls: int
    channels_used_max: int
    calls_begun_a_minute_max: int
    line_seconds: dict[int, float]
    """By florist: how long the line was held."""


def play_lines(
    arrivals: Sequence[Arrival],
    lines: Lines,
    *,
    channels: int = 0,
    faxes_a_call: int = 1,
    turnaround_seconds: float = 0.0,
) -> Played:
    """Let every fax go as soon as its line and a channel are free; `channels` 0 is no limit.

    `turnaround_seconds` pass on a line between two calls, and before the first.
    """
    return _Day(arrivals, lines, channels or len(arrivals), faxes_a_call, turnaround_seconds).play()


def is_met(arrival: Arrival, finished: float) -> bool:
    return arrival.deadline_seconds is None or finished <= arrival.deadline_seconds


@dataclass(slots=True)
class _Day:
    arrivals: Sequence[Arrival]
    lines: Lines
    channels: int
    faxes_a_call: int
    turnaround_seconds: float
    waiting: dict[int, list[_Key]] = field(default_factory=lambda: defaultdict(list))
    """By florist: a heap of what waits for the line."""
    ready: list[tuple[_Key, int]] = field(default_factory=list)
    """Free lines by their most urgent fax; an entry that is out of date is passed over."""
    held: set[int] = field(default_factory=set)
    ends: list[tuple[float, int]] = field(default_factory=list)
    begun: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    line_seconds: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    used_max: int = 0
    calls: int = 0

    def play(self) -> Played:
        finished = [_NEVER] * len(self.arrivals)
        index = 0
        while index < len(self.arrivals) or self.ends:
            next_end = self.ends[0][0] if self.ends else _NEVER
            if index < len(self.arrivals) and self.arrivals[index].at_seconds <= next_end:
                now = self.arrivals[index].at_seconds
                # What comes in one file is there at once: the most urgent goes first, and all can share a call.
                while index < len(self.arrivals) and self.arrivals[index].at_seconds == now:
                    self._wait(index)
                    index += 1
            else:
                now, florist = heapq.heappop(self.ends)
                self.held.discard(florist)
                self._offer(florist)
            self._dial(now, finished)
        return Played(finished, self.calls, self.used_max, max(self.begun.values(), default=0), dict(self.line_seconds))

    def _wait(self, index: int) -> None:
        each = self.arrivals[index]
        deadline = _NEVER if each.deadline_seconds is None else each.deadline_seconds
        heapq.heappush(self.waiting[each.florist], (deadline, RANKS[each.priority], each.at_seconds, index))
        if each.florist not in self.held:
            self._offer(each.florist)

    def _offer(self, florist: int) -> None:
        if self.waiting[florist]:
            heapq.heappush(self.ready, (self.waiting[florist][0], florist))

    def _dial(self, now: float, finished: list[float]) -> None:
        while self.ready and len(self.held) < self.channels:
            key, florist = heapq.heappop(self.ready)
            heap = self.waiting[florist]
            if florist in self.held or not heap or heap[0] != key:
                continue
            faxes = [heapq.heappop(heap)[3] for _ in range(min(self.faxes_a_call, len(heap)))]
            seconds = self.lines.call_seconds(sum(self.arrivals[fax].pages for fax in faxes))
            ended = now + self.turnaround_seconds + seconds
            for fax in faxes:
                finished[fax] = ended
            self.held.add(florist)
            self.line_seconds[florist] += seconds
            self.calls += 1
            self.begun[int(now // 60)] += 1
            self.used_max = max(self.used_max, len(self.held))
            heapq.heappush(self.ends, (ended, florist))
