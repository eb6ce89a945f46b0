"""What is learnt of an attempt becomes the fax's next state, in the store first and then in memory.

All that is learnt comes through here: the answer to the send, receipts, polls, look-ups. The store has the
last word; where it says that a change came too late, memory is left as it is.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config import Dispatch, Retry
from faxgw.crashpoint import reach
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.carriers import Carriers
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.retry import NOT_A_CALL, Again, GiveUp, judge
from faxgw.dispatch.steps import with_step
from faxgw.errors import StoreFullError
from faxgw.fax import Failure, FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Refused
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.attempts import Attempt
from faxgw.store.changes import (
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Escalated,
    Expired,
    FailedNow,
    GoesAgain,
    KeptBack,
    NoSuchFax,
    Parked,
    Recorded,
    ResolveAsked,
    Ruling,
    SetAside,
    Stale,
    Submitted,
)
from faxgw.store.port import Store
from faxgw.store.unfinished import Queued

log = structlog.get_logger(__name__)

FULL_DISK_PAUSE_SECONDS = 1.0


class OnParked(Protocol):
    def __call__(self, attempt: Attempt, /, *, is_last_word: bool) -> None: ...


class LastResort(Protocol):
    """What is left to try for a fax whose next regular try would come after its deadline."""

    async def last_steps(self, attempt: Attempt, failure: Failure, now: float) -> list[Escalated]: ...

    def note(self, taken: Collection[Escalated], deadline_at: float) -> None: ...


class NoResort:
    """The fax is given up, while a person can still act."""

    async def last_steps(self, attempt: Attempt, failure: Failure, now: float) -> list[Escalated]:
        del attempt, failure, now
        await trio.lowlevel.checkpoint()
        return []

    def note(self, taken: Collection[Escalated], deadline_at: float) -> None:
        """Nothing was taken."""


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
        carriers: Carriers | None = None,
        bounds: Dispatch | None = None,
        promises: Promises | None = None,
    ) -> None:
        self._promises = promises or Promises(clock, metrics)
        self._carriers = carriers or Carriers()
        self._bounds = bounds or Dispatch()
        self._store = store
        self._calls = calls
        self._waiting = waiting
        self._clock = clock
        self._rule_for = rule_for
        self._random = random
        self._metrics = metrics
        self.on_parked: OnParked = lambda _, **__: None
        self.last_resort: LastResort = NoResort()

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
                reach("outcome-before-delivered")
                match await self.record(change):
                    case Changed():
                        self._metrics.attempts.labels(attempt.provider, "delivered").inc()
                        self._metrics.finished.labels("delivered").inc()
                        self._promises.delivered(attempt.fax_id, now)
                        reach("outcome-delivered")
                        self._waiting.remove(attempt.fax_id)
                        self._waiting.note_delivered(attempt.line)
                        self._let_go(attempt)
                    case Stale(state=state) if state is not State.DELIVERED:
                        # The store has it as an event, too; only a person can tell the florist now.
                        log.error("delivered_after_it_was_given_up", fax_id=attempt.fax_id, state=state)
            case NotDelivered(failure=Failure.IN_DOUBT, code=code):
                reason = f"{code}: the last page went out and was not confirmed"
                await self.parked(attempt, reason, receipt_id, is_last_word=True)
            case NotDelivered(failure=failure, code=code, pages=pages):
                self._carriers.note_report(attempt.provider, failure, code)
                calls = self._carriers.calls_made(attempt.provider, fate)
                await self._not_delivered(attempt, failure, code, calls=calls, pages_done=pages, receipt_id=receipt_id)

    async def parked(
        self, attempt: Attempt, reason: str, receipt_id: int | None = None, *, is_last_word: bool = False
    ) -> None:
        """Nothing can be asked that would tell whether it arrived: a person must, while the line goes on."""
        change = Parked(attempt.fax_id, attempt.number, reason, self._clock.now(), receipt_id)
        if await self.record(change) != Changed(State.UNKNOWN):
            return
        self._metrics.attempts.labels(attempt.provider, Failure.IN_DOUBT).inc()
        self._metrics.parked.labels(attempt.provider).inc()
        log.error("fax_parked", fax_id=attempt.fax_id, provider=attempt.provider, reason=reason)
        self._note_failed(attempt, Failure.IN_DOUBT, 1, change.at)
        self._let_go(attempt)
        self.on_parked(attempt, is_last_word=is_last_word)

    async def is_parked(self, attempt: Attempt) -> bool:
        """Whether the fax still waits for a person to say what became of this attempt."""
        view = await self._store.fax(attempt.fax_id)
        return view is not None and view.state is State.UNKNOWN and view.attempts[-1].number == attempt.number

    async def owner_of(self, provider: str, provider_ref: str) -> Attempt | None:
        """The attempt that a carrier gave this name to."""
        return await self._store.attempt_of(None, provider, provider_ref)

    async def sent_blindly(self, attempt: Attempt) -> None:
        """Nobody said what became of it and the config wants it to go again: marked as a possible duplicate."""
        now = self._clock.now()
        if attempt.deadline_at is not None and now >= attempt.deadline_at:
            return
        await self._again(attempt, Again(now, was_call=True), Failure.IN_DOUBT, "nobody knows; sent again", now)

    async def resolved(self, attempt: Attempt, ruling: Ruling, who: str, why: str) -> Recorded:
        """A person found out what became of a fax in doubt."""
        now = self._clock.now()
        recorded = await self.record(ResolveAsked(attempt.fax_id, attempt.number, ruling, who, why, now))
        match recorded:
            case Changed(state=State.QUEUED):
                revision = attempt.revision + 1
                queued = Queued(
                    *(attempt.fax_id, attempt.line, attempt.rank, now, attempt.deadline_at, attempt.calls),
                    revision=revision,
                    submitter=attempt.submitter,
                )
                self._waiting.put([queued])
                self._let_go(attempt)
            case Changed(state=state):
                self._metrics.finished.labels(state.value).inc()
                if state is State.DELIVERED:
                    self._promises.delivered(attempt.fax_id, now)
                else:
                    self._promises.missed(attempt.fax_id)
                self._let_go(attempt)
            case Stale() | NoSuchFax():
                log.info("resolved_too_late", fax_id=attempt.fax_id)
        return recorded

    async def set_aside(self, fax_id: FaxId, reason: str) -> None:
        """Hold a fax that cannot be sent as it is, for a person to look at."""
        log.error("fax_set_aside", fax_id=fax_id, reason=reason)
        if isinstance(await self.record(SetAside(fax_id, reason, self._clock.now())), Changed):
            self._metrics.set_aside.inc()

    async def expired(self, fax_id: FaxId) -> None:
        """The deadline passed before the fax went."""
        if isinstance(await self.record(Expired(fax_id, self._clock.now())), Changed):
            self._note_expired(fax_id)

    async def too_late(self, attempt: Attempt) -> None:
        """The deadline came while the intent was being written; no byte of the fax left, and none will."""
        now = self._clock.now()
        unsent = GoesAgain(attempt.fax_id, attempt.number, Failure.EXPIRED, "", now, now, was_call=False)
        # In one commit, so that no crash finds the fax in line again.
        recorded = await self._record_all([unsent, Expired(attempt.fax_id, now)])
        if recorded[1] == Changed(State.EXPIRED):
            self._metrics.attempts.labels(attempt.provider, Failure.EXPIRED).inc()
            self._note_expired(attempt.fax_id)
        self._let_go(attempt)

    def left_out(self, fax_id: FaxId) -> frozenset[str]:
        """The carriers that failed the fax and do not get it again while there is another."""
        return self._promises.left_out(fax_id)

    def _note_expired(self, fax_id: FaxId) -> None:
        self._metrics.finished.labels("expired").inc()
        self._promises.missed(fax_id)
        log.warning("fax_expired", fax_id=fax_id)

    async def kept_back(self, faxes: Sequence[tuple[Queued, Mapping[str, object]]]) -> None:
        """Their line is taken for dead; whoever ordered them hears of it, with what is known."""
        now = self._clock.now()
        await self._record_all([KeptBack(fax.fax_id, data, now) for fax, data in faxes])

    async def record(self, change: Change) -> Recorded:
        """Write one change; a full disk is waited out, as what was learnt must not be lost."""
        return (await self._record_all([change]))[0]

    async def _record_all(self, changes: Sequence[Change]) -> list[Recorded]:
        while True:
            try:
                return await self._store.record(changes)
            except StoreFullError:
                log.error("disk_full", waits_to_write=type(changes[0]).__name__)
                await trio.sleep(FULL_DISK_PAUSE_SECONDS)

    async def _not_delivered(
        self,
        attempt: Attempt,
        failure: Failure,
        code: str,
        *,
        calls: int = 1,
        pages_done: int = 0,
        asked_wait_seconds: float | None = None,
        receipt_id: int | None = None,
    ) -> None:
        now = self._clock.now()
        if failure is Failure.UNKNOWN_CODE:
            self._metrics.unknown_codes.labels(attempt.provider).inc()
            log.warning("unknown_code", provider=attempt.provider, fax_id=attempt.fax_id, code=code)
        verdict = judge(
            failure,
            self._rule_for(failure),
            calls=attempt.earlier.get(failure, 0) + 1,
            is_spent=self._is_spent(attempt, failure, calls),
            may_go_elsewhere=self._carriers.is_other_open(attempt.provider),
            now=now,
            deadline_at=attempt.deadline_at,
            random=self._random,
            asked_wait_seconds=asked_wait_seconds,
        )
        match verdict:
            case Again():
                await self._again(attempt, verdict, failure, code, now, receipt_id, calls, pages_done)
            case GiveUp(for_want_of_time=True) if steps := await self.last_resort.last_steps(attempt, failure, now):
                again = Again(now, was_call=failure not in NOT_A_CALL)
                await self._again(attempt, again, failure, code, now, receipt_id, calls, pages_done, steps)
            case GiveUp(why=why):
                failed = FailedNow(attempt.fax_id, attempt.number, failure, f"{code}; {why}", now, receipt_id, calls)
                reach("outcome-before-failed")
                if await self.record(failed) == Changed(State.FAILED):
                    self._metrics.attempts.labels(attempt.provider, failure).inc()
                    self._metrics.finished.labels("failed").inc()
                    self._promises.missed(attempt.fax_id)
                    log.warning("fax_failed", fax_id=attempt.fax_id, failure=failure, code=code)
                    self._note_failed(attempt, failure, calls, now + self._rule_for(failure).wait_seconds)
                    self._let_go(attempt)

    def _is_spent(self, attempt: Attempt, failure: Failure, calls: int) -> bool:
        if attempt.number >= self._bounds.tries_max:
            return True
        return failure not in NOT_A_CALL and attempt.calls + calls - 1 >= self._bounds.calls_max

    async def _again(
        self,
        attempt: Attempt,
        again: Again,
        failure: Failure,
        code: str,
        now: float,
        receipt_id: int | None = None,
        calls: int = 1,
        pages_done: int = 0,
        steps: Sequence[Escalated] = (),
    ) -> None:
        head = (attempt.fax_id, attempt.number, failure, code, again.due_at, now)
        reach("outcome-before-retry")
        recorded = await self._record_all([GoesAgain(*head, again.was_call, receipt_id, calls), *steps])
        if recorded[0] == Changed(State.QUEUED):
            reach("outcome-retry-durable")
            self._metrics.attempts.labels(attempt.provider, failure).inc()
            queued = Queued(
                *(attempt.fax_id, attempt.line, attempt.rank, again.due_at, attempt.deadline_at),
                calls=attempt.calls + (calls - 1 if again.was_call else -1),
                # Marking the page as a possible duplicate is a revision of the fax.
                revision=attempt.revision + (failure is Failure.IN_DOUBT),
                avoid=attempt.provider if self._rule_for(failure).other_provider else None,
                pages_done=pages_done if failure is Failure.PAGE else 0,
                submitter=attempt.submitter,
            )
            rest_until = now + self._rule_for(failure).wait_seconds if steps else again.due_at
            self._note_failed(attempt, failure, calls if again.was_call else 0, rest_until)
            taken = [step for step, told in zip(steps, recorded[1:], strict=True) if isinstance(told, Changed)]
            self.last_resort.note(taken, attempt.deadline_at or math.inf)
            self._promises.note_back(attempt.fax_id, attempt.provider if failure not in NOT_A_CALL else None)
            self._waiting.put([functools.reduce(with_step, taken, queued)])
            self._let_go(attempt)

    def _note_failed(self, attempt: Attempt, failure: Failure, dials: int, rest_until: float) -> None:
        """Let the line's other faxes learn from the call, instead of each meeting the same."""
        if self._waiting.note_failed(attempt.line, failure, dials, rest_until):
            self._metrics.lines_dead.inc()
            log.error("line_dead", fax_id=attempt.fax_id, failure=failure, provider=attempt.provider)

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
