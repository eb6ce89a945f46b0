"""The gateway without its doors and its disk: the steps wired together over parts that are handed in.

The daemon hands in a store on disk, drawing processes and carriers over HTTP; journeys hand in a store in
memory, a scripted carrier and a clock that jumps. Both run what stands here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
import trio

from faxgw.api.control import ControlDesk
from faxgw.api.desk import OrderDesk
from faxgw.api.port import Destination
from faxgw.api.why import Whys
from faxgw.clock import Clock, SteadyClock
from faxgw.config.calls import ONE_FAX
from faxgw.config.provider import ProviderConfig
from faxgw.config.whole import Config
from faxgw.crashpoint import reach
from faxgw.dispatch.archive import PageArchive
from faxgw.dispatch.attempt import Attempts
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.carriers import Carrier, Carriers
from faxgw.dispatch.dead_lines import tell_of_dead_lines
from faxgw.dispatch.doubt import Askable, Doubts, asks_allowed
from faxgw.dispatch.drawing import Composer
from faxgw.dispatch.escalation import Escalations
from faxgw.dispatch.expire import expire_faxes
from faxgw.dispatch.gate import Bounds, Gate
from faxgw.dispatch.lanes import Lanes
from faxgw.dispatch.lost import LostReceipts
from faxgw.dispatch.moved_faxes import MovedFaxes
from faxgw.dispatch.notices import Notices
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepare import Preparer
from faxgw.dispatch.prepared import Prepared
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.recovery import recover
from faxgw.dispatch.redrawing import Redrawing
from faxgw.dispatch.suspensions import Suspensions
from faxgw.faults import Fault
from faxgw.fax import FaxId
from faxgw.incoming import FaxesIn, Incoming
from faxgw.members.hours import CallingHours
from faxgw.members.keeper import Keeper
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.phone import Line
from faxgw.provider.port import Provider
from faxgw.queue.stops import Lines
from faxgw.queue.waiting import WaitingRoom
from faxgw.receipt.match import Matcher
from faxgw.receipt.poll import Poller
from faxgw.receipt.webhook import Webhooks
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

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What differs between the daemon and a journey."""

    config: Config
    store: Store
    renderer: Renderer
    providers: Sequence[tuple[Provider, ProviderConfig]]
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
        tells_pages = any(provider.capabilities.tells_pages for provider, _ in parts.providers)
        # Where no carrier may be given several faxes at once, none are put together.
        sharing = config.call if tells_pages else ONE_FAX
        self.waiting = WaitingRoom(clock, lines, config.queue, sharing)
        self.calls = OpenCalls()
        self.carriers = Carriers([_carrier(provider, own, clock) for provider, own in parts.providers])
        gates = {carrier.provider.name: carrier.gate for carrier in self.carriers}
        self._promises = Promises(clock, metrics, config.service, config.escalation)
        self._outcomes = Outcomes(
            *(store, self.calls, self.waiting, clock, config.retry_for, parts.random, metrics),
            carriers=self.carriers,
            bounds=config.dispatch,
            promises=self._promises,
        )
        self._notices = Notices(store, self.carriers, clock, metrics)
        askable = {provider.name: _askable(provider, own) for provider, own in parts.providers}
        composer = Composer(store, parts.register, config.gateway.name)
        self.archive = PageArchive(composer, parts.renderer, clock)
        redrawing = Redrawing(store, self.archive)
        self._doubts = Doubts(askable, self.calls, self._outcomes, clock, redrawing.draw)
        lost_seconds = {provider.name: own.receipt_lost_seconds for provider, own in parts.providers}
        self._lost = LostReceipts(lost_seconds, self.calls, self._outcomes, self._doubts, clock)
        self._attempts = Attempts(store, self.calls, self.waiting, self._outcomes, self._doubts, clock, metrics)
        self._lanes = Lanes(self.carriers, self._attempts, self.waiting, self._outcomes, clock, metrics, sharing)
        metrics.read_carriers_from(self.carriers.figures)
        self._preparer = Preparer(
            store,
            self.waiting,
            parts.renderer,
            composer,
            self._outcomes,
            clock,
            batch_max=config.render.batch_max,
        )
        matcher = Matcher(store, self.calls, self._outcomes, metrics)
        self._pollers = [
            Poller(provider, own, self.calls, matcher, clock, askable[provider.name].asks)
            for provider, own in parts.providers
        ]
        by_name = {provider.name: provider for provider, _ in parts.providers}
        self.receipts = Webhooks(by_name, store, matcher, clock)
        self._suspensions = Suspensions(store, gates, self.waiting, clock)
        whys = Whys(self.waiting, gates, self._suspensions)
        self._scores: KeptScores | None = None
        router = self._make_router(lines)
        self.desk = OrderDesk(
            *(store, self.waiting, self.calls, self._outcomes, parts.register, whys, clock, metrics),
            rules=config.service,
            promises=self._promises,
            router=router,
        )
        rerouter = ByRouting(router) if router is not None else NoRerouter()
        self._relay = RelayParts(
            *(config.relay, store, parts.register, rerouter, self.waiting, self._promises, clock, metrics),
        )
        self.relay = self._relay.desk
        self.routing = self._route(router) if router is not None else None
        self._escalations = Escalations(
            *(store, self.waiting, self._promises, self._outcomes, self.carriers, parts.register, whys.why),
            *(clock, metrics, config.escalation),
            florists=self.routing.rerouting if self.routing is not None else None,
        )
        self._outcomes.set_last_resort(self._escalations)
        self.incoming = Incoming(
            *(parts.faxes_in, store.inbound, store.store_id, self.relay, self.desk, parts.register, clock, metrics),
            config.intake,
            lambda: self._lanes.busy > 0,
            is_routed=router is not None,
        )
        self.settlement = self._settle()
        self.control = ControlDesk(self._suspensions, config.provider, gates, self.calls, self.waiting)
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

    def _settle(self) -> SettlementParts | None:
        parts, config = self._parts, self._parts.config
        if config.settlement is None or parts.tariff is None or parts.keeper is None:
            return None
        return SettlementParts(
            *(config.settlement, parts.tariff, parts.store, parts.keeper, parts.clock, parts.metrics),
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
        kept = await recover(parts.store, self.waiting, self.calls, self._doubts, parts.clock, self._promises)
        self.receipts.put(kept)
        if self.routing is not None:
            await self.routing.load()
        async with trio.open_nursery() as followers:
            followers.start_soon(self._doubts.run)
            followers.start_soon(self._lost.run)
            followers.start_soon(self._notices.run)
            followers.start_soon(self._attempts.watch)
            followers.start_soon(self.receipts.run)
            for poller in self._pollers:
                followers.start_soon(poller.run)
            followers.start_soon(self._suspensions.run)
            followers.start_soon(expire_faxes, self.waiting, self._outcomes)
            followers.start_soon(self._escalations.run)
            followers.start_soon(tell_of_dead_lines, self.waiting, self._outcomes)
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
                senders.start_soon(self._send, stopping)
                senders.start_soon(self._take_in, stopping)
                reach("gateway-started")
                task_status.started()
            reach("gateway-senders-ended")
            followers.cancel_scope.cancel()

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

    async def _send(self, stopping: trio.Event) -> None:
        """Draw and send until told to stop; then begin nothing, and let what is under way end in time."""
        batch_max, workers = self._parts.config.render.batch_max, self._parts.config.render.workers
        # Room for one batch more than the processes draw, so that neither lanes nor processes wait for the other.
        to_lanes, prepared = trio.open_memory_channel[Prepared](batch_max * (workers + 1))
        async with trio.open_nursery() as sending:
            async with to_lanes, prepared, trio.open_nursery() as preparing:
                sending.start_soon(self._lanes.run, prepared.clone())
                for _ in range(workers + 1):
                    preparing.start_soon(self._preparer.run, to_lanes.clone())
                await stopping.wait()
                reach("gateway-stopping")
                preparing.cancel_scope.cancel()
            self._lanes.stop()
            reach("gateway-lanes-told")
            grace_seconds = self._parts.config.gateway.stop_grace_seconds
            log.info("stopping", sends_under_way=self._lanes.busy)
            sending.cancel_scope.deadline = trio.current_time() + grace_seconds


def _carrier(provider: Provider, own: ProviderConfig, clock: Clock) -> Carrier:
    bounds = Bounds(own.lanes, own.lanes_min, own.lanes_initial, own.sends_per_second, own.sends_burst)
    return Carrier(provider, own.send_seconds, Gate(provider.name, SteadyClock(clock), bounds), own.weight, own.cost)


def _askable(provider: Provider, own: ProviderConfig) -> Askable:
    return Askable(
        provider,
        own.settle_seconds,
        own.park_after_seconds,
        own.receipt_lost_seconds,
        own.resend_in_doubt_after_seconds,
        own.send_seconds,
        asks_allowed(provider.capabilities),
    )
