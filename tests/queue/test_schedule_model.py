"""The schedule against a naive model that looks at every fax each time."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faxgw.fax import FaxId, Waiting
from faxgw.phone import Line
from faxgw.queue.schedule import Schedule, rank_of
from faxgw.store.port import Queued
from tests.queue.faxes import fax, line_number

LINES = st.integers(0, 3).map(line_number)
IDS = st.integers(1, 8).map(FaxId)
TIMES = st.sampled_from([0.0, 5.0, 5.0, 10.0, 40.0])
DEADLINES = st.sampled_from([None, None, 15.0, 60.0])


@dataclass
class Naive:
    waiting: dict[FaxId, Queued] = field(default_factory=dict)
    calls: dict[Line, FaxId] = field(default_factory=dict)
    taken: dict[FaxId, Queued] = field(default_factory=dict)
    fell_due: set[FaxId] = field(default_factory=set)

    def take(self, count: int, now: float) -> list[Queued]:
        self.fell_due |= {each.fax_id for each in self.waiting.values() if each.due_at <= now}
        taken: list[Queued] = []
        while len(taken) < count:
            may_go = [
                each for each in self.waiting.values() if each.fax_id in self.fell_due and each.line not in self.calls
            ]
            if not may_go:
                break
            best = min(may_go, key=rank_of)
            del self.waiting[best.fax_id]
            self.taken[best.fax_id] = best
            self.calls[best.line] = best.fax_id
            taken.append(best)
        return taken

    def take_expired(self, now: float) -> set[FaxId]:
        both = {**self.taken, **self.waiting}
        expired = {each.fax_id for each in both.values() if each.deadline_at is not None and each.deadline_at <= now}
        for fax_id in expired:
            self.waiting.pop(fax_id, None)
            self.taken.pop(fax_id, None)
        return expired


class ScheduleModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.schedule = Schedule()
        self.naive = Naive()
        self.line_of: dict[FaxId, Line] = {}

    @rule(fax_id=IDS, line=LINES, rank=st.integers(0, 2), wait=TIMES, deadline=DEADLINES)
    def add(self, fax_id: FaxId, line: Line, rank: int, wait: float, deadline: float | None) -> None:
        # A fax keeps its number, as in life.
        line = self.line_of.setdefault(fax_id, line)
        deadline_at = None if deadline is None else self.now + deadline
        queued = fax(fax_id, line, rank=rank, due_at=self.now + wait, deadline_at=deadline_at)
        self.schedule.add(queued)
        self.naive.waiting[fax_id] = queued
        self.naive.fell_due.discard(fax_id)

    @rule(fax_id=IDS)
    def remove(self, fax_id: FaxId) -> None:
        assert self.schedule.remove(fax_id) == self.naive.waiting.pop(fax_id, None)

    @rule(count=st.integers(0, 4))
    def take(self, count: int) -> None:
        assert self.schedule.take(count, self.now) == self.naive.take(count, self.now)
        assert self.schedule.next_due_at() > self.now

    @precondition(lambda self: self.naive.calls)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(sorted(self.naive.calls)))
        fax_id = self.naive.calls.pop(line)
        self.naive.taken.pop(fax_id, None)
        self.schedule.free(line, fax_id)

    @rule(line=LINES)
    def occupy(self, line: Line) -> None:
        if line not in self.naive.calls:
            self.naive.calls[line] = FaxId(99)
            self.schedule.occupy(line, FaxId(99))

    @rule()
    def expire(self) -> None:
        expired = [each.fax_id for each in self.schedule.take_expired(self.now)]
        assert len(expired) == len(set(expired))
        assert set(expired) == self.naive.take_expired(self.now)
        assert self.schedule.next_deadline_at() > self.now

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 30.0, -20.0]))
    def pass_time(self, seconds: float) -> None:
        # A wall clock may be set back.
        self.now = max(0.0, self.now + seconds)

    @invariant()
    def says_why(self) -> None:
        for queued in self.naive.waiting.values():
            why = self.schedule.why(queued.fax_id, queued.line, self.now)
            if queued.due_at > self.now:
                assert why is Waiting.NOT_DUE
            elif self.naive.calls.get(queued.line, queued.fax_id) != queued.fax_id:
                assert why is Waiting.LINE_BUSY
            else:
                assert why is Waiting.NEXT

    @invariant()
    def counts(self) -> None:
        statistics = self.schedule.statistics()
        assert (statistics.waiting, statistics.lines_busy) == (len(self.naive.waiting), len(self.naive.calls))


TestScheduleModel = ScheduleModel.TestCase
TestScheduleModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
