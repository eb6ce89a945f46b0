"""Ends the faxes whose deadline passes while they wait, so that the order system knows at once."""

import structlog

from faxgw.clock import Clock
from faxgw.dispatch.outcome import Outcomes
from faxgw.fax import State
from faxgw.ops.metrics import Metrics
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.port import Changed, Expired

log = structlog.get_logger(__name__)


async def expire_faxes(waiting: WaitingRoom, outcomes: Outcomes, clock: Clock, metrics: Metrics) -> None:
    """Watch the deadlines, for ever."""
    while True:
        for fax in await waiting.wait_expired():
            if await outcomes.record(Expired(fax.fax_id, clock.now())) == Changed(State.EXPIRED):
                metrics.finished.labels("expired").inc()
                log.warning("fax_expired", fax_id=fax.fax_id)
