"""Which fax goes next: order, one call a line, retries, removal, deadlines, and why one waits."""

import heapq
import sys
from types import FrameType
from typing import Any

import msgspec
import pytest

from faxgw.fax import FaxId, Waiting
from faxgw.queue.due import STALE_MAX, STEPS_MAX
from faxgw.queue.schedule import Schedule
from faxgw.store.unfinished import Queued
from tests.queue.faxes import LINE, OTHER, fax, line_number


def schedule_of(*faxes: Queued) -> Schedule:
    schedule = Schedule()
    for each in faxes:
        schedule.add(each)
    return schedule


def taken_ids(schedule: Schedule, count: int = 100, now: float = 0.0) -> list[int]:
    return [taken.fax_id for taken in schedule.take(count, now)]


def drain(schedule: Schedule, now: float = 0.0) -> list[int]:
    """Everything that is due, each line let go as soon as it was given."""
    order = []
    while taken := schedule.take(1, now):
        order.append(int(taken[0].fax_id))
        schedule.free(taken[0].line, taken[0].fax_id)
    return order


def test_the_class_counts_most_then_the_deadline_then_the_age() -> None:
    """Express before standard; in one class the nearest deadline, none last; then who came first."""
    faxes = [
        fax(1, rank=2, deadline_at=1.0),
        fax(2),
        fax(3, deadline_at=900.0),
        fax(4, deadline_at=500.0),
        fax(5, rank=0),
        fax(6),
    ]
    assert drain(schedule_of(*faxes)) == [5, 4, 3, 2, 6, 1]


def test_lines_are_served_in_the_order_of_their_best_fax() -> None:
    """The same order holds across lines."""
    faxes = [fax(1, line_number(1)), fax(2, line_number(2), rank=0), fax(3, line_number(3), deadline_at=9.0)]
    assert taken_ids(schedule_of(*faxes)) == [2, 3, 1]


def test_a_line_has_one_call_at_a_time() -> None:
    """However many are asked for, a line gives one fax until it is let go."""
    schedule = schedule_of(fax(1), fax(2), fax(3, OTHER))
    assert taken_ids(schedule) == [1, 3]
    assert taken_ids(schedule) == []
    schedule.free(LINE, FaxId(1))
    assert taken_ids(schedule) == [2]


def test_only_the_fax_that_has_the_line_lets_it_go() -> None:
    """A late word of another fax must not open the line for a second call."""
    schedule = schedule_of(fax(1), fax(2))
    assert taken_ids(schedule) == [1]
    schedule.free(LINE, FaxId(2))
    schedule.free(OTHER, FaxId(1))
    assert taken_ids(schedule) == []


def test_a_line_found_busy_at_the_start_waits() -> None:
    """Its faxes go once the call that was under way is over."""
    schedule = Schedule()
    schedule.occupy(LINE, FaxId(9))
    schedule.add(fax(1))
    schedule.add(fax(2, OTHER))
    assert taken_ids(schedule) == [2]
    schedule.free(LINE, FaxId(9))
    assert taken_ids(schedule) == [1]


def test_a_fax_goes_when_it_is_due_and_not_before() -> None:
    """A retry waits for its time; the others of its line go meanwhile."""
    schedule = schedule_of(fax(1, rank=0, due_at=60.0), fax(2))
    assert schedule.next_due_at() == 0.0
    assert taken_ids(schedule) == [2]
    assert schedule.next_due_at() == 60.0
    schedule.free(LINE, FaxId(2))
    assert taken_ids(schedule, now=59.9) == []
    assert taken_ids(schedule, now=60.0) == [1]


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_the_rest_of_a_line_goes_when_one_of_it_is_held(gone: int) -> None:
    """Whether the first, a middle or the last one is taken out, the others still go, in order."""
    schedule = schedule_of(fax(1), fax(2), fax(3))
    schedule.take(0, 0.0)
    schedule.remove(FaxId(gone))
    assert drain(schedule) == [number for number in (1, 2, 3) if number != gone]


def test_a_better_fax_that_was_held_does_not_hide_the_line() -> None:
    """It came in front, was offered, went away again: the one it overtook goes."""
    schedule = schedule_of(fax(1))
    schedule.take(0, 0.0)
    schedule.add(fax(2, rank=0))
    schedule.take(0, 0.0)
    schedule.remove(FaxId(2))
    assert taken_ids(schedule) == [1]


def test_a_line_that_was_forgotten_leaves_nothing_dangerous_behind() -> None:
    """An offer of a line that has nothing to do any more is void, not an error."""
    schedule = schedule_of(fax(1))
    schedule.take(0, 0.0)
    schedule.add(fax(2, rank=0))
    assert taken_ids(schedule, count=1) == [2]
    schedule.remove(FaxId(1))
    schedule.free(LINE, FaxId(2))
    assert taken_ids(schedule) == []
    schedule.add(fax(3))
    assert taken_ids(schedule) == [3]


def test_a_released_fax_goes_again_once() -> None:
    """Held and released, however often, it is handed out once."""
    schedule = schedule_of(fax(1))
    for _ in range(5):
        schedule.take(0, 0.0)
        schedule.remove(FaxId(1))
        schedule.add(fax(1))
    assert drain(schedule) == [1]


def test_a_replaced_entry_speaks_alone() -> None:
    """Put in again with another time, class or deadline, only the newest counts."""
    schedule = schedule_of(fax(1, due_at=0.0))
    schedule.take(0, 0.0)
    schedule.add(fax(1, due_at=60.0))
    assert taken_ids(schedule) == []
    schedule.add(fax(1, rank=0, due_at=30.0, deadline_at=90.0))
    schedule.add(fax(2, due_at=30.0))
    assert drain(schedule, now=30.0) == [1, 2]
    assert drain(schedule, now=100.0) == []


def test_an_older_revision_replaces_no_newer_one() -> None:
    """Two people change a fax at once; who reads it back first was slower to put it in line."""
    schedule = Schedule()
    schedule.add(msgspec.structs.replace(fax(1, OTHER), revision=2))
    schedule.add(msgspec.structs.replace(fax(1, LINE), revision=1))
    assert [(each.line, each.revision) for each in schedule.take(10, 0.0)] == [(OTHER, 2)]
    assert schedule.take(10, 0.0) == []


def test_a_wall_clock_that_is_set_back_loses_no_fax() -> None:
    """What fell due stays due, though the clock now says that it is not."""
    schedule = schedule_of(fax(1, due_at=1_000.0), fax(2, due_at=1_000.0))
    assert taken_ids(schedule, now=1_000.0) == [1]
    schedule.free(LINE, FaxId(1))
    assert taken_ids(schedule, now=10.0) == [2]


def test_a_deadline_that_passed_takes_the_fax_out() -> None:
    """It is told once, and its line goes on."""
    schedule = schedule_of(fax(1, deadline_at=50.0), fax(2))
    assert schedule.take_expired(49.9) == []
    assert schedule.next_deadline_at() == 50.0
    assert [expired.fax_id for expired in schedule.take_expired(50.0)] == [1]
    assert schedule.take_expired(60.0) == []
    assert drain(schedule) == [2]


def test_many_deadlines_that_pass_at_once_are_told_in_pieces() -> None:
    """One call does a bounded amount of work, says that there is more, and none is forgotten."""
    schedule = schedule_of(*(fax(number, deadline_at=50.0) for number in range(1_000)))
    pieces = []
    while schedule.next_deadline_at() <= 60.0:
        with HeapWork() as work:
            pieces.append(schedule.take_expired(60.0))
        assert work.count <= STEPS_MAX
    assert [len(piece) for piece in pieces] == [256, 256, 256, 232]
    assert {each.fax_id for piece in pieces for each in piece} == set(range(1_000))
    assert drain(schedule, now=60.0) == []


def test_a_deadline_counts_until_the_line_is_let_go() -> None:
    """A fax that was handed out may stand in front of a paused carrier for long."""
    schedule = schedule_of(fax(1, deadline_at=50.0), fax(2, deadline_at=50.0))
    assert taken_ids(schedule) == [1]
    assert {expired.fax_id for expired in schedule.take_expired(50.0)} == {1, 2}
    schedule = schedule_of(fax(1, deadline_at=50.0))
    schedule.take(1, 0.0)
    schedule.free(LINE, FaxId(1))
    assert schedule.take_expired(50.0) == []


def test_a_deadline_that_was_moved_counts_no_more() -> None:
    """The old one passes without effect."""
    schedule = schedule_of(fax(1, deadline_at=50.0))
    schedule.add(fax(1, deadline_at=90.0))
    assert schedule.take_expired(50.0) == []
    assert [expired.fax_id for expired in schedule.take_expired(90.0)] == [1]


def test_why_a_fax_waits() -> None:
    """Not due, line busy, or next; a fax does not wait for itself."""
    schedule = schedule_of(fax(1), fax(2), fax(3, due_at=60.0), fax(4, OTHER))
    assert taken_ids(schedule, count=1) == [1]
    assert schedule.why(FaxId(1), LINE, 0.0).waiting is Waiting.NEXT
    assert schedule.why(FaxId(2), LINE, 0.0).waiting is Waiting.LINE_BUSY
    assert schedule.why(FaxId(3), LINE, 0.0).waiting is Waiting.NOT_DUE
    assert schedule.why(FaxId(4), OTHER, 0.0).waiting is Waiting.NEXT
    schedule.free(LINE, FaxId(1))
    assert schedule.why(FaxId(2), LINE, 0.0).waiting is Waiting.NEXT


def test_since_when_the_oldest_fax_that_could_go_has_been_due() -> None:
    """By class; faxes that are not due, not here any more, or behind a busy line do not count."""
    schedule = schedule_of(
        fax(1, due_at=10.0), fax(2, OTHER, due_at=5.0), fax(3, due_at=99.0), fax(4, line_number(4), due_at=7.0, rank=2)
    )
    schedule.take(0, 20.0)
    assert schedule.statistics(20.0).oldest_due_at == {1: 5.0, 2: 7.0}
    schedule.occupy(OTHER, FaxId(9))
    assert schedule.statistics(20.0).oldest_due_at == {1: 10.0, 2: 7.0}
    schedule.remove(FaxId(1))
    schedule.remove(FaxId(4))
    assert schedule.statistics(20.0).oldest_due_at == {}


def test_retries_do_not_fill_the_memory_with_deadlines() -> None:
    """A fax that comes back every five seconds for a day leaves its deadline once, not 17,280 times."""
    schedule = Schedule()
    for now in range(0, 86_400, 5):
        schedule.add(fax(1, due_at=now, deadline_at=100_000.0))
        schedule.take(1, now)
        schedule.free(LINE, FaxId(1))
    assert len(schedule._deadlines) <= STALE_MAX + 2
    schedule.add(fax(1, due_at=86_400.0, deadline_at=100_000.0))
    assert [expired.fax_id for expired in schedule.take_expired(100_000.0)] == [1]


def test_lines_that_have_nothing_to_do_are_forgotten() -> None:
    """A hundred thousand numbers, each faxed once, leave nothing behind."""
    schedule = Schedule()
    for number in range(1_000):
        schedule.add(fax(number, line_number(number)))
    drain(schedule)
    assert list(schedule._due.queues()) == []
    for number in range(1_000):
        schedule.add(fax(number, line_number(number)))
    schedule.take(0, 0.0)
    for number in range(1_000):
        schedule.remove(FaxId(number))
    assert taken_ids(schedule) == []
    assert list(schedule._due.queues()) == []


class HeapWork:
    """Counts how often heaps are touched."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "HeapWork":
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _see(self, _frame: FrameType, event: str, called: Any) -> None:
        self.count += event == "c_call" and called in (heapq.heappop, heapq.heappush, heapq.heapify)


def test_busy_lines_in_front_cost_the_next_pick_nothing() -> None:
    """With 100,000 queued and the best 200 lines busy, each pick touches a heap a few times, however many wait."""
    busy, behind = 200, 300
    schedule = Schedule()
    for number in range(busy):
        schedule.occupy(line_number(number), FaxId(1_000_000 + number))
    best = (fax(number, line_number(number % busy), rank=0) for number in range(60_000))
    rest = (fax(60_000 + number, line_number(busy + number % behind)) for number in range(40_000))
    schedule.load([*best, *rest], 0.0)
    with HeapWork() as work:
        picked = schedule.take(100, 0.0)
        for each in picked:
            schedule.free(each.line, each.fax_id)
    assert [each.fax_id for each in picked] == list(range(60_000, 60_100))
    assert 200 <= work.count <= 500


def test_counting_heap_work_sees_what_it_should() -> None:
    """The counter above counts: else the test before it could not fail."""
    with HeapWork() as work:
        heap: list[int] = []
        heapq.heappush(heap, 1)
        heapq.heappop(heap)
    assert work.count == 2
