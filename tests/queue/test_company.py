"""Which of the faxes that wait for a line are handed out together, to share its call."""

import msgspec
import pytest

from faxgw.config.calls import CallConfig
from faxgw.fax import FaxId, Waiting
from faxgw.queue.schedule import Schedule
from faxgw.store.unfinished import Queued
from tests.queue.faxes import LINE, OTHER, fax

SHARING = CallConfig(faxes_max=4, setup_seconds=10.0, page_seconds=20.0)


def schedule_of(*faxes: Queued, sharing: CallConfig = SHARING) -> Schedule:
    schedule = Schedule(sharing=sharing)
    for each in faxes:
        schedule.add(each)
    return schedule


def taken_calls(schedule: Schedule, count: int = 100, now: float = 0.0) -> list[list[int]]:
    return [[int(each.fax_id) for each in taken.call] for taken in schedule.take(count, now)]


def test_what_waits_for_one_line_goes_together() -> None:
    """As many as the config says, in their order; the rest waits for the line."""
    schedule = schedule_of(*(fax(number) for number in range(1, 7)), fax(7, OTHER))
    assert taken_calls(schedule) == [[1, 2, 3, 4], [7]]
    assert taken_calls(schedule) == []
    assert schedule.why(FaxId(5), LINE, 0.0).waiting is Waiting.LINE_BUSY
    schedule.free(LINE, FaxId(1))
    assert taken_calls(schedule) == [[5, 6]]


def test_one_fax_a_call_is_as_it_always_was() -> None:
    """Nobody has company."""
    schedule = schedule_of(fax(1), fax(2), sharing=CallConfig(faxes_max=1))
    assert taken_calls(schedule) == [[1]]


def test_only_one_class_goes_in_a_call_and_the_better_one_first() -> None:
    """Express leads, and takes no standard fax along, though there is room."""
    schedule = schedule_of(fax(1), fax(2, rank=0), fax(3), fax(4, rank=0))
    assert taken_calls(schedule) == [[2, 4]]
    schedule.free(LINE, FaxId(2))
    assert taken_calls(schedule) == [[1, 3]]


def test_submitters_take_turns_in_a_call_too() -> None:
    """A hundred of one do not keep the two of another waiting."""
    many = [fax(number, submitter="big") for number in range(1, 101)]
    schedule = schedule_of(*many, fax(101, submitter="small"), fax(102, submitter="small"))
    assert taken_calls(schedule) == [[1, 101, 2, 102]]


def test_new_and_retried_faxes_share_a_call() -> None:
    """A busy line makes retried faxes of all that wait for it; that is when sharing saves most."""
    assert taken_calls(schedule_of(fax(1), fax(2, calls=1), fax(3))) == [[1, 2, 3]]


@pytest.mark.parametrize("change", [{"alone": True}, {"pages_done": 1}, {"avoid": "north"}])
def test_a_fax_with_a_way_of_its_own_shares_no_call(change: dict[str, object]) -> None:
    """Neither along with another nor with another along; those behind it wait for their turn."""
    apart = msgspec.structs.replace(fax(2), **change)
    schedule = schedule_of(fax(1), apart, fax(3))
    assert taken_calls(schedule) == [[1]]
    schedule.free(LINE, FaxId(1))
    assert taken_calls(schedule) == [[2]]
    schedule.free(LINE, FaxId(2))
    assert taken_calls(schedule) == [[3]]


def test_faxes_that_avoid_the_same_carrier_share_a_call() -> None:
    """They go the same way."""
    faxes = [msgspec.structs.replace(fax(number), avoid="north") for number in (1, 2)]
    assert taken_calls(schedule_of(*faxes)) == [[1, 2]]


def test_nobody_goes_along_past_the_own_deadline() -> None:
    """A call of two pages may take 50 s, of three 70 s: the third would miss its deadline, and so waits."""
    schedule = schedule_of(fax(1, deadline_at=40.0), fax(2, deadline_at=50.0), fax(3, deadline_at=69.0))
    assert taken_calls(schedule) == [[1, 2]]


def test_what_is_not_due_or_went_away_is_not_taken_along() -> None:
    """Only faxes that wait anyway."""
    schedule = schedule_of(fax(1), fax(2, due_at=5.0), fax(3), fax(4))
    schedule.remove(FaxId(3))
    assert taken_calls(schedule) == [[1, 4]]


def test_a_deadline_counts_for_the_company_until_the_line_is_let_go() -> None:
    """Each is told once."""
    schedule = schedule_of(fax(1), fax(2, deadline_at=100.0))
    assert taken_calls(schedule) == [[2, 1]]
    assert [each.fax_id for each in schedule.take_expired(100.0)] == [2]
    assert schedule.take_expired(100.0) == []


def test_a_call_counts_as_all_its_faxes() -> None:
    """No more is handed out than was asked for, but for the company of the last."""
    schedule = schedule_of(fax(1), fax(2), fax(3, OTHER), fax(4, OTHER))
    assert taken_calls(schedule, count=3) == [[1, 2], [3, 4]]
    schedule = schedule_of(fax(1), fax(2), fax(3, OTHER), fax(4, OTHER))
    assert taken_calls(schedule, count=2) == [[1, 2]]


def test_company_is_watched_for_as_long_as_its_call() -> None:
    """Its deadline passes while it stands ready and not once the call is over; with thousands a day nothing is kept."""
    schedule = schedule_of(*(fax(number, deadline_at=100.0) for number in range(1, 7)))
    assert taken_calls(schedule) == [[1, 2, 3, 4]]
    schedule.free(LINE, FaxId(1))
    assert taken_calls(schedule) == [[5, 6]]
    assert [int(each.fax_id) for each in schedule.take_expired(100.0)] == [5, 6]


def test_company_that_was_put_back_is_watched_in_its_next_call() -> None:
    """The end of the call that it left is none of its own."""
    schedule = schedule_of(*(fax(number, deadline_at=100.0) for number in (1, 2)))
    [lead] = schedule.take(100, 0.0)
    schedule.add(msgspec.structs.replace(lead.company[0], line=OTHER))
    schedule.free(LINE, FaxId(2))
    assert taken_calls(schedule) == [[2]]
    schedule.free(LINE, FaxId(1))
    assert [int(each.fax_id) for each in schedule.take_expired(100.0)] == [2]
