"""Runs the parts of the bench one after the other, each in a process of its own, and prints the table of all figures.

`python -m tools.bench [PART ...] [--quick] [--json FILE] [--write PAGE]`. Exit codes: 0 measured, whatever was reached
and whichever peer is missing; 1 a part failed or took too long; 2 wrong usage.
"""

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

import msgspec

from tools.bench.figures import table_rows
from tools.bench.machine import Machine, look, sync_ms
from tools.bench.page import page_of
from tools.bench.part import Measured
from tools.bench.parts import PARTS, Part, select
from tools.bench.peers.processes import adopt_orphans, end_orphans
from tools.bench.results import Results
from tools.bench.row import table
from tools.bench.running import ROOT, run

SYNCS_BEFORE = 100
"""Before each part."""


def main() -> int:
    options = _parser().parse_args()
    try:
        parts = select(options.parts)
    except KeyError as unknown:
        print(f"there is no part {unknown}; there are: {', '.join(part.module for part in PARTS)}", file=sys.stderr)
        return 2
    began_at, began = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"), time.monotonic()
    (ROOT / "var").mkdir(exist_ok=True)
    adopt_orphans()
    machine = look(ROOT / "var")
    measured = [_measure(part, quick=options.quick) for part in parts]
    results = Results(
        machine=machine,
        quick=options.quick,
        began_at=began_at,
        took_seconds=round(time.monotonic() - began, 1),
        figures=table_rows({each.part: each for each in measured}),
        parts=measured,
    )
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
    if options.write is not None:
        options.write.write_text(page_of(results), encoding="utf-8")
    print(_told(results, whole=not options.parts))
    return 0 if results.is_whole else 1


def _measure(part: Part, *, quick: bool) -> Measured:
    seconds_max = part.quick_seconds_max if quick else part.seconds_max
    print(f"measuring {part.module}, at most {seconds_max / 60:.0f} minutes", file=sys.stderr, flush=True)
    sync_p50_ms, _ = sync_ms(ROOT / "var", SYNCS_BEFORE)
    measured = msgspec.structs.replace(run(part, quick=quick), sync_p50_ms=sync_p50_ms)
    left = end_orphans()
    told = f"{measured.trouble or 'done'} ({measured.took_seconds:.0f} s)"
    print(f"  {told}{f', {left} processes that were left were ended' * bool(left)}", file=sys.stderr, flush=True)
    return measured


def _told(results: Results, *, whole: bool) -> str:
    """The table of the figures; of selected parts, and of what is no figure, every row."""
    rows = [row for part in results.parts for row in part.rows]
    lines = [_machine(results.machine), "", table(rows)]
    if whole:
        lines += ["", "What it promises to reach:", "", table(results.figures)]
    lines += [f"not measured: {part.part}: {part.trouble}" for part in results.missing]
    return "\n".join(lines)


def _machine(machine: Machine) -> str:
    return (
        f"faxgw at {machine.commit} on {machine.cpu}, {machine.cores} cores, {machine.file_system}; load before "
        f"{machine.load_before:g}; fdatasync p50 {machine.sync_p50_ms:.2f} ms, p99 {machine.sync_p99_ms:.2f} ms\n"
        + ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measure side by side.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(part.module for part in PARTS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page, such as docs/benchmarks.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
