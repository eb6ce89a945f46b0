"""Time as a thing that is handed in: logic never asks the operating system what time it is."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog
import trio

log = structlog.get_logger(__name__)

STEP_SECONDS_MIN = 1.0
"""What is less is the clock's own drift, or a moment in which the machine was busy."""
LOOK_SECONDS = 1.0


class Clock(Protocol):
    """Wall time for people and deadlines. Waiting is trio's: `trio.sleep` follows trio's clock."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC. May step backwards when the machine's clock is set."""
        ...


class SystemClock:
    """The machine's own wall clock."""

    def now(self) -> float:
        return time.time()


class SteadyClock:
    """Wall time as it was at first and trio's clock from then on: for waits, which nobody's setting may stretch."""

    def __init__(self, clock: Clock) -> None:
        self._start = clock.now() - trio.current_time()

    def now(self) -> float:
        return self._start + trio.current_time()


class TrioClock:
    """Wall time that moves with trio's clock, so that under a `MockClock` days pass in milliseconds."""

    def __init__(self, start: float) -> None:
        self._start = start

    def now(self) -> float:
        return self._start + trio.current_time()


async def watch_steps(clock: Clock, heeders: Sequence[Callable[[], None]]) -> None:
    """Tell, for ever, whoever waits for an hour of the day that the machine's clock was set.

    They sleep by trio's clock for as long as it was to be, and would come a day late where it was set forward by one.
    """
    offset_seconds = clock.now() - trio.current_time()
    while True:
        await trio.sleep(LOOK_SECONDS)
        step_seconds = clock.now() - trio.current_time() - offset_seconds
        if abs(step_seconds) >= STEP_SECONDS_MIN:
            offset_seconds += step_seconds
            log.warning("clock_set", by_seconds=round(step_seconds, 1))
            for heed in heeders:
                heed()
