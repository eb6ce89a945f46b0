"""Ends the faxes whose deadline passes while they wait, so that the order system knows at once.

Those of one cut-off hour share commits: ended one after the other, ten thousand would wait for ten thousand fsyncs.
"""

import structlog
import trio

from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFailedError
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.unfinished import Queued

log = structlog.get_logger(__name__)


async def expire_faxes(waiting: WaitingRoom, outcomes: Outcomes) -> None:
    """Watch the deadlines, for ever."""
    while True:
        expired = await waiting.wait_expired()
        async with trio.open_nursery() as nursery:
            for fax in expired:
                nursery.start_soon(_expire, fax, outcomes)


async def _expire(fax: Queued, outcomes: Outcomes) -> None:
    try:
        await outcomes.expired(fax.fax_id)
    except StoreFailedError:
        raise
    except Exception:
        # The crash barrier of one deadline: the store still has the fax, and the next start takes it up.
        log.exception("expiry_broke", fax_id=fax.fax_id)
