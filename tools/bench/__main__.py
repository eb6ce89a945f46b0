"""Runs every part of the bench that gives rows for the table, and prints one table of all.

A part is a module of this package with `rows(quick: bool) -> list[Row]`. Parts that only print, or need
arguments, are named at the end, to be run by themselves.
"""

import argparse
import importlib
import pkgutil
import sys

import msgspec

import tools.bench
from tools.bench.row import Row, table


def main() -> None:
    options = _parser().parse_args()
    found: list[Row] = []
    alone: list[str] = []
    for name in _parts():
        module = importlib.import_module(f"tools.bench.{name}")
        if hasattr(module, "rows"):
            print(f"measuring: {name}", file=sys.stderr)
            found += module.rows(quick=options.quick)
        elif hasattr(module, "main"):
            alone.append(name)
    print(msgspec.json.encode(found).decode() if options.json else table(found))
    if alone:
        names = ", ".join(f"python -m tools.bench.{name}" for name in alone)
        print(f"measured by themselves: {names}", file=sys.stderr)


def _parts() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(tools.bench.__path__) if module.name != "__main__")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measure side by side.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a measurement")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    return parser


if __name__ == "__main__":
    main()
