"""An order sheet by us, plain Pillow, Ghostscript, and libtiff's encoder alone: CPU a page, seconds on the line.

Rounds of all ways take turns, because the machine may be shared and noisy; the table has medians. Ours is
from order to finished TIFF: laid out, drawn, coded, put in its file, hashed. The others get the finished
layout for nothing, and libtiff alone even the finished bitmap.

`python -m tools.bench.render [--quick] [--json | --markdown] [--profile]`
"""

import argparse
import cProfile
import itertools
import json
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from faxgw.render import libtiff
from faxgw.render.line import V17_BITS_PER_SECOND, line_seconds
from faxgw.render.marks import Page
from faxgw.render.orderform import lay_out
from faxgw.render.page import AT_ONCE, render_sheets
from faxgw.render.sheet import Document, Resolution, Sheet
from faxgw.render.strip import paint_page
from faxgw.render.tiff import read_pages
from faxgw.render.warm import warm_up
from tools.bench.peers.place import MissingPeerError
from tools.bench.rendering import newcomer
from tools.bench.rendering.peers import FaxMachines, LibtiffAlone, children_cpu_seconds, ghostscript
from tools.bench.rendering.sheets import order_sheets
from tools.bench.row import Row, markdown, table

T = TypeVar("T")

WARMING_SHEETS = 300
SHEETS_A_ROUND = 100
GHOSTSCRIPT_PAGES = 50
ALONE_PAGES = 100
CALLS = 8

_OURS_BATCHED = f"ours, {AT_ONCE} sheets at once"
_OURS_SINGLY = "ours, one by one"
_PILLOW = "plain Pillow"
_GS_SINGLY = "Ghostscript, a process a page"
_GS_FED = f"Ghostscript, {GHOSTSCRIPT_PAGES} pages a process"
_LIBTIFF_C = "libtiff alone, a C program on the bitmap"
_LIBTIFF_DIRECT = "libtiff alone, called in our process"


def main() -> None:
    options = _parser().parse_args()
    if options.profile:
        profile()
        return
    found = rows(quick=options.quick)
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        print(markdown(found) if options.markdown else table(found))


def rows(*, quick: bool = False) -> list[Row]:
    """All the figures of rendering. A peer that is not installed is named on standard error and left out."""
    rounds = 3 if quick else 10
    sheets = order_sheets(WARMING_SHEETS + rounds * SHEETS_A_ROUND)
    with tempfile.TemporaryDirectory() as folder:
        cpu = _cpu_ms(sheets, rounds, Path(folder))
        return [*_cpu_rows(cpu), *_cold_rows(), *_line_rows(sheets[:CALLS], Path(folder))]


def _cpu_ms(sheets: list[Sheet], rounds: int, folder: Path) -> dict[str, float]:
    """Median CPU milliseconds a page of each way."""
    warm_up()
    render_sheets(sheets[:WARMING_SHEETS])
    batches = [sheets[start : start + SHEETS_A_ROUND] for start in range(WARMING_SHEETS, len(sheets), SHEETS_A_ROUND)]
    pages = _pages(sheets[: 2 * ALONE_PAGES])
    ways = _ways(pages, folder)
    taken: dict[str, list[float]] = {}
    for number in range(rounds):
        ours = _OURS_BATCHED, _OURS_SINGLY
        sizes = (AT_ONCE, 1) if number % 2 else (1, AT_ONCE)
        # Each order is new to the cache once only, so the two ways of ours take turns with the orders.
        half = len(batches[number]) // 2
        for at_once, batch in zip(sizes, (batches[number][:half], batches[number][half:]), strict=True):
            taken.setdefault(ours[at_once == 1], []).append(_ours_ms(batch, at_once))
        for name, way in ways.items():
            taken.setdefault(name, []).append(way())
    return {name: statistics.median(values) for name, values in taken.items()}


def _ours_ms(sheets: Sequence[Sheet], at_once: int) -> float:
    start = time.process_time()
    pages = 0
    for first in range(0, len(sheets), at_once):
        outcomes = render_sheets(sheets[first : first + at_once])
        pages += sum(outcome.pages for outcome in outcomes if isinstance(outcome, Document))
    return (time.process_time() - start) * 1e3 / pages


def _pages(sheets: Sequence[Sheet]) -> list[Page]:
    laid_out = [lay_out(sheet) for sheet in sheets]
    return [page for pages in laid_out if isinstance(pages, list) for page in pages]


def _ways(pages: list[Page], folder: Path) -> dict[str, Callable[[], float]]:
    """The others: each call takes the next pages and gives CPU milliseconds a page."""
    endless = itertools.cycle(pages)
    bitmaps = [paint_page(page, Resolution.FINE) for page in pages[:20]]

    def some(count: int) -> list[Page]:
        return list(itertools.islice(endless, count))

    def pillow() -> float:
        return _own_ms(newcomer.draw_and_save, some(10))

    def direct() -> float:
        return _own_ms(lambda bitmap: libtiff.encode(bitmap, len(bitmap)), bitmaps)

    def gs_singly() -> float:
        start = children_cpu_seconds()
        for page in some(5):
            ghostscript([page], folder)
        return (children_cpu_seconds() - start) * 1e3 / 5

    def gs_fed() -> float:
        start = children_cpu_seconds()
        ghostscript(some(GHOSTSCRIPT_PAGES), folder)
        return (children_cpu_seconds() - start) * 1e3 / GHOSTSCRIPT_PAGES

    ways: dict[str, Callable[[], float]] = {_PILLOW: pillow, _LIBTIFF_DIRECT: direct}
    try:
        ghostscript(pages[:1], folder)
        ways |= {_GS_SINGLY: gs_singly, _GS_FED: gs_fed}
    except MissingPeerError as missing:
        print(f"not measured, for it is missing: {missing}", file=sys.stderr)
    try:
        alone = LibtiffAlone(pages[:ALONE_PAGES], folder)
        ways[_LIBTIFF_C] = alone.cpu_ms
    except MissingPeerError as missing:
        print(f"not measured, for it is missing: {missing}", file=sys.stderr)
    return ways


def _own_ms(work: Callable[[T], object], things: Sequence[T]) -> float:
    start = time.process_time()
    for thing in things:
        work(thing)
    return (time.process_time() - start) * 1e3 / len(things)


_TARGETS = {_GS_SINGLY: 0.1, _GS_FED: 1.0, _PILLOW: 0.125, _LIBTIFF_C: 1.0, _LIBTIFF_DIRECT: None, _OURS_SINGLY: None}


def _cpu_rows(cpu: dict[str, float]) -> list[Row]:
    ours = cpu[_OURS_BATCHED]
    what = f"CPU a page: {_OURS_BATCHED}"
    against = [(name, at_most, cpu[name]) for name, at_most in _TARGETS.items() if name in cpu]
    return [
        Row(
            part="page",
            what=what,
            value=ours,
            unit="ms",
            against=f"{name}: {theirs:.2f} ms",
            ratio=ours / theirs,
            at_most=at_most,
        )
        for name, at_most, theirs in against
    ]


def _cold_rows() -> list[Row]:
    cold, warm = (_cold(*arguments) for arguments in ((), ("--warm",)))
    return [
        Row(part="page", what="first page of a new process", value=cold["first_ms"], unit="ms"),
        Row(part="page", what="its next 99 pages, one by one", value=cold["next_ms"], unit="ms"),
        Row(part="page", what="warm_up, at the process's start", value=warm["warm_up_ms"], unit="ms"),
        Row(part="page", what="first page after warm_up", value=warm["first_ms"], unit="ms"),
        Row(part="page", what="its next 99 pages, one by one", value=warm["next_ms"], unit="ms"),
    ]


def _cold(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.rendering.cold", *arguments]
    root = Path(__file__).parents[2]
    printed = subprocess.run(command, check=True, capture_output=True, cwd=root).stdout  # noqa: S603 - our own module
    figures: dict[str, float] = json.loads(printed)
    return figures


def _line_rows(sheets: Sequence[Sheet], folder: Path) -> list[Row]:
    """Bytes and seconds on the line of the same sheets by us and by Ghostscript."""
    documents = [outcome for outcome in render_sheets(sheets) if isinstance(outcome, Document)]
    strip_bytes = statistics.mean(len(page.strip) for document in documents for page in read_pages(document.tiff))
    said = statistics.mean(line_seconds(document) for document in documents)
    found = [
        Row(part="line", what="bytes a page", value=strip_bytes / 1000, unit="kB"),
        Row(part="line", what=f"call at {V17_BITS_PER_SECOND:,} bit/s, as line_seconds says", value=said, unit="s"),
    ]
    single = [(sheet, d) for sheet, d in zip(sheets, documents, strict=True) if d.pages == 1]
    try:
        machines = FaxMachines(folder)
        gs_files = ghostscript(_pages([sheet for sheet, _ in single]), folder)
    except MissingPeerError as missing:
        print(f"not measured, for it is missing: {missing}", file=sys.stderr)
        return found
    ours, theirs = [], []
    for (_, document), gs_file in zip(single, gs_files, strict=True):
        path = folder / "ours.tif"
        path.write_bytes(document.tiff)
        ours.append(machines.call_seconds(path))
        theirs.append(machines.call_seconds(gs_file))
    seconds, gs_seconds = statistics.mean(ours), statistics.mean(theirs)
    against = f"Ghostscript's, same text and sizes: {gs_seconds:.1f} s"
    what = "call by spandsp, one page"
    ratio = seconds / gs_seconds
    return [*found, Row(part="line", what=what, value=seconds, unit="s", against=against, ratio=ratio, at_most=0.7)]


def profile() -> None:
    """Where the time of 500 different orders goes, warm."""
    sheets = order_sheets(WARMING_SHEETS + 500)
    warm_up()
    render_sheets(sheets[:WARMING_SHEETS])
    with cProfile.Profile() as profiler:
        render_sheets(sheets[WARMING_SHEETS:])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.render", description="CPU and line time of a page.")
    parser.add_argument("--quick", action="store_true", help="three rounds instead of ten")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    return parser


if __name__ == "__main__":
    main()
