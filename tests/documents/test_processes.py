"""Documents in the drawing processes: bounded in memory and time, and harmless to their neighbours."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from faxgw.config.whole import load_config
from faxgw.errors import ConfigError
from faxgw.render.handed_in.handed import Kind, Limits
from faxgw.render.page import render_sheet
from faxgw.render.pool import Drawn, RenderPool, open_pool
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from tests.documents import samples
from tests.render import sheets

SHEET = sheets.sheet()


@asynccontextmanager
async def _one_process(
    limits: Limits | None = None, memory_bytes_max: int = 2 << 30, watched: list[Drawn] | None = None
) -> AsyncIterator[RenderPool]:
    note = ([] if watched is None else watched).append
    async with open_pool(note, workers=1, timeout_seconds=60, memory_bytes_max=memory_bytes_max, limits=limits) as pool:
        yield pool


def _forms_in_forms(levels: int) -> bytes:
    """A PDF page that draws a form, which draws another one ten times, and so on: a bomb that declares nothing."""
    forms = []
    for level in range(levels):
        paint = "/X Do " * 10 if level else "0 0 100 100 re f"
        resources = f"/Resources<</XObject<</X {9 + level} 0 R>>>>" if level else ""
        head = f"/Type/XObject/Subtype/Form/BBox[0 0 595 842]{resources}/Length {len(paint)}"
        forms.append(f"{10 + level} 0 obj<<{head}>>stream\n{paint}\nendstream endobj\n")
    page = f"/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</X {9 + levels} 0 R>>>>"
    contents = "4 0 obj<</Length 5>>stream\n/X Do\nendstream endobj\n"
    return samples.raw_pdf(page).replace(b"trailer", (contents + "".join(forms)).encode() + b"trailer")


async def test_a_batch_holds_sheets_and_documents() -> None:
    """Each drawing has its own result, in order, as if it were drawn here; sheets of all kinds go together."""
    documents = [
        samples.handed_in(Kind.TEXT, samples.text(70)),
        samples.handed_in(Kind.PDF, samples.pdf()),
        samples.handed_in(Kind.PNG, b"no picture"),
    ]
    message = sheets.relay_sheet()
    batch: list[Drawing] = [SHEET, documents[0], documents[1], SHEET, message, SHEET, documents[2]]
    watched: list[Drawn] = []
    async with _one_process(watched=watched) as pool:
        results = await pool.render(batch)
    text, pdf = samples.drawn(Kind.TEXT, samples.text(70)), samples.drawn(Kind.PDF, samples.pdf())
    sheet = render_sheet(SHEET)
    assert results[:6] == [sheet, text, pdf, sheet, render_sheet(message), sheet]
    assert isinstance(results[6], Unrenderable)
    assert [drawn.pages for drawn in watched] == [1, text.pages, pdf.pages, 3, 0]
    assert sum(drawn.cpu_seconds for drawn in watched) > 0


async def test_a_document_that_is_stuck_is_ended_by_the_clock_and_only_it() -> None:
    """A decoder in C that does not come back ends with its process; sheets before and after are drawn."""
    bomb = samples.handed_in(Kind.PDF, _forms_in_forms(9))
    async with _one_process(Limits(cpu_seconds_max=0.4)) as pool:
        before, stuck, after = await pool.render([SHEET, bomb, SHEET])
        again = await pool.render([samples.handed_in(Kind.PDF, _forms_in_forms(3))])
    assert isinstance(before, Document)
    assert before == after
    assert stuck == Unrenderable("drawing it took the process down: it used up its computing time")
    assert isinstance(again[0], Document), "time that one document took does not count for the next"


async def test_a_document_gets_no_more_memory_than_a_process_may_have() -> None:
    """A picture within the bound on pixels, but not in the memory given, is refused; the process lives on."""
    large = samples.handed_in(Kind.PNG, samples.saved(Image.new("RGB", (8_400, 8_500)), format="PNG", compress_level=1))
    async with _one_process(memory_bytes_max=512 << 20) as pool:
        refused, sheet = await pool.render([large, SHEET])
        (process,) = pool.processes
        await pool.render([SHEET])
        assert pool.processes == [process]
    assert refused == Unrenderable("drawing the document needs more memory than it is given: make its pictures smaller")
    assert isinstance(sheet, Document)


async def test_the_limits_of_the_config_reach_the_process() -> None:
    """What the pool was given is what a document is held against."""
    async with _one_process(Limits(pages_max=1)) as pool:
        (refused,) = await pool.render([samples.handed_in(Kind.PDF, samples.pdf(2))])
    assert refused == Unrenderable("the document has 2 pages; a fax has at most 1: split it")


def test_the_daemon_itself_never_loads_what_decodes_pdf() -> None:
    """PDFium is a part of the drawing processes alone."""
    look = "import sys, faxgw.daemon; sys.exit('pypdfium2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def test_a_time_limit_that_could_not_be_told_is_refused(tmp_path: Path) -> None:
    """The process's own time-out gives no reason, so the config must let the document's limit come first."""
    example = (Path(__file__).parents[2] / "config" / "faxgw.toml").read_text(encoding="utf-8")
    config = tmp_path / "faxgw.toml"
    config.write_text(f"{example}\n[render]\ntimeout_seconds = 15\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"render\.document_cpu_seconds_max: must be less than timeout_seconds"):
        load_config(config)
