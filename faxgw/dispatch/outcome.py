"""What is learnt of an attempt becomes the fax's next state, in the store first and then in memory.

All that is learnt comes through here: the answer to the send, receipts, polls, look-ups. The store has the
last word; where it says that a change came too late, memory is left as it is.
"""

import dataclasses
from collections.abc import Callable

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config import Retry
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.retry import Again, GiveUp, judge
from faxgw.errors import StoreFullError
from faxgw.fax import Failure, FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Refused
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.port import (
    Attempt,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Expired,
    FailedNow,
    GoesAgain,
    Queued,
    Recorded,
    SetAside,
    Stale,
    Store,
    Submitted,
)

log = structlog.get_logger(__name__)

FULL_DISK_PAUSE_SECONDS = 1.0


class Outcomes:
    """Records what became of attempts, lets lines go, and puts faxes back in line."""

    def __init__(
        self,
        store: Store,
        calls: OpenCalls,
        waiting: WaitingRoom,
        clock: Clock,
        rule_for: Callable[[Failure], Retry],
        random: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._calls = calls
        self._waiting = waiting
        self._clock = clock
        self._rule_for = rule_for
        self._random = random
        self._metrics = metrics

    async def submitted(self, attempt: Attempt, provider_ref: str) -> None:
        """The carrier has it; its receipt is awaited."""
        now = self._clock.now()
        recorded = await self.record(Submitted(attempt.fax_id, attempt.number, provider_ref, now))
        if recorded == Changed(State.SUBMITTED):
            self._metrics.attempts.labels(attempt.provider, "accepted").inc()
            self._keep(attempt, State.SUBMITTED, provider_ref)

    async def doubted(self, attempt: Attempt, reason: str) -> Attempt | None:
        """Nobody knows whether the carrier has it. Returns the attempt as in doubt, or None if it is over already."""
        recorded = await self.record(Doubted(attempt.fax_id, attempt.number, reason, self._clock.now()))
        if recorded != Changed(State.UNKNOWN):
            return None
        self._metrics.attempts.labels(attempt.provider, "in_doubt").inc()
        log.warning("attempt_in_doubt", fax_id=attempt.fax_id, provider=attempt.provider, reason=reason)
        return self._keep(attempt, State.UNKNOWN, attempt.provider_ref)

    async def refused(self, attempt: Attempt, refusal: Refused) -> None:
        """The carrier said no to the request.

        Nothing was dialled, yet a refusal of this very fax counts as a call: else one that the carrier will
        never take would be offered to it for ever. A refusal for want of room or account counts nothing.
        """
        await self._not_delivered(
            attempt, refusal.failure, refusal.code, asked_wait_seconds=refusal.retry_after_seconds
        )

    async def unsent(self, attempt: Attempt, reason: str) -> None:
        """No byte of the fax left: it may go again at once, over any carrier."""
        await self._not_delivered(attempt, Failure.CAPACITY, reason)

    async def never_arrived(self, attempt: Attempt) -> None:
        """The carrier was asked and does not know it, and has had time enough to: the fax may go at once."""
        now = self._clock.now()
        await self._again(attempt, Again(now, was_call=False), Failure.NETWORK, "the carrier never got it", now)

    async def learnt(self, attempt: Attempt, fate: Fate, receipt_id: int | None = None) -> None:
        """What a receipt, a poll or a look-up says of the call."""
        match fate:
            case InProgress():
                if receipt_id is not None:
                    await self._store.settle_receipts([receipt_id])
            case Delivered(pages=pages, call_seconds=call_seconds):
                now = self._clock.now()
                change = DeliveredNow(attempt.fax_id, attempt.number, pages, call_seconds, now, receipt_id)
                match await self.record(change):
                    case Changed():
                        self._metrics.attempts.labels(attempt.provider, "delivered").inc()
                        self._metrics.finished.labels("delivered").inc()
                        self._waiting.remove(attempt.fax_id)
                        self._let_go(attempt)
                    case Stale(state=state) if state is not State.DELIVERED:
                        # The store has it as an event, too; only a person can tell the florist now.
                        log.error("delivered_after_it_was_given_up", fax_id=attempt.fax_id, state=state)
            case NotDelivered(failure=failure, code=code):
                await self._not_delivered(attempt, failure, code, receipt_id=receipt_id)

    async def set_aside(self, fax_id: FaxId, reason: str) -> None:
        """Hold a fax that cannot be sent as it is, for a person to look at."""
        log.error("fax_set_aside", fax_id=fax_id, reason=reason)
        if isinstance(await self.record(SetAside(fax_id, reason, self._clock.now())), Changed):
            self._metrics.set_aside.inc()

    async def expired(self, fax_id: FaxId) -> None:
        """The deadline passed before the fax went."""
        if isinstance(await self.record(Expired(fax_id, self._clock.now())), Changed):
            self._metrics.finished.labels("expired").inc()
            log.warning("fax_expired", fax_id=fax_id)

    async def record(self, change: Change) -> Recorded:
        """Write one change; a full disk is waited out, as what was learnt must not be lost."""
        while True:
            try:
                return (await self._store.record([change]))[0]
            except StoreFullError:
                log.error("disk_full", waits_to_write=type(change).__name__)
                await trio.sleep(FULL_DISK_PAUSE_SECONDS)

    async def _not_delivered(
        self,
        attempt: Attempt,
        failure: Failure,
        code: str,
        *,
        asked_wait_seconds: float | None = None,
        receipt_id: int | None = None,
    ) -> None:
        now = self._clock.now()
        verdict = judge(
            failure,
            self._rule_for(failure),
            calls=attempt.calls,
            now=now,
            deadline_at=attempt.deadline_at,
            random=self._random,
            asked_wait_seconds=asked_wait_seconds,
        )
        match verdict:
            case Again():
                await self._again(attempt, verdict, failure, code, now, receipt_id)
            case GiveUp(why=why):
                failed = FailedNow(attempt.fax_id, attempt.number, failure, f"{code}; {why}", now, receipt_id)
                if await self.record(failed) == Changed(State.FAILED):
                    self._metrics.attempts.labels(attempt.provider, failure).inc()
                    self._metrics.finished.labels("failed").inc()
                    log.warning("fax_failed", fax_id=attempt.fax_id, failure=failure, code=code)
                    self._let_go(attempt)

    async def _again(
        self, attempt: Attempt, again: Again, failure: Failure, code: str, now: float, receipt_id: int | None = None
    ) -> None:
        change = GoesAgain(attempt.fax_id, attempt.number, failure, code, again.due_at, now, again.was_call, receipt_id)
        if await self.record(change) == Changed(State.QUEUED):
            self._metrics.attempts.labels(attempt.provider, failure).inc()
            calls = attempt.calls if again.was_call else attempt.calls - 1
            queued = Queued(attempt.fax_id, attempt.line, attempt.rank, again.due_at, attempt.deadline_at, calls)
            self._waiting.put([queued])
            self._let_go(attempt)

    def _keep(self, attempt: Attempt, state: State, provider_ref: str | None) -> Attempt | None:
        if self._calls.get(attempt.client_ref) is None:
            # A receipt that was durable in the same commit was heard of first: the attempt is over.
            return None
        kept = dataclasses.replace(attempt, state=state, provider_ref=provider_ref, changed_at=self._clock.now())
        self._calls.put(kept)
        return kept

    def _let_go(self, attempt: Attempt) -> None:
        self._calls.drop(attempt)
        self._waiting.free(attempt.line, attempt.fax_id)
