"""docs/benchmarks.md out of the results of a run, so that the page says nothing that was not measured."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

from tools.bench.machine import Machine
from tools.bench.part import Measured
from tools.bench.results import Results
from tools.bench.row import Row, markdown

COMPARABLE = Path(__file__).with_name("comparable.md")


def page_of(results: Results) -> str:
    """The whole page; it ends with a line break."""
    sections = [
        _head(results),
        _machine(results.machine),
        f"## What it promises to reach\n\n{_by_figure(results.figures)}",
        *([_missing(results.missing)] if results.missing else []),
        COMPARABLE.read_text(encoding="utf-8").rstrip(),
        _everything(results.parts),
    ]
    return "\n\n".join(sections) + "\n"


def _head(results: Results) -> str:
    minutes = results.took_seconds / 60
    command = "python -m tools.bench --write docs/benchmarks.md" + " --quick" * results.quick
    words = (
        f"`make bench` sets the peers up, runs one part after the other on one machine, and prints this table. This "
        f"page was written by `{command}` on {results.began_at}, in {minutes:.0f} minutes."
    )
    if results.quick:
        words += " A quick run: few rounds, a look and no measurement."
    return f"# Benchmarks\n\n{textwrap.fill(words, 120, break_on_hyphens=False)}"


def _machine(machine: Machine) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    lines = (
        ("commit", machine.commit + (" with changes" if machine.commit.endswith("+") else "")),
        ("processor", f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib:g} GiB"),
        ("system", f"{machine.system}, {machine.file_system}"),
        ("fdatasync of 4 KiB", f"p50 {machine.sync_p50_ms:.2f} ms, p99 {machine.sync_p99_ms:.2f} ms, same file system"),
        ("load before", f"{machine.load_before:g}"),
        ("versions", versions),
    )
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {text} |" for name, text in lines)


def _by_figure(rows: Iterable[Row]) -> str:
    """As `markdown`, with the figure's name in front."""
    head, rule, *lines = markdown(list(rows)).splitlines()
    names = [row.part for row in rows]
    told = [f"| {name} {line}" for name, line in zip(names, lines, strict=True)]
    return "\n".join([f"| figure {head}", f"|---{rule}", *told])


def _missing(parts: list[Measured]) -> str:
    lines = "\n".join(f"* {part.part}: {part.trouble}" for part in parts)
    return f"Not measured in this run:\n\n{lines}"


def _everything(parts: list[Measured]) -> str:
    tables = [
        f"### {part.part}\n\n`python -m tools.bench {part.part}`, {part.took_seconds:.0f} s; fdatasync before it: p50 "
        f"{part.sync_p50_ms:.2f} ms.\n\n{markdown(part.rows)}"
        for part in parts
        if part.rows
    ]
    return "\n\n".join(["## Everything that was measured", *tables])
