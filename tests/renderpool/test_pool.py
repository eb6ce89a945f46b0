"""The drawing processes: one that dies, hangs or babbles costs the sheet that made it so, and no other."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import structlog
import trio

from faxgw.render.frames import Bounds
from faxgw.render.page import render_sheet
from faxgw.render.pool import Drawn, RenderPool
from faxgw.render.sheet import Document, Sheet
from faxgw.workers.frames import HEADER_BYTES, READY
from faxgw.workers.process import WorkerNotStartedError
from tests.render import sheets


def sheet(number: str) -> Sheet:
    return sheets.sheet(sheets.order(number=number))


@dataclass
class Fakes:
    pool: RenderPool
    starts_file: Path
    watched: list[Drawn] = field(default_factory=list)

    async def draw(self, *numbers: str) -> list[str]:
        """What became of each sheet: its own number where it was drawn, else why not."""
        results = await self.pool.render([sheet(number) for number in numbers])
        return [result.tiff.decode() if isinstance(result, Document) else result.reason for result in results]

    def starts(self) -> int:
        return len(self.starts_file.read_text().splitlines())


@asynccontextmanager
async def fakes(
    folder: Path, *, mode: str = "well", workers: int = 1, timeout_seconds: float = 10.0
) -> AsyncIterator[Fakes]:
    starts_file = folder / "starts"
    starts_file.touch()
    watched: list[Drawn] = []
    command = (sys.executable, "-m", "tests.renderpool.fake_worker", mode, str(starts_file))
    pool = RenderPool(watched.append, workers=workers, timeout_seconds=timeout_seconds, command=command)
    with trio.fail_after(60), structlog.testing.capture_logs():
        try:
            yield Fakes(pool, starts_file, watched)
        finally:
            await pool.aclose()


async def test_sheets_are_drawn_in_order_by_one_process(tmp_path: Path) -> None:
    """Batch after batch, and what each cost is told."""
    async with fakes(tmp_path) as fake:
        assert await fake.draw("a", "b", "c") == ["a", "b", "c"]
        assert await fake.draw("d") == ["d"]
        assert await fake.pool.render([]) == []
        assert fake.starts() == 1
        assert [drawn.pages for drawn in fake.watched] == [3, 1]


@pytest.mark.parametrize("bad", ["kill", "babble", "flood", "short"])
async def test_a_sheet_that_breaks_the_process_is_found_out(tmp_path: Path, bad: str) -> None:
    """It alone cannot be drawn; its neighbours are, and so is all that comes after."""
    async with fakes(tmp_path) as fake:
        before, broken, after = await fake.draw("a", bad, "c")
        assert (before, after) == ("a", "c")
        assert broken.startswith("drawing it took the process down")
        assert await fake.draw("d", "e") == ["d", "e"]


async def test_a_sheet_that_hangs_is_found_out(tmp_path: Path) -> None:
    """After the time-out, the same as one that kills."""
    async with fakes(tmp_path, timeout_seconds=0.2) as fake:
        assert await fake.draw("a", "hang", "c") == [
            "a",
            "drawing it took the process down: no answer in 0.2 s",
            "c",
        ]


async def test_a_cancelled_draw_leaves_the_pool_usable(tmp_path: Path) -> None:
    """Its half-spoken-to process is ended; the next draw has a fresh one and its own answers."""
    async with fakes(tmp_path) as fake:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fake.draw, "hang")
            while not fake.starts():
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert await fake.draw("a", "b") == ["a", "b"]
        assert fake.starts() == 2


async def test_callers_draw_at_once_as_far_as_there_are_processes(tmp_path: Path) -> None:
    """Two processes; a caller whose sheet hangs does not hold up the other."""
    async with fakes(tmp_path, workers=2) as fake, trio.open_nursery() as nursery:
        nursery.start_soon(fake.draw, "hang")
        while not fake.starts():
            await trio.lowlevel.checkpoint()
        for number in range(5):
            assert await fake.draw(str(number)) == [str(number)]
        nursery.cancel_scope.cancel()


async def test_a_process_that_does_not_start_blames_no_sheet(tmp_path: Path) -> None:
    """A broken installation must not have the whole queue set aside, sheet by sheet."""
    async with fakes(tmp_path, mode="broken") as fake:
        with pytest.raises(WorkerNotStartedError, match="ended with 1"):
            await fake.draw("a", "b")
        with pytest.raises(WorkerNotStartedError):
            await fake.draw("a")
        assert fake.starts() == 2


async def test_a_command_that_is_not_there_is_the_machines_trouble() -> None:
    """An `OSError`, which makes faxes wait and not fail."""
    pool = RenderPool(lambda _: None, workers=1, timeout_seconds=1, command=("/no/such/command",))
    with pytest.raises(OSError, match="No such file"):
        await pool.render([sheet("a")])
    with pytest.raises(OSError, match="No such file"):
        await pool.render([sheet("a")])


async def test_every_process_is_warm_before_the_first_sheet(tmp_path: Path) -> None:
    """And none is started twice for it."""
    async with fakes(tmp_path, workers=2) as fake:
        await fake.pool.warm_up()
        assert fake.starts() == 2
        assert await fake.draw("a") == ["a"]
        assert fake.starts() == 2


async def test_a_process_that_cannot_warm_up_keeps_nobody_from_drawing(tmp_path: Path) -> None:
    """The first batch says what is wrong; the pool has all its places then."""
    async with fakes(tmp_path, mode="broken") as fake:
        await fake.pool.warm_up()
        with pytest.raises(OSError, match="does not start"):
            await fake.draw("a")


async def test_closing_ends_all_processes(tmp_path: Path) -> None:
    """None outlives the pool."""
    async with fakes(tmp_path, workers=2) as fake:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fake.draw, "a")
            nursery.start_soon(fake.draw, "b")
        processes = fake.pool.processes
        await fake.pool.aclose()
        assert processes
        assert {process.returncode for process in processes} == {-9}


# --- the real process -----------------------------------------------------------------------------------


async def test_the_real_process_draws_what_is_drawn_here() -> None:
    """The same bytes, sheet by sheet, through the pipe and back."""
    pool = RenderPool(lambda _: None, workers=1, timeout_seconds=60)
    drawn = [sheet("2027-1"), sheets.sheet(sheets.order(number="2027-2", lines=5))]
    with trio.fail_after(60):
        try:
            assert await pool.render(drawn) == [render_sheet(each) for each in drawn]
        finally:
            await pool.aclose()


async def test_the_real_process_is_warm_when_it_says_so() -> None:
    """A specimen of every language was drawn, and sheets after it are as they always are."""
    pool = RenderPool(lambda _: None, workers=1, timeout_seconds=60)
    with trio.fail_after(60):
        try:
            await pool.warm_up()
            assert await pool.render([sheet("2027-1")]) == [render_sheet(sheet("2027-1"))]
        finally:
            await pool.aclose()


def test_the_real_process_ends_when_its_input_ends() -> None:
    """So none outlives a daemon that was killed."""
    bounds = Bounds(memory_bytes_max=2 << 30)
    command = [sys.executable, "-m", "faxgw.render.worker", msgspec.json.encode(bounds).decode()]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=True)
    assert ended.stdout == len(READY).to_bytes(HEADER_BYTES, "big") + READY
    cut_off = subprocess.run(command, input=b"\x00\x00", capture_output=True, timeout=60, check=True)
    assert cut_off.stdout == ended.stdout
