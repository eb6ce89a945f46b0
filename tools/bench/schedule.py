"""The schedule with a million faxes queued: read from the store and loaded, picked from with busy lines in front.

The first 200 lines own the 200,000 best faxes and are busy, as in the reference's measurement of a pick in SQL
(`ORDER BY ... LIMIT 100` walks past all of theirs). A pick here is what a running gateway does for one fax: take
one, and let its line go. Run: `python -m tools.bench.schedule`.
"""

import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, insert

from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.queue.schedule import Schedule
from faxgw.store.database import bring_up_to_date, open_reader, open_writer
from faxgw.store.reading import read_unfinished
from faxgw.store.schema import fax, fax_state
from faxgw.store.unfinished import Queued, Unfinished
from tools.bench.row import Row

FAXES = 1_000_000
BUSY_LINES, BUSY_FAXES = 200, 200_000
LINES = 20_000
SUBMITTERS = 8
PICKS = 20_000
BATCH = 10_000
NOW = 1_800_000_000.0


def rows(*, quick: bool = False) -> list[Row]:
    """What DESIGN.md asks of a pick and a start."""
    count = FAXES // 10 if quick else FAXES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "faxgw.db")
        _fill(path, count)
        began, bytes_before = time.perf_counter(), _rss_bytes()
        unfinished = _read(path)
        read_seconds = time.perf_counter() - began
    schedule = Schedule()
    for number in range(BUSY_LINES):
        schedule.occupy(_line(number), FaxId(10 * FAXES + number))
    # As a start does.
    gc.disable()
    schedule.load(unfinished.queued, NOW)
    gc.enable()
    load_seconds = time.perf_counter() - began
    del unfinished
    gc.collect()
    bytes_a_fax = (_rss_bytes() - bytes_before) / count
    gc.freeze()
    picks_ms = sorted(_pick_times_ms(schedule))
    return [
        Row(part="schedule", what=f"{count:,} faxes read and loaded", value=load_seconds, unit="s", at_most=5.0),
        Row(part="schedule", what="of it read from the store", value=read_seconds, unit="s"),
        Row(part="schedule", what="memory a waiting fax", value=bytes_a_fax, unit="B"),
        Row(part="schedule", what="pick, p50", value=statistics.median(picks_ms), unit="ms"),
        Row(
            part="schedule",
            what="pick, p99",
            value=picks_ms[len(picks_ms) * 99 // 100],
            unit="ms",
            against="43.6 ms in SQL",
            at_most=1.0,
        ),
        Row(part="schedule", what="pick, the slowest", value=picks_ms[-1], unit="ms"),
    ]


def _pick_times_ms(schedule: Schedule) -> Iterator[float]:
    for _ in range(PICKS):
        began = time.perf_counter()
        [taken] = schedule.take(1, NOW)
        schedule.free(taken.line, taken.fax_id)
        yield (time.perf_counter() - began) * 1e3


def _read(path: Path) -> Unfinished:
    reader = open_reader(path, 1)
    gc.disable()
    try:
        with reader.connect() as connection:
            return read_unfinished(connection, "bench")
    finally:
        gc.enable()
        reader.dispose()


def _fill(path: Path, count: int) -> None:
    engine: Engine = open_writer(path)
    bring_up_to_date(engine)
    with engine.begin() as connection:
        for first in range(0, count, BATCH):
            _insert(connection, [_queued(number, count) for number in range(first, first + BATCH)])
    engine.dispose()


def _insert(connection: Connection, faxes: list[Queued]) -> None:
    wide = {"digest": b"", "accepted_at": NOW, "content": "order", "order": b""}
    connection.execute(
        insert(fax),
        [
            {"id": each.fax_id, "submitter": each.submitter, "key": str(each.fax_id), "number": "", **wide}
            for each in faxes
        ],
    )
    narrow = {"state": State.QUEUED, "attempts": 0, "reason": "", "revision": 0, "marked": 0, "service": ""}
    connection.execute(
        insert(fax_state),
        [
            {
                **narrow,
                "fax_id": each.fax_id,
                "line": each.line,
                "rank": each.rank,
                "due_at": each.due_at,
                "deadline_at": each.deadline_at,
                "calls": each.calls,
                "submitter": each.submitter,
                "escalated": 0,
            }
            for each in faxes
        ],
    )


def _queued(number: int, count: int) -> Queued:
    """The best fifth on the busy lines; the rest of all classes, one in ten retried, one in four with a deadline."""
    is_busy = number < count * BUSY_FAXES // FAXES
    return Queued(
        FaxId(number + 1),
        _line(number % BUSY_LINES if is_busy else BUSY_LINES + number % (LINES - BUSY_LINES)),
        0 if is_busy else number % 3,
        NOW - 600 + number * 600 / count,
        NOW + 3_600 + number % 7_200 if number % 4 == 0 else None,
        int(number % 10 == 0),
        submitter=f"shop-{number % SUBMITTERS}",
    )


def _line(number: int) -> Line:
    return Line(f"+33199{number:06}")


def _rss_bytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    for row in rows():
        print(f"{row.what:32} {row.value:10.3f} {row.unit} {row.verdict}")


if __name__ == "__main__":
    main()
