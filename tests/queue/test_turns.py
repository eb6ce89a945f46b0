"""Turns: submitters in one class, new and retried faxes of one submitter, and classes that are climbed."""

from collections import Counter

from faxgw.config.sending import QueueConfig
from faxgw.fax import FaxId
from faxgw.queue.due import STALE_MAX, STEPS_MAX
from faxgw.queue.schedule import Schedule
from faxgw.queue.stops import Lines
from tests.queue.faxes import LINE, fax, line_number

CLIMB = QueueConfig(climb_seconds=100.0, patience_seconds=50.0)


def drain(schedule: Schedule, count: int, now: float = 0.0) -> list[int]:
    """The first `count` faxes, each line let go as soon as it was given; a call that found nothing is repeated."""
    order: list[int] = []
    while len(order) < count:
        for taken in schedule.take(1, now):
            order.append(int(taken.fax_id))
            schedule.free(taken.line, taken.fax_id)
    return order


def test_submitters_of_one_class_take_turns() -> None:
    """100,000 of one and 10 of another: the ten are done after twenty picks, whoever came first."""
    schedule = Schedule()
    schedule.load([fax(number, line_number(number % 900), rank=2, submitter="many") for number in range(100_000)], 0.0)
    schedule.load([fax(200_000 + number, line_number(1_000), rank=2, submitter="few") for number in range(10)], 0.0)
    assert [number for number in drain(schedule, 20) if number >= 200_000] == [*range(200_000, 200_010)]


def test_the_classes_come_before_the_turns() -> None:
    """Turns are taken inside a class; an express fax waits for nobody's bulk."""
    faxes = [fax(number, rank=2, submitter="bulk") for number in range(5)]
    faxes += [fax(10 + number, rank=0, submitter="express") for number in range(5)]
    schedule = Schedule()
    schedule.load(faxes, 0.0)
    assert drain(schedule, 10) == [10, 11, 12, 13, 14, 0, 1, 2, 3, 4]


def test_new_and_retried_faxes_take_turns() -> None:
    """A thousand retries do not keep a new fax waiting, nor the reverse (as Postfix' queue manager does)."""
    schedule = Schedule()
    schedule.load([fax(number, line_number(number), calls=1) for number in range(1_000)], 0.0)
    schedule.load([fax(2_000 + number, line_number(2_000 + number)) for number in range(1_000)], 0.0)
    kinds = Counter(number >= 2_000 for number in drain(schedule, 100))
    assert kinds == {True: 50, False: 50}


def test_a_fax_climbs_a_class_for_each_wait() -> None:
    """Bulk is standard after one wait and express after two; there its age gives it its place."""
    schedule = Schedule(config=CLIMB)
    schedule.add(fax(1, rank=2))
    for number in range(2, 300):
        schedule.add(fax(number, rank=1, due_at=number - 2.0))
    picked: list[int] = []
    for now in range(150):
        # One goes a second and one comes a second: without climbing the bulk fax would never go.
        picked += drain(schedule, 1, float(now)) if now % 2 else []
    assert picked.index(1) == 50


def test_climbing_costs_nothing_that_stays() -> None:
    """Faxes that come and go leave no entries behind."""
    schedule = Schedule(config=CLIMB)
    for number in range(20_000):
        schedule.add(fax(number, rank=2))
        schedule.take(1, 0.0)
        schedule.free(LINE, FaxId(number))
    assert all(len(each.climbing) <= STALE_MAX + 2 for each in schedule._due._classes)


def test_one_call_does_a_bounded_amount_of_work() -> None:
    """Ten thousand lines that are found shut are walked in parts, and each part says that there is more."""
    lines = Lines()
    schedule = Schedule(lines)
    shut = 10 * STEPS_MAX
    schedule.load([fax(number, line_number(number)) for number in range(shut)], 0.0)
    schedule.load([fax(shut, line_number(shut), rank=2)], 0.0)
    for number in range(shut):
        lines.suspend(line_number(number))
    calls = 0
    while not (taken := schedule.take(1, 0.0)):
        calls += 1
        assert schedule.next_due_at() < 0.0
    assert ([each.fax_id for each in taken], calls) == ([shut], 10)


def test_what_fell_due_together_goes_in_parts_too() -> None:
    """A hundred thousand scheduled for eight o'clock: the first go at once, and none is lost."""
    schedule = Schedule()
    for number in range(4 * STEPS_MAX):
        schedule.add(fax(number, line_number(number), due_at=8.0))
    assert len(schedule.take(10, 8.0)) == 10
    assert schedule.next_due_at() == 8.0
    assert schedule.statistics(8.0).oldest_due_at == {1: 8.0}
    assert len(drain(schedule, 4 * STEPS_MAX - 10, 8.0)) == 4 * STEPS_MAX - 10
