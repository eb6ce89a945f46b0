"""What people stopped, taken up at a start and changed one by one."""

from collections.abc import Sequence
from typing import cast

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from faxgw.dispatch.suspensions import Suspensions
from faxgw.phone import Line
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.port import Store
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.stops import Resumption, Scope, Suspension
from tests.clocks import SetClock
from tests.dispatch.desk import NOW

LINES = [f"+33199{number:06}" for number in range(300)]


class CountingRoom(WaitingRoom):
    """Notes which lines it was told to stop."""

    def __init__(self) -> None:
        super().__init__(SetClock(NOW))
        self.told: list[Line] = []

    def suspend(self, line: Line, until: float | None = None) -> None:
        self.told.append(line)
        super().suspend(line, until)


async def test_each_line_is_stopped_once_however_many_are() -> None:
    """Three hundred at a start are three hundred words to the schedule, and one more is one."""
    store, room = open_memory_store(), CountingRoom()
    await store.suspend([Suspension(Scope.LINE, name, "Ada", "repair", NOW) for name in LINES])
    suspensions = Suspensions(store, {}, room, SetClock(NOW))
    await suspensions.load()
    assert sorted(room.told) == LINES
    await suspensions.suspend(Scope.LINE, "+33199999999", "Ada", "repair")
    await suspensions.resume(Scope.LINE, LINES[0], "Ada", "mended")
    assert len(room.told) == len(LINES) + 1
    assert len(suspensions.all()) == len(LINES)


async def test_what_is_over_at_a_start_stops_nothing() -> None:
    """Its time passed while the gateway was down."""
    store, room = open_memory_store(), CountingRoom()
    await store.suspend([Suspension(Scope.LINE, LINES[0], "Ada", "repair", NOW - 60, NOW - 1)])
    suspensions = Suspensions(store, {}, room, SetClock(NOW))
    await suspensions.load()
    assert (room.told, suspensions.all()) == ([], [])


class SlowStore:
    """Takes a second to suspend, and two until it says that it has resumed."""

    def __init__(self) -> None:
        self.inner: SqlStore = open_memory_store()

    async def suspensions(self) -> list[Suspension]:
        return await self.inner.suspensions()

    async def suspend(self, wishes: Sequence[Suspension]) -> list[None]:
        await trio.sleep(1)
        return await self.inner.suspend(wishes)

    async def resume(self, wishes: Sequence[Resumption]) -> list[bool]:
        answers = await self.inner.resume(wishes)
        await trio.sleep(2)
        return answers


async def test_what_is_stopped_anew_as_its_time_ends_stays_stopped(autojump_clock: MockClock) -> None:
    """The timer ends what is over one after the other; a person prolongs the second meanwhile, and is not overruled."""
    store = SlowStore()
    suspensions = Suspensions(cast("Store", store), {}, CountingRoom(), SetClock(NOW))
    for name in LINES[:2]:
        await suspensions.suspend(Scope.LINE, name, "Ada", "repair", NOW + 10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(suspensions.run)
        await trio.sleep_until(10)
        await wait_all_tasks_blocked()
        await suspensions.suspend(Scope.LINE, LINES[1], "Ada", "it takes longer")
        await trio.sleep(60)
        nursery.cancel_scope.cancel()
    stopped = [(each.name, each.why) for each in suspensions.all()]
    assert stopped == [(LINES[1], "it takes longer")]
    assert [(each.name, each.why) for each in await store.inner.suspensions()] == stopped


async def test_memory_follows_the_store_in_its_order(autojump_clock: MockClock) -> None:
    """Resumed by one person and stopped by the next before the first had the answer: it is stopped, in both."""
    store = SlowStore()
    suspensions = Suspensions(cast("Store", store), {}, CountingRoom(), SetClock(NOW))
    await suspensions.suspend(Scope.LINE, LINES[0], "Ada", "repair")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(suspensions.resume, Scope.LINE, LINES[0], "Ada", "mended")
        await wait_all_tasks_blocked()
        nursery.start_soon(suspensions.suspend, Scope.LINE, LINES[0], "Bob", "it is not")
    found = suspensions.find(Scope.LINE, LINES[0])
    assert [found] == await store.inner.suspensions()
    assert found is not None
    assert found.who == "Bob"


class PassingClock:
    """Half a second goes by between any two looks at it."""

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> float:
        self._looks += 1
        return NOW + self._looks / 2


async def test_a_time_that_comes_between_two_looks_at_the_clock_ends_it(autojump_clock: MockClock) -> None:
    """It is not over at the first look and is at the second: the timer looks again and goes on."""
    store = open_memory_store()
    suspensions = Suspensions(store, {}, CountingRoom(), PassingClock())
    async with trio.open_nursery() as nursery:
        for quarters in range(20):
            await suspensions.suspend(Scope.PROVIDER, f"north{quarters}", "Ada", "repair", NOW + 30 + quarters / 4)
        nursery.start_soon(suspensions.run)
        while await store.suspensions():
            suspensions.heed_clock()
            await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert suspensions.all() == []
