"""huey on SQLite with every fsync: a queue that a Python shop would take instead. Run: `python -m tools.bench huey`.

A task is put in line by one commit and taken out by another, each for itself, as its own producer and consumer do; the
task does nothing. Its WAL is synchronised as ours is (synchronous=FULL).
"""

import importlib
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.bench.peers.place import PEERS, require
from tools.bench.posting import cpu_seconds, make_order
from tools.bench.row import Row

TASKS, TASKS_QUICK = 5_000, 1_000
ROUNDS, ROUNDS_QUICK = 3, 1

BOTH = "tasks put in line and executed, synchronous=FULL"


def rows(*, quick: bool = False) -> list[Row]:
    """Raises MissingPeerError."""
    folder = PEERS / "huey"
    require("huey", folder / "huey" / "__init__.py")
    sys.path.insert(0, str(folder))
    huey = importlib.import_module("huey")
    tasks, rounds = (TASKS_QUICK, ROUNDS_QUICK) if quick else (TASKS, ROUNDS)
    put, taken, cpu = (
        statistics.median(each) for each in zip(*(_round(huey, tasks) for _ in range(rounds)), strict=True)
    )
    return [
        Row(part="huey", what="tasks put in line", value=tasks / put, unit="tasks/s"),
        Row(part="huey", what="tasks executed", value=tasks / taken, unit="tasks/s"),
        Row(part="huey", what=BOTH, value=tasks / (put + taken), unit="tasks/s"),
        Row(part="huey", what="CPU of it", value=1e6 * cpu / tasks, unit="us/task"),
    ]


def _round(huey: Any, tasks: int) -> tuple[float, float, float]:
    """Seconds of putting and of executing, and CPU seconds of both."""
    parent = Path("var")
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        queue = huey.SqliteHuey("bench", filename=str(Path(folder, "huey.db")), fsync=True, results=False)
        task = queue.task()(_deliver)
        bodies = [make_order(number) for number in range(tasks)]
        used, began = cpu_seconds(), time.perf_counter()
        for body in bodies:
            task(body)
        put_at = time.perf_counter()
        while (waiting := queue.dequeue()) is not None:
            queue.execute(waiting)
        ended_at = time.perf_counter()
        synchronous = queue.storage.conn.execute("PRAGMA synchronous").fetchone()[0]
        queue.storage.close()
    assert synchronous == 2, "huey did not synchronise"  # noqa: S101
    return put_at - began, ended_at - put_at, cpu_seconds() - used


def _deliver(_order: bytes) -> None:
    """Nothing: what is measured is the queue."""
