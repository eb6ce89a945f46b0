"""What is learnt of an attempt becomes the fax's next state, in the store first and then in memory.

All that is learnt comes through here: the answer to the send, receipts, polls, look-ups. The store has the
last word; where it says that a change came too late, memory is left as it is. What ends a call ends it for all
faxes that share it, in one commit.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.sending import Dispatch, Retry
from faxgw.crashpoint import reach
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.carriers import Carriers
from faxgw.dispatch.ending import Ending, Endings, LastResort, Telling, note_late
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.retry import Again
from faxgw.dispatch.sharing import Final, divide, line_teller
from faxgw.errors import StoreFullError
from faxgw.fax import Failure, FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Refused
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.attempts import Attempt
from faxgw.store.changes import (
    Change,
    Changed,
    Doubted,
    Expired,
    KeptBack,
    NoSuchFax,
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
        self._store = store
        self._calls = calls
        self._waiting = waiting
        self._clock = clock
        self._metrics = metrics
        self._endings = Endings(
            waiting, clock, rule_for, random, metrics, self._carriers, bounds or Dispatch(), self._promises
        )
        self.on_parked: OnParked = lambda _, **__: None

    def set_last_resort(self, last_resort: LastResort) -> None:
        """Whom to ask before a fax is given up for want of time."""
        self._endings.last_resort = last_resort

    async def submitted(self, attempt: Attempt, provider_ref: str) -> None:
        """The carrier has it; its receipt is awaited."""
        now = self._clock.now()
        changes = [Submitted(each.fax_id, each.number, provider_ref, now) for each in attempt.call]
        changed = (await self._record_all(changes)).count(Changed(State.SUBMITTED))
        if changed:
            self._metrics.attempts.labels(attempt.provider, "accepted").inc(changed)
            self._keep(attempt, State.SUBMITTED, provider_ref)

    async def doubted(self, attempt: Attempt, reason: str) -> Attempt | None:
        """Nobody knows whether the carrier has it. Returns the attempt as in doubt, or None if it is over already."""
        now = self._clock.now()
        changes = [Doubted(each.fax_id, each.number, reason, now) for each in attempt.call]
        changed = (await self._record_all(changes)).count(Changed(State.UNKNOWN))
        if not changed:
            return None
        self._metrics.attempts.labels(attempt.provider, "in_doubt").inc(changed)
        log.warning("attempt_in_doubt", fax_id=attempt.fax_id, provider=attempt.provider, reason=reason)
        return self._keep(attempt, State.UNKNOWN, attempt.provider_ref)

    async def refused(self, attempt: Attempt, refusal: Refused) -> None:
        """The carrier said no to the request.

        Nothing was dialled, yet a refusal of this very fax counts as a call: else one that the carrier will
        never take would be offered to it for ever. A refusal for want of room or account counts nothing.
        """
        refused = NotDelivered(refusal.failure, refusal.code, calls=1)
        await self._end_alike(attempt, refused, asked_wait_seconds=refusal.retry_after_seconds)

    async def unsent(self, attempt: Attempt, reason: str) -> None:
        """No byte of the fax left: it may go again at once, over any carrier."""
        await self._end_alike(attempt, NotDelivered(Failure.CAPACITY, reason, calls=1))

    async def never_arrived(self, attempt: Attempt) -> None:
        """The carrier was asked and does not know it, and has had time enough to: the fax may go at once."""
        again = Again(self._clock.now(), was_call=False)
        never = NotDelivered(Failure.NETWORK, "the carrier never got it", calls=1)
        await self._close([self._endings.goes_again(each, again, never, Telling()) for each in attempt.call])

    async def learnt(self, attempt: Attempt, fate: Fate, receipt_id: int | None = None) -> None:
        """What a receipt, a poll or a look-up says of the call."""
        match fate:
            case InProgress():
                if receipt_id is not None:
                    await self._store.settle_receipts([receipt_id])
            case Delivered():
                await self._end(divide(attempt, fate), receipt_id)
            case NotDelivered(failure=failure, code=code):
                self._carriers.note_report(attempt.provider, failure, code)
                await self._end(divide(attempt, fate), receipt_id)

    async def parked(self, attempt: Attempt, reason: str) -> None:
        """Nothing can be asked that would tell whether it arrived: a person must, while the line goes on."""
        endings = [self._endings.parked(each, reason, Telling(tells_line=each is attempt)) for each in attempt.call]
        self._tell_parked(await self._close(endings), is_last_word=False)

    async def still_parked(self, attempt: Attempt) -> Attempt | None:
        """The attempt with those of its company whose faxes wait for a person to say what became of it."""
        views = [(each, await self._store.fax(each.fax_id)) for each in attempt.call]
        parked = [
            each
            for each, view in views
            if view is not None and view.state is State.UNKNOWN and view.attempts[-1].number == each.number
        ]
        return msgspec.structs.replace(parked[0], company=tuple(parked[1:])) if parked else None

    async def owner_of(self, provider: str, provider_ref: str) -> Attempt | None:
        """The attempt that a carrier gave this name to."""
        return await self._store.attempt_of(None, provider, provider_ref)

    async def sent_blindly(self, attempt: Attempt) -> None:
        """Nobody said what became of it and the config wants it to go again: marked as a possible duplicate."""
        now = self._clock.now()
        in_time = [each for each in attempt.call if each.deadline_at is None or now < each.deadline_at]
        blindly = NotDelivered(Failure.IN_DOUBT, "nobody knows; sent again", calls=1)
        again = Again(now, was_call=True)
        await self._close(
            [self._endings.goes_again(each, again, blindly, Telling(tells_line=each is in_time[0])) for each in in_time]
        )

    async def resolved(self, attempt: Attempt, ruling: Ruling, who: str, why: str) -> Recorded:
        """A person found out what became of a fax in doubt."""
        now = self._clock.now()
        recorded = await self.record(ResolveAsked(attempt.fax_id, attempt.number, ruling, who, why, now))
        match recorded:
            case Changed(state=State.QUEUED):
                queued = Queued(
                    attempt.fax_id,
                    attempt.line,
                    attempt.rank,
                    now,
                    attempt.deadline_at,
                    attempt.calls,
                    revision=attempt.revision + 1,
                    submitter=attempt.submitter,
                    alone=True,
                )
                self._waiting.put([queued])
            case Changed(state=state):
                self._metrics.finished.labels(state.value).inc()
                if state is State.DELIVERED:
                    self._promises.delivered(attempt.fax_id, now)
                else:
                    self._promises.missed(attempt.fax_id)
            case Stale() | NoSuchFax():
                log.info("resolved_too_late", fax_id=attempt.fax_id)
        if isinstance(recorded, Changed) and self._calls.leave(attempt):
            self._let_go(attempt)
        return recorded

    async def set_aside(self, fax_id: FaxId, reason: str) -> None:
        """Hold a fax that cannot be sent as it is, for a person to look at."""
        log.error("fax_set_aside", fax_id=fax_id, reason=reason)
        if isinstance(await self.record(SetAside(fax_id, reason, self._clock.now())), Changed):
            self._metrics.set_aside.inc()

    async def expired(self, fax_id: FaxId) -> None:
        """The deadline passed before the fax went."""
        if isinstance(await self.record(Expired(fax_id, self._clock.now())), Changed):
            self._endings.note_expired(fax_id)

    async def too_late(self, attempt: Attempt) -> None:
        """The deadline came while the intent was being written; no byte left, and none will. Its company goes again."""
        now = self._clock.now()
        late = [each for each in attempt.call if each.deadline_at is not None and now >= each.deadline_at]
        unsent = NotDelivered(Failure.CAPACITY, "it was to go with a fax that came too late", calls=1)
        endings = [
            self._endings.expired(each)
            if each in late
            else self._endings.goes_again(each, Again(now, was_call=False), unsent, Telling())
            for each in attempt.call
        ]
        await self._close(endings)
        # Also where somebody else said that it expired.
        self._let_go(attempt)

    def left_out(self, fax_id: FaxId) -> frozenset[str]:
        """The carriers that failed the fax and do not get it again while there is another."""
        return self._promises.left_out(fax_id)

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

    # --- how a call ends ---------------------------------------------------------------------------------

    async def _end_alike(
        self, attempt: Attempt, fate: NotDelivered, *, asked_wait_seconds: float | None = None
    ) -> None:
        """Nothing was dialled, for none of its faxes."""
        fates: list[tuple[Attempt, Final]] = [(each, fate) for each in attempt.call]
        await self._end(fates, asked_wait_seconds=asked_wait_seconds)

    async def _end(
        self,
        fates: list[tuple[Attempt, Final]],
        receipt_id: int | None = None,
        *,
        asked_wait_seconds: float | None = None,
    ) -> None:
        teller, endings = line_teller(fates), list[Ending]()
        # Those that shared a call wait alike, so that they can share the next.
        random = functools.cache(self._endings.random) if len(fates) > 1 else None
        for each, fate in fates:
            # One change settles the receipt, in the commit of them all.
            how = Telling(None if endings else receipt_id, tells_line=each is teller)
            endings.append(await self._endings.of(each, fate, how, asked_wait_seconds, random))
        self._tell_parked(await self._close(endings), is_last_word=True)

    async def _close(self, endings: Sequence[Ending]) -> list[Ending]:
        """End the attempts of one call: all in one commit, then in memory. Returns those that were still open."""
        if len(endings) > 1:
            reach("outcome-call-divided")
        recorded = iter(await self._record_all([change for ending in endings for change in ending.changes]))
        ended = [ending for ending in endings if self._follow(ending, [next(recorded) for _ in ending.changes])]
        if ended:
            self._let_go(ended[0].attempt)
        return ended

    @staticmethod
    def _follow(ending: Ending, recorded: Sequence[Recorded]) -> bool:
        if recorded[0] != Changed(ending.becomes):
            note_late(ending, recorded[0])
            return False
        ending.follow(recorded)
        return True

    def _tell_parked(self, ended: Sequence[Ending], *, is_last_word: bool) -> None:
        parked = [ending.attempt for ending in ended if ending.becomes is State.UNKNOWN]
        if parked:
            attempt = msgspec.structs.replace(parked[0], company=tuple(parked[1:]))
            self.on_parked(attempt, is_last_word=is_last_word)

    def _keep(self, attempt: Attempt, state: State, provider_ref: str | None) -> Attempt | None:
        if self._calls.get(attempt.client_ref) is None:
            # A receipt that was durable in the same commit was heard of first: the attempt is over.
            return None
        now = self._clock.now()

        def as_now(one: Attempt) -> Attempt:
            return msgspec.structs.replace(one, state=state, provider_ref=provider_ref, changed_at=now)

        kept = msgspec.structs.replace(as_now(attempt), company=tuple(as_now(each) for each in attempt.company))
        self._calls.put(kept)
        return kept

    def _let_go(self, attempt: Attempt) -> None:
        """The call is over: its line falls free, unless it did so when the call was parked."""
        call = self._calls.drop(attempt)
        if call is not None:
            self._waiting.free(call.line, call.fax_id)
