"""Runs one part of the bench in this process, and writes its rows, or what went wrong, to a file.

`python -m tools.bench.part NAME --out FILE [--quick]`: the bench starts it so, because a part of its own process has a
memory and a CPU of its own, and can be ended when it takes too long.
"""

import argparse
import importlib
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from tools.bench.peers.place import MissingPeerError
from tools.bench.row import Row


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a part found. With `trouble` it has no rows."""

    part: str
    rows: list[Row] = []
    trouble: str = ""
    """Why it could not be measured: a peer that is missing, a failure, too much time."""
    is_missing: bool = False
    """A peer is, which is no failure."""
    took_seconds: float = 0.0
    sync_p50_ms: float = 0.0
    """Of fdatasync right before it: neighbours on the disk come and go."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.part")
    parser.add_argument("name")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    measured = measure(options.name, partial(_rows, options.name, quick=options.quick))
    options.out.write_bytes(msgspec.json.encode(measured))


def measure(name: str, rows: Callable[[], list[Row]]) -> Measured:
    """The crash barrier of one part: whatever it fails of is said in the table, and the others are measured."""
    try:
        return Measured(part=name, rows=rows())
    except MissingPeerError as missing:
        return Measured(part=name, trouble=str(missing), is_missing=True)
    except Exception as error:  # noqa: BLE001 - the barrier; the whole trace goes to the terminal.
        traceback.print_exc()
        return Measured(part=name, trouble=str(error).strip() or type(error).__name__)


def _rows(name: str, *, quick: bool) -> list[Row]:
    found: list[Row] = importlib.import_module(f"tools.bench.{name}").rows(quick=quick)
    return found


if __name__ == "__main__":
    main()
