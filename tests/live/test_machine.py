"""What a machine does to a whole daemon: no descriptors left, a long standstill, a clock set by a day, a stop."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from faxgw.daemon import EXIT_OK
from tests.live.shop import Shop, order_lines, shop_open
from tests.peers import require_peer

pytestmark = [pytest.mark.live, pytest.mark.alone]

DAY_SECONDS = 86_400
STANDSTILL_SECONDS = 4.0
"""Longer than polls, look-ups and settling take in these tests."""
GRACE_SECONDS_MAX = 15.0
AT_ONCE_SECONDS_MAX = 3.0
DESCRIPTORS = 48
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


async def _at_work(shop: Shop, count: int, **how: object) -> None:
    """Started, ready, and in the middle of `count` orders."""
    await shop.daemon.start(**how)  # type: ignore[arg-type]
    await shop.daemon.wait_ready()
    shop.order_system.hand_in(order_lines(count))
    with trio.fail_after(20):
        while len(shop.order_system.fax_ids) < count / 4:  # noqa: ASYNC110 - only the answers tell
            await trio.sleep(0.01)


async def test_without_descriptors_callers_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    """With few descriptors and many callers accepting pauses; whoever waits or is cut off is served in the end."""
    async with shop_open(tmp_path) as shop:
        limited = [require_peer("prlimit"), f"--nofile={DESCRIPTORS}"]
        await _at_work(shop, 60, through=limited)
        crowd = [await trio.open_unix_socket(shop.daemon.socket_path) for _ in range(DESCRIPTORS * 2)]
        shop.order_system.hand_in(order_lines(160)[60:])
        await trio.sleep(1)
        for caller in crowd:
            await caller.aclose()
        await shop.finish()
        assert shop.daemon.process is not None
        assert shop.daemon.process.poll() is None


async def test_a_standstill_longer_than_time_outs_doubles_nothing(tmp_path: Path) -> None:
    """Stopped in mid-work and continued later, it finds answers late and time-outs over; the account holds."""
    async with shop_open(tmp_path) as shop:
        await _at_work(shop, 200)
        assert shop.daemon.process is not None
        for _ in range(2):
            shop.daemon.process.send_signal(signal.SIGSTOP)
            await trio.sleep(STANDSTILL_SECONDS)
            shop.daemon.process.send_signal(signal.SIGCONT)
            await trio.sleep(0.3)
        await shop.finish()


@pytest.mark.parametrize("jump_seconds", [DAY_SECONDS, -DAY_SECONDS])
async def test_a_clock_that_is_set_wrong_by_a_day_costs_time_at_most(tmp_path: Path, jump_seconds: int) -> None:
    """Nothing is lost, nothing goes twice. Set back, what was due by the old clock waits until the clock is right."""
    require_peer("libfaketime", FAKETIME)
    shift = tmp_path / "shift"
    shift.write_text("+0")
    faked = {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        # Else it reads its file at every look at the clock, and the daemon does little else.
        "FAKETIME_CACHE_DURATION": "1",
        # Waits follow the monotonic clock, which no administrator sets.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    async with shop_open(tmp_path) as shop:
        await _at_work(shop, 60, environment=faked)
        shift.write_text(f"{jump_seconds:+d}")
        # The carrier's webhooks come from another day now and are refused; polls tell what they would have told.
        await trio.sleep(2)
        if jump_seconds < 0:
            shift.write_text("+0")
        await shop.finish()


@pytest.fixture
def no_noise(tmp_path: Path) -> Iterator[None]:
    """Nothing that a stop does may read like a failure."""
    yield
    log = (tmp_path / "daemon.log").read_text()
    assert "Traceback" not in log, log[log.index("Traceback") :][:2_000]
    assert "BrokenPipe" not in log


async def test_a_stop_under_load_ends_in_order(tmp_path: Path, no_noise: None) -> None:
    """SIGTERM amid a hundred sends: exit 0 within the grace, no worker left, and what was under way is written."""
    async with shop_open(tmp_path) as shop:
        await _at_work(shop, 200)
        assert shop.daemon.process is not None
        workers = _children(shop.daemon.process.pid)
        assert workers
        with trio.fail_after(GRACE_SECONDS_MAX):
            assert await shop.daemon.stop() == EXIT_OK
        await _wait_gone(workers)
        await shop.daemon.start()
        await shop.daemon.wait_ready()
        await shop.finish()
        assert "the gateway stopped while it was being sent" not in shop.daemon.log


async def test_a_second_signal_ends_at_once_and_the_next_start_resolves_what_was_cut_off(
    tmp_path: Path, no_noise: None
) -> None:
    """With a carrier that does not answer the stop would wait; the second SIGTERM does not."""
    async with shop_open(tmp_path) as shop:
        await shop.carrier.set_shares(slow_after=1.0)
        await shop.daemon.start()
        await shop.daemon.wait_ready()
        shop.order_system.hand_in(order_lines(80))
        with trio.fail_after(GRACE_SECONDS_MAX):
            while not (await shop.carrier.account())["accepted"]:  # noqa: ASYNC110 - only asking can tell
                await trio.sleep(0.02)
        assert shop.daemon.process is not None
        workers = _children(shop.daemon.process.pid)
        shop.daemon.process.terminate()
        await trio.sleep(0.3)
        assert shop.daemon.process.poll() is None, "it did not wait for the sends under way"
        shop.daemon.process.terminate()
        with trio.fail_after(AT_ONCE_SECONDS_MAX):
            await shop.daemon.process.wait()
        await _wait_gone(workers)
        await shop.carrier.set_shares()
        await shop.daemon.start()
        await shop.daemon.wait_ready()
        await shop.finish()


async def test_a_killed_daemon_leaves_no_worker_and_no_noise(tmp_path: Path, no_noise: None) -> None:
    """SIGKILL amid drawing: the drawing processes end by themselves, without a word."""
    async with shop_open(tmp_path) as shop:
        await _at_work(shop, 200)
        assert shop.daemon.process is not None
        workers = _children(shop.daemon.process.pid)
        await shop.daemon.kill()
        await _wait_gone(workers)
        await shop.daemon.start()
        await shop.daemon.wait_ready()
        await shop.finish()
        assert await shop.daemon.stop() == EXIT_OK


def _children(pid: int) -> list[int]:
    # A child belongs to the thread that started it.
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


async def _wait_gone(pids: list[int]) -> None:
    with trio.fail_after(5):
        while any(_is_running(pid) for pid in pids):  # noqa: ASYNC110 - only looking can tell
            await trio.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody collected yet has ended all the same.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
