"""A wall clock that a test sets, as an administrator sets a machine's."""

import trio

from faxgw.clock import TrioClock


class SetClock(TrioClock):
    def __init__(self, now: float) -> None:
        super().__init__(now - trio.current_time())
        self.ahead_seconds = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_seconds
