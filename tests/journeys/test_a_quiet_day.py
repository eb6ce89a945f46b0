"""A day on which nothing happens."""

import trio
from trio.testing import MockClock

from tests.journeys.account import settle_account
from tests.journeys.town import open_town, order_for

DAY_SECONDS = 86_400.0
STEPS_MAX = 2_000
"""Figures are counted and old files looked for every few minutes, which is a few hundred steps; a task that looks every
ten seconds whether there is anything to do would take 8,640 by itself."""


class Steps(trio.abc.Instrument):
    """Counts how often any task ran."""

    def __init__(self) -> None:
        self.count = 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += 1


async def test_a_gateway_without_faxes_sleeps(autojump_clock: MockClock) -> None:
    """Once the last fax is over, nobody wakes to find that there is nothing to do; the next fax is sent as ever."""
    steps = Steps()
    async with open_town() as town, town.running():
        await town.submit(order_for(1, "1001"))
        await town.wait()
        # What follows a delivery is done within minutes.
        await trio.sleep(600)
        trio.lowlevel.add_instrument(steps)
        await trio.sleep(DAY_SECONDS)
        trio.lowlevel.remove_instrument(steps)
        await town.submit(order_for(1, "1002"))
        await town.wait()
    assert steps.count <= STEPS_MAX
    await settle_account(town, delivered=2)
