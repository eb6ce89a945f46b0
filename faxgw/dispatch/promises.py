"""Every deadline of a fax that is not over, in memory: when it must be looked at, and whether it was kept.

A fax that is over is counted once: met if it was delivered before its deadline, else missed. One that people
cancelled is counted as neither.
"""

import dataclasses
import heapq
import math
from collections.abc import Iterable, Sequence

import trio

from faxgw.clock import Clock
from faxgw.config.promises import ServiceRule, Step, TimedStep
from faxgw.fax import FaxId
from faxgw.ops.metrics import Metrics
from faxgw.store.unfinished import Promise

ORDER_ITSELF = "none"
"""The rule under which deadlines are counted that an order brought along."""
STALE_MAX = 1_000
"""How many entries may stand in the heap beside those that count, before they are swept out."""


class Promises:
    """Wakes whoever takes the steps, and counts what became of each promise."""

    def __init__(
        self, clock: Clock, metrics: Metrics, rules: Sequence[ServiceRule] = (), plan: Sequence[TimedStep] = ()
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._open: dict[FaxId, Promise] = {}
        self._look_at: dict[FaxId, float] = {}
        self._looks: list[tuple[float, FaxId]] = []
        self._put_off: set[FaxId] = set()
        self._changed = trio.Event()
        for step in Step:
            metrics.escalations.labels(step)
        self.first_seconds = 0.0
        """So long before its deadline the first step is taken for a fax: from then on it is at risk."""
        self.heed_plan(rules, plan)

    def heed_plan(self, rules: Sequence[ServiceRule], plan: Sequence[TimedStep]) -> None:
        """Promise by these rules, and look at every fax by this plan from now on."""
        # A counter that is not there yet cannot be seen to grow: Prometheus would miss the first of each.
        for name in (ORDER_ITSELF, *(rule.name for rule in rules)):
            for result in ("met", "missed"):
                self._metrics.deadline.labels(result, name)
        self.first_seconds = max((timed.minutes_before * 60 for timed in plan), default=0.0)
        for promise in self._open.values():
            self.look(promise.fax_id, promise.deadline_at - self.first_seconds)

    def put(self, promises: Iterable[Promise]) -> None:
        """Watch over these; a promise that is here already is left as it is."""
        for promise in promises:
            if promise.fax_id not in self._open:
                self._open[promise.fax_id] = promise
                self.look(promise.fax_id, promise.deadline_at - self.first_seconds)

    def get(self, fax_id: FaxId) -> Promise | None:
        return self._open.get(fax_id)

    def left_out(self, fax_id: FaxId) -> frozenset[str]:
        """The carriers that do not get the fax while there is another."""
        promise = self._open.get(fax_id)
        return promise.avoid if promise is not None else frozenset()

    def note_steps(self, fax_id: FaxId, steps: Iterable[Step], avoid: Iterable[str] = ()) -> None:
        """These steps were taken, and those carriers are left out from now on."""
        promise = self._open.get(fax_id)
        if promise is not None:
            taken, left_out = promise.escalated | set(steps), promise.avoid | set(avoid)
            self._open[fax_id] = dataclasses.replace(promise, escalated=taken, avoid=left_out)

    def note_back(self, fax_id: FaxId, failed: str | None) -> None:
        """The fax is in line again, by way of a carrier that failed it: what was put off may be possible now."""
        promise = self._open.get(fax_id)
        if promise is not None and failed is not None and Step.OTHER_PROVIDER in promise.escalated:
            self.note_steps(fax_id, (), [failed])
        if fax_id in self._put_off:
            self.look(fax_id, self._clock.now())

    # --- what became of them -----------------------------------------------------------------------------

    def delivered(self, fax_id: FaxId, at: float) -> None:
        promise = self._forget(fax_id)
        if promise is not None:
            self._metrics.deadline_slack.observe(promise.deadline_at - at)
            self._count(promise, "met" if at < promise.deadline_at else "missed")

    def missed(self, fax_id: FaxId) -> None:
        """The fax expired, or failed for good."""
        promise = self._forget(fax_id)
        if promise is not None:
            self._count(promise, "missed")

    def cancelled(self, fax_id: FaxId) -> None:
        self._forget(fax_id)

    # --- when to look ------------------------------------------------------------------------------------

    def look(self, fax_id: FaxId, at: float, *, has_put_off: bool = False) -> None:
        """Give the fax out at `at`; with steps put off also when it comes back in line."""
        if fax_id not in self._open:
            return
        self._look_at[fax_id] = at
        (self._put_off.add if has_put_off else self._put_off.discard)(fax_id)
        if at < math.inf:
            heapq.heappush(self._looks, (at, fax_id))
            self._sweep()
            self.heed_clock()

    def heed_clock(self) -> None:
        """Look again at what is due: something new is, or the machine's clock was set."""
        self._changed.set()
        self._changed = trio.Event()

    async def wait_due(self, count: int) -> list[Promise]:
        """Return once there are faxes to look at, at most so many. Each is given out once."""
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            if due := self._take_due(count):
                return due
            next_at = self._looks[0][0] if self._looks else math.inf
            with trio.move_on_after(max(next_at - self._clock.now(), 0.0)):
                await changed.wait()

    def _take_due(self, count: int) -> list[Promise]:
        due: list[Promise] = []
        now = self._clock.now()
        while self._looks and self._looks[0][0] <= now and len(due) < count:
            at, fax_id = heapq.heappop(self._looks)
            if self._look_at.get(fax_id) == at:
                del self._look_at[fax_id]
                due.append(self._open[fax_id])
        return due

    def _forget(self, fax_id: FaxId) -> Promise | None:
        self._look_at.pop(fax_id, None)
        self._put_off.discard(fax_id)
        return self._open.pop(fax_id, None)

    def _count(self, promise: Promise, result: str) -> None:
        self._metrics.deadline.labels(result, promise.service or ORDER_ITSELF).inc()

    def _sweep(self) -> None:
        if len(self._looks) > 2 * len(self._look_at) + STALE_MAX:
            self._looks = [(at, fax_id) for fax_id, at in self._look_at.items() if at < math.inf]
            heapq.heapify(self._looks)
