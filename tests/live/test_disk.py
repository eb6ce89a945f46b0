"""Disks that fail, fill up or turn read-only under a whole daemon: it stops or waits as promised, and loses nothing."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from faxgw.daemon import EXIT_STORE_FAILED
from tests.daemons import Daemon
from tests.live.shop import Shop, order_lines, shop_open
from tests.peers import miss_peer, require_peer

pytestmark = [pytest.mark.live, pytest.mark.alone]

STOP_SECONDS_MAX = 5.0
READY_AGAIN_SECONDS_MAX = 30.0
DISK_BYTES = 24 * 1024 * 1024
SMALL_DISK = "\n[store]\nfree_bytes_min = 1048576\n"


@pytest.fixture
def failing_fsync(tmp_path: Path) -> Path:
    """The library to preload."""
    library = tmp_path / "fsync_fails.so"
    source = Path(__file__).with_name("fsync_fails.c")
    subprocess.run([require_peer("cc"), "-shared", "-fPIC", "-o", library, source], check=True)
    return library


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, small enough to be filled."""
    if os.geteuid() != 0:
        miss_peer("root, to mount a small disk")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        miss_peer(f"mount of a tmpfs ({mounted.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_failed_fsync_ends_the_daemon_and_its_restart_is_clean(tmp_path: Path, failing_fsync: Path) -> None:
    """After EIO nobody knows what is durable: it ends at once with EX_IOERR, and the next start reads the truth."""
    flag = tmp_path / "now"
    preloaded = {"LD_PRELOAD": str(failing_fsync), "FAXGW_FSYNC_FAILS": str(flag)}
    async with shop_open(tmp_path) as shop:
        for _ in range(2):
            await shop.daemon.start(environment=preloaded)
            await shop.daemon.wait_ready()
            shop.order_system.hand_in(order_lines(400)[len(shop.order_system.fax_ids) :][:100])
            await trio.sleep(0.5)
            flag.touch()
            with trio.fail_after(STOP_SECONDS_MAX):
                assert shop.daemon.process is not None
                assert await shop.daemon.process.wait() == EXIT_STORE_FAILED
            flag.unlink()
        assert "store_failed" in shop.daemon.log
        await shop.daemon.start()
        await shop.daemon.wait_ready()
        await shop.all_answered()
        await shop.finish()


async def test_a_full_disk_stops_intake_and_sending_until_there_is_room(tmp_path: Path) -> None:
    """507 with Retry-After and not ready, while nothing is lost; with room it goes on by itself."""
    with small_disk(tmp_path / "state") as disk:
        async with shop_open(tmp_path, SMALL_DISK) as shop:
            await shop.daemon.start()
            await shop.daemon.wait_ready()
            shop.order_system.hand_in(order_lines(200))
            await trio.sleep(0.5)
            ballast = disk / "ballast"
            _fill(ballast)
            await _wait_not_ready(shop.daemon)
            reply = await _wait_refused(shop)
            assert reply == 507
            await trio.sleep(1)
            ballast.unlink()
            with trio.fail_after(READY_AGAIN_SECONDS_MAX):
                await shop.daemon.wait_ready()
            await shop.all_answered()
            await shop.finish()
            assert shop.daemon.process is not None
            assert shop.daemon.process.poll() is None


async def test_a_read_only_disk_is_said_and_nothing_is_started_on_it(tmp_path: Path) -> None:
    """A kernel that remounts a sick disk read-only leaves the daemon to end; on such a disk it does not start."""
    with small_disk(tmp_path / "state") as disk:
        async with shop_open(tmp_path, SMALL_DISK) as shop:
            await shop.daemon.start()
            await shop.daemon.wait_ready()
            shop.order_system.hand_in(order_lines(60))
            await trio.sleep(0.5)
            await shop.daemon.kill()
            await _remount(disk, "ro")
            await shop.daemon.start()
            assert shop.daemon.process is not None
            with trio.fail_after(READY_AGAIN_SECONDS_MAX):
                assert await shop.daemon.process.wait() != 0
            assert "Traceback" not in shop.daemon.log
            await _remount(disk, "rw")
            await shop.daemon.start()
            await shop.daemon.wait_ready()
            await shop.all_answered()
            await shop.finish()


async def _remount(disk: Path, how: str) -> None:
    await trio.run_process(["mount", "-o", f"remount,{how}", str(disk)])


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65_536)):
                pass
        except OSError:
            return


async def _wait_not_ready(daemon: Daemon) -> None:
    with trio.fail_after(READY_AGAIN_SECONDS_MAX):
        while (await daemon.ask("GET", "/readyz")).is_good:  # noqa: ASYNC110 - only asking can tell
            await trio.sleep(0.05)


async def _wait_refused(shop: Shop) -> int:
    """The status of an order that is not taken, once one is not; its answer says when to come again."""
    probes = iter(order_lines(3_000)[1_000:])
    with trio.fail_after(READY_AGAIN_SECONDS_MAX):
        while True:
            line = next(probes)
            reply = await shop.daemon.ask("POST", "/v1/orders", line)
            if reply.is_good:
                shop.order_system.fax_ids.add(reply.json()["id"])
                continue
            assert int(reply.headers["retry-after"]) > 0
            # What was refused counts as not handed in; it is handed in again like all else.
            shop.order_system.hand_in([line])
            return reply.status
