"""Two daemons on one PostgreSQL: when the one at work dies, the other goes on, and no fax is lost or goes out twice."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
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
from tests.postgres_server import Server, running_server

FALLS = 6
ORDERS = 240
SHOPS = 40
FINISH_SECONDS_MAX = 60.0
LOOK_AGAIN_SECONDS = 0.02
STOPS = (2, 5)
"""Falls in which the daemon at work is stopped in order; in the others it is killed."""
EXIT_STORE_FAILED = 74


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as server:
        server.execute("CREATE DATABASE faxgw")
        yield server


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with running_carrier(
        seed=7, time_scale=500, call_seconds=16.8, webhook_tries=20, share={"lost_answer": 0.03}
    ) as carrier:
        yield carrier


@pytest.mark.live
async def test_the_daemon_that_stands_by_goes_on_where_the_other_died(
    tmp_path: Path, server: Server, carrier: Carrier
) -> None:
    """Orders go in while the daemons fall in turn; the carrier counts what went out."""
    lines = _lines()
    async with _prepared(tmp_path, "one", server, carrier) as one, _prepared(tmp_path, "two", server, carrier) as two:
        await _begin(one, carrier)
        order_system = OrderSystem(one)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(order_system.run)
            for fall, (at_work, beside) in zip(range(FALLS), cycle(((one, two), (two, one)))):
                order_system.hand_in(lines[fall::FALLS])
                await _stand_by(beside)
                await _wait_answered(order_system, ORDERS // FALLS * fall + 10)
                await (at_work.stop() if fall in STOPS else at_work.kill())
                order_system.daemon = beside
                await carrier.aim(beside.webhook_url)
                await beside.wait_ready()
            order_system.close()
        await _end_right(order_system, carrier)


@pytest.mark.live
async def test_a_daemon_that_lost_its_session_writes_no_more(tmp_path: Path, server: Server, carrier: Carrier) -> None:
    """With the session goes the lock: it ends at once, for another may write already; the next start goes on."""
    async with _prepared(tmp_path, "one", server, carrier) as one:
        await _begin(one, carrier)
        order_system = OrderSystem(one)
        order_system.hand_in(_lines())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(order_system.run)
            await _wait_answered(order_system, 30)
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'faxgw'")
            assert one.process is not None
            with trio.fail_after(30):
                assert await one.process.wait() == EXIT_STORE_FAILED
            assert "PostgreSQL is lost" in one.log
            await one.start()
            order_system.close()
        await _end_right(order_system, carrier)


def _lines() -> list[bytes]:
    return [line_of(order) for order in orders(ORDERS, list(members(SHOPS)))]


def _prepared(folder: Path, name: str, server: Server, carrier: Carrier) -> AbstractAsyncContextManager[Daemon]:
    """Each has a folder of its own; documents lie in one that both see."""
    (folder / name).mkdir()
    store = f'[store]\nurl = "{server.url("faxgw")}"\ndocuments_dir = "{folder}"\n'
    return prepared_daemon(folder / name, carrier, b"".join(map(line_of, members(SHOPS))), more_config=store)


async def _begin(daemon: Daemon, carrier: Carrier) -> None:
    await carrier.aim(daemon.webhook_url)
    await daemon.start()
    await daemon.wait_ready()


async def _stand_by(daemon: Daemon) -> None:
    """Start it, and wait until it found that the store is held."""
    before = daemon.log.count("standing_by") if (daemon.folder / "daemon.log").exists() else 0
    await daemon.start()
    with trio.fail_after(30):
        while daemon.log.count("standing_by") == before:  # noqa: ASYNC110 - another process says so.
            await trio.sleep(LOOK_AGAIN_SECONDS)


async def _wait_answered(order_system: OrderSystem, count: int) -> None:
    with trio.fail_after(30):
        while len(order_system.fax_by_number) < count:  # noqa: ASYNC110 - another process answers.
            await trio.sleep(LOOK_AGAIN_SECONDS)


async def _end_right(order_system: OrderSystem, carrier: Carrier) -> None:
    await order_system.daemon.wait_finished(ORDERS, FINISH_SECONDS_MAX)
    account = await live_account(order_system.daemon, carrier, order_system)
    assert account.is_right, account
    assert account.accepted == ORDERS
    assert account.states == {"delivered": ORDERS}
    assert account.in_doubt > 0, "nobody died while faxes were on their way"
