"""The gateway without its doors and its disk: the steps wired together over parts that are handed in.

The daemon hands in a store on disk, drawing processes and carriers over HTTP; journeys hand in a store in
memory, a scripted carrier and a clock that jumps. Both run what stands here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import trio

from faxgw.api.control import ControlDesk
from faxgw.api.desk import OrderDesk
from faxgw.api.port import Destination
from faxgw.api.why import Whys
from faxgw.clock import Clock
from faxgw.config.whole import Config
from faxgw.crashpoint import reach
from faxgw.dispatch.escalation import Escalations
from faxgw.dispatch.moved_faxes import MovedFaxes
from faxgw.dispatch.suspensions import Suspensions
from faxgw.dispatch.wiring import Accounts, DispatchParts
from faxgw.faults import Fault
from faxgw.fax import FaxId
from faxgw.incoming import FaxesIn, Incoming
from faxgw.members.hours import CallingHours
from faxgw.members.keeper import Keeper
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.phone import Line
from faxgw.queue.stops import Lines
from faxgw.receipt.wiring import ReceiptParts
from faxgw.relay.rerouting import ByRouting, NoRerouter
from faxgw.relay.traffic import RelayTraffic
from faxgw.relay.wiring import RelayParts
from faxgw.render.port import Renderer
from faxgw.routing.candidates import AwayLater
from faxgw.routing.distances import MemberDistances
from faxgw.routing.places import NOWHERE, Places
from faxgw.routing.planner import Planner, plan_apart
from faxgw.routing.router import Router
from faxgw.routing.scores import KeptScores
from faxgw.routing.wiring import LinesAlive, RoutingParts
from faxgw.settlement.clearing import Work, in_thread
from faxgw.settlement.exports.desk import Books
from faxgw.settlement.tariff import Tariff
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.changes import Recorded
from faxgw.store.port import Store
from faxgw.store.stops import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What differs between the daemon and a journey."""

    config: Config
    store: Store
    renderer: Renderer
    providers: Accounts
    register: Register
    clock: Clock
    random: Callable[[], float]
    metrics: Metrics
    keeper: Keeper | None = None
    """Who changes the register while the gateway runs; `register` is then its live one."""
    planner: Planner = plan_apart
    """Plans a day's orders; journeys do it on their own thread."""
    places: Places = NOWHERE
    """Where postcodes lie, as imported."""
    faxes_in: FaxesIn | None = None
    """The inboxes, and who reads what they bring; None where none is configured."""
    tariff: Tariff | None = None
    """How the network shares its money; None where nothing is settled."""
    books: Books | None = None
    """For accountants; None where the config names none."""
    work: Work = in_thread
    """Does what takes seconds of CPU apart; journeys do it on their own thread."""


class Gateway:
    """Everything between an order that was let in and its receipt."""

    def __init__(self, parts: Parts) -> None:
        config, store, clock, metrics = parts.config, parts.store, parts.clock, parts.metrics
        self._parts = parts
        hours = CallingHours(parts.register, config.calling)
        lines = Lines(config.line, config.calling, hours.at, parts.register.calls_max)
        self._dispatch = DispatchParts(
            config, store, parts.providers, lines, parts.register, parts.renderer, clock, parts.random, metrics
        )
        self.waiting, self.calls = self._dispatch.waiting, self._dispatch.calls
        self.carriers, self.archive = self._dispatch.carriers, self._dispatch.archive
        self._promises = self._dispatch.promises
        self._receipts = ReceiptParts(store, parts.providers, self._dispatch, clock, metrics)
        self.receipts = self._receipts.webhooks
        self._suspensions = Suspensions(store, self._dispatch.gates, self.waiting, clock)
        self._whys = Whys(self.waiting, self._dispatch.gates, self._suspensions)
        self._scores: KeptScores | None = None
        router = self._make_router(lines)
        self.desk = self._open_desk(router)
        self._relay = self._make_relay(router)
        self.relay = self._relay.desk
        self.routing = self._route(router) if router is not None else None
        self._escalations = self._make_escalations()
        self.incoming = self._make_incoming(is_routed=router is not None)
        self.settlement = self._settle()
        self.control = ControlDesk(self._suspensions, config.provider, self._dispatch.gates, self.calls, self.waiting)
        self._moved_faxes = self._follow_register(parts.keeper, hours) if parts.keeper is not None else None

    def _make_router(self, lines: Lines) -> Router | None:
        parts, config = self._parts, self._parts.config.routing
        if config is None:
            return None
        alive = LinesAlive(parts.register, lambda line: lines.is_dead(line) or self._is_stopped(line))
        # The relay is made after the router, which it asks, and knows who is away, which the router asks.
        away = AwayLater(lambda: self.relay.away)
        if parts.keeper is not None:
            self._scores = KeptScores(parts.keeper, RelayTraffic(parts.store.relay))
        return Router(parts.register, config, parts.places, parts.clock, parts.metrics, away, alive, self._scores)

    def _open_desk(self, router: Router | None) -> OrderDesk:
        parts = self._parts
        return OrderDesk(
            parts.store,
            self.waiting,
            self.calls,
            self._dispatch.outcomes,
            parts.register,
            self._whys,
            parts.clock,
            parts.metrics,
            rules=parts.config.service,
            promises=self._promises,
            router=router,
        )

    def _make_relay(self, router: Router | None) -> RelayParts:
        parts = self._parts
        rerouter = ByRouting(router) if router is not None else NoRerouter()
        return RelayParts(
            parts.config.relay,
            parts.store,
            parts.register,
            rerouter,
            self.waiting,
            self._promises,
            parts.clock,
            parts.metrics,
        )

    def _make_escalations(self) -> Escalations:
        parts, outcomes = self._parts, self._dispatch.outcomes
        escalations = Escalations(
            parts.store,
            self.waiting,
            self._promises,
            outcomes,
            self.carriers,
            parts.register,
            self._whys.why,
            parts.clock,
            parts.metrics,
            parts.config.escalation,
            florists=self.routing.rerouting if self.routing is not None else None,
        )
        outcomes.set_last_resort(escalations)
        return escalations

    def _make_incoming(self, *, is_routed: bool) -> Incoming:
        parts, store = self._parts, self._parts.store
        return Incoming(
            parts.faxes_in,
            store.inbound,
            store.store_id,
            self.relay,
            self.desk,
            parts.register,
            parts.clock,
            parts.metrics,
            parts.config.intake,
            self._dispatch.is_sending,
            is_routed=is_routed,
        )

    def _settle(self) -> SettlementParts | None:
        parts, config = self._parts, self._parts.config
        if config.settlement is None or parts.tariff is None or parts.keeper is None:
            return None
        return SettlementParts(
            config.settlement,
            parts.tariff,
            parts.store,
            parts.keeper,
            parts.clock,
            parts.metrics,
            network=config.gateway.name,
            books=parts.books,
            distances=MemberDistances(parts.register, parts.places),
            work=parts.work,
        )

    def _is_stopped(self, line: Line) -> bool:
        return self._suspensions.find(Scope.LINE, line) is not None

    def _route(self, router: Router) -> RoutingParts:
        parts = self._parts
        routing = RoutingParts(router, parts.store, self.desk, parts.clock, parts.metrics, parts.planner)
        self.desk.find_florist = routing.rerouting.find_florist
        self.relay.on_absences = lambda: routing.following.changed("its florist is away")
        if parts.keeper is not None:
            parts.keeper.followers.append(lambda _: routing.following.changed("its florist left"))
        return routing

    async def run(self, stopping: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Recover, then work until `stopping` is set; sends under way are finished within the config's grace."""
        parts = self._parts
        await self._suspensions.load()
        self.receipts.put(await self._dispatch.recover())
        if self.routing is not None:
            await self.routing.load()
        async with trio.open_nursery() as followers:
            followers.start_soon(self._dispatch.follow)
            followers.start_soon(self._receipts.run)
            followers.start_soon(self._suspensions.run)
            followers.start_soon(self._escalations.run)
            followers.start_soon(self._relay.run)
            if self.settlement is not None:
                followers.start_soon(self.settlement.run)
            if self.routing is not None:
                followers.start_soon(self.routing.run)
            if self._scores is not None:
                followers.start_soon(self._scores.run)
            if parts.keeper is not None and self._moved_faxes is not None:
                followers.start_soon(parts.keeper.run)
                followers.start_soon(self._moved_faxes.run)
            async with trio.open_nursery() as senders:
                senders.start_soon(self._dispatch.send, stopping)
                senders.start_soon(self._take_in, stopping)
                reach("gateway-started")
                task_status.started()
            reach("gateway-senders-ended")
            followers.cancel_scope.cancel()

    def heed_config(self, config: Config) -> None:
        """Go on by this config, as far as it can change (see `config/reload.py`)."""
        self._dispatch.heed_config(config)
        self._escalations.heed_plan(config.escalation)
        self.desk.heed_rules(config.service)

    def at_risk_seconds(self) -> float:
        """From the first step that is taken for it on, a fax is at risk."""
        return self._promises.first_seconds

    def heed_clock(self) -> None:
        """The machine's clock was set: whoever waits for an hour looks at it again."""
        for waiter in (self.waiting, self._promises, self._suspensions, self.relay):
            waiter.heed_clock()

    def _follow_register(self, keeper: Keeper, hours: CallingHours) -> MovedFaxes:
        """Hours and calls of lines are as the register says from its next change on, and waiting faxes follow it."""

        async def reroute(fax_id: FaxId, member: str, who: str, why: str) -> Recorded | list[Fault]:
            return await self.desk.reroute(fax_id, Destination(member=member), who, why)

        def follow(_before: Register) -> None:
            hours.follow(keeper.live)
            self.waiting.heed_lines()

        moved = MovedFaxes(self._parts.store.register, keeper, reroute, self._parts.metrics)
        keeper.followers += [follow, moved.follow]
        return moved

    async def _take_in(self, stopping: trio.Event) -> None:
        async with trio.open_nursery() as taking_in:
            taking_in.start_soon(self.incoming.run)
            await stopping.wait()
            reach("intake-stopping")
            taking_in.cancel_scope.cancel()
