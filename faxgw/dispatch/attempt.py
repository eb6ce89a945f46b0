"""One attempt, from intent to outcome: the heart of the gateway.

The intent is durable before the first byte leaves, so that whatever breaks afterwards finds a note of it.
Treats as a bug, and therefore as in doubt, an adapter that raises.
"""

import dataclasses
from dataclasses import dataclass

import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.doubt import Doubts
from faxgw.dispatch.gate import Gate
from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFullError
from faxgw.fax import FINAL, State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Accepted, Provider, Refused, Sending, SendOutcome, Unclear, Unsent
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.sheet import Document
from faxgw.store.port import Attempt, Expired, Intent, NotBegun, Queued, Store

log = structlog.get_logger(__name__)

PUT_BACK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fax with its pages, ready to go through any carrier."""

    fax: Queued
    document: Document
    rendered_at: float


@dataclass(frozen=True, slots=True)
class Carrier:
    """A provider with what we decided about it."""

    provider: Provider
    send_seconds: float
    gate: Gate


class Attempts:
    """Makes attempts; one object serves all lanes."""

    def __init__(
        self,
        store: Store,
        calls: OpenCalls,
        waiting: WaitingRoom,
        outcomes: Outcomes,
        doubts: Doubts,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._calls = calls
        self._waiting = waiting
        self._outcomes = outcomes
        self._doubts = doubts
        self._clock = clock
        self._metrics = metrics

    async def make(self, prepared: Prepared, carrier: Carrier) -> None:
        """Take one prepared fax to a carrier and note what came of it."""
        attempt = await self._begin(prepared, carrier)
        if attempt is None:
            return
        started = trio.current_time()
        outcome = await self._send(attempt, prepared.document, carrier)
        self._metrics.attempt_duration.labels(attempt.provider).observe(trio.current_time() - started)
        match outcome:
            case Accepted(provider_ref=provider_ref):
                await self._outcomes.submitted(attempt, provider_ref)
            case Refused():
                carrier.gate.heed(outcome)
                await self._outcomes.refused(attempt, outcome)
            case Unsent(reason=reason):
                carrier.gate.pause_shortly()
                await self._outcomes.unsent(attempt, reason)
            case Unclear(reason=reason):
                # Sending again could deliver a second bouquet; the carrier is asked what it has.
                doubted = await self._outcomes.doubted(attempt, reason)
                if doubted is not None:
                    self._doubts.put(doubted)

    async def _begin(self, prepared: Prepared, carrier: Carrier) -> Attempt | None:
        """Make the intent durable, or let the fax go where it should not be sent any more."""
        now = self._clock.now()
        fax = prepared.fax
        if fax.deadline_at is not None and now >= fax.deadline_at:
            await self._outcomes.record(Expired(fax.fax_id, now))
            self._metrics.finished.labels("expired").inc()
            self._waiting.free(fax.line, fax.fax_id)
            return None
        document = prepared.document
        intent = Intent(
            fax.fax_id,
            carrier.provider.name,
            document.sha256,
            document.form_version,
            document.pages,
            prepared.rendered_at,
            now,
        )
        try:
            begun = (await self._store.begin([intent]))[0]
        except StoreFullError:
            # Without a durable intent nothing may be sent; the fax waits for room on the disk.
            carrier.gate.pause_shortly()
            self._put_back(fax)
            return None
        match begun:
            case Attempt():
                self._calls.put(begun)
                return begun
            case NotBegun(state=state, line_taken=line_taken):
                log.info("attempt_not_begun", fax_id=fax.fax_id, state=state, line_taken=line_taken)
                if state is State.QUEUED and line_taken:
                    self._put_back(fax)
                elif state in FINAL or state is State.HELD:
                    self._waiting.free(fax.line, fax.fax_id)
                return None

    async def _send(self, attempt: Attempt, document: Document, carrier: Carrier) -> SendOutcome:
        sending = Sending(attempt.client_ref, attempt.line, document.tiff, document.pages)
        with trio.move_on_after(carrier.send_seconds):
            try:
                return await carrier.provider.send(sending)
            except Exception:
                log.exception("adapter_raised", provider=attempt.provider, fax_id=attempt.fax_id)
                return Unclear("the adapter broke")
        return Unclear(f"no answer in {carrier.send_seconds:g} s")

    def _put_back(self, fax: Queued) -> None:
        # A little later, so that what stood in the way is not asked in a tight loop.
        due_at = max(fax.due_at, self._clock.now() + PUT_BACK_SECONDS)
        self._waiting.put([dataclasses.replace(fax, due_at=due_at)])
        self._waiting.free(fax.line, fax.fax_id)
