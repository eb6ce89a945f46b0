"""Keeps a carrier's lanes from sending while the carrier asked us to wait."""

from collections.abc import Iterator
from contextlib import contextmanager

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
BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MAX = 15.0
PAUSE_SECONDS_MAX = 3_600.0
"""No carrier's Retry-After keeps us away for longer."""


class Gate:
    """Open, or closed until a time; each carrier has one."""

    def __init__(self, provider: str, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._closed_until = 0.0
        self._failures = 0
        self._cancelled_by_closing: set[trio.CancelScope] = set()

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

    def back_off(self) -> None:
        """Nobody answered, or nothing could be sent: close for longer each time, until `note_answer`.

        A carrier that is down for an hour would else be tried by each lane twice a second, with an intent and
        a retry on the disk for every try.
        """
        if self.closed_until is not None:
            # Lanes that set out together fail together; that is one failure.
            return
        self._failures += 1
        self._close(min(BACK_OFF_SECONDS * 2 ** (self._failures - 1), BACK_OFF_SECONDS_MAX))

    def note_answer(self) -> None:
        """The carrier is there."""
        self._failures = 0

    async def wait_open(self) -> None:
        await trio.lowlevel.checkpoint()
        while (closed_seconds := self._closed_until - self._clock.now()) > 0:  # noqa: ASYNC110 - only time opens it
            await trio.sleep(closed_seconds)

    @contextmanager
    def until_closed(self) -> Iterator[None]:
        """Leave the block when the gate closes: a lane that stood ready must not send once more."""
        with trio.CancelScope() as scope:
            self._cancelled_by_closing.add(scope)
            try:
                yield
            finally:
                self._cancelled_by_closing.discard(scope)

    def _close(self, seconds: float) -> None:
        self._closed_until = max(self._closed_until, self._clock.now() + min(seconds, PAUSE_SECONDS_MAX))
        for scope in self._cancelled_by_closing:
            scope.cancel()
