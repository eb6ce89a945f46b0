"""How an attempt ends: the change that is to be written, and what memory does once it is durable.

The faxes of one call end in one commit, so nothing here writes; whoever writes tells each ending what came of it.
"""

import functools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.sending import Dispatch, Retry
from faxgw.crashpoint import reach
from faxgw.dispatch.carriers import Carriers
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.retry import NOT_A_CALL, Again, GiveUp, judge
from faxgw.dispatch.sharing import Final
from faxgw.dispatch.steps import with_step
from faxgw.fax import GOES_ALONE_AFTER, Failure, FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import Delivered, NotDelivered
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.attempts import Attempt
from faxgw.store.changes import (
    Change,
    Changed,
    DeliveredNow,
    Escalated,
    Expired,
    FailedNow,
    GoesAgain,
    Parked,
    Recorded,
    RerouteAsked,
    Stale,
)
from faxgw.store.unfinished import Queued

log = structlog.get_logger(__name__)


class LastResort(Protocol):
    """What is left to try for a fax that would be given up."""

    async def last_steps(self, attempt: Attempt, failure: Failure, now: float) -> list[Escalated]: ...

    async def other_florist(self, attempt: Attempt, failure: Failure, now: float) -> list[RerouteAsked]:
        """To whom an order goes whose florist cannot be reached; empty where there is nobody."""
        ...

    def note(self, taken: Collection[Escalated | RerouteAsked], deadline_at: float) -> None: ...


class NoResort:
    """The fax is given up, while a person can still act."""

    async def last_steps(self, attempt: Attempt, failure: Failure, now: float) -> list[Escalated]:
        del attempt, failure, now
        await trio.lowlevel.checkpoint()
        return []

    async def other_florist(self, attempt: Attempt, failure: Failure, now: float) -> list[RerouteAsked]:
        del attempt, failure, now
        await trio.lowlevel.checkpoint()
        return []

    def note(self, taken: Collection[Escalated | RerouteAsked], deadline_at: float) -> None:
        """Nothing was taken."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What an ending says beside its own fax's fate."""

    receipt_id: int | None = None
    """The receipt that it settles."""
    tells_line: bool = True
    """The line learns of the call by it; by one fax of those that shared the call."""


Follow: TypeAlias = Callable[[Sequence[Recorded]], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one fax's part in a call ends."""

    attempt: Attempt
    changes: tuple[Change, ...]
    """The first decides; the others go with it."""
    becomes: State
    follow: Follow
    """To be called once the changes are durable and the first was made."""


class Endings:
    """Every way in which an attempt can end."""

    def __init__(
        self,
        waiting: WaitingRoom,
        clock: Clock,
        rule_for: Callable[[Failure], Retry],
        random: Callable[[], float],
        metrics: Metrics,
        carriers: Carriers,
        bounds: Dispatch,
        promises: Promises,
    ) -> None:
        self._waiting = waiting
        self._clock = clock
        self._rule_for = rule_for
        self.random = random
        self._metrics = metrics
        self._carriers = carriers
        self._bounds = bounds
        self._promises = promises
        self.last_resort: LastResort = NoResort()

    async def of(
        self,
        attempt: Attempt,
        fate: Final,
        telling: Telling,
        asked_wait_seconds: float | None = None,
        random: Callable[[], float] | None = None,
    ) -> Ending:
        """How an attempt with that fate ends; `random` varies its wait, where it waits."""
        match fate:
            case Delivered():
                return self._delivered(attempt, fate, telling)
            case NotDelivered(failure=Failure.IN_DOUBT, code=code):
                return self.parked(attempt, f"{code}: the last page went out and was not confirmed", telling)
            case NotDelivered(failure=Failure.DOCUMENT) if attempt.shares_call:
                # Which of the faxes the carrier cannot take, only they can show, each by itself.
                return self.goes_again(attempt, Again(self._clock.now(), was_call=False), fate, telling)
            case NotDelivered():
                return await self._not_delivered(attempt, fate, telling, asked_wait_seconds, random or self.random)

    # --- delivered ---------------------------------------------------------------------------------------

    def _delivered(self, attempt: Attempt, fate: Delivered, telling: Telling) -> Ending:
        now = self._clock.now()

        def follow(_: Sequence[Recorded]) -> None:
            self._metrics.attempts.labels(attempt.provider, "delivered").inc()
            self._metrics.finished.labels("delivered").inc()
            self._promises.delivered(attempt.fax_id, now)
            reach("outcome-delivered")
            self._waiting.remove(attempt.fax_id)
            if telling.tells_line:
                self._waiting.note_delivered(attempt.line)

        reach("outcome-before-delivered")
        head = (attempt.fax_id, attempt.number, fate.pages, fate.call_seconds, now)
        delivered = DeliveredNow(*head, receipt_id=telling.receipt_id, tells_line=telling.tells_line)
        return Ending(attempt, (delivered,), State.DELIVERED, follow)

    # --- in doubt for good -------------------------------------------------------------------------------

    def parked(self, attempt: Attempt, reason: str, telling: Telling) -> Ending:
        """Nobody can tell any more whether it arrived: a person must, while the line goes on."""
        now = self._clock.now()

        def follow(_: Sequence[Recorded]) -> None:
            self._metrics.attempts.labels(attempt.provider, Failure.IN_DOUBT).inc()
            self._metrics.parked.labels(attempt.provider).inc()
            log.error("fax_parked", fax_id=attempt.fax_id, provider=attempt.provider, reason=reason)
            self._note_failed(attempt, Failure.IN_DOUBT, 1, now, telling)

        head = (attempt.fax_id, attempt.number, reason, now)
        change = Parked(*head, receipt_id=telling.receipt_id, tells_line=telling.tells_line)
        return Ending(attempt, (change,), State.UNKNOWN, follow)

    # --- not delivered -----------------------------------------------------------------------------------

    async def _not_delivered(
        self,
        attempt: Attempt,
        fate: NotDelivered,
        telling: Telling,
        asked_wait_seconds: float | None,
        random: Callable[[], float],
    ) -> Ending:
        now, failure = self._clock.now(), fate.failure
        if failure is Failure.UNKNOWN_CODE:
            self._metrics.unknown_codes.labels(attempt.provider).inc()
            log.warning("unknown_code", provider=attempt.provider, fax_id=attempt.fax_id, code=fate.code)
        verdict = judge(
            failure,
            self._rule_for(failure),
            calls=attempt.earlier.get(failure, 0) + 1,
            is_spent=self._is_spent(attempt, failure, self._carriers.calls_made(attempt.provider, fate)),
            may_go_elsewhere=self._carriers.is_other_open(attempt.provider),
            now=now,
            deadline_at=attempt.deadline_at,
            random=random,
            asked_wait_seconds=asked_wait_seconds,
        )
        match verdict:
            case Again():
                return self.goes_again(attempt, verdict, fate, telling)
            case GiveUp(for_want_of_time=True) if steps := await self.last_resort.last_steps(attempt, failure, now):
                again = Again(now, was_call=failure not in NOT_A_CALL)
                return self.goes_again(attempt, again, fate, telling, steps)
            case GiveUp() if moves := await self.last_resort.other_florist(attempt, failure, now):
                again = Again(now, was_call=failure not in NOT_A_CALL)
                return self.goes_again(attempt, again, fate, telling, moves)
            case GiveUp(why=why):
                return self._failed(attempt, fate, why, telling)

    def _is_spent(self, attempt: Attempt, failure: Failure, calls: int) -> bool:
        if attempt.number >= self._bounds.tries_max:
            return True
        return failure not in NOT_A_CALL and attempt.calls + calls - 1 >= self._bounds.calls_max

    def _failed(self, attempt: Attempt, fate: NotDelivered, why: str, telling: Telling) -> Ending:
        now, failure = self._clock.now(), fate.failure
        calls = self._carriers.calls_made(attempt.provider, fate)

        def follow(_: Sequence[Recorded]) -> None:
            self._metrics.attempts.labels(attempt.provider, failure).inc()
            self._metrics.finished.labels("failed").inc()
            self._promises.missed(attempt.fax_id)
            log.warning("fax_failed", fax_id=attempt.fax_id, failure=failure, code=fate.code)
            self._note_failed(attempt, failure, calls, now + self._rule_for(failure).wait_seconds, telling)

        reach("outcome-before-failed")
        head = (attempt.fax_id, attempt.number, failure, f"{fate.code}; {why}", now)
        failed = FailedNow(*head, calls=calls, receipt_id=telling.receipt_id, tells_line=telling.tells_line)
        return Ending(attempt, (failed,), State.FAILED, follow)

    def goes_again(
        self,
        attempt: Attempt,
        again: Again,
        fate: NotDelivered,
        telling: Telling,
        steps: Sequence[Escalated | RerouteAsked] = (),
    ) -> Ending:
        """The fax goes back in line."""
        now, failure = self._clock.now(), fate.failure
        calls = self._carriers.calls_made(attempt.provider, fate)

        def follow(recorded: Sequence[Recorded]) -> None:
            reach("outcome-retry-durable")
            self._metrics.attempts.labels(attempt.provider, failure).inc()
            rest_until = now + self._rule_for(failure).wait_seconds if steps else again.due_at
            self._note_failed(attempt, failure, calls if again.was_call else 0, rest_until, telling)
            taken = [step for step, told in zip(steps, recorded[1:], strict=True) if isinstance(told, Changed)]
            self.last_resort.note(taken, attempt.deadline_at or math.inf)
            self._promises.note_back(attempt.fax_id, attempt.provider if failure not in NOT_A_CALL else None)
            self._waiting.put([functools.reduce(with_step, taken, self._queued(attempt, again, fate, calls))])

        reach("outcome-before-retry")
        head = (attempt.fax_id, attempt.number, failure, fate.code, again.due_at, now)
        change = GoesAgain(
            *head,
            was_call=again.was_call,
            calls=calls,
            receipt_id=telling.receipt_id,
            tells_line=telling.tells_line,
        )
        return Ending(attempt, (change, *steps), State.QUEUED, follow)

    def _queued(self, attempt: Attempt, again: Again, fate: NotDelivered, calls: int) -> Queued:
        return Queued(
            attempt.fax_id,
            attempt.line,
            attempt.rank,
            again.due_at,
            attempt.deadline_at,
            calls=attempt.calls + (calls - 1 if again.was_call else -1),
            # Marking the page as a possible duplicate is a revision of the fax.
            revision=attempt.revision + (fate.failure is Failure.IN_DOUBT),
            avoid=attempt.provider if self._rule_for(fate.failure).other_provider else None,
            pages_done=fate.pages if fate.failure is Failure.PAGE else 0,
            submitter=attempt.submitter,
            alone=fate.failure in GOES_ALONE_AFTER,
        )

    # --- too late ----------------------------------------------------------------------------------------

    def expired(self, attempt: Attempt) -> Ending:
        """The deadline came while the intent was being written; no byte of the fax left, and none will."""
        now = self._clock.now()
        unsent = GoesAgain(attempt.fax_id, attempt.number, Failure.EXPIRED, "", now, now, was_call=False)

        def follow(recorded: Sequence[Recorded]) -> None:
            if recorded[1] == Changed(State.EXPIRED):
                self._metrics.attempts.labels(attempt.provider, Failure.EXPIRED).inc()
                self.note_expired(attempt.fax_id)

        # In one commit, so that no crash finds the fax in line again.
        return Ending(attempt, (unsent, Expired(attempt.fax_id, now)), State.QUEUED, follow)

    def note_expired(self, fax_id: FaxId) -> None:
        self._metrics.finished.labels("expired").inc()
        self._promises.missed(fax_id)
        log.warning("fax_expired", fax_id=fax_id)

    def _note_failed(self, attempt: Attempt, failure: Failure, dials: int, rest_until: float, telling: Telling) -> None:
        """Let the line's other faxes learn from the call, instead of each meeting the same."""
        if telling.tells_line and self._waiting.note_failed(attempt.line, failure, dials, rest_until):
            self._metrics.lines_dead.inc()
            log.error("line_dead", fax_id=attempt.fax_id, failure=failure, provider=attempt.provider)


def note_late(ending: Ending, answer: Recorded) -> None:
    """The change was not made. Only of a delivery must a person hear: they can still tell the florist."""
    match answer:
        case Stale(state=state) if ending.becomes is State.DELIVERED and state is not State.DELIVERED:
            # The store has it as an event, too.
            log.error("delivered_after_it_was_given_up", fax_id=ending.attempt.fax_id, state=state)
        case _:
            pass
