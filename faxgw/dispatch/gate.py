"""Keeps a carrier's lanes from sending while the carrier asked us to wait."""

import structlog
import trio

from faxgw.clock import Clock
from faxgw.fax import Failure
from faxgw.provider.port import Refused

log = structlog.get_logger(__name__)

CAPACITY_PAUSE_SECONDS = 1.0
"""After a 429 or 503 that names no time."""
ACCOUNT_PAUSE_SECONDS = 60.0
"""A wrong password or an empty account mends only when a person acts; asking faster would lock it."""
SHORT_PAUSE_SECONDS = 0.5


class Gate:
    """Open, or closed until a time; each carrier has one."""

    def __init__(self, provider: str, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._closed_until = 0.0

    @property
    def closed_until(self) -> float | None:
        """When it opens, or None when it is open."""
        return self._closed_until if self._closed_until > self._clock.now() else None

    def heed(self, refusal: Refused) -> None:
        """Close for as long as a refusal asks for, where it speaks of the carrier and not of one fax."""
        if refusal.failure is Failure.ACCOUNT:
            log.error("provider_account_refused", provider=self._provider, code=refusal.code)
            self._close(ACCOUNT_PAUSE_SECONDS)
        elif refusal.failure is Failure.CAPACITY:
            self._close(refusal.retry_after_seconds or CAPACITY_PAUSE_SECONDS)

    def pause_shortly(self) -> None:
        self._close(SHORT_PAUSE_SECONDS)

    async def wait_open(self) -> None:
        await trio.lowlevel.checkpoint()
        while (closed_seconds := self._closed_until - self._clock.now()) > 0:  # noqa: ASYNC110 - only time opens it
            await trio.sleep(closed_seconds)

    def _close(self, seconds: float) -> None:
        self._closed_until = max(self._closed_until, self._clock.now() + seconds)
