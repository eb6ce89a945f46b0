"""How routing's picture follows the register."""

from typing import cast

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
