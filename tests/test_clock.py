"""Clocks: what an administrator's setting may change, and what it may not."""

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from faxgw.clock import SteadyClock, watch_steps
from tests.clocks import SetClock

START = 1_795_000_000.0
DAY_SECONDS = 86_400.0


async def test_a_steady_clock_goes_on_whatever_is_set(autojump_clock: MockClock) -> None:
    """It tells the hour it began at, and the seconds that passed since."""
    wall = SetClock(START)
    steady = SteadyClock(wall)
    wall.ahead_seconds = -DAY_SECONDS
    await trio.sleep(10)
    assert round(steady.now() - START, 3) == 10


async def test_whoever_waits_hears_that_the_clock_was_set(
    autojump_clock: MockClock,
) -> None:
    """Once for each step, forward or back; time that just passes is none."""
    wall, heard = SetClock(START), list[float]()
    with capture_logs() as logged:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch_steps, wall, [lambda: heard.append(wall.ahead_seconds)])
            await trio.sleep(DAY_SECONDS / 24)
            assert heard == []
            for wall.ahead_seconds in (DAY_SECONDS, 0.0, 0.5):
                await trio.sleep(5)
            nursery.cancel_scope.cancel()
    assert heard == [DAY_SECONDS, 0.0]
    assert [entry["by_seconds"] for entry in logged] == [DAY_SECONDS, -DAY_SECONDS]
