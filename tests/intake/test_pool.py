"""The reading processes: what one fax breaks or delays is itself."""

import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
import structlog
import trio
from PIL import Image

from faxgw.config.intake import ReadingLimits
from faxgw.intake.decide import wants_text
from faxgw.intake.faxread import FaxRead, Unreadable, UnreadableReason
from faxgw.intake.pool import FaxesRead, ReadingPool, open_reading_pool
from faxgw.intake.read import draw_page, read_fax
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document
from faxgw.workers.process import WorkerNotStartedError
from tests.intake.scanner import fax
from tests.render import sheets


def sheet_tiff() -> bytes:
    document = render_sheet(sheets.sheet())
    assert isinstance(document, Document)
    return document.tiff


TIFF = sheet_tiff()


@asynccontextmanager
async def open_one(
    limits: ReadingLimits | None = None, watched: list[FaxesRead] | None = None
) -> AsyncIterator[ReadingPool]:
    note = ([] if watched is None else watched).append
    with trio.fail_after(120), structlog.testing.capture_logs():
        async with open_reading_pool(note, limits or ReadingLimits(), workers=1, text_workers=1) as pool:
            yield pool


async def test_faxes_are_read_in_order_as_they_are_here() -> None:
    """What is no fax among them; what the batch cost is told."""
    watched: list[FaxesRead] = []
    async with open_one(watched=watched) as pool:
        results = await pool.read([TIFF, b"nonsense", TIFF])
        assert await pool.read([]) == []
    assert results == [read_fax(TIFF), read_fax(b"nonsense"), read_fax(TIFF)]
    assert [(each.faxes, each.text) for each in watched] == [(3, False)]
    assert watched[0].cpu_seconds > 0


async def test_a_fax_that_takes_too_long_ends_its_process_and_only_itself() -> None:
    """Its neighbours are read by the next process."""
    noise = np.random.default_rng(1).random((2287, 1728)) < 0.3
    endless = fax([noise] * 12, 196)
    async with open_one(ReadingLimits(cpu_seconds_max=1.0)) as pool:
        before, stuck, after = await pool.read([TIFF, endless, TIFF])
    assert before == after == read_fax(TIFF)
    assert isinstance(stuck, Unreadable)
    assert stuck.reason is UnreadableReason.ENDED_ITS_PROCESS
    assert "it used up its computing time" in stuck.detail


async def test_a_page_is_drawn_for_a_person() -> None:
    """As a PNG; nothing where there is no such page or no fax."""
    async with open_one() as pool:
        shown = await pool.picture(TIFF, 1)
        assert await pool.picture(TIFF, 2) == b""
        assert await pool.picture(b"nonsense", 1) == b""
    assert shown == draw_page(TIFF, 1)
    with Image.open(io.BytesIO(shown)) as picture:
        assert picture.format == "PNG"


async def test_a_process_that_does_not_start_blames_no_fax() -> None:
    """They wait until the installation is mended."""
    command = (sys.executable, "-c", "raise SystemExit(1)")
    pool = ReadingPool(lambda _: None, ReadingLimits(), workers=1, text_workers=0, command=command)
    with pytest.raises(WorkerNotStartedError):
        await pool.read([TIFF])
    await pool.aclose()


async def test_text_is_read_in_a_process_of_its_own() -> None:
    """Which has its own bounds; codes are read meanwhile."""
    pytest.importorskip("rapidocr")
    number = sheets.order().number
    with Image.open(io.BytesIO(TIFF)) as file:
        ink = ~np.asarray(file.convert("1"))
    ink[60:262, 1400:] = False
    without_code = fax([ink], 196)
    async with open_one() as pool:
        assert pool.reads_text
        (plain,) = await pool.read([without_code])
        assert isinstance(plain, FaxRead)
        assert wants_text(plain)
        async with trio.open_nursery() as nursery:
            found: list[FaxRead | Unreadable] = []

            async def read_text() -> None:
                found.append(await pool.read_text(without_code))

            nursery.start_soon(read_text)
            for _ in range(3):
                assert await pool.read([TIFF]) == [read_fax(TIFF)]
            assert not found, "text takes longer than three sheets"
    (read,) = found
    assert isinstance(read, FaxRead)
    assert read.text_read
    assert any(number in line.text for line in read.pages[0].lines)
    assert [tick.name for tick in read.pages[0].ticks] == ["accept", "reject", "delivered", "question"]
