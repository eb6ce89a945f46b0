"""The queue's figures for a scrape, also while the store is not to be had."""

from typing import Any, cast

import trio
from trio.testing import MockClock

from faxgw.daemon import WATCH_SECONDS, watch_queue
from faxgw.errors import StoreBusyError
from faxgw.fax import State
from faxgw.store.sql import SqlStore
from faxgw.store.stops import Scope
from tests.journeys.town import open_town, order_for


class LockedStore:
    """While `is_held`, another program has it."""

    def __init__(self, inner: SqlStore) -> None:
        self._inner = inner
        self.is_held = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def unfinished_counts(self) -> dict[State, int]:
        if self.is_held:
            await trio.lowlevel.checkpoint()
            raise StoreBusyError("another program holds the store")
        return await self._inner.unfinished_counts()


async def test_the_figures_go_on_while_another_program_holds_the_store(autojump_clock: MockClock) -> None:
    """The counts stay as they were, how long the oldest waits is told on, and nothing ends."""
    async with open_town() as town, town.running() as gateway, trio.open_nursery() as nursery:
        store = LockedStore(town.store)
        nursery.start_soon(watch_queue, gateway, cast("SqlStore", store), town.metrics)
        await gateway.control.suspend(Scope.GATEWAY, "", "Ada", "repair")
        await town.submit(order_for(0, "a"))
        await trio.sleep(2 * WATCH_SECONDS)
        assert town.metrics.queue_figures().faxes == {State.QUEUED: 1}
        store.is_held = True
        await gateway.control.resume(Scope.GATEWAY, "", "Ada", "mended")
        await town.wait()
        await trio.sleep(2 * WATCH_SECONDS)
        assert town.metrics.queue_figures().faxes == {State.QUEUED: 1}
        store.is_held = False
        await trio.sleep(2 * WATCH_SECONDS)
        assert town.metrics.queue_figures().faxes == {}
        nursery.cancel_scope.cancel()
