"""Keeps reading from starving sending: while faxes wait to be sent, reading takes a share of the time and no more."""

from collections.abc import Callable

import trio

REST_SECONDS_MAX = 5.0


class Pace:
    """One for all that read; each asks for its rest after a batch."""

    def __init__(self, is_sending: Callable[[], bool], share: float) -> None:
        self._is_sending = is_sending
        self._share = share

    async def rest(self, worked_seconds: float) -> None:
        """Wait as long as the share asks for after so much work; not at all while nothing waits to be sent."""
        if self._is_sending() and self._share < 1:
            await trio.sleep(rest_seconds(worked_seconds, self._share))


def rest_seconds(worked_seconds: float, share: float) -> float:
    return min(worked_seconds * (1 - share) / share, REST_SECONDS_MAX)
