"""Each named step is where the daemon once ended, as by a power cut: nothing is lost, and nothing goes out twice."""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import trio

from faxgw.crashpoint import EXIT_CRASHED, VARIABLE, make_reach
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from tests.carriers import Carrier, running_carrier
from tests.daemons import Daemon, prepared_daemon
from tests.live_account import live_account
from tests.order_system import OrderSystem

SOURCE = Path(__file__).parents[2] / "faxgw"
DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"
CHAINS = 2
"""Daemons that die side by side, each over a store and a carrier of its own."""
POINTS_MIN = 30
REACHED_SECONDS_MAX = 40.0
FINISH_SECONDS_MAX = 90.0
FEED_SECONDS = 0.25
FEED = 3
UNANSWERED_MAX = 6
SHOPS = 8
"""Few, so that orders wait for a line and share its calls."""
SHARED_CALLS = """
[call]
faxes_max = 5
"""
ORDERS = 4_000
SHARES = {
    "busy": 0.08,
    "rejected": 0.05,
    "page": 0.05,
    "closed_before": 0.06,
    "lost_answer": 0.04,
    "too_many": 0.06,
    "missing_receipt": 0.1,
    "doubled_receipt": 0.05,
}
CALM = {"busy": 0.05}
ONCE = ("store-", "recovery-", "gateway-", "daemon-")
"""What a process goes through once has no second time."""
WHEN_STOPPING = {
    "daemon-stop-heard",
    "daemon-doors-closed",
    "daemon-stopped",
    "gateway-stopping",
    "gateway-lanes-told",
    "gateway-senders-ended",
    "store-closing",
}
WHEN_DOWN = {"attempt-unsent"}
ELSEWHERE = ("inbox-", "intake-", "members-", "relay-", "routing-")
"""Steps that no order on its way out passes; the tests of those folders die there."""

Hit = tuple[str, int]


def points_in_source() -> list[str]:
    names = [name for file in SOURCE.rglob("*.py") for name in re.findall(r'reach\("([a-z-]+)"\)', file.read_text())]
    return sorted(names)


def hits() -> list[Hit]:
    on_the_way = [name for name in points_in_source() if not name.startswith(ELSEWHERE)]
    return [(name, nth) for name in on_the_way for nth in ((1,) if name.startswith(ONCE) else (1, 2))]


def test_every_step_has_one_name_and_one_line_in_the_docs() -> None:
    """Names are unique, there are enough of them, and docs/reliability.md tells what each stands for."""
    names = points_in_source()
    assert len(names) == len(set(names)) >= POINTS_MIN
    told = re.findall(r"^\| `([a-z-]+)` \|", DOCS.read_text(), re.MULTILINE)
    assert sorted(told) == names
    assert set(names) >= WHEN_STOPPING | WHEN_DOWN


def test_a_hook_that_is_off_is_a_function_that_does_nothing() -> None:
    """Without the variable a step costs one call, and no name is compared."""
    off = make_reach("")
    off("attempt-before-send")
    assert off is make_reach("")


@pytest.mark.live
@pytest.mark.alone
async def test_a_restart_sets_right_what_any_step_left_behind(tmp_path: Path) -> None:
    """For each name, at its first and second time: the daemon ends there, starts anew, and the account holds."""
    async with trio.open_nursery() as nursery:
        for chain in range(CHAINS):
            folder = tmp_path / str(chain)
            folder.mkdir()
            nursery.start_soon(_die_through, folder, chain, hits()[chain::CHAINS])


async def _die_through(folder: Path, seed: int, deaths: Sequence[Hit]) -> None:
    shops = list(members(SHOPS))
    lines = iter([line_of(order) for order in orders(ORDERS, shops)])
    async with (
        running_carrier(share=SHARES, seed=seed, time_scale=500, call_seconds=16.8, webhook_tries=20) as carrier,
        prepared_daemon(folder, carrier, b"".join(line_of(shop) for shop in shops), more_config=SHARED_CALLS) as daemon,
    ):
        order_system = OrderSystem(daemon)
        async with trio.open_nursery() as outside:
            outside.start_soon(order_system.run)
            async with trio.open_nursery() as people:
                people.start_soon(order_system.meddle, random.Random(seed))  # noqa: S311 - to play it again
                for death in deaths:
                    await _die_at(death, daemon, carrier, order_system, lines)
                people.cancel_scope.cancel()
            order_system.close()
            await carrier.set_shares(**CALM)
            await daemon.start()
            await daemon.wait_ready()
        await order_system.release_all()
        await daemon.wait_finished(len(order_system.fax_ids), FINISH_SECONDS_MAX)
        account = await live_account(daemon, carrier, order_system)
        print(f"crash points {len(deaths)} {account}")
        assert account.is_right, account
        assert account.calls_shared > len(deaths) / 10


async def _die_at(death: Hit, daemon: Daemon, carrier: Carrier, orders_in: OrderSystem, lines: Iterator[bytes]) -> None:
    """One life: work comes in until the step is reached, and the process is gone."""
    name, nth = death
    await carrier.set_shares(**({"down": 1.0} if name in WHEN_DOWN else SHARES))
    await daemon.start(environment={VARIABLE: f"{name}:{nth}"})
    assert daemon.process is not None
    with trio.move_on_after(REACHED_SECONDS_MAX):
        if name in WHEN_STOPPING:
            await daemon.wait_ready()
            orders_in.hand_in([next(lines) for _ in range(FEED)])
            daemon.process.terminate()
        while daemon.process.poll() is None:
            if orders_in.unanswered < UNANSWERED_MAX:
                orders_in.hand_in([next(lines) for _ in range(FEED)])
            with trio.move_on_after(FEED_SECONDS):
                await daemon.process.wait()
    assert daemon.process.poll() == EXIT_CRASHED, f"{name}:{nth} was not reached: {daemon.process.poll()}"
    await carrier.set_shares(**SHARES)
