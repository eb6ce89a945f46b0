"""How routing's picture follows the register."""

from typing import Any, cast

import structlog
import trio
from trio.testing import MockClock

from faxgw.config.routing import RoutingConfig
from faxgw.errors import StoreBusyError
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.routing.following import AGAIN_SECONDS, Following
from faxgw.routing.places import NOWHERE
from faxgw.routing.rerouting import Rerouting
from faxgw.routing.router import Router
from faxgw.store.port import Store
from faxgw.store.sql import open_memory_store
from tests.members.florists import SetClock


class Sweeps:
    """Sweeps, of which the first breaks."""

    def __init__(self) -> None:
        self.whys: list[str] = []

    async def sweep(self, why: str) -> int:
        await trio.lowlevel.checkpoint()
        self.whys.append(why)
        if len(self.whys) == 1:
            raise StoreBusyError("another program holds the store")
        return 0


async def test_a_sweep_that_broke_is_made_again(autojump_clock: MockClock) -> None:
    """Else orders would go to a florist that left, until the register changed once more."""
    sweeps = Sweeps()
    router = Router(Register(()), RoutingConfig(), NOWHERE, SetClock(), Metrics())
    following = Following(open_memory_store(), router, cast("Rerouting", sweeps))
    async with trio.open_nursery() as nursery:
        with structlog.testing.capture_logs() as logs:
            nursery.start_soon(following.run)
            await trio.sleep(10 * AGAIN_SECONDS)
        nursery.cancel_scope.cancel()
    assert len(sweeps.whys) == 2
    assert len(set(sweeps.whys)) == 1
    assert [entry["event"] for entry in logs] == ["sweep_broke"]


class LockedStore:
    """Another program holds it at the first question for news."""

    def __init__(self) -> None:
        self._inner = open_memory_store()
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def wait_events(self, after: int) -> None:
        self.asked += 1
        if self.asked == 1:
            await trio.lowlevel.checkpoint()
            raise StoreBusyError("another program holds the store")
        await self._inner.wait_events(after)


async def test_a_store_that_another_program_holds_ends_nothing(autojump_clock: MockClock) -> None:
    """Choices go on by the picture there is, and news are waited for again."""
    store = LockedStore()
    router = Router(Register(()), RoutingConfig(), NOWHERE, SetClock(), Metrics())
    following = Following(cast("Store", store), router, cast("Rerouting", Sweeps()))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(following.run)
        await trio.sleep(3 * AGAIN_SECONDS)
        assert store.asked == 2
        nursery.cancel_scope.cancel()
