"""What keeps a line from being called: each reason, until when, and which comes first."""

import math

import pytest

from faxgw.config.sending import CallingRules, LineConfig
from faxgw.fax import Failure, FaxId, Waiting
from faxgw.members.hours import Opening
from faxgw.phone import Line
from faxgw.queue.schedule import Schedule
from faxgw.queue.stops import RESTS_AFTER, Go, Lines, Wait
from faxgw.store.lines import LineMemory
from tests.queue.faxes import LINE, OTHER, fax

HOUR = 3_600.0


class Shop:
    """Shut between two times, for every line."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end, self.asked = start, end, 0

    def __call__(self, _line: Line, now: float) -> Opening:
        self.asked += 1
        if now < self.start:
            return Opening(is_open=True, until=self.start)
        return Opening(is_open=now >= self.end, until=self.end if now < self.end else math.inf)


def test_a_line_of_which_nothing_is_known_may_be_called() -> None:
    """Nothing changes that but news."""
    assert Lines().look(LINE, 0, 5.0) == Go(math.inf)


@pytest.mark.parametrize("failure", list(Failure))
def test_a_line_rests_after_a_call_that_its_other_faxes_would_share(failure: Failure) -> None:
    """Until the time told, and no longer."""
    lines = Lines()
    lines.note_failed(LINE, failure, 1, 100.0, rest_until=160.0)
    shares = failure in RESTS_AFTER
    assert lines.look(LINE, 0, 159.0) == (Wait(Waiting.LINE_RESTING, 160.0) if shares else Go(math.inf))
    assert lines.look(LINE, 0, 160.0) == Go(math.inf)
    assert lines.look(OTHER, 0, 100.0) == Go(math.inf)


@pytest.mark.parametrize(
    ("failure", "calls"), [(Failure.BAD_NUMBER, 2), (Failure.NO_FAX, 3), (Failure.NO_ANSWER, 10), (Failure.BUSY, None)]
)
def test_a_line_is_dead_after_so_many_calls_in_a_row(failure: Failure, calls: int | None) -> None:
    """It is said once; a delivery or a person revives it. A busy line is alive."""
    lines = Lines()
    died = [lines.note_failed(LINE, failure, 1, 0.0, 0.0) for _ in range(14)]
    assert died == [number == calls for number in range(1, 15)]
    assert lines.is_dead(LINE) == (calls is not None)
    if calls is not None:
        assert lines.look(LINE, 0, 9e9) == Wait(Waiting.LINE_DEAD)
        lines.resume(LINE)
        assert lines.look(LINE, 0, 0.0) == Go(math.inf)
        for _ in range(calls):
            lines.note_failed(LINE, failure, 1, 0.0, 0.0)
        lines.note_delivered(LINE)
        assert lines.look(LINE, 0, 0.0) == Go(math.inf)


def test_the_carriers_own_retries_count() -> None:
    """One attempt that rang three times is three calls."""
    lines = Lines(LineConfig(no_fax_max=3))
    assert lines.note_failed(LINE, Failure.NO_FAX, 3, 0.0, 0.0)


def test_a_known_line_has_more_patience() -> None:
    """Four times as much by default."""
    lines = Lines(LineConfig(no_fax_max=3, known_factor=4))
    lines.load([LineMemory(LINE, has_answered=True)])
    died = [lines.note_failed(LINE, Failure.NO_FAX, 1, 0.0, 0.0) for _ in range(12)]
    assert died == [False] * 11 + [True]


def test_zero_never_takes_a_line_for_dead() -> None:
    """For those who want to look themselves."""
    lines = Lines(LineConfig(bad_number_max=0, no_fax_max=0, no_answer_max=0))
    assert not any(lines.note_failed(LINE, Failure.BAD_NUMBER, 1, 0.0, 0.0) for _ in range(100))


def test_the_calls_of_an_hour_are_counted_by_country() -> None:
    """After the last allowed one the line waits until the first of them is an hour old."""
    lines = Lines(calling=[CallingRules(prefix="+33", failed_calls_an_hour_max=3)])
    for at in (100.0, 200.0, 300.0):
        assert lines.look(LINE, 0, at) == Go(math.inf)
        lines.note_failed(LINE, Failure.PROTOCOL, 1, at, 0.0)
    assert lines.look(LINE, 0, 301.0) == Wait(Waiting.BUDGET_SPENT, 100.0 + HOUR)
    assert lines.look(LINE, 0, 100.0 + HOUR) == Go(math.inf)
    lines.note_failed(LINE, Failure.PROTOCOL, 1, 100.0 + HOUR, 0.0)
    assert lines.look(LINE, 0, 101.0 + HOUR) == Wait(Waiting.BUDGET_SPENT, 200.0 + HOUR)


def test_calls_under_way_may_fail_too() -> None:
    """A line with two machines and one call left has no second one at once."""
    lines = Lines(calling=[CallingRules(failed_calls_an_hour_max=3)])
    for _ in range(2):
        lines.note_failed(LINE, Failure.PROTOCOL, 1, 100.0, 0.0)
    assert lines.look(LINE, 0, 101.0) == Go(math.inf)
    assert lines.look(LINE, 1, 101.0) == Wait(Waiting.LINE_BUSY)


def test_what_only_a_person_ends_comes_first() -> None:
    """Suspended, dead, shut, spent, resting."""
    lines = Lines(LineConfig(no_fax_max=2), [CallingRules(failed_calls_an_hour_max=2)], Shop(0.0, 9_000.0))
    lines.suspend(LINE, until=500.0)
    for _ in range(2):
        lines.note_failed(LINE, Failure.NO_FAX, 1, 8_000.0, 9_500.0)
    assert lines.look(LINE, 0, 0.0) == Wait(Waiting.SUSPENDED, 500.0)
    assert lines.look(LINE, 0, 500.0) == Wait(Waiting.LINE_DEAD)
    lines.load([LineMemory(LINE, failed_at=(8_000.0, 8_000.0))])
    assert lines.look(LINE, 0, 8_500.0) == Wait(Waiting.WINDOW_CLOSED, 9_000.0)
    assert lines.look(LINE, 0, 9_000.0) == Wait(Waiting.BUDGET_SPENT, 11_600.0)
    lines.load([LineMemory(LINE)])
    assert lines.look(LINE, 0, 9_000.0) == Wait(Waiting.LINE_RESTING, 9_500.0)


# --- in the schedule ----------------------------------------------------------------------------------


def test_a_line_that_shuts_while_it_stands_for_a_fax_is_not_called() -> None:
    """It was open when the fax fell due; it goes when it opens, without anybody asking for it by name."""
    schedule = Schedule(Lines(hours=Shop(100.0, 200.0)))
    for number in (1, 2):
        schedule.add(fax(number))
    assert [each.fax_id for each in schedule.take(1, 99.0)] == [1]
    schedule.free(LINE, FaxId(1))
    assert schedule.take(1, 100.0) == []
    assert schedule.next_due_at() == 200.0
    assert schedule.why(FaxId(2), LINE, 150.0) == Wait(Waiting.WINDOW_CLOSED, 200.0)
    assert [each.fax_id for each in schedule.take(1, 200.0)] == [2]


def test_an_open_line_is_not_asked_for_its_hours_at_every_pick() -> None:
    """Until its hours change."""
    shop = Shop(1_000.0, 2_000.0)
    schedule = Schedule(Lines(hours=shop))
    for number in range(50):
        schedule.add(fax(number))
    for _ in range(50):
        [taken] = schedule.take(1, 10.0)
        schedule.free(LINE, taken.fax_id)
    assert shop.asked == 1


def test_a_wall_clock_that_is_set_back_asks_again() -> None:
    """What was found for later hours says nothing of earlier ones."""
    schedule = Schedule(Lines(hours=Shop(0.0, 50.0)))
    schedule.add(fax(1))
    schedule.add(fax(2))
    [taken] = schedule.take(1, 60.0)
    schedule.free(LINE, taken.fax_id)
    assert schedule.take(1, 40.0) == []


def test_faxes_behind_a_dead_line_are_told_of_once() -> None:
    """Those that wait when it dies, and those that come later."""
    schedule = Schedule(Lines(LineConfig(bad_number_max=1)))
    for number in (1, 2, 3):
        schedule.add(fax(number))
    schedule.take(1, 0.0)
    assert schedule.note_failed(LINE, Failure.BAD_NUMBER, 1, 0.0, 0.0)
    schedule.free(LINE, FaxId(1))
    assert {each.fax_id for each in schedule.take_behind_dead()} == {2, 3}
    assert schedule.take(5, 1.0) == []
    assert schedule.take_behind_dead() == []
    schedule.add(fax(4, due_at=5.0))
    schedule.take(1, 5.0)
    assert [each.fax_id for each in schedule.take_behind_dead()] == [4]
    schedule.resume(LINE)
    assert [each.fax_id for each in schedule.take(5, 6.0)] == [2]
