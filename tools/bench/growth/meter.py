"""CPU time of this process, all threads, so that neighbours on the machine count little; and its memory."""

import resource
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ENOUGH_SECONDS = 0.3
"""Of CPU, in one figure: the middle of many slices."""
TIMES_MIN, TIMES_MAX = 3, 200


class Meter:
    """Adds up the CPU time of what is done in its `slice`s; the middle slice counts, which no neighbour reaches."""

    def __init__(self) -> None:
        self._slices: list[float] = []

    @contextmanager
    def slice(self, count: int) -> Iterator[None]:
        """Measure `count` things that are done at once."""
        began = time.process_time_ns()
        yield
        self.add((time.process_time_ns() - began) / 1e3 / count)

    def add(self, microseconds: float) -> None:
        """What each of some things took that were measured elsewhere."""
        self._slices.append(microseconds)

    @property
    def microseconds(self) -> float:
        """Of CPU, each."""
        return statistics.median(self._slices)


async def question_microseconds(ask: Callable[[], Awaitable[object]]) -> float:
    """CPU of one question: asked until there is enough to tell."""
    meter, spent_until = Meter(), time.process_time() + ENOUGH_SECONDS
    for times in range(TIMES_MAX):
        if times >= TIMES_MIN and time.process_time() > spent_until:
            break
        with meter.slice(1):
            await ask()
    return meter.microseconds


def memory_bytes() -> int:
    """What the process has in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
