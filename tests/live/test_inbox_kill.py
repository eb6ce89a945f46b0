"""kill -9 of an inbox that fetches from a real vsftpd: every fax is kept exactly once."""

import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import trio

from faxgw.config.inbox import Convention
from faxgw.config.store import StoreConfig
from faxgw.crashpoint import EXIT_CRASHED, VARIABLE
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.views import InboundSought
from faxgw.store.sql import open_store
from tests.crash.test_crash_points import points_in_source
from tests.ftp_servers import FtpServer, vsftpd
from tests.inbox.faxes import make_faxes

CYCLES = int(os.environ.get("FAXGW_INBOX_KILL_CYCLES", "8"))
FAXES_A_CYCLE = 60
FAXES = FAXES_A_CYCLE * CYCLES
SEED = int(os.environ.get("FAXGW_KILL_SEED", "20270530"))
STEP_SECONDS_MAX = 20.0
FINISH_SECONDS_MAX = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Victim:
    """A server, and the inbox before it that is killed."""

    server: FtpServer
    store: Path
    config: Path

    @asynccontextmanager
    async def alive(self, crash_at: str = "") -> AsyncIterator[trio.Process]:
        command = [sys.executable, "-m", "tests.live.inbox_driver", str(self.store), str(self.config)]
        process = await trio.lowlevel.open_process(command, cwd=ROOT, env=os.environ | {VARIABLE: crash_at})
        try:
            yield process
        finally:
            process.kill()
            with trio.move_on_after(STEP_SECONDS_MAX, shield=True):
                await process.wait()

    async def finish(self) -> list[bytes | None]:
        """Let it live until the folder is empty; returns all contents that were kept."""
        async with self.alive():
            with trio.fail_after(FINISH_SECONDS_MAX):
                while self.server.names():  # noqa: ASYNC110 - only the folder tells
                    await trio.sleep(0.05)
        async with open_store(self.store, StoreConfig(), lambda _: None) as store:
            kept = await store.inbound.find(InboundSought(state=InboundState.KEPT), 2 * FAXES)
            views = [await store.inbound.inbound(line.inbound_id) for line in kept]
            return await store.inbound.documents([name for view in views if view for name in view.documents])


@asynccontextmanager
async def victim(folder: Path) -> AsyncIterator[Victim]:
    served = folder / "server"
    served.mkdir()
    async with vsftpd(served) as server:
        own = server.config(convention=Convention.RENAMED, batch_files_max=5, files_per_minute=1_000_000)
        config = folder / "inbox.json"
        config.write_bytes(msgspec.json.encode(own))
        yield Victim(server, folder / "faxgw.db", config)


def put(server: FtpServer, faxes: Sequence[bytes], first: int) -> None:
    for number, fax in enumerate(faxes, start=first):
        server.put(f"fax {number:05}.tif", fax)


@pytest.mark.live
async def test_an_inbox_that_is_killed_again_and_again_keeps_every_fax_exactly_once(tmp_path: Path) -> None:
    """At random moments while files come in; the contents are counted at the end."""
    dice = random.Random(SEED)  # noqa: S311 - a seed that is printed, to play it again
    faxes = make_faxes(FAXES)
    async with victim(tmp_path) as inbox:
        for cycle in range(CYCLES):
            put(inbox.server, faxes[cycle::CYCLES], FAXES_A_CYCLE * cycle)
            left = len(inbox.server.names())
            async with inbox.alive():
                with trio.fail_after(STEP_SECONDS_MAX):
                    while len(inbox.server.names()) == left:  # noqa: ASYNC110 - only the folder tells
                        await trio.sleep(0.002)
                await trio.sleep(dice.uniform(0, 0.1))
        print(f"killed {CYCLES} times, {len(inbox.server.names())} of {FAXES} faxes left, seed {SEED}")
        kept = await inbox.finish()
    assert len(kept) == FAXES
    assert sorted(filter(None, kept)) == sorted(faxes)


@pytest.mark.live
async def test_a_start_sets_right_what_any_step_left_behind(tmp_path: Path) -> None:
    """At each named step, for the first and the second time, the process ends as by a power cut."""
    points = [f"{name}:{nth}" for name in points_in_source() if name.startswith("inbox-") for nth in (1, 2)]
    assert len(points) == 10
    faxes = make_faxes(12 * len(points))
    async with victim(tmp_path) as inbox:
        for number, point in enumerate(points):
            put(inbox.server, faxes[12 * number : 12 * (number + 1)], 12 * number)
            async with inbox.alive(crash_at=point) as process:
                with trio.fail_after(STEP_SECONDS_MAX):
                    assert await process.wait() == EXIT_CRASHED, point
        kept = await inbox.finish()
    assert sorted(filter(None, kept)) == sorted(faxes)
