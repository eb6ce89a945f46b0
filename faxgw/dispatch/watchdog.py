"""Ends sends that hang: an adapter that cannot even be cancelled must not keep its lane, nor its fax, for ever.

Nothing can stop such a task, so it is left behind: its fax is in doubt and its lane falls free. Should it come to an
end all the same, its word still counts, as that of a receipt would.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
import trio

from faxgw.dispatch.gate import Passage
from faxgw.ops.metrics import Metrics
from faxgw.store.attempts import Attempt

log = structlog.get_logger(__name__)

CHECK_SECONDS = 5.0
HANGS_SECONDS_MIN = 60.0

GiveUpOn = Callable[[Attempt, str], Awaitable[None]]


def hangs_after_seconds(send_seconds: float) -> float:
    """Twice the longest time-out, as KumoMTA's watchdog: whatever was cancelled had its time to end."""
    return max(2 * send_seconds, HANGS_SECONDS_MIN)


@dataclass(slots=True, eq=False)
class _Watched:
    attempt: Attempt
    passage: Passage | None
    since: float
    overdue_at: float


class Watchdog:
    """Knows every send under way."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._watched: set[_Watched] = set()
        self._begun = trio.Event()

    @contextmanager
    def watching(self, attempt: Attempt, send_seconds: float, passage: Passage | None) -> Iterator[None]:
        now = trio.current_time()
        watched = _Watched(attempt, passage, now, now + hangs_after_seconds(send_seconds))
        self._watched.add(watched)
        self._begun.set()
        try:
            yield
        finally:
            self._watched.discard(watched)

    async def run(self, give_up_on: GiveUpOn) -> None:
        """Look after the sends, for ever; `give_up_on` puts an attempt in doubt."""
        while True:
            if not self._watched:
                self._begun = trio.Event()
                await self._begun.wait()
            await trio.sleep(CHECK_SECONDS)
            now = trio.current_time()
            for watched in [one for one in self._watched if one.overdue_at <= now]:
                self._watched.discard(watched)
                await self._end(watched, now - watched.since, give_up_on)

    async def _end(self, watched: _Watched, seconds: float, give_up_on: GiveUpOn) -> None:
        attempt = watched.attempt
        self._metrics.watchdog_ended.labels(attempt.provider).inc()
        log.error("send_hangs", provider=attempt.provider, fax_id=attempt.fax_id, seconds=round(seconds))
        await give_up_on(attempt, f"its send hung for {seconds:.0f} s")
        if watched.passage is not None:
            watched.passage.leave()
