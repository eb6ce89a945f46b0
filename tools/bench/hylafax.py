"""HylaFAX on the same machine, with a sender that takes no time: jobs handed in one after another until all are done.

The page is ready: HylaFAX is spared drawing (its Ghostscript is a row of its own), the call, and any receipt of a
carrier. Every job has a line and a virtual modem of its own. Run: `python -m tools.bench hylafax`.
"""

import statistics
import tempfile
from pathlib import Path

from faxgw.render.page import render_sheets
from faxgw.render.sheet import Document
from tools.bench.peers.fax_server import open_hylafax
from tools.bench.rendering.sheets import order_sheets
from tools.bench.row import Row

JOBS, JOBS_QUICK = 600, 300
ROUNDS, ROUNDS_QUICK = 3, 1
ROUND_SECONDS_MAX = 120.0

RATE = "jobs handed in and done, the sender takes no time"
CPU = "CPU of it, faxq, hfaxd and what they start"


def rows(*, quick: bool = False) -> list[Row]:
    """Raises MissingPeerError."""
    jobs, rounds = (JOBS_QUICK, ROUNDS_QUICK) if quick else (JOBS, ROUNDS)
    pages = [each.tiff for each in render_sheets(order_sheets(jobs)) if isinstance(each, Document)]
    costs = [_round(pages) for _ in range(rounds)]
    rate = statistics.median(60 * len(pages) / seconds for seconds, _ in costs)
    cpu_ms = statistics.median(1e3 * cpu / len(pages) for _, cpu in costs)
    return [
        Row(part="hylafax", what=RATE, value=rate, unit="jobs/min"),
        Row(part="hylafax", what=CPU, value=cpu_ms, unit="ms/job"),
    ]


def _round(pages: list[bytes]) -> tuple[float, float]:
    """A spool of its own, for a full doneq makes it slower."""
    parent = Path("var")
    parent.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=parent) as folder,
        open_hylafax(Path(folder).resolve(), modems=len(pages)) as site,
    ):
        return site.send(pages, ROUND_SECONDS_MAX)
