"""Which fax goes next: all that waits, in memory, in the order it should go, never more calls a line than it takes.

Class first, then submitters in turns, then new and retried faxes in turns, then the nearest deadline, then age.
A fax that has been due for long climbs a class, so that bulk never starves. A line that cannot go costs nothing:
it is withdrawn when that is found out, and offered again when it can. Removal is lazy; an entry that no longer
speaks for a waiting fax is dropped when it comes up. Everything here is synchronous and takes the time as an
argument; one call does a bounded amount of work, and says by `next_due_at` that there is more.
"""

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from faxgw.config import QueueConfig
from faxgw.fax import Failure, FaxId, Waiting
from faxgw.phone import Line
from faxgw.queue.line_queue import LineQueue, Stand
from faxgw.queue.stops import Go, Lines, Wait
from faxgw.queue.turns import CLASSES, By, Flow, PriorityClass
from faxgw.store.port import Queued

STALE_MAX = 1_000
"""How many entries of faxes that wait no longer may stand beside those that count, before they are swept out."""
STEPS_MAX = 256
"""Entries looked at in one call: some tenths of a millisecond, however much fell due or shut at once."""


@dataclass(frozen=True, slots=True)
class ScheduleStatistics:
    """How the queue stands. Reasons are those of lines, as found when they last came up."""

    waiting: int
    lines_busy: int
    by_reason: dict[Waiting, int] = field(default_factory=dict)
    lines_by_reason: dict[Waiting, int] = field(default_factory=dict)
    oldest_due_at: dict[int, float] = field(default_factory=dict)
    """By class: since when the next fax of a line that may go has been due."""


class Schedule:
    """The faxes that wait for their turn."""

    def __init__(self, lines: Lines | None = None, config: QueueConfig | None = None) -> None:
        self._lines = lines or Lines()
        self._config = config or QueueConfig()
        self._later: dict[FaxId, Queued] = {}
        self._due: dict[FaxId, Queued] = {}
        self._taken: dict[FaxId, Queued] = {}
        self._climbed: dict[FaxId, int] = {}
        self._queues: dict[Line, LineQueue] = {}
        self._classes = [PriorityClass() for _ in range(CLASSES)]
        self._not_due: list[tuple[float, FaxId]] = []
        self._deadlines: list[tuple[float, FaxId]] = []
        self._wakes: list[tuple[float, Line]] = []
        self._behind_dead: list[Queued] = []
        self._is_suspended = False
        self._steps = 0
        self._broke_off = False

    # --- faxes come and go ---------------------------------------------------------------------------

    def load(self, faxes: Iterable[Queued], now: float) -> None:
        """Take in many at once, as at a start: what is due is sorted once instead of fax by fax."""
        due: list[Queued] = []
        for fax in faxes:
            if fax.due_at <= now:
                self.remove(fax.fax_id)
                due.append(fax)
            else:
                self.add(fax)
        due.sort(key=_due_at)
        stands: set[tuple[Line, Stand]] = set()
        for fax in due:
            line, stand = self._seat(fax)
            stand.due.append(self._by(fax))
            stands.add((line.name, stand))
            self._watch_deadline(fax)
        for name, stand in stands:
            heapq.heapify(stand.due)
            self._offer(self._queues[name], stand)

    def add(self, fax: Queued) -> None:
        """Put a fax in line; one that is here already is replaced."""
        self.remove(fax.fax_id)
        self._later[fax.fax_id] = fax
        heapq.heappush(self._not_due, (fax.due_at, fax.fax_id))
        self._watch_deadline(fax)

    def remove(self, fax_id: FaxId) -> Queued | None:
        fax = self._later.pop(fax_id, None)
        if fax is None and (fax := self._due.pop(fax_id, None)) is not None:
            self._queues[fax.line].waiting -= 1
            self._climbed.pop(fax_id, None)
        return fax

    def take(self, count: int, now: float) -> list[Queued]:
        """The next faxes that may go; their lines have one call more each until `free`."""
        self._let_in(now)
        self._steps = STEPS_MAX
        taken: list[Queued] = []
        while not self._is_suspended and len(taken) < count and (fax := self._next(now)) is not None:
            taken.append(fax)
        self._broke_off = self._steps <= 0
        return taken

    def take_expired(self, now: float) -> list[Queued]:
        """The faxes whose deadline has passed before their line was let go; they wait no longer."""
        expired: list[Queued] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline_at, fax_id = heapq.heappop(self._deadlines)
            fax = self._waiting(fax_id) or self._taken.get(fax_id)
            if fax is not None and fax.deadline_at == deadline_at:
                self.remove(fax_id)
                self._taken.pop(fax_id, None)
                expired.append(fax)
        return expired

    @property
    def has_behind_dead(self) -> bool:
        return bool(self._behind_dead)

    def take_behind_dead(self) -> list[Queued]:
        """The faxes found waiting for a line that is taken for dead, each told once for each time it is."""
        found, self._behind_dead = self._behind_dead, []
        return [fax for fax in found if fax.fax_id in self._due and self._lines.is_dead(fax.line)]

    # --- lines ---------------------------------------------------------------------------------------

    def calls_max(self, name: Line) -> int:
        return self._lines.calls_max(name)

    def occupy(self, name: Line, fax_id: FaxId) -> None:
        """The line has a call already (found at start)."""
        self._queue_of(name).calls.add(fax_id)

    def free(self, name: Line, fax_id: FaxId) -> None:
        """The call of `fax_id` is over: the line's next fax may go."""
        self._taken.pop(fax_id, None)
        line = self._queues.get(name)
        if line is not None and fax_id in line.calls:
            line.calls.discard(fax_id)
            if line.stop is not None:
                line.look_anew()
            self._restore(line)

    def note_delivered(self, name: Line) -> None:
        self._lines.note_delivered(name)
        self._look_anew(name)

    def note_failed(self, name: Line, failure: Failure, dials: int, at: float, rest_until: float) -> bool:
        """What a call taught of its line; says whether the line is taken for dead from now on."""
        died = self._lines.note_failed(name, failure, dials, at, rest_until)
        self._look_anew(name)
        if died and name in self._queues:
            self._behind_dead.extend(self._waiting_on(self._queues[name]))
        return died

    def suspend(self, name: Line, until: float | None = None) -> None:
        self._lines.suspend(name, until)
        self._look_anew(name)

    def resume(self, name: Line) -> None:
        self._lines.resume(name)
        self._look_anew(name)

    def suspend_all(self) -> None:
        self._is_suspended = True

    def resume_all(self) -> None:
        self._is_suspended = False

    # --- questions -----------------------------------------------------------------------------------

    def next_due_at(self) -> float:
        """When `take` may find something more; in the past only when it broke off for want of steps."""
        if self._is_suspended:
            return math.inf
        if self._broke_off:
            return -math.inf
        heads = (heap[0][0] for heap in (self._not_due, self._wakes) if heap)
        return min(heads, default=math.inf)

    def next_deadline_at(self) -> float:
        """When the next fax may expire; never in the past just after `take_expired`."""
        return self._deadlines[0][0] if self._deadlines else math.inf

    def why(self, fax_id: FaxId, name: Line, now: float) -> Wait:
        """Why a queued fax is not going this moment; what only a person ends comes first."""
        if self._is_suspended:
            return Wait(Waiting.SUSPENDED)
        line = self._queues.get(name)
        others = len(line.calls - {fax_id}) if line is not None else 0
        found = self._lines.look(name, 0, now)
        if isinstance(found, Wait) and found.until is None:
            return found
        fax = self._waiting(fax_id)
        if fax is not None and fax.due_at > now:
            return Wait(Waiting.NOT_DUE, fax.due_at)
        if isinstance(found, Wait):
            return found
        if others >= self._lines.calls_max(name):
            return Wait(Waiting.LINE_BUSY)
        return Wait(Waiting.NEXT)

    def stop_of(self, fax: Queued, now: float) -> Wait | None:
        """Why the line of a fax that was taken must not be called for it now."""
        line = self._queues.get(fax.line)
        others = len(line.calls - {fax.fax_id}) if line is not None else 0
        found = self._lines.look(fax.line, others, now)
        return found if isinstance(found, Wait) else None

    def statistics(self, now: float) -> ScheduleStatistics:
        """Costs a step for each line that has something to do, not for each fax."""
        self._let_in(now)
        faxes: dict[Waiting, int] = {Waiting.NOT_DUE: len(self._later)}
        lines: dict[Waiting, int] = {}
        oldest: dict[int, float] = {}
        busy = 0
        for line in self._queues.values():
            busy += bool(line.calls)
            if not line.waiting:
                continue
            reason = self._reason_of(line)
            faxes[reason] = faxes.get(reason, 0) + line.waiting
            lines[reason] = lines.get(reason, 0) + 1
            if reason is Waiting.NEXT:
                self._note_oldest(line, now, oldest)
        if self._not_due and self._not_due[0][0] <= now and (first := self._later.get(self._not_due[0][1])):
            # So much fell due at once that it is not all let in yet.
            oldest[_class_of(first)] = min(oldest.get(_class_of(first), now), first.due_at)
        return ScheduleStatistics(len(self._later) + len(self._due), busy, faxes, lines, oldest)

    def _reason_of(self, line: LineQueue) -> Waiting:
        if self._is_suspended:
            return Waiting.SUSPENDED
        if line.stop is not None:
            return line.stop.waiting
        return Waiting.LINE_BUSY if line.is_full else Waiting.NEXT

    def _note_oldest(self, line: LineQueue, now: float, oldest: dict[int, float]) -> None:
        for stand in line.stands.values():
            head = stand.offered
            fax = self._due.get(head[1]) if head is not None else None
            if fax is not None:
                oldest[stand.rank] = min(oldest.get(stand.rank, now), fax.due_at)

    # --- how a fax falls due and climbs ---------------------------------------------------------------

    def _let_in(self, now: float) -> None:
        """Catch up with the clock, as far as one call may."""
        self._steps = STEPS_MAX
        self._wake_lines(now)
        self._let_due_in(now)
        self._climb(now)

    def _let_due_in(self, now: float) -> None:
        while self._not_due and self._not_due[0][0] <= now and self._steps > 0:
            self._steps -= 1
            due_at, fax_id = heapq.heappop(self._not_due)
            fax = self._later.get(fax_id)
            if fax is None or fax.due_at != due_at:
                continue
            del self._later[fax_id]
            line, stand = self._seat(fax)
            self._join(line, stand, fax)
            if self._lines.is_dead(fax.line):
                self._behind_dead.append(fax)

    def _climb(self, now: float) -> None:
        """Let those that have been due for long into the class above."""
        for rank in range(1, CLASSES):
            climbing = self._classes[rank].climbing
            while climbing and self._steps > 0:
                climbs_at, fax_id = climbing[0]
                fax = self._climber(rank, climbs_at, fax_id)
                if fax is not None and climbs_at > now:
                    break
                self._steps -= 1
                heapq.heappop(climbing)
                if fax is not None:
                    self._climbed[fax_id] = rank - 1
                    line = self._queues[fax.line]
                    self._join(line, self._stand_of(line, fax), fax)

    def _climber(self, rank: int, climbs_at: float, fax_id: FaxId) -> Queued | None:
        """The fax that an entry speaks for, or None when it is in that class no more."""
        fax = self._due.get(fax_id)
        is_there = fax is not None and self._rank_of(fax) == rank and self._climbs_at(fax) == climbs_at
        return fax if is_there else None

    def _climbs_at(self, fax: Queued) -> float:
        steps_up = _class_of(fax) - self._rank_of(fax) + 1
        return fax.due_at + steps_up * self._config.climb_seconds

    def _seat(self, fax: Queued) -> tuple[LineQueue, Stand]:
        self._due[fax.fax_id] = fax
        line = self._queue_of(fax.line)
        line.waiting += 1
        return line, self._stand_of(line, fax)

    def _stand_of(self, line: LineQueue, fax: Queued) -> Stand:
        """Where the fax stands among its line's; notes when it leaves there for the class above."""
        rank = self._rank_of(fax)
        if rank > 0:
            self._sweep_climbing(rank)
            heapq.heappush(self._classes[rank].climbing, (self._climbs_at(fax), fax.fax_id))
        flow = self._flow_of(fax)
        stand = line.stands.get(flow)
        if stand is None:
            stand = line.stands[flow] = Stand(rank, fax.submitter, flow)
        return stand

    def _join(self, line: LineQueue, stand: Stand, fax: Queued) -> None:
        heapq.heappush(stand.due, self._by(fax))
        if not stand.withdrawn:
            self._offer(line, stand)

    def _rank_of(self, fax: Queued) -> int:
        return self._climbed.get(fax.fax_id, _class_of(fax))

    def _flow_of(self, fax: Queued) -> Flow:
        share = self._classes[self._rank_of(fax)].share_of(fax.submitter)
        return share.deferred if fax.calls else share.new

    def _by(self, fax: Queued) -> By:
        latest = fax.due_at + self._config.patience_seconds
        return latest if fax.deadline_at is None else min(latest, fax.deadline_at), fax.fax_id

    # --- how a line stands for its faxes --------------------------------------------------------------

    def _queue_of(self, name: Line) -> LineQueue:
        line = self._queues.get(name)
        if line is None:
            line = self._queues[name] = LineQueue(name, self._lines.calls_max(name))
        return line

    def _offer(self, line: LineQueue, stand: Stand) -> None:
        """Let the line stand in a flow for its best fax there, or leave the flow when it has none."""
        head = self._head(stand)
        if head is None:
            line.stands.pop(stand.flow, None)
            self._forget_if_idle(line)
        elif line.is_full or line.stop is not None:
            stand.offered = None
            line.withdraw(stand)
        elif stand.offered is None or head < stand.offered:
            stand.offered = head
            self._classes[stand.rank].offer(stand.submitter, stand.flow, head, line.name)

    def _head(self, stand: Stand) -> By | None:
        """The best fax of a stand that still waits there, with what went away before it dropped.

        Whether it is due is not asked again: it was, and a wall clock that is set back must not lose it.
        """
        while stand.due:
            head = stand.due[0]
            fax = self._due.get(head[1])
            if fax is not None and self._by(fax) == head and self._flow_of(fax) is stand.flow:
                return head
            heapq.heappop(stand.due)
        return None

    def _restore(self, line: LineQueue) -> None:
        """Offer again what was withdrawn while the line could not go."""
        if line.is_full or line.stop is not None:
            return
        for stand in line.take_withdrawn():
            self._offer(line, stand)
        self._forget_if_idle(line)

    def _look_anew(self, name: Line) -> None:
        line = self._queues.get(name)
        if line is not None:
            line.look_anew()
            self._restore(line)

    def _wake_lines(self, now: float) -> None:
        while self._wakes and self._wakes[0][0] <= now and self._steps > 0:
            self._steps -= 1
            until, name = heapq.heappop(self._wakes)
            line = self._queues.get(name)
            if line is not None and line.stop is not None and line.stop.until == until:
                self._look_anew(name)

    def _forget_if_idle(self, line: LineQueue) -> None:
        if line.is_idle:
            self._queues.pop(line.name, None)

    # --- picking --------------------------------------------------------------------------------------

    def _next(self, now: float) -> Queued | None:
        for each in self._classes:
            while (share := each.first()) is not None:
                for flow in share.in_turn():
                    if (fax := self._pop(flow, now)) is not None:
                        each.end_turn(flow)
                        return fax
                if self._steps <= 0:
                    return None
                each.drop_first()
        return None

    def _pop(self, flow: Flow, now: float) -> Queued | None:
        """The best fax of a flow whose line can go; lines that cannot are withdrawn on the way."""
        while flow.offers and self._steps > 0:
            self._steps -= 1
            by, fax_id, name = heapq.heappop(flow.offers)
            line = self._queues.get(name)
            stand = line.stands.get(flow) if line is not None else None
            if line is None or stand is None or stand.offered != (by, fax_id):
                continue
            stand.offered = None
            if not self._can_go(line, now):
                line.withdraw(stand)
            elif self._head(stand) != (by, fax_id):
                # Whoever stood for the line went away; the next in it stands for it now.
                self._offer(line, stand)
            else:
                heapq.heappop(stand.due)
                return self._give(line, stand, fax_id)
        return None

    def _can_go(self, line: LineQueue, now: float) -> bool:
        if line.is_full or line.stop is not None:
            return False
        if line.looked_at <= now < line.clear_until:
            return True
        match self._lines.look(line.name, len(line.calls), now):
            case Go(until=until):
                line.looked_at, line.clear_until = now, until
                return True
            case Wait(until=until) as stop:
                line.stop = stop
                if until is not None:
                    heapq.heappush(self._wakes, (until, line.name))
                return False

    def _give(self, line: LineQueue, stand: Stand, fax_id: FaxId) -> Queued:
        fax = self._due.pop(fax_id)
        self._climbed.pop(fax_id, None)
        # Its deadline is watched on: it may stand in front of a paused carrier for long.
        self._taken[fax_id] = fax
        line.calls.add(fax_id)
        line.waiting -= 1
        if line.calls_max > 1:
            # A call under way may become one that failed: what is left of the hour's calls has changed.
            line.look_anew()
        self._offer(line, stand)
        return fax

    # --- housekeeping ---------------------------------------------------------------------------------

    def _waiting(self, fax_id: FaxId) -> Queued | None:
        return self._later.get(fax_id) or self._due.get(fax_id)

    def _waiting_on(self, line: LineQueue) -> Iterator[Queued]:
        for stand in line.stands.values():
            for _, fax_id in stand.due:
                fax = self._due.get(fax_id)
                if fax is not None and self._flow_of(fax) is stand.flow:
                    yield fax

    def _watch_deadline(self, fax: Queued) -> None:
        if fax.deadline_at is None:
            return
        heapq.heappush(self._deadlines, (fax.deadline_at, fax.fax_id))
        # Every retry brings its deadline along again; a carrier that is down would fill the memory with them.
        live = len(self._later) + len(self._due) + len(self._taken)
        if len(self._deadlines) > 2 * live + STALE_MAX:
            faxes = [*self._later.values(), *self._due.values(), *self._taken.values()]
            self._deadlines = [(each.deadline_at, each.fax_id) for each in faxes if each.deadline_at is not None]
            heapq.heapify(self._deadlines)

    def _sweep_climbing(self, rank: int) -> None:
        climbing = self._classes[rank].climbing
        if len(climbing) > 2 * len(self._due) + STALE_MAX:
            climbing[:] = [each for each in climbing if self._climber(rank, *each) is not None]
            heapq.heapify(climbing)


def _class_of(fax: Queued) -> int:
    return min(max(fax.rank, 0), CLASSES - 1)


def _due_at(fax: Queued) -> float:
    return fax.due_at
