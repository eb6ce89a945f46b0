"""Routing's parts put together over what the gateway hands in."""

from collections.abc import Callable
from dataclasses import dataclass

from faxgw.clock import Clock
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.phone import Line
from faxgw.routing.following import Following
from faxgw.routing.planner import Planner, plan_apart
from faxgw.routing.replanning import Replanning
from faxgw.routing.rerouting import Mover, Rerouting
from faxgw.routing.router import Router
from faxgw.store.port import Store


@dataclass(frozen=True, slots=True)
class LinesAlive:
    """Asks the queue which lines are dialled; see `candidates.Reach`."""

    register: Register
    is_stopped: Callable[[Line], bool]

    def is_reachable(self, member_id: str) -> bool:
        member = self.register.find(member_id)
        # Who is enrolled on a later day has no line today, and none that is dead.
        return member is None or any(self.is_line_alive(line) for line in self.register.lines_of(member))

    def is_line_alive(self, line: Line) -> bool:
        return not self.is_stopped(line)


class RoutingParts:
    """Everything of routing that does something by itself; `run` works until it is cancelled."""

    def __init__(
        self,
        router: Router,
        store: Store,
        mover: Mover,
        clock: Clock,
        metrics: Metrics,
        planner: Planner = plan_apart,
    ) -> None:
        self.router = router
        self.rerouting = Rerouting(router, store, mover, clock, metrics)
        self.following = Following(store, router, self.rerouting)
        self.replanning = Replanning(router, store, mover, planner, clock, metrics)

    async def load(self) -> None:
        """Before the first order comes in."""
        await self.following.load()

    async def run(self) -> None:
        await self.following.run()
