"""One call, from intent to outcome: the heart of the gateway.

The intent, of one fax or of several that share the call, is durable before the first byte leaves, so that whatever
breaks afterwards finds a note of it.
Treats as a bug, and therefore as in doubt, an adapter that raises.
"""

from collections.abc import Collection

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.carriers import Carrier
from faxgw.dispatch.container import form_version, sending_of
from faxgw.dispatch.doubt import Doubts
from faxgw.dispatch.gate import Passage
from faxgw.dispatch.handover import hand_over
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepared import Prepared
from faxgw.dispatch.watchdog import Watchdog
from faxgw.errors import StoreFailedError, StoreFullError
from faxgw.fax import WITH_CARRIER, FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Accepted, Refused, Sending, Unclear, Unsent
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.sheet import Document
from faxgw.store.attempts import Attempt, Intent, NotBegun
from faxgw.store.port import Store
from faxgw.store.unfinished import Queued

log = structlog.get_logger(__name__)

PUT_BACK_SECONDS = 1.0
"""So that what stands in the way is not asked in a tight loop."""


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
        self._watchdog = Watchdog(metrics)

    async def watch(self) -> None:
        """Put sends that hang in doubt, for ever."""
        await self._watchdog.run(self._doubt)

    async def make(self, prepared: Prepared, carrier: Carrier, passage: Passage | None = None) -> None:
        """Take one prepared fax to a carrier and note what came of it.

        Raises:
            StoreFailedError: the disk failed; the process must end.
        """
        attempt: Attempt | None = None
        try:
            document = prepared.joined()
            attempt = await self._begin(prepared, document, carrier)
            if attempt is not None:
                await self._carry_out(attempt, _sending(attempt, prepared, document, carrier), carrier, passage)
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of one call. What it cannot set right ends the process: a restart reads the truth.
            log.exception("attempt_broke", fax_id=prepared.fax.fax_id)
            await self._set_right(prepared.fax, attempt)

    async def _carry_out(self, attempt: Attempt, sending: Sending, carrier: Carrier, passage: Passage | None) -> None:
        started = trio.current_time()
        with self._watchdog.watching(attempt, carrier.send_seconds, passage):
            reach("attempt-before-send")
            outcome = await hand_over(sending, attempt.fax_id, carrier.provider, carrier.send_seconds)
            reach("attempt-answered")
        self._metrics.attempt_duration.labels(attempt.provider).observe(trio.current_time() - started)
        match outcome:
            case Accepted(provider_ref=provider_ref):
                carrier.gate.note_answer()
                await self._outcomes.submitted(attempt, provider_ref)
                reach("attempt-submitted")
            case Refused():
                carrier.gate.heed(outcome)
                await self._outcomes.refused(attempt, outcome)
                reach("attempt-refused")
            case Unsent(reason=reason):
                carrier.gate.back_off(reason)
                await self._outcomes.unsent(attempt, reason)
                reach("attempt-unsent")
            case Unclear(reason=reason):
                carrier.gate.fail(reason)
                await self._doubt(attempt, reason)

    async def _doubt(self, attempt: Attempt, reason: str) -> None:
        # Sending again could deliver a second bouquet; the carrier is asked what it has.
        doubted = await self._outcomes.doubted(attempt, reason)
        reach("attempt-in-doubt")
        if doubted is not None:
            self._doubts.put(doubted)

    async def _set_right(self, fax: Queued, attempt: Attempt | None) -> None:
        if attempt is not None:
            await self._doubt(attempt, "the gateway broke while it was being sent")
            return
        if fax.company:
            # Which of them it broke on, only they can show, each by itself.
            for each in fax.call:
                self._waiting.put_back(msgspec.structs.replace(each, alone=True, company=()), 0.0)
            return
        await self._outcomes.set_aside(fax.fax_id, "the gateway broke before it was sent")
        self._waiting.free(fax.line, fax.fax_id)

    async def _begin(self, prepared: Prepared, document: Document, carrier: Carrier) -> Attempt | None:
        """Make the intent durable, or let the fax go where it should not be sent any more."""
        now, fax = self._clock.now(), prepared.fax
        if late := [each for each in fax.call if each.deadline_at is not None and now >= each.deadline_at]:
            await self._expire(fax, [each.fax_id for each in late])
            return None
        stop = self._waiting.stop_of(fax)
        if stop is not None:
            # While it stood ready its line shut, or another call taught something of it: the schedule keeps it.
            log.info("attempt_not_begun", fax_id=fax.fax_id, waiting=stop.waiting)
            self._waiting.put_back(fax, 0.0)
            return None
        try:
            reach("attempt-before-intent")
            intent = _intent(prepared, document, carrier, now, self._waiting.calls_max(fax.line))
            begun = (await self._store.begin([intent]))[0]
        except StoreFullError:
            # Without a durable intent nothing may be sent; the fax waits for room on the disk.
            carrier.gate.pause(PUT_BACK_SECONDS)
            self._waiting.put_back(fax, PUT_BACK_SECONDS)
            return None
        match begun:
            case Attempt():
                return await self._begun(begun)
            case NotBegun():
                await self._not_begun(fax, begun)
                return None

    async def _begun(self, begun: Attempt) -> Attempt | None:
        reach("attempt-intent-durable")
        self._calls.put(begun)
        now = self._clock.now()
        if any(each.deadline_at is not None and now >= each.deadline_at for each in begun.call):
            # The disk was slow: what was in time when the intent was handed in no longer is.
            await self._outcomes.too_late(begun)
            return None
        self._metrics.call_faxes.observe(len(begun.call))
        return begun

    async def _not_begun(self, fax: Queued, refused: NotBegun) -> None:
        """Let go the fax that may not start; those that were to share its call are in line again at once."""
        whose = refused.companion or fax.fax_id
        match refused:
            case NotBegun(too_late=True):
                await self._expire(fax, [whose])
            case NotBegun(outdated=True):
                # Whoever changed the fax has put it in line again as it is now.
                log.info("attempt_outdated", fax_id=whose)
                self._part(fax, [whose])
            case NotBegun(state=state, line_taken=line_taken, suspended=suspended):
                log.info("attempt_not_begun", fax_id=whose, state=state, line_taken=line_taken, suspended=suspended)
                if state is State.QUEUED:
                    self._waiting.put_back(fax, PUT_BACK_SECONDS)
                elif state not in WITH_CARRIER or fax.company:
                    self._part(fax, [whose])

    async def _expire(self, fax: Queued, late: Collection[FaxId]) -> None:
        for fax_id in late:
            await self._outcomes.expired(fax_id)
        self._part(fax, late)

    def _part(self, fax: Queued, gone: Collection[FaxId]) -> None:
        """Some faxes of the call are not to go: the others are in line again, and the line is free."""
        for each in fax.call:
            if each.fax_id in gone:
                self._waiting.free(each.line, each.fax_id)
            else:
                self._waiting.put_back(msgspec.structs.replace(each, company=()), 0.0)


def _intent(prepared: Prepared, document: Document, carrier: Carrier, now: float, calls_max: int) -> Intent:
    first, *others = [
        Intent(
            fax_id=each.fax.fax_id,
            provider=carrier.provider.name,
            sha256=each.document.sha256,
            form_version=form_version(each.document, carrier.provider.capabilities),
            pages=each.document.pages,
            rendered_at=each.rendered_at,
            at=now,
            revision=each.fax.revision,
            calls_max=calls_max,
        )
        for each in prepared.call
    ]
    if not others:
        return first
    return msgspec.structs.replace(first, company=tuple(others), call_sha256=document.sha256)


def _sending(attempt: Attempt, prepared: Prepared, document: Document, carrier: Carrier) -> Sending:
    """The whole document, or what the florist has not got of it, where the carrier can begin in the middle."""
    pages_done = prepared.fax.pages_done
    capabilities = carrier.provider.capabilities
    resumes = capabilities.resume and 0 < pages_done < document.pages
    return sending_of(attempt, document, capabilities, first_page=pages_done + 1 if resumes else 1)
