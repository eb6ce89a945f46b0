"""The schedule as tasks see it: hand in what waits, and wait for what may go."""

import dataclasses
from collections.abc import Iterable

import trio

from faxgw.clock import Clock
from faxgw.fax import FaxId, Waiting
from faxgw.phone import Line
from faxgw.queue.schedule import Schedule, ScheduleStatistics
from faxgw.store.port import Queued


class WaitingRoom:
    """Wakes whoever waits for work when a fax comes in, a line falls free, or time has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._schedule = Schedule()
        self._changed = trio.Event()

    def put(self, faxes: Iterable[Queued]) -> None:
        self._schedule.load(faxes)
        self._wake()

    def put_back(self, fax: Queued, wait_seconds: float) -> None:
        """Take back a fax that was handed out and did not go; its line falls free, it waits a little."""
        due_at = max(fax.due_at, self._clock.now() + wait_seconds)
        self._schedule.add(dataclasses.replace(fax, due_at=due_at))
        self.free(fax.line, fax.fax_id)

    def remove(self, fax_id: FaxId) -> None:
        self._schedule.remove(fax_id)

    def occupy(self, line: Line, fax_id: FaxId) -> None:
        self._schedule.occupy(line, fax_id)

    def free(self, line: Line, fax_id: FaxId) -> None:
        self._schedule.free(line, fax_id)
        self._wake()

    async def wait_due(self, count: int) -> list[Queued]:
        """Return once there are faxes that may go: at most `count`, at most one a line."""
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            if taken := self._schedule.take(count, self._clock.now()):
                return taken
            await self._wait_until(self._schedule.next_due_at(), changed)

    async def wait_expired(self) -> list[Queued]:
        """Return once there are faxes whose deadline passed while they waited."""
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            if expired := self._schedule.take_expired(self._clock.now()):
                return expired
            await self._wait_until(self._schedule.next_deadline_at(), changed)

    def why(self, fax_id: FaxId, line: Line) -> Waiting:
        return self._schedule.why(fax_id, line, self._clock.now())

    def oldest_due_age_seconds(self) -> float:
        now = self._clock.now()
        oldest = self._schedule.oldest_due_at(now)
        return 0.0 if oldest is None else max(0.0, now - oldest)

    def statistics(self) -> ScheduleStatistics:
        return self._schedule.statistics()

    async def _wait_until(self, at: float, changed: trio.Event) -> None:
        with trio.move_on_after(max(at - self._clock.now(), 0.0)):
            await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
