"""The faxes that fell due: where each stands, which lines may go with them, and which of them goes next.

A line offers its best fax in each flow in which it has some. Offers and entries are dropped lazily: one that no
longer speaks for a waiting fax is void and goes when it comes up. A line that cannot go is withdrawn when that is
found out, and offers again when it can; so it costs nothing however much waits for it.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from faxgw.config.calls import ONE_FAX, CallConfig
from faxgw.config.sending import QueueConfig
from faxgw.fax import FaxId
from faxgw.phone import Line
from faxgw.queue.company import goes_with, may_share
from faxgw.queue.line_queue import LineQueue, Stand
from faxgw.queue.stops import Go, Lines, Wait
from faxgw.queue.turns import CLASSES, By, Flow, PriorityClass
from faxgw.store.unfinished import Queued

STALE_MAX = 1_000
"""How many entries of faxes that wait no longer may stand beside those that count, before they are swept out."""
STEPS_MAX = 256
"""Entries looked at in one call: some tenths of a millisecond, however much fell due or shut at once."""


class DueFaxes:
    """All that could go now as far as their own time is concerned."""

    def __init__(self, lines: Lines, config: QueueConfig, sharing: CallConfig = ONE_FAX) -> None:
        self._lines = lines
        self._config = config
        self._sharing = sharing
        self._faxes: dict[FaxId, Queued] = {}
        self._climbed: dict[FaxId, int] = {}
        self._queues: dict[Line, LineQueue] = {}
        self._classes = [PriorityClass() for _ in range(CLASSES)]
        self._wakes: list[tuple[float, Line]] = []
        self._steps = 0

    def __len__(self) -> int:
        return len(self._faxes)

    def get(self, fax_id: FaxId) -> Queued | None:
        return self._faxes.get(fax_id)

    def values(self) -> Iterable[Queued]:
        return self._faxes.values()

    def queues(self) -> Iterable[LineQueue]:
        """Every line that has something to do."""
        return self._queues.values()

    def find(self, name: Line) -> LineQueue | None:
        return self._queues.get(name)

    # --- faxes come and go ---------------------------------------------------------------------------

    def load(self, faxes: Iterable[Queued]) -> None:
        """Take in many at once: each line's are made a heap once, instead of fax by fax."""
        touched: dict[Stand, LineQueue] = {}
        for fax in faxes:
            line, stand = self._seat(fax)
            stand.due.append(self._by(fax))
            touched[stand] = line
        for stand, line in touched.items():
            heapq.heapify(stand.due)
            if not stand.withdrawn:
                self._offer(line, stand)

    def add(self, fax: Queued) -> None:
        line, stand = self._seat(fax)
        self._join(line, stand, fax)

    def remove(self, fax_id: FaxId) -> Queued | None:
        fax = self._faxes.pop(fax_id, None)
        if fax is not None:
            self._climbed.pop(fax_id, None)
            self._queues[fax.line].waiting -= 1
        return fax

    def next(self, now: float) -> Queued | None:
        """Hand out the fax that goes next, and those that share its call; its line has one call more.

        None also when the steps are used up.
        """
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

    def waiting_on(self, name: Line) -> Iterator[Queued]:
        line = self._queues.get(name)
        for stand in line.stands.values() if line is not None else ():
            for _, fax_id in stand.due:
                fax = self._faxes.get(fax_id)
                if fax is not None and self._flow_of(fax, self.rank_of(fax)) is stand.flow:
                    yield fax

    # --- the work of one call is bounded --------------------------------------------------------------

    @property
    def steps_left(self) -> int:
        return self._steps

    def refill_steps(self) -> None:
        self._steps = STEPS_MAX

    def step(self) -> None:
        self._steps -= 1

    # --- lines ---------------------------------------------------------------------------------------

    def occupy(self, name: Line, fax_id: FaxId) -> None:
        self._queue_of(name).calls.add(fax_id)

    def free(self, name: Line, fax_id: FaxId) -> None:
        line = self._queues.get(name)
        if line is not None and fax_id in line.calls:
            line.calls.discard(fax_id)
            if line.stop is not None:
                line.look_anew()
            self._restore(line)

    def look_anew(self, name: Line) -> None:
        """Something was learnt of the line."""
        line = self._queues.get(name)
        if line is not None:
            line.look_anew()
            self._restore(line)

    def heed_lines(self) -> None:
        """The register changed: lines may take another number of calls, and at other hours."""
        for line in list(self._queues.values()):
            line.calls_max = self._lines.calls_max(line.name)
            line.look_anew()
            self._restore(line)

    def wake_lines(self, now: float) -> None:
        """Let go the lines whose reason to wait is over."""
        while self._wakes and self._wakes[0][0] <= now and self._steps > 0:
            self._steps -= 1
            until, name = heapq.heappop(self._wakes)
            line = self._queues.get(name)
            if line is not None and line.stop is not None and line.stop.until == until:
                self.look_anew(name)

    def next_wake_at(self) -> float | None:
        return self._wakes[0][0] if self._wakes else None

    # --- classes --------------------------------------------------------------------------------------

    def climb(self, now: float) -> None:
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

    def rank_of(self, fax: Queued) -> int:
        """The class it travels in now."""
        rank = self._climbed.get(fax.fax_id) if self._climbed else None
        if rank is None:
            rank = fax.rank
            if not 0 <= rank < CLASSES:
                rank = min(max(rank, 0), CLASSES - 1)
        return rank

    def _climber(self, rank: int, climbs_at: float, fax_id: FaxId) -> Queued | None:
        """The fax that an entry speaks for, or None when it is in that class no more."""
        fax = self._faxes.get(fax_id)
        is_there = fax is not None and self.rank_of(fax) == rank and self._climbs_at(fax, rank) == climbs_at
        return fax if is_there else None

    def _climbs_at(self, fax: Queued, rank: int) -> float:
        steps_up = min(fax.rank, CLASSES - 1) - rank + 1
        return fax.due_at + steps_up * self._config.climb_seconds

    def _sweep_climbing(self, rank: int) -> None:
        climbing = self._classes[rank].climbing
        if len(climbing) > 2 * len(self._faxes) + STALE_MAX:
            climbing[:] = [each for each in climbing if self._climber(rank, *each) is not None]
            heapq.heapify(climbing)

    # --- where a fax stands ---------------------------------------------------------------------------

    def _seat(self, fax: Queued) -> tuple[LineQueue, Stand]:
        self._faxes[fax.fax_id] = fax
        line = self._queue_of(fax.line)
        line.waiting += 1
        return line, self._stand_of(line, fax)

    def _stand_of(self, line: LineQueue, fax: Queued) -> Stand:
        """Where the fax stands among its line's; notes when it leaves there for the class above."""
        rank = self.rank_of(fax)
        if rank > 0:
            self._sweep_climbing(rank)
            heapq.heappush(self._classes[rank].climbing, (self._climbs_at(fax, rank), fax.fax_id))
        flow = self._flow_of(fax, rank)
        stand = line.stands.get(flow)
        if stand is None:
            stand = line.stands[flow] = Stand(rank, fax.submitter, flow)
        return stand

    def _flow_of(self, fax: Queued, rank: int) -> Flow:
        share = self._classes[rank].share_of(fax.submitter)
        return share.deferred if fax.calls else share.new

    def _by(self, fax: Queued) -> By:
        latest = fax.due_at + self._config.patience_seconds
        return latest if fax.deadline_at is None or latest < fax.deadline_at else fax.deadline_at, fax.fax_id

    def _join(self, line: LineQueue, stand: Stand, fax: Queued) -> None:
        heapq.heappush(stand.due, self._by(fax))
        if not stand.withdrawn:
            self._offer(line, stand)

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
            fax = self._faxes.get(head[1])
            if fax is not None and self._by(fax) == head and self._flow_of(fax, self.rank_of(fax)) is stand.flow:
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

    def _forget_if_idle(self, line: LineQueue) -> None:
        if line.is_idle:
            self._queues.pop(line.name, None)

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
                return self._give(line, stand, fax_id, now)
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

    def _give(self, line: LineQueue, stand: Stand, fax_id: FaxId, now: float) -> Queued:
        fax = self._let_out(line, fax_id)
        if line.waiting and self._sharing.faxes_max > 1 and may_share(fax):
            fax = self._with_company(fax, line, stand, now)
        line.calls.add(fax_id)
        if line.calls_max > 1:
            # A call under way may become one that failed: what is left of the hour's calls has changed.
            line.look_anew()
        self._offer(line, stand)
        return fax

    def _let_out(self, line: LineQueue, fax_id: FaxId) -> Queued:
        fax = self._faxes.pop(fax_id)
        self._climbed.pop(fax_id, None)
        line.waiting -= 1
        return fax

    def _with_company(self, lead: Queued, line: LineQueue, stand: Stand, now: float) -> Queued:
        """The next faxes of the same class share the call, submitters in turns; none overtakes one before it."""
        others = [each for each in line.stands.values() if each.rank == stand.rank and each is not stand]
        in_turn = deque([*others, stand])
        company: list[Queued] = []
        while in_turn and len(company) + 1 < self._sharing.faxes_max:
            head = self._head(in_turn[0])
            if head is None or not goes_with(self._faxes[head[1]], lead, len(company) + 2, self._sharing, now):
                in_turn.popleft()
                continue
            self._steps -= 1
            heapq.heappop(in_turn[0].due)
            company.append(self._let_out(line, head[1]))
            in_turn.rotate(-1)
        return msgspec.structs.replace(lead, company=tuple(company)) if company else lead
