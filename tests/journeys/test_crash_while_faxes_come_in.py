"""The gateway dies at any step between a file on a server and what it became, and goes on over the same store."""

import random

import pytest
import trio
from trio.testing import MockClock

from tests.journeys.account import settle_account
from tests.journeys.paper import Post, delivered_order, open_post_town, order_form, ticked
from tests.journeys.test_crash_anywhere import dying_after
from tests.journeys.test_orders_by_fax import note_orders
from tests.journeys.town import Town

SEEDS = range(25)
CRASHES = 4
STEPS_MAX = 120
ORDERS = 5


async def live_until_death(town: Town, steps: int) -> bool:
    async with dying_after(steps) as scope, town.running():
        await trio.sleep(60)
    return scope.cancelled_caught


def send_all(post: Post) -> None:
    """Answers to every order, one of them twice, two new orders, one of them twice, and one that nobody can read."""
    for number in range(ORDERS):
        post.send(ticked(f"N-{number}", "accept"))
    post.send(ticked("N-0", "accept"))
    post.send(order_form("F-1"))
    post.send(order_form("F-2"))
    post.send(order_form("F-1"))
    post.send(damaged=True)


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_fax_counts_once_wherever_the_gateway_dies(seed: int, autojump_clock: MockClock) -> None:
    """Nothing is lost and nothing said twice: fetched, kept, read, said, submitted, noted, or in between."""
    trio._core._run._r.seed(seed)
    dice = random.Random(seed)  # noqa: S311 - a journey is played again by its seed.
    async with open_post_town(routed=True) as (town, post):
        async with town.running():
            for number in range(ORDERS):
                await delivered_order(town, f"N-{number}")
        send_all(post)
        deaths = 0
        for _ in range(CRASHES):
            deaths += await live_until_death(town, dice.randint(1, STEPS_MAX))
            await trio.sleep(dice.choice([0, 1, 30]))
        async with town.running():
            await post.wait_read(ORDERS + 5)
            for number in range(ORDERS):
                assert await post.said_of(f"N-{number}") == ["ACK"]
            await note_orders(town)
            await town.wait()
        assert deaths > 0
    await post.settle_inbound(applied=ORDERS + 2, duplicate=2, review=1)
    await settle_account(town, delivered=ORDERS + 2)
