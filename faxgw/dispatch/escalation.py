"""Takes the steps: durable first, then in memory, each once a fax.

What is taken, and why the fax waited, stands in its trail. The order system hears `deadline_at_risk` as an event;
the operator's alert is an error in the log and a metric.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.promises import Step, TimedStep
from faxgw.dispatch.carriers import Carriers
from faxgw.dispatch.florists import Florists, NoFlorists
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.retry import NOT_A_CALL
from faxgw.dispatch.steps import (
    FAILURES_OF_FLORIST,
    FAILURES_OF_LINE,
    TROUBLE_OF_FLORIST,
    TROUBLE_OF_LINE,
    AtRisk,
    last_steps,
    steps_due,
    with_step,
)
from faxgw.errors import StoreFailedError
from faxgw.fax import FINAL, Failure, State, Waiting
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.order import stored_order
from faxgw.phone import Line
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.admission import Content
from faxgw.store.attempts import Attempt
from faxgw.store.changes import Changed, Escalated, RerouteAsked
from faxgw.store.port import Store
from faxgw.store.routing.port import Florist
from faxgw.store.transitions import ROUTING
from faxgw.store.unfinished import Promise, queued_of
from faxgw.store.views import FaxView

log = structlog.get_logger(__name__)

LOOKS_MAX = 32
"""Faxes looked at together, so that their steps share a commit."""
LOOK_AGAIN_SECONDS = 5.0


class Reason(Protocol):
    @property
    def waiting(self) -> Waiting: ...

    @property
    def detail(self) -> str: ...


class Escalations:
    """Follows every fax with a deadline until the fax is over."""

    def __init__(
        self,
        store: Store,
        waiting: WaitingRoom,
        promises: Promises,
        outcomes: Outcomes,
        carriers: Carriers,
        register: Register,
        why: Callable[[FaxView], Reason],
        clock: Clock,
        metrics: Metrics,
        plan: Sequence[TimedStep],
        florists: Florists | None = None,
    ) -> None:
        self._florists = florists or NoFlorists()
        self._store = store
        self._waiting = waiting
        self._promises = promises
        self._outcomes = outcomes
        self._carriers = carriers
        self._register = register
        self._why = why
        self._clock = clock
        self._metrics = metrics
        self._plan = plan

    def heed_plan(self, plan: Sequence[TimedStep]) -> None:
        """Take these steps from now on; those that were taken stay taken."""
        self._plan = plan

    async def run(self) -> None:
        """Take steps as they fall due, for ever."""
        while True:
            due = await self._promises.wait_due(LOOKS_MAX)
            async with trio.open_nursery() as nursery:
                for promise in due:
                    nursery.start_soon(self._look_safely, promise)

    async def last_steps(self, attempt: Attempt, failure: Failure, now: float) -> list[Escalated]:
        """What is left to try for a fax whose next regular try would come too late; empty where nothing is."""
        promise = self._promises.get(attempt.fax_id)
        view = await self._store.fax(attempt.fax_id)
        if promise is None or view is None:
            return []
        other = await self._florists.other_for(view)
        failed = self._failed(view) | {attempt.provider}
        fax = self._at_risk(view, promise, State.QUEUED, failed, other, line_in_trouble=True, florist_in_trouble=True)
        reason = f"the deadline comes before the next try ({failure})"
        return [self._step(fax, view, step, reason, now) for step in last_steps(fax, failure, self._plan)]

    async def other_florist(self, attempt: Attempt, failure: Failure, now: float) -> list[RerouteAsked]:
        """To whom an order goes whose florist cannot be reached; empty where there is nobody."""
        if failure not in FAILURES_OF_FLORIST or (attempt.deadline_at is not None and now >= attempt.deadline_at):
            return []
        view = await self._store.fax(attempt.fax_id)
        florist = await self._florists.other_for(view) if view is not None else None
        if florist is None:
            return []
        return [RerouteAsked(attempt.fax_id, florist.line, florist.member, ROUTING, failure.value, now)]

    async def _look_safely(self, promise: Promise) -> None:
        try:
            await self._look(promise)
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of one promise: the others are looked at meanwhile, and it is again.
            log.exception("escalation_broke", fax_id=promise.fax_id)
            self._promises.look(promise.fax_id, self._clock.now() + LOOK_AGAIN_SECONDS)

    async def _look(self, promise: Promise) -> None:
        view = await self._store.fax(promise.fax_id)
        now = self._clock.now()
        if view is None or view.state in FINAL:
            self._count_end(promise, view)
        elif now >= promise.deadline_at:
            if view.state in {State.QUEUED, State.HELD}:
                await self._outcomes.expired(promise.fax_id)
        else:
            await self._climb(promise, view, now)

    def _count_end(self, promise: Promise, view: FaxView | None) -> None:
        """Whoever ended the fax may be about to count it: the first of us does, and the second finds nothing."""
        match view.state if view is not None else State.CANCELLED:
            case State.DELIVERED if view is not None:
                self._promises.delivered(promise.fax_id, _delivered_at(view))
            case State.FAILED | State.EXPIRED:
                self._promises.missed(promise.fax_id)
            case _:
                self._promises.cancelled(promise.fax_id)

    async def _climb(self, promise: Promise, view: FaxView, now: float) -> None:
        reason = self._why(view)
        line_in_trouble = reason.waiting in TROUBLE_OF_LINE or view.reason in FAILURES_OF_LINE
        fax = self._at_risk(
            view,
            promise,
            view.state,
            self._failed(view),
            await self._florists.other_for(view),
            line_in_trouble=line_in_trouble,
            florist_in_trouble=line_in_trouble or reason.waiting in TROUBLE_OF_FLORIST,
        )
        due = steps_due(fax, now, self._plan)
        changes = [self._step(fax, view, step, reason.detail, now) for step in due.steps]
        answers = await self._store.record(changes) if changes else []
        taken = [change for change, told in zip(changes, answers, strict=True) if isinstance(told, Changed)]
        self.note(taken, promise.deadline_at)
        self._follow(view, taken)
        # A step that came too late is put off, too: the fax went to a carrier in this very moment.
        has_put_off = due.has_put_off or len(taken) < len(changes)
        self._promises.look(promise.fax_id, due.next_at, has_put_off=has_put_off)

    def note(self, taken: Collection[Escalated | RerouteAsked], deadline_at: float) -> None:
        """Count the steps and tell of them."""
        for change in taken:
            if isinstance(change, RerouteAsked):
                self._florists.moved(change.fax_id, change.member or "", change.why)
                log.warning("rerouted", fax_id=change.fax_id, member=change.member, reason=change.why)
                continue
            if change.step is Step.OTHER_FLORIST:
                self._florists.moved(change.fax_id, change.member or "", "deadline")
            self._promises.note_steps(change.fax_id, [change.step], change.avoid)
            self._metrics.escalations.labels(change.step).inc()
            tell = log.error if change.step is Step.ALERT else log.warning
            seconds_left = round(deadline_at - change.at)
            event = "deadline_at_risk" if change.step is Step.ALERT else "escalated"
            tell(event, fax_id=change.fax_id, step=change.step, reason=change.reason, seconds_left=seconds_left)

    def _follow(self, view: FaxView, taken: Sequence[Escalated]) -> None:
        """Memory follows the store."""
        if all(change.step in {Step.EVENT, Step.ALERT} for change in taken):
            return
        queued = self._waiting.remove(view.fax_id)
        if queued is None:
            if not any(change.line is not None for change in taken):
                # It stands ready and goes this moment.
                return
            # So does this one, with pages for the old number, which the store will refuse to send.
            queued = queued_of(view)
        for change in taken:
            queued = with_step(queued, change)
        self._waiting.put([queued])

    def _at_risk(
        self,
        view: FaxView,
        promise: Promise,
        state: State,
        failed: frozenset[str],
        other_florist: Florist | None,
        *,
        line_in_trouble: bool,
        florist_in_trouble: bool,
    ) -> AtRisk:
        return AtRisk(
            state=state,
            rank=view.rank,
            accepted_at=view.accepted_at,
            deadline_at=promise.deadline_at,
            taken=view.escalated,
            failed=failed,
            other_carriers=any(carrier.provider.name not in failed for carrier in self._carriers),
            other_line=self._other_line(view),
            line_in_trouble=line_in_trouble,
            other_florist=other_florist,
            florist_in_trouble=florist_in_trouble,
        )

    def _step(self, fax: AtRisk, view: FaxView, step: Step, reason: str, now: float) -> Escalated:
        match step:
            case Step.SECOND_NUMBER:
                return Escalated(view.fax_id, step, reason, now, fax.other_line)
            case Step.OTHER_FLORIST if fax.other_florist is not None:
                florist = fax.other_florist
                return Escalated(view.fax_id, step, reason, now, florist.line, member=florist.member)
            case Step.OTHER_PROVIDER:
                return Escalated(view.fax_id, step, reason, now, avoid=tuple(sorted(fax.failed)))
            case _:
                return Escalated(view.fax_id, step, reason, now)

    def _failed(self, view: FaxView) -> frozenset[str]:
        ended = (attempt for attempt in view.attempts if attempt.ended_at is not None)
        # A carrier that never dialled has not failed the fax; it may be the one that is left.
        return frozenset(attempt.provider for attempt in ended if attempt.outcome not in NOT_A_CALL)

    def _other_line(self, view: FaxView) -> Line | None:
        """A line of the executing florist that this fax was not sent to yet."""
        member_id = view.member
        if member_id is None and view.content is Content.ORDER:
            member_id = stored_order(view.order).executing_member
        member = self._register.find(member_id) if member_id is not None else None
        if member is None:
            return None
        used = {view.line, *(attempt.line for attempt in view.attempts)}
        return next((line for line in self._register.lines_of(member) if line not in used), None)


def _delivered_at(view: FaxView) -> float:
    """Seconds since 1970. What happened to it since, such as a copy that somebody made of it, delays nothing."""
    told = (event.at for event in reversed(view.events) if event.kind == "delivered")
    return next(told, view.events[-1].at)
