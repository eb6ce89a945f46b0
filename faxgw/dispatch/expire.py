"""Ends the faxes whose deadline passes while they wait, so that the order system knows at once."""

import structlog

from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFailedError
from faxgw.queue.waiting import WaitingRoom

log = structlog.get_logger(__name__)


async def expire_faxes(waiting: WaitingRoom, outcomes: Outcomes) -> None:
    """Watch the deadlines, for ever."""
    while True:
        for fax in await waiting.wait_expired():
            try:
                await outcomes.expired(fax.fax_id)
            except StoreFailedError:
                raise
            except Exception:
                # The crash barrier of one deadline: the store still has the fax, and the next start takes it up.
                log.exception("expiry_broke", fax_id=fax.fax_id)
