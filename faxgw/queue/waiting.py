"""The schedule as tasks see it: hand in what waits, and wait for what may go."""

from collections.abc import Iterable, Mapping

import msgspec
import trio

from faxgw.clock import Clock
from faxgw.config.calls import ONE_FAX, CallConfig
from faxgw.config.sending import QueueConfig
from faxgw.fax import Failure, FaxId, State
from faxgw.ops.metrics import QueueFigures
from faxgw.order import RANKS
from faxgw.phone import Line
from faxgw.queue.schedule import Schedule
from faxgw.queue.statistics import ScheduleStatistics
from faxgw.queue.stops import Lines, Wait
from faxgw.store.lines import LineMemory
from faxgw.store.unfinished import Queued


class WaitingRoom:
    """Wakes whoever waits for work when a fax comes in, a line falls free, or time has come."""

    def __init__(
        self,
        clock: Clock,
        lines: Lines | None = None,
        config: QueueConfig | None = None,
        sharing: CallConfig = ONE_FAX,
    ) -> None:
        self._clock = clock
        self._lines = lines or Lines()
        self._config = config or QueueConfig()
        self._schedule = Schedule(self._lines, self._config, sharing)
        self._changed = trio.Event()
        self._kept_back = trio.Event()

    def load(self, memories: Iterable[LineMemory], faxes: Iterable[Queued]) -> None:
        """What a start finds in the store: what is remembered of lines, and all that waits."""
        self._lines.load(memories)
        self._schedule.load(faxes, self._clock.now())
        self._wake()

    @property
    def is_full(self) -> bool:
        """Whether as many wait as the config wants, so that no more should be let in; who was let in is put in line."""
        return len(self._schedule) >= self._config.waiting_max

    def put(self, faxes: Iterable[Queued]) -> None:
        for fax in faxes:
            self._schedule.add(fax)
        self._wake()

    def put_back(self, fax: Queued, wait_seconds: float) -> None:
        """Take back a fax that was handed out and did not go, and its company; its line falls free, it waits a little.

        The company is no company any more: who shares the next call is decided anew. A fax that somebody changed and
        put in line meanwhile stays there as it is now.
        """
        now = self._clock.now()
        for each in fax.call:
            if not self._schedule.is_waiting(each.fax_id):
                due_at = max(each.due_at, now + wait_seconds)
                self._schedule.add(msgspec.structs.replace(each, due_at=due_at, company=()))
            self.free(each.line, each.fax_id)

    def remove(self, fax_id: FaxId) -> Queued | None:
        """The fax as it waited, or None where it did not: it stands ready, is with a carrier, or is over."""
        return self._schedule.remove(fax_id)

    # --- lines ---------------------------------------------------------------------------------------

    def calls_max(self, line: Line) -> int:
        """How many calls the line takes at once."""
        return self._schedule.calls_max(line)

    def occupy(self, line: Line, fax_id: FaxId) -> None:
        self._schedule.occupy(line, fax_id)

    def free(self, line: Line, fax_id: FaxId) -> None:
        self._schedule.free(line, fax_id)
        self._wake()

    def note_delivered(self, line: Line) -> None:
        """A fax machine answered and took a fax: what failed there before is forgotten."""
        self._schedule.note_delivered(line)
        self._wake()

    def note_failed(self, line: Line, failure: Failure, dials: int, rest_until: float) -> bool:
        """A call failed after `dials` dials. Where the line's other faxes would fare alike, all rest until then.

        Says whether the line is taken for dead from now on; `wait_behind_dead` tells whom it keeps.
        """
        died = self._schedule.note_failed(line, failure, dials, self._clock.now(), rest_until)
        self._tell_kept_back()
        self._wake()
        return died

    def heed_lines(self) -> None:
        """The register changed, and with it how many calls lines take, and when."""
        self._schedule.heed_lines()
        self._wake()

    def memory_of(self, line: Line) -> LineMemory:
        return self._lines.memory_of(line)

    # --- what people stop ----------------------------------------------------------------------------

    def suspend(self, line: Line, until: float | None = None) -> None:
        """Begin no call to the line until it is resumed, or until that time."""
        self._schedule.suspend(line, until)

    def resume(self, line: Line) -> None:
        """Call the line again, also one that was taken for dead."""
        self._schedule.resume(line)
        self._wake()

    def suspend_all(self) -> None:
        self._schedule.suspend_all()
        self._wake()

    def resume_all(self) -> None:
        self._schedule.resume_all()
        self._wake()

    # --- waiting -------------------------------------------------------------------------------------

    async def wait_due(self, count: int) -> list[Queued]:
        """Return once there are faxes that may go, each with those that share its call, if any."""
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            taken = self._schedule.take(count, self._clock.now())
            self._tell_kept_back()
            if taken:
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

    async def wait_behind_dead(self) -> list[Queued]:
        """Return once there are faxes that a line taken for dead keeps from going, of which nobody was told."""
        while True:
            await trio.lowlevel.checkpoint()
            if kept := self._schedule.take_behind_dead():
                return kept
            self._kept_back = trio.Event()
            await self._kept_back.wait()

    def stop_of(self, fax: Queued) -> Wait | None:
        """What keeps the line of a fax that was handed out from being called after all, by what is known now."""
        return self._schedule.stop_of(fax, self._clock.now())

    def heed_clock(self) -> None:
        """The machine's clock was set: what waits for an hour looks at it again."""
        self._wake()

    # --- questions -----------------------------------------------------------------------------------

    def why(self, fax_id: FaxId, line: Line) -> Wait:
        return self._schedule.why(fax_id, line, self._clock.now())

    def statistics(self) -> ScheduleStatistics:
        return self._schedule.statistics(self._clock.now())

    def oldest_due_age_seconds(self) -> float:
        """For how long the longest-waiting fax that could go has been due; 0 when none is."""
        now = self._clock.now()
        return max((now - due_at for due_at in self.statistics().oldest_due_at.values()), default=0.0)

    def figures(self, faxes: Mapping[State, int]) -> QueueFigures:
        """For the metrics; `faxes` are the store's counts."""
        now, statistics = self._clock.now(), self.statistics()
        ages = {rank: max(0.0, now - due_at) for rank, due_at in statistics.oldest_due_at.items()}
        by_class = {priority.value: ages.get(rank, 0.0) for priority, rank in RANKS.items()}
        oldest = max(ages.values(), default=0.0)
        return QueueFigures(faxes, oldest, statistics.by_reason, statistics.lines_by_reason, by_class)

    async def _wait_until(self, at: float, changed: trio.Event) -> None:
        with trio.move_on_after(max(at - self._clock.now(), 0.0)):
            await changed.wait()

    def _tell_kept_back(self) -> None:
        if self._schedule.has_behind_dead:
            self._kept_back.set()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
