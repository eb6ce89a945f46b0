"""Events about carriers, written down by a task of their own: whoever notices them must not wait for the disk.

A notice that finds no room is only logged; what it tells shows in the metrics and in the carriers' view as well.
"""

from functools import partial

import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.carriers import Carriers
from faxgw.errors import StoreBusyError, StoreFullError
from faxgw.ops.metrics import Metrics
from faxgw.store.changes import Notice
from faxgw.store.port import Store

log = structlog.get_logger(__name__)

WAITING_MAX = 100


class Notices:
    """Listens to the carriers' gates."""

    def __init__(self, store: Store, carriers: Carriers, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._put, self._to_write = trio.open_memory_channel[Notice](WAITING_MAX)
        for carrier in carriers:
            carrier.gate.on_account_refused = partial(self._account_refused, carrier.provider.name)

    def _account_refused(self, provider: str, code: str) -> None:
        self._metrics.account_refused.labels(provider).inc()
        notice = Notice("account_refused", {"provider": provider, "code": code}, self._clock.now())
        try:
            self._put.send_nowait(notice)
        except trio.WouldBlock:
            log.error("notice_not_written", kind=notice.kind, reason="too many wait")

    async def run(self) -> None:
        """Write what comes, for ever."""
        async for notice in self._to_write:
            try:
                await self._store.note([notice])
            except (StoreFullError, StoreBusyError) as error:
                log.error("notice_not_written", kind=notice.kind, reason=str(error))
