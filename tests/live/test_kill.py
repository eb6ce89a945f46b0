"""kill -9 of the whole daemon, again and again: nothing that was answered is lost, nothing goes out twice."""

import os
import random
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest
import trio

from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from tests.carriers import Carrier, running_carrier
from tests.daemons import Daemon, prepared_daemon
from tests.live_account import live_account
from tests.order_system import OrderSystem

CYCLES = int(os.environ.get("FAXGW_KILL_CYCLES", "50"))
ORDERS = int(os.environ.get("FAXGW_KILL_ORDERS", str(40 * CYCLES)))
SEED = int(os.environ.get("FAXGW_KILL_SEED", "20270530"))
SHOPS = 40
"""Few, so that orders wait for a line and share its calls."""
SHARED_CALLS = """
[call]
faxes_max = 5
[retry.page]
calls_max = 50
wait_seconds = 0.2
"""
LIFE_SECONDS = (0.3, 2.2)
"""How long a daemon lives: from before it listens until it is in full swing."""
FINISH_SECONDS_MAX = 120.0
STOPS = 0.15
"""Share of the lives that end by SIGTERM, in order; all others by SIGKILL."""
FAIR = {
    "busy": 0.03,
    "page": 0.07,
    "lost_answer": 0.02,
    "broken_body": 0.01,
    "doubled_receipt": 0.03,
    "missing_receipt": 0.02,
}
WEATHER: Sequence[dict[str, float]] = (
    FAIR,
    FAIR | {"too_many": 0.3},
    FAIR | {"late_receipt": 0.2, "doubled_receipt": 0.2, "missing_receipt": 0.2},
    FAIR | {"closed_before": 0.1, "server_error_accepted": 0.1},
    FAIR | {"slow_after": 0.1},
    {"down": 1.0},
    FAIR,
)
"""What the carrier does in one life after the other; seven, so that each meets every kind of end in time."""


@pytest.mark.live
@pytest.mark.alone
async def test_a_daemon_that_is_killed_again_and_again_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    """Orders go in while the daemon is killed at random moments in bad weather; the carrier counts what went out."""
    dice = random.Random(SEED)  # noqa: S311 - a seed that is printed, to play it again
    shops = list(members(SHOPS))
    lines = [line_of(order) for order in orders(ORDERS, shops)]
    async with (
        running_carrier(share=FAIR, seed=SEED, time_scale=500, call_seconds=16.8, webhook_tries=20) as carrier,
        prepared_daemon(
            tmp_path, carrier, b"".join(line_of(shop) for shop in shops), more_config=SHARED_CALLS
        ) as daemon,
    ):
        order_system = OrderSystem(daemon)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(order_system.run)
            for number, weather in zip(range(CYCLES), cycle(WEATHER)):
                # Every life of the daemon gets its share of the orders.
                order_system.hand_in(lines[number::CYCLES])
                await carrier.set_shares(**weather)
                await _live_and_die(daemon, dice)
            await carrier.set_shares(**FAIR)
            order_system.close()
            await daemon.start()
            await daemon.wait_ready()
        await daemon.wait_finished(ORDERS, FINISH_SECONDS_MAX)
        await _settle(daemon, carrier, order_system)


async def _live_and_die(daemon: Daemon, dice: random.Random) -> None:
    await daemon.start()
    await trio.sleep(dice.uniform(*LIFE_SECONDS))
    if dice.random() < STOPS:
        await daemon.stop()
    else:
        await daemon.kill()


async def _settle(daemon: Daemon, carrier: Carrier, order_system: OrderSystem) -> None:
    account = await live_account(daemon, carrier, order_system)
    print(f"cycles {CYCLES} {account} seed {SEED}")
    assert account.is_right, account
    assert account.accepted == ORDERS
    assert account.states == {"delivered": ORDERS}
    # A run in which nothing was ever in doubt would prove nothing.
    assert account.in_doubt > CYCLES / 10
    assert account.calls_shared > CYCLES
    assert account.calls_broken > CYCLES / 10
