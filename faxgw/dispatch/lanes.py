"""All carriers' lanes: takes a prepared fax, chooses the carrier that gets it, and makes the attempt.

A fax is taken only while some carrier may have it, and goes back in line where none may after all, so that no
prepared fax waits in the hands of a carrier that has closed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.calls import ONE_FAX, CallConfig
from faxgw.dispatch.attempt import Attempts
from faxgw.dispatch.carriers import Carrier, Carriers
from faxgw.dispatch.choice import Candidate, Shares, choose
from faxgw.dispatch.gate import Passage
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepared import Prepared
from faxgw.dispatch.sharing import fit_into_call
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import unfit
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.unfinished import Queued

log = structlog.get_logger(__name__)

PUT_BACK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Chosen:
    ready: Prepared
    carrier: Carrier
    passage: Passage


class Lanes:
    """Sends over as many lanes at once as the carriers' gates allow."""

    def __init__(
        self,
        carriers: Carriers,
        attempts: Attempts,
        waiting: WaitingRoom,
        outcomes: Outcomes,
        clock: Clock,
        metrics: Metrics,
        sharing: CallConfig = ONE_FAX,
    ) -> None:
        self._carriers = {carrier.provider.name: carrier for carrier in carriers}
        self._shares = Shares({name: carrier.weight for name, carrier in self._carriers.items()})
        self._attempts = attempts
        self._waiting = waiting
        self._outcomes = outcomes
        self._clock = clock
        self._metrics = metrics
        self._sharing = sharing
        self._changed = trio.Event()
        self._idle: trio.CancelScope | None = None
        self._stopping = False
        for carrier in carriers:
            carrier.gate.on_change = self._wake

    async def run(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> None:
        """Send until the channel ends or `stop` is called; a send under way is always finished."""
        async with prepared, trio.open_nursery() as nursery:
            while (chosen := await self._next(prepared)) is not None:
                nursery.start_soon(self._send, chosen)

    def reweigh(self) -> None:
        """The carriers have other weights, costs or rates."""
        self._shares.reweigh({name: carrier.weight for name, carrier in self._carriers.items()})
        self._wake()

    def stop(self) -> None:
        """Start nothing more. What was prepared but not begun is still queued in the store."""
        self._stopping = True
        if self._idle is not None:
            self._idle.cancel()

    @property
    def busy(self) -> int:
        return sum(carrier.gate.in_flight for carrier in self._carriers.values())

    async def _send(self, chosen: _Chosen) -> None:
        try:
            await self._attempts.make(chosen.ready, chosen.carrier, chosen.passage)
        finally:
            chosen.passage.leave()

    async def _next(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> _Chosen | None:
        """The next fax and its carrier, or None when it is time to end."""
        while not self._stopping:
            ready: Prepared | None = None
            with trio.CancelScope() as self._idle:
                await self._wait_open()
                try:
                    ready = await prepared.receive()
                except trio.EndOfChannel:
                    return None
            # A fax may have been handed over in the very moment in which the stop came.
            if ready is None or self._has_stopped():
                continue
            if (carrier := await self._choose(ready)) is not None:
                # From this moment on the lane counts as taken.
                return _Chosen(self._fit(ready, carrier), carrier, carrier.gate.enter())
        return None

    def _has_stopped(self) -> bool:
        return self._stopping

    async def _wait_open(self) -> None:
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            closures = [carrier.gate.closure() for carrier in self._carriers.values()]
            if None in closures:
                return
            opening = [one.opens_in_seconds for one in closures if one is not None]
            with trio.move_on_after(min(opening, default=math.inf)):
                await changed.wait()

    async def _choose(self, ready: Prepared) -> Carrier | None:
        document = ready.document
        unfits = {
            name: unfit(carrier.provider.capabilities, document.pages, len(document.tiff))
            for name, carrier in self._carriers.items()
        }
        fitting = {name: carrier for name, carrier in self._carriers.items() if unfits[name] is None}
        if not fitting:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in unfits.items())
            await self._outcomes.set_aside(ready.fax.fax_id, f"no carrier can take it ({reasons})")
            self._waiting.free(ready.fax.line, ready.fax.fax_id)
            self._leave_behind([each.fax for each in ready.company])
            return None
        return self._choose_among(fitting, ready)

    def _choose_among(self, fitting: dict[str, Carrier], ready: Prepared) -> Carrier | None:
        candidates = [
            Candidate(name, carrier.cost, carrier.weight, self._shares.carried(name))
            for name, carrier in fitting.items()
            if carrier.gate.closure() is None
        ]
        avoided = ready.fax.avoid
        left_out = self._outcomes.left_out(ready.fax.fax_id)
        name = choose([one for one in candidates if one.name not in left_out] or candidates, avoided)
        if name is None:
            self._waiting.put_back(ready.fax, PUT_BACK_SECONDS)
            return None
        self._shares.give(name)
        if avoided is not None and avoided != name:
            self._metrics.failovers.labels(avoided, name).inc()
        return fitting[name]

    def _fit(self, ready: Prepared, carrier: Carrier) -> Prepared:
        """The call as its carrier takes it; whoever cannot go along is in line again at once."""
        if not ready.company:
            return ready
        name, bounds = carrier.provider.name, carrier.provider.capabilities
        fitted, behind = fit_into_call(
            ready,
            bounds,
            self._sharing,
            self._clock.now(),
            may_go=lambda fax: name not in self._outcomes.left_out(fax.fax_id),
        )
        self._leave_behind(behind)
        return fitted

    def _leave_behind(self, faxes: Iterable[Queued]) -> None:
        for fax in faxes:
            self._waiting.put_back(fax, 0.0)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
        if self._idle is not None and all(carrier.gate.closure() for carrier in self._carriers.values()):
            # Whoever stands ready for a fax must not take one that nobody may have.
            self._idle.cancel()
