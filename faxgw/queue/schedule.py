"""Which fax goes next: all that waits, in memory, in the order it should go, never more calls a line than it takes.

Class first, then submitters in turns, then new and retried faxes in turns, then the nearest deadline, then age.
A fax that has been due for long climbs a class, so that bulk never starves. Everything here is synchronous and
takes the time as an argument; one call does a bounded amount of work, and says by `next_due_at` that there is more.
"""

import heapq
import math
from collections.abc import Iterable

from faxgw.config.calls import ONE_FAX, CallConfig
from faxgw.config.sending import QueueConfig
from faxgw.fax import Failure, FaxId, Waiting
from faxgw.phone import Line
from faxgw.queue.due import STALE_MAX, STEPS_MAX, DueFaxes
from faxgw.queue.statistics import ScheduleStatistics, survey
from faxgw.queue.stops import Lines, Wait
from faxgw.store.unfinished import Queued


class Schedule:
    """The faxes that wait for their turn."""

    def __init__(
        self, lines: Lines | None = None, config: QueueConfig | None = None, sharing: CallConfig = ONE_FAX
    ) -> None:
        self._lines = lines or Lines()
        self._due = DueFaxes(self._lines, config or QueueConfig(), sharing)
        self._later: dict[FaxId, Queued] = {}
        self._taken: dict[FaxId, Queued] = {}
        self._not_due: list[tuple[float, FaxId]] = []
        self._deadlines: list[tuple[float, FaxId]] = []
        self._behind_dead: list[Queued] = []
        self._is_suspended = False
        self._broke_off = False

    def __len__(self) -> int:
        """How many wait, those that are not due yet among them."""
        return len(self._later) + len(self._due)

    # --- faxes come and go ---------------------------------------------------------------------------

    def load(self, faxes: Iterable[Queued], now: float) -> None:
        """Take in many at once, as at a start."""
        due: list[Queued] = []
        for fax in faxes:
            if fax.due_at <= now:
                self.remove(fax.fax_id)
                due.append(fax)
            else:
                self.add(fax)
        self._due.load(due)
        for fax in due:
            self._watch_deadline(fax)

    def add(self, fax: Queued) -> None:
        """Put a fax in line; it replaces itself where it is here already, unless what is here is a newer revision.

        Of two changes at once the later one may be in line first, and the store sends none but the newest.
        """
        here = self.remove(fax.fax_id)
        if here is not None and here.revision > fax.revision:
            fax = here
        self._later[fax.fax_id] = fax
        heapq.heappush(self._not_due, (fax.due_at, fax.fax_id))
        self._watch_deadline(fax)

    def remove(self, fax_id: FaxId) -> Queued | None:
        return self._later.pop(fax_id, None) or self._due.remove(fax_id)

    def is_waiting(self, fax_id: FaxId) -> bool:
        return self._waiting(fax_id) is not None

    def take(self, count: int, now: float) -> list[Queued]:
        """The next faxes that may go, each with its company; their lines have one call more each until `free`.

        At most `count`, but for those that share the last one's call.
        """
        self._catch_up(now)
        self._due.refill_steps()
        taken: list[Queued] = []
        while not self._is_suspended and count > 0 and (fax := self._due.next(now)) is not None:
            for each in fax.call:
                # Its deadline is watched on: it may stand in front of a paused carrier for long.
                self._taken[each.fax_id] = each
            count -= len(fax.call)
            taken.append(fax)
        self._broke_off = self._due.steps_left <= 0
        return taken

    def take_expired(self, now: float) -> list[Queued]:
        """The faxes whose deadline has passed before their line was let go; they wait no longer.

        Of very many as many as one call may look at; `next_deadline_at` is then still in the past.
        """
        expired: list[Queued] = []
        for _ in range(STEPS_MAX):
            if not self._deadlines or self._deadlines[0][0] > now:
                break
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
        return [fax for fax in found if self._due.get(fax.fax_id) is not None and self._lines.is_dead(fax.line)]

    # --- lines ---------------------------------------------------------------------------------------

    def calls_max(self, name: Line) -> int:
        return self._lines.calls_max(name)

    def occupy(self, name: Line, fax_id: FaxId) -> None:
        """The line has a call already (found at start)."""
        self._due.occupy(name, fax_id)

    def free(self, name: Line, fax_id: FaxId) -> None:
        """The call of `fax_id` is over, and so it is for its company: the line's next fax may go."""
        lead = self._taken.pop(fax_id, None)
        for each in lead.company if lead is not None else ():
            # One that was put back may have been handed out again meanwhile, in a call of its own.
            if self._taken.get(each.fax_id) is each:
                del self._taken[each.fax_id]
        self._due.free(name, fax_id)

    def note_delivered(self, name: Line) -> None:
        self._lines.note_delivered(name)
        self._due.look_anew(name)

    def note_failed(self, name: Line, failure: Failure, dials: int, at: float, rest_until: float) -> bool:
        """What a call taught of its line; says whether the line is taken for dead from now on."""
        died = self._lines.note_failed(name, failure, dials, at, rest_until)
        self._due.look_anew(name)
        if died:
            self._behind_dead.extend(self._due.waiting_on(name))
        return died

    def suspend(self, name: Line, until: float | None = None) -> None:
        self._lines.suspend(name, until)
        self._due.look_anew(name)

    def resume(self, name: Line) -> None:
        self._lines.resume(name)
        self._due.look_anew(name)

    def heed_lines(self) -> None:
        """What the register says of lines has changed."""
        self._due.heed_lines()

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
        due_at = self._not_due[0][0] if self._not_due else math.inf
        wake_at = self._due.next_wake_at()
        return due_at if wake_at is None else min(due_at, wake_at)

    def next_deadline_at(self) -> float:
        """When the next fax may expire; in the past only when `take_expired` left some."""
        return self._deadlines[0][0] if self._deadlines else math.inf

    def why(self, fax_id: FaxId, name: Line, now: float) -> Wait:
        """Why a queued fax is not going this moment; what only a person ends comes first."""
        if self._is_suspended:
            return Wait(Waiting.SUSPENDED)
        found = self._lines.look(name, 0, now)
        if isinstance(found, Wait) and found.until is None:
            return found
        fax = self._waiting(fax_id)
        if fax is not None and fax.due_at > now:
            return Wait(Waiting.NOT_DUE, fax.due_at)
        if isinstance(found, Wait):
            return found
        is_full = self._other_calls(name, fax_id) >= self._lines.calls_max(name)
        return Wait(Waiting.LINE_BUSY if is_full else Waiting.NEXT)

    def stop_of(self, fax: Queued, now: float) -> Wait | None:
        """Why the line of a fax that was taken must not be called for it now."""
        found = self._lines.look(fax.line, self._other_calls(fax.line, fax.fax_id), now)
        return found if isinstance(found, Wait) else None

    def statistics(self, now: float) -> ScheduleStatistics:
        """Costs a step for each line that has something to do, not for each fax."""
        self._catch_up(now)
        # So much may have fallen due at once that it is not all let in yet.
        first = self._later.get(self._not_due[0][1]) if self._not_due and self._not_due[0][0] <= now else None
        return survey(self._due, len(self._later), first, is_suspended=self._is_suspended)

    # --- housekeeping --------------------------------------------------------------------------------

    def _catch_up(self, now: float) -> None:
        """Catch up with the clock, as far as one call may."""
        self._due.refill_steps()
        self._due.wake_lines(now)
        while self._not_due and self._not_due[0][0] <= now and self._due.steps_left > 0:
            self._due.step()
            due_at, fax_id = heapq.heappop(self._not_due)
            fax = self._later.get(fax_id)
            if fax is not None and fax.due_at == due_at:
                self._fall_due(fax)
        self._due.climb(now)

    def _fall_due(self, fax: Queued) -> None:
        del self._later[fax.fax_id]
        self._due.add(fax)
        if self._lines.is_dead(fax.line):
            self._behind_dead.append(fax)

    def _waiting(self, fax_id: FaxId) -> Queued | None:
        return self._later.get(fax_id) or self._due.get(fax_id)

    def _other_calls(self, name: Line, fax_id: FaxId) -> int:
        line = self._due.find(name)
        return len(line.calls - {fax_id}) if line is not None else 0

    def _watch_deadline(self, fax: Queued) -> None:
        if fax.deadline_at is None:
            return
        heapq.heappush(self._deadlines, (fax.deadline_at, fax.fax_id))
        # Every retry brings its deadline along again; a carrier that is down would fill the memory with them.
        live = len(self) + len(self._taken)
        if len(self._deadlines) > 2 * live + STALE_MAX:
            faxes = [*self._later.values(), *self._due.values(), *self._taken.values()]
            self._deadlines = [(each.deadline_at, each.fax_id) for each in faxes if each.deadline_at is not None]
            heapq.heapify(self._deadlines)
