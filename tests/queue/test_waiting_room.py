"""Tasks wait for what may go, and wake neither late nor in vain."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.fax import FaxId, Waiting
from faxgw.queue.stops import Wait
from faxgw.queue.waiting import WaitingRoom
from tests.queue.faxes import LINE, OTHER, fax, line_number

NOW = 1_800_000_000.0


@pytest.fixture
async def room() -> WaitingRoom:
    return WaitingRoom(TrioClock(NOW - trio.current_time()))


class Steps(trio.abc.Instrument):
    """Counts how often any task was run."""

    count = 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += 1


async def test_a_fax_that_comes_in_wakes_who_waits(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """At once, without a timer."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(put_later, room, 3.0)
        began = trio.current_time()
        assert [each.fax_id for each in await room.wait_due(10)] == [1]
        assert trio.current_time() - began == pytest.approx(3.0)


async def put_later(room: WaitingRoom, seconds: float) -> None:
    await trio.sleep(seconds)
    room.put([fax(1, due_at=NOW)])


async def test_a_retry_wakes_who_waits_at_its_time(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """Not before, and not a poll later."""
    began = trio.current_time()
    room.put([fax(1, due_at=NOW + 300.0)])
    assert len(await room.wait_due(10)) == 1
    assert trio.current_time() - began == pytest.approx(300.0, abs=1e-3)


async def test_a_line_that_falls_free_wakes_who_waits(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """The next fax of the line goes as soon as the call is over."""
    room.put([fax(1, due_at=NOW), fax(2, due_at=NOW)])
    await room.wait_due(10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(free_later, room, 17.0)
        began = trio.current_time()
        assert [each.fax_id for each in await room.wait_due(10)] == [2]
        assert trio.current_time() - began == pytest.approx(17.0)


async def free_later(room: WaitingRoom, seconds: float) -> None:
    await trio.sleep(seconds)
    room.free(LINE, FaxId(1))


async def test_a_deadline_wakes_who_waits_for_deadlines(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """At the deadline, also when it was put in while the task was waiting already."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(put_with_deadline_later, room)
        assert [each.fax_id for each in await room.wait_expired()] == [1]
        assert trio.current_time() == pytest.approx(60.0, abs=1e-3)


async def put_with_deadline_later(room: WaitingRoom) -> None:
    await trio.sleep(10)
    room.put([fax(1, due_at=NOW + 900.0, deadline_at=NOW + 60.0)])


async def test_a_fax_put_back_waits_a_little_and_lets_its_line_go(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """The other fax of its line goes meanwhile."""
    room.put([fax(1, due_at=NOW), fax(2, due_at=NOW)])
    [first] = await room.wait_due(1)
    room.put_back(first, 5.0)
    assert room.why(first.fax_id, LINE) == Wait(Waiting.NOT_DUE, NOW + 5.0)
    assert [each.fax_id for each in await room.wait_due(10)] == [2]
    room.free(LINE, FaxId(2))
    assert [each.fax_id for each in await room.wait_due(10)] == [1]
    assert trio.current_time() == pytest.approx(5.0, abs=1e-3)


async def test_each_fax_goes_to_one_of_many_who_wait(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """Ten tasks, a hundred faxes: each is handed out once."""
    given: list[int] = []

    async def take_all() -> None:
        while True:
            given.extend(int(each.fax_id) for each in await room.wait_due(3))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(take_all)
        room.put([fax(number, line_number(number), due_at=NOW + number % 7) for number in range(100)])
        await trio.sleep(30)
        nursery.cancel_scope.cancel()
    assert sorted(given) == list(range(100))


async def test_waiting_never_spins(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """An hour with faxes not yet due, lines busy, deadlines near and entries void costs some dozen wake-ups."""
    room.put([fax(number, due_at=NOW + 600.0 * number, deadline_at=NOW + 9_000.5) for number in range(1, 6)])
    room.put([fax(10, OTHER, due_at=NOW), fax(11, OTHER, due_at=NOW)])
    room.put([fax(20, line_number(20), due_at=NOW + 0.1)])
    room.remove(FaxId(20))
    steps = Steps()
    trio.lowlevel.add_instrument(steps)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_for_ever, room)
        nursery.start_soon(take_for_ever, room)
        nursery.start_soon(expire_for_ever, room)
        await trio.sleep(3 * 3_600)
        nursery.cancel_scope.cancel()
    trio.lowlevel.remove_instrument(steps)
    assert steps.count < 120


async def take_for_ever(room: WaitingRoom) -> None:
    while True:
        await room.wait_due(10)


async def expire_for_ever(room: WaitingRoom) -> None:
    while True:
        await room.wait_expired()


async def test_how_long_the_oldest_due_fax_waits(room: WaitingRoom, autojump_clock: MockClock) -> None:
    """Zero when nothing is due."""
    assert room.oldest_due_age_seconds() == 0.0
    room.put([fax(1, due_at=NOW), fax(2, due_at=NOW + 900.0)])
    await trio.sleep(42)
    assert room.oldest_due_age_seconds() == pytest.approx(42.0, abs=1e-3)
    assert room.statistics().waiting == 2
