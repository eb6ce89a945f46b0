"""The gateway dies at every step between a file on a server and what it became, and goes on over the same store."""

import pytest
from trio.testing import MockClock

from tests.journeys.account import settle_account
from tests.journeys.paper import Post, open_post_town, order_form, ticked
from tests.journeys.test_crash_anywhere import dying_after
from tests.journeys.test_orders_by_fax import note_orders
from tests.journeys.town import Town, order_for

STEPS_MAX = 1_000
"""More than it ever takes until all is read."""
PARTS = 12
SENT = 3
"""Faxes at each death."""


async def die_at(town: Town, post: Post, steps: int, read_before: int) -> bool:
    """Whether the gateway died of so many steps before all was read; then all is read by the next one."""
    post.send(ticked(f"N-{steps}", "accept"))
    post.send(order_form(f"F-{steps}"))
    post.send(damaged=True)
    async with dying_after(steps) as scope, town.running():
        await post.wait_over(read_before + SENT)
    async with town.running():
        await post.wait_over(read_before + SENT)
        assert await post.said_of(f"N-{steps}") == ["ACK"]
        # For the next death.
        await town.submit(order_for(1, f"N-{steps + PARTS}"))
        await town.wait()
    return scope.cancelled_caught


@pytest.mark.parametrize("part", range(1, PARTS, 3))
async def test_every_fax_counts_once_wherever_the_gateway_dies(part: int, autojump_clock: MockClock) -> None:
    """An answer, an order and one that nobody can read: none is lost, nothing is said twice, whatever the step."""
    steps, deaths = part + 1, 0
    async with open_post_town(florists=3, routed=True) as (town, post):
        async with town.running():
            await town.submit(order_for(1, f"N-{steps}"))
            await town.wait()
        while await die_at(town, post, steps, deaths * SENT):
            deaths += 1
            steps += PARTS
            assert steps < STEPS_MAX
        lives = deaths + 1
        await note_orders(town)
    assert deaths
    await post.settle_inbound(applied=2 * lives, review=lives)
    await settle_account(town, delivered=2 * lives + 1)
