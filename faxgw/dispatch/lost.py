"""Puts attempts in doubt of which the carrier has not said a final word for too long, receipts and polls included."""

from collections.abc import Mapping

import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.doubt import Doubts
from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFailedError
from faxgw.fax import State
from faxgw.store.attempts import Attempt

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 30.0
WITHOUT_CARRIER_SECONDS = 3_600.0
"""For the attempts of a carrier that left the config."""


class LostReceipts:
    """Looks through the open calls of all carriers.

    Args:
        lost_seconds: for each carrier, how long its last word may take.
    """

    def __init__(
        self, lost_seconds: Mapping[str, float], calls: OpenCalls, outcomes: Outcomes, doubts: Doubts, clock: Clock
    ) -> None:
        self._lost_seconds = lost_seconds
        self._calls = calls
        self._outcomes = outcomes
        self._doubts = doubts
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self._calls.wait_any()
            await trio.sleep(SWEEP_SECONDS)
            for attempt in self._lost():
                await self._doubt(attempt)

    def _lost(self) -> list[Attempt]:
        now = self._clock.now()
        return [
            attempt
            for attempt in self._calls
            if attempt.state is State.SUBMITTED
            and attempt.started_at + self._lost_seconds.get(attempt.provider, WITHOUT_CARRIER_SECONDS) <= now
        ]

    async def _doubt(self, attempt: Attempt) -> None:
        try:
            doubted = await self._outcomes.doubted(attempt, "the carrier has not said for too long what became of it")
            if doubted is not None:
                self._doubts.put(doubted)
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of one attempt; the next sweep takes it up again.
            log.exception("sweep_broke", fax_id=attempt.fax_id)
