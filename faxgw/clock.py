"""Time as a thing that is handed in: logic never asks the operating system what time it is."""

import time
from typing import Protocol

import trio


class Clock(Protocol):
    """Wall time for people and deadlines. Waiting is trio's: `trio.sleep` follows trio's clock."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC. May step backwards when the machine's clock is set."""
        ...


class SystemClock:
    """The machine's own wall clock."""

    def now(self) -> float:
        return time.time()


class TrioClock:
    """Wall time that moves with trio's clock, so that under a `MockClock` days pass in milliseconds."""

    def __init__(self, start: float) -> None:
        self._start = start

    def now(self) -> float:
        return self._start + trio.current_time()
