"""Looking at the queue: always as it is while that is cheap, and together while very many wait."""

from collections.abc import Sequence
from typing import cast

import pytest
import trio
from trio.testing import MockClock

from faxgw.api.backlog import KEPT_FAXES_MIN, Counting
from faxgw.fax import State
from faxgw.phone import Line
from faxgw.store.backlog import Backlog, LineAges
from faxgw.store.port import Store
from tests.api.fakes import NOW, FakeStore
from tests.clocks import SetClock


class LongQueue(FakeStore):
    """With `waiting` faxes on ten lines; counting them takes a second."""

    def __init__(self, waiting: int) -> None:
        super().__init__()
        self.waiting_faxes = waiting
        self.counts_made = 0

    async def backlog(self, limit: int, now: float, ages: Sequence[float]) -> Backlog:
        self.counts_made += 1
        await trio.sleep(1)
        lines = [LineAges(Line(f"+3319900{number:04}"), 1, now, {State.QUEUED: 1}) for number in range(10)]
        ages_of = (self.waiting_faxes, *[0] * len(ages))
        return Backlog(lines[:limit], 10, ages_of, {1: {State.QUEUED: self.waiting_faxes}}, {})


def counting_over(store: LongQueue, clock: SetClock | None = None) -> Counting:
    return Counting(cast("Store", store), clock or SetClock(NOW), lambda: 1_800.0)


async def test_a_short_queue_is_counted_at_each_look(autojump_clock: MockClock) -> None:
    """Who looks right after a change sees it."""
    store = LongQueue(KEPT_FAXES_MIN - 1)
    counting = counting_over(store)
    assert (await counting.counted(3)).states == {State.QUEUED: KEPT_FAXES_MIN - 1}
    store.waiting_faxes = 7
    assert (await counting.counted(3)).states == {State.QUEUED: 7}
    assert store.counts_made == 2


async def test_a_million_are_counted_once_for_all_who_look(autojump_clock: MockClock) -> None:
    """A screen that looks every second takes one look in 25 of its own, and tells of what moment it is."""
    store = LongQueue(1_000_000)
    counting = counting_over(store)
    seen = []
    for _ in range(40):
        seen.append((await counting.counted(3)).at - NOW)
        await trio.sleep(1)
    assert store.counts_made == len(set(seen)) == 2
    assert seen[-1] - seen[0] == pytest.approx(25.0, abs=1.5)


async def test_two_who_look_at_once_count_once(autojump_clock: MockClock) -> None:
    """A second reader of the store stays free for those who send."""
    store = LongQueue(1_000_000)
    counting = counting_over(store)
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(counting.counted, 3)
    assert store.counts_made == 1


async def test_more_lines_than_were_counted_are_counted(autojump_clock: MockClock) -> None:
    """And fewer are not."""
    store = LongQueue(1_000_000)
    counting = counting_over(store)
    asked = [len((await counting.counted(lines)).backlog.lines) for lines in (3, 8, 5)]
    assert asked == [3, 8, 8]
    assert store.counts_made == 2


async def test_a_clock_that_is_set_back_keeps_no_old_count(autojump_clock: MockClock) -> None:
    """What was counted in a future that is none is counted anew."""
    store, clock = LongQueue(1_000_000), SetClock(NOW)
    counting = counting_over(store, clock)
    await counting.counted(3)
    clock.ahead_seconds = -3_600.0
    assert (await counting.counted(3)).at < NOW
    assert store.counts_made == 2
