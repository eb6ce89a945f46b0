"""kill -9 of the whole daemon, again and again: nothing that was answered is lost, nothing goes out twice."""

import os
import random
from pathlib import Path

import pytest
import trio

from faxgw.cli.client import NotReachableError
from tests.carriers import Carrier, running_carrier
from tests.daemons import Daemon, prepared_daemon
from tools.examples.make import line_of
from tools.examples.orders import orders
from tools.examples.shops import members

CYCLES = int(os.environ.get("FAXGW_KILL_CYCLES", "50"))
ORDERS = int(os.environ.get("FAXGW_KILL_ORDERS", "2000"))
SEED = int(os.environ.get("FAXGW_KILL_SEED", "20270530"))
SHOPS = 400
SENDERS = 4
LIFE_SECONDS = (0.3, 2.2)
"""How long a daemon lives: from before it listens until it is in full swing."""
REPEAT_SECONDS = 0.1
FINISH_SECONDS_MAX = 120.0
SHARES = {"busy": 0.03, "lost_answer": 0.02, "broken_body": 0.01, "doubled_receipt": 0.03, "missing_receipt": 0.02}


@pytest.mark.live
async def test_a_daemon_that_is_killed_again_and_again_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    """2,000 orders go in while the daemon is killed at 50 random moments; the carrier counts what went out."""
    seeded = random.Random(SEED)  # noqa: S311 - a seed that is printed, to play it again
    shops = list(members(SHOPS))
    lines = [line_of(order) for order in orders(ORDERS, shops)]
    async with (
        running_carrier(share=SHARES, seed=SEED, time_scale=500, call_seconds=16.8, webhook_tries=20) as carrier,
        prepared_daemon(tmp_path, carrier, b"".join(line_of(shop) for shop in shops)) as daemon,
    ):
        async with trio.open_nursery() as nursery:
            portions, to_send = trio.open_memory_channel[list[bytes]](ORDERS)
            for _ in range(SENDERS):
                nursery.start_soon(_send_each, daemon, to_send)
            async with portions:
                for cycle in range(CYCLES):
                    # Every life of the daemon gets its share of the orders.
                    for portion in _portions(lines[cycle::CYCLES]):
                        portions.send_nowait(portion)
                    await daemon.start()
                    await trio.sleep(seeded.uniform(*LIFE_SECONDS))
                    await daemon.kill()
            await daemon.start()
            await daemon.wait_ready()
        states = await daemon.wait_finished(ORDERS, FINISH_SECONDS_MAX)
        account = await carrier.account()
        print(f"seed {SEED}: killed {CYCLES} times, states {states}, carrier {account}")
        await _check_account(daemon, carrier, states)


def _portions(lines: list[bytes]) -> list[list[bytes]]:
    """Half of the orders one by one, half of them seven at a time."""
    half = len(lines) // 2
    return [[line] for line in lines[:half]] + [lines[start : start + 7] for start in range(half, len(lines), 7)]


async def _send_each(daemon: Daemon, portions: trio.MemoryReceiveChannel[list[bytes]]) -> None:
    """Hand orders in, repeating whatever was not answered, as an order system does."""
    async for portion in portions:
        while not await _is_answered(daemon, portion):  # noqa: ASYNC110 - only asking again can tell
            await trio.sleep(REPEAT_SECONDS)


async def _is_answered(daemon: Daemon, portion: list[bytes]) -> bool:
    try:
        if len(portion) == 1:
            return (await daemon.ask("POST", "/v1/orders", portion[0])).status in {200, 202}
        answers = await daemon.submit_lines(portion)
    except NotReachableError:
        return False
    return all(answer["status"] in {200, 202} for answer in answers)


async def _check_account(daemon: Daemon, carrier: Carrier, states: dict[str, int]) -> None:
    """The books agree: accepted = delivered, and the carrier counts each fax once."""
    account = await carrier.account()
    assert states == {"delivered": ORDERS}
    assert account["faxes_delivered"] == ORDERS, "lost"
    assert account["delivered_twice"] == [], "twice"
    assert account["line_overlap_max"] == 1
    by_reference = {fax["reference"] for fax in await carrier.faxes() if fax["outcome"] == "delivered"}
    told = await _delivered_in_events(daemon)
    assert told == {int(reference.split("-")[1]) for reference in by_reference}


async def _delivered_in_events(daemon: Daemon) -> set[int]:
    told: set[int] = set()
    cursor = 0
    while (page := await daemon.get(f"/v1/events?after={cursor}&limit=1000"))["events"]:
        told |= {event["fax_id"] for event in page["events"] if event["kind"] == "delivered"}
        cursor = page["next"]
    return told
