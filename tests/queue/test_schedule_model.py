"""The schedule against a naive model that looks at every fax each time."""

import math
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faxgw.config.sending import QueueConfig
from faxgw.fax import FaxId, Waiting
from faxgw.phone import Line
from faxgw.queue.schedule import Schedule
from faxgw.queue.stops import Lines
from faxgw.store.unfinished import Queued
from tests.queue.faxes import fax, line_number

LINES = st.integers(0, 3).map(line_number)
IDS = st.integers(1, 8).map(FaxId)
TIMES = st.sampled_from([0.0, 5.0, 5.0, 10.0, 40.0])
DEADLINES = st.sampled_from([None, None, 15.0, 60.0])
CONFIG = QueueConfig(climb_seconds=30.0, patience_seconds=20.0)
TWO_CALLS = line_number(0)

Flow = tuple[int, str, bool]


@dataclass
class Naive:
    """What may go, and in which order within a flow; whose turn it is among flows is not its business."""

    waiting: dict[FaxId, Queued] = field(default_factory=dict)
    calls: Counter[Line] = field(default_factory=Counter)
    under_way: dict[FaxId, Line] = field(default_factory=dict)
    taken: dict[FaxId, Queued] = field(default_factory=dict)
    fell_due: set[FaxId] = field(default_factory=set)
    climbed: dict[FaxId, int] = field(default_factory=dict)
    suspended: dict[Line, float | None] = field(default_factory=dict)

    def pass_time(self, now: float) -> None:
        self.fell_due |= {each.fax_id for each in self.waiting.values() if each.due_at <= now}
        for fax_id in self.fell_due:
            steps = math.floor((now - self.waiting[fax_id].due_at) / CONFIG.climb_seconds)
            self.climbed[fax_id] = max(self.climbed.get(fax_id, 0), steps)

    def flow(self, each: Queued) -> Flow:
        return max(0, each.rank - self.climbed[each.fax_id]), each.submitter, each.calls > 0

    def by(self, each: Queued) -> tuple[float, FaxId]:
        latest = each.due_at + CONFIG.patience_seconds
        return min(latest, latest if each.deadline_at is None else each.deadline_at), each.fax_id

    def may_go(self, now: float) -> list[Queued]:
        return [
            each
            for each in self.waiting.values()
            if each.fax_id in self.fell_due and not self.is_full(each.line) and not self.is_suspended(each.line, now)
        ]

    def is_full(self, line: Line) -> bool:
        return self.calls[line] >= calls_max(line)

    def is_suspended(self, line: Line, now: float) -> bool:
        until = self.suspended.get(line, -math.inf)
        return until is None or until > now

    def give(self, each: Queued) -> None:
        self.leave(each.fax_id)
        self.taken[each.fax_id] = each
        self.calls[each.line] += 1
        self.under_way[each.fax_id] = each.line

    def leave(self, fax_id: FaxId) -> Queued | None:
        self.fell_due.discard(fax_id)
        self.climbed.pop(fax_id, None)
        return self.waiting.pop(fax_id, None)


def calls_max(line: Line) -> int:
    return 2 if line == TWO_CALLS else 1


class ScheduleModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.schedule = Schedule(Lines(calls_max=calls_max), CONFIG)
        self.naive = Naive()
        self.line_of: dict[FaxId, Line] = {}

    @rule(
        fax_id=IDS,
        line=LINES,
        rank=st.integers(0, 2),
        wait=TIMES,
        deadline=DEADLINES,
        calls=st.integers(0, 1),
        submitter=st.sampled_from("ab"),
        in_bulk=st.booleans(),
    )
    def add(
        self,
        fax_id: FaxId,
        line: Line,
        rank: int,
        wait: float,
        deadline: float | None,
        calls: int,
        submitter: str,
        in_bulk: bool,
    ) -> None:
        if fax_id in self.naive.under_way:
            # What is with a carrier comes back when its call is over.
            return
        # A fax keeps its number, as in life.
        line = self.line_of.setdefault(fax_id, line)
        deadline_at = None if deadline is None else self.now + deadline
        queued = fax(
            fax_id,
            line,
            rank=rank,
            due_at=self.now + wait,
            deadline_at=deadline_at,
            calls=calls,
            submitter=submitter,
        )
        self.naive.leave(fax_id)
        self.naive.waiting[fax_id] = queued
        if in_bulk:
            self.schedule.load([queued], self.now)
            self.naive.pass_time(self.now)
        else:
            self.schedule.add(queued)

    @rule(fax_id=IDS)
    def remove(self, fax_id: FaxId) -> None:
        assert self.schedule.remove(fax_id) == self.naive.leave(fax_id)

    @rule(count=st.integers(0, 4))
    def take(self, count: int) -> None:
        self.naive.pass_time(self.now)
        taken = self.schedule.take(count, self.now)
        for each in taken:
            may_go = self.naive.may_go(self.now)
            assert each in may_go
            flow = self.naive.flow(each)
            assert flow[0] == min(self.naive.flow(other)[0] for other in may_go)
            assert each == min((other for other in may_go if self.naive.flow(other) == flow), key=self.naive.by)
            self.naive.give(each)
        assert len(taken) == count or not self.naive.may_go(self.now)
        assert self.schedule.next_due_at() > self.now

    @precondition(lambda self: self.naive.under_way)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        fax_id = data.draw(st.sampled_from(sorted(self.naive.under_way)))
        line = self.naive.under_way.pop(fax_id)
        self.naive.calls[line] -= 1
        self.naive.taken.pop(fax_id, None)
        self.schedule.free(line, fax_id)

    @rule(line=LINES)
    def occupy(self, line: Line) -> None:
        stranger = FaxId(100 + int(line[-6:]))
        if stranger not in self.naive.under_way:
            self.naive.under_way[stranger] = line
            self.naive.calls[line] += 1
            self.schedule.occupy(line, stranger)

    @rule(line=LINES, seconds=st.sampled_from([None, 5.0, 30.0]))
    def suspend(self, line: Line, seconds: float | None) -> None:
        until = None if seconds is None else self.now + seconds
        self.naive.suspended[line] = until
        self.schedule.suspend(line, until)

    @rule(line=LINES)
    def resume(self, line: Line) -> None:
        self.naive.suspended.pop(line, None)
        self.schedule.resume(line)

    @rule()
    def expire(self) -> None:
        both = {**self.naive.taken, **self.naive.waiting}
        due = {each.fax_id for each in both.values() if each.deadline_at is not None and each.deadline_at <= self.now}
        expired = [each.fax_id for each in self.schedule.take_expired(self.now)]
        assert len(expired) == len(set(expired))
        assert set(expired) == due
        for fax_id in expired:
            self.naive.leave(fax_id)
            self.naive.taken.pop(fax_id, None)
        assert self.schedule.next_deadline_at() > self.now

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 30.0, -20.0]))
    def pass_time(self, seconds: float) -> None:
        # A wall clock may be set back.
        self.now = max(0.0, self.now + seconds)
        if seconds < 0:
            # A stop that ended stays ended, as nothing else could be told from a clock that lies.
            self.naive.suspended = {line: None for line, until in self.naive.suspended.items() if until is None}
            for line in map(line_number, range(4)):
                if line not in self.naive.suspended:
                    self.schedule.resume(line)

    @invariant()
    def says_why(self) -> None:
        for queued in self.naive.waiting.values():
            why = self.schedule.why(queued.fax_id, queued.line, self.now)
            if self.naive.is_suspended(queued.line, self.now) and self.naive.suspended[queued.line] is None:
                assert why.waiting is Waiting.SUSPENDED
            elif queued.due_at > self.now:
                assert (why.waiting, why.until) == (Waiting.NOT_DUE, queued.due_at)
            elif self.naive.is_suspended(queued.line, self.now):
                assert (why.waiting, why.until) == (Waiting.SUSPENDED, self.naive.suspended[queued.line])
            elif self.naive.is_full(queued.line):
                assert why.waiting is Waiting.LINE_BUSY
            else:
                assert why.waiting is Waiting.NEXT

    @invariant()
    def counts(self) -> None:
        statistics = self.schedule.statistics(self.now)
        # Looking catches up with the clock, too.
        self.naive.pass_time(self.now)
        lines_busy = sum(calls > 0 for calls in self.naive.calls.values())
        assert (statistics.waiting, statistics.lines_busy) == (len(self.naive.waiting), lines_busy)
        assert sum(statistics.by_reason.values()) == len(self.naive.waiting)


TestScheduleModel = ScheduleModel.TestCase
TestScheduleModel.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
