"""Dispatch's parts put together over what the gateway hands in."""

from collections.abc import Callable, Sequence

import structlog
import trio

from faxgw.clock import Clock, SteadyClock
from faxgw.config.calls import ONE_FAX, CallConfig
from faxgw.config.provider import ProviderConfig
from faxgw.config.sending import Retry
from faxgw.config.whole import Config
from faxgw.crashpoint import reach
from faxgw.dispatch.archive import PageArchive
from faxgw.dispatch.attempt import Attempts
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.carriers import Carrier, Carriers
from faxgw.dispatch.dead_lines import tell_of_dead_lines
from faxgw.dispatch.doubt import Askable, Doubts, asks_allowed
from faxgw.dispatch.drawing import Composer
from faxgw.dispatch.expire import expire_faxes
from faxgw.dispatch.gate import Bounds, Gate
from faxgw.dispatch.lanes import Lanes
from faxgw.dispatch.lost import LostReceipts
from faxgw.dispatch.notices import Notices
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepare import Preparer
from faxgw.dispatch.prepared import Prepared
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.recovery import recover
from faxgw.dispatch.redrawing import Redrawing
from faxgw.fax import Failure
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Provider
from faxgw.queue.stops import Lines
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.port import Renderer
from faxgw.store.port import Store
from faxgw.store.receipts import KeptReceipt

log = structlog.get_logger(__name__)

Accounts = Sequence[tuple[Provider, ProviderConfig]]
"""Carriers, each with what the config says of it."""


class DispatchParts:
    """Everything between a fax in line and its outcome."""

    def __init__(
        self,
        config: Config,
        store: Store,
        accounts: Accounts,
        lines: Lines,
        register: Register,
        renderer: Renderer,
        clock: Clock,
        random: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        sharing = _sharing(config.call, accounts)
        # What waits, and who takes it.
        self.waiting = WaitingRoom(clock, lines, config.queue, sharing)
        self.calls = OpenCalls()
        self.carriers = Carriers([_carrier(provider, own, clock) for provider, own in accounts])
        self.gates = {carrier.provider.name: carrier.gate for carrier in self.carriers}
        metrics.read_carriers_from(self.carriers.figures)
        metrics.begin_carriers(self.gates)
        # What came of it.
        self.promises = Promises(clock, metrics, config.service, config.escalation)
        self.outcomes = Outcomes(
            store,
            self.calls,
            self.waiting,
            clock,
            self._rule_for,
            random,
            metrics,
            carriers=self.carriers,
            bounds=config.dispatch,
            promises=self.promises,
        )
        self._notices = Notices(store, self.carriers, clock, metrics)
        # What nobody knows of it.
        composer = Composer(store, register, config.gateway.name)
        self.archive = PageArchive(composer, renderer, clock)
        self.askable = {provider.name: _askable(provider, own) for provider, own in accounts}
        redrawing = Redrawing(store, self.archive)
        self._doubts = Doubts(self.askable, self.calls, self.outcomes, clock, redrawing.draw)
        lost_seconds = {provider.name: own.receipt_lost_seconds for provider, own in accounts}
        self._lost = LostReceipts(lost_seconds, self.calls, self.outcomes, self._doubts, clock)
        # Drawing and sending.
        self._preparer = Preparer(
            store,
            self.waiting,
            renderer,
            composer,
            self.outcomes,
            clock,
            batch_max=config.render.batch_max,
        )
        self._attempts = Attempts(store, self.calls, self.waiting, self.outcomes, self._doubts, clock, metrics)
        self._lanes = Lanes(self.carriers, self._attempts, self.waiting, self.outcomes, clock, metrics, sharing)

    def _rule_for(self, failure: Failure) -> Retry:
        return self._config.retry_for(failure)

    def heed_config(self, config: Config) -> None:
        """Go on by this one, as far as that can change while faxes are under way (see `config/reload.py`)."""
        self._config = config
        self.promises.heed_plan(config.service, config.escalation)
        for own in config.provider:
            carrier = self.carriers.get(own.name)
            if carrier is not None:
                carrier.weight, carrier.cost = own.weight, own.cost
                carrier.gate.pace(own.sends_per_second, own.sends_burst)
        self._lanes.reweigh()

    def is_sending(self) -> bool:
        return self._lanes.busy > 0

    async def recover(self) -> list[KeptReceipt]:
        """Fill memory from the store; returns the receipts that were kept but not applied."""
        return await recover(self._store, self.waiting, self.calls, self._doubts, self._clock, self.promises)

    async def follow(self) -> None:
        """Settle doubts, watch sends and let deadlines pass, for ever."""
        async with trio.open_nursery() as followers:
            followers.start_soon(self._doubts.run)
            followers.start_soon(self._lost.run)
            followers.start_soon(self._notices.run)
            followers.start_soon(self._attempts.watch)
            followers.start_soon(expire_faxes, self.waiting, self.outcomes)
            followers.start_soon(tell_of_dead_lines, self.waiting, self.outcomes)

    async def send(self, stopping: trio.Event) -> None:
        """Draw and send until told to stop; then begin nothing, and let what is under way end in time."""
        batch_max, workers = self._config.render.batch_max, self._config.render.workers
        # Room for one batch more than the processes draw, so that neither lanes nor processes wait for the other.
        to_lanes, prepared = trio.open_memory_channel[Prepared](batch_max * (workers + 1))
        async with trio.open_nursery() as sending, to_lanes, prepared, trio.open_nursery() as preparing:
            sending.start_soon(self._lanes.run, prepared.clone())
            for _ in range(workers + 1):
                preparing.start_soon(self._preparer.run, to_lanes.clone())
            await stopping.wait()
            reach("gateway-stopping")
            # All are told in this moment: whoever draws may hang on a disk, and must not put off the others' end.
            preparing.cancel_scope.cancel()
            self._lanes.stop()
            reach("gateway-lanes-told")
            log.info("stopping", sends_under_way=self._lanes.busy)
            sending.cancel_scope.deadline = trio.current_time() + self._config.gateway.stop_grace_seconds


def _sharing(config: CallConfig, accounts: Accounts) -> CallConfig:
    """Where no carrier may be given several faxes at once, none are put together."""
    return config if any(provider.capabilities.tells_pages for provider, _ in accounts) else ONE_FAX


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
