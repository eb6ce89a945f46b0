"""The schedule with so many faxes on so many lines: put, pick, finish, climb, expire, look.

The number of waiting faxes stays what it is while it is measured: as many are put in line as go.
"""

import gc
from collections.abc import Iterator
from functools import partial

from faxgw.config.sending import QueueConfig
from faxgw.errors import BugError
from faxgw.fax import FaxId, State
from faxgw.ops.metrics import Metrics, QueueFigures
from faxgw.phone import Line
from faxgw.queue.due import STEPS_MAX
from faxgw.queue.schedule import Schedule
from faxgw.queue.turns import CLASSES
from faxgw.store.unfinished import Queued
from tools.bench.growth.figure import Figure
from tools.bench.growth.meter import Meter, memory_bytes

LINES, FAXES = 360, 100_000
MEMORY_FAXES_MIN = 10_000
"""Less is lost in what the process has spare."""
BATCH = 16
"""Faxes that are drawn together, and so picked together."""
ROUNDS, BATCHES = 40, 25
NOW = 1_800_000_000.0
DUE_SECONDS = 600.0
"""Within so long all fell due that wait at the start."""
CLIMBED_SECONDS = 2 * QueueConfig().climb_seconds
"""Then all are express."""
DEADLINE_SECONDS = 36_000.0


def measure_faxes(size: int) -> list[Figure]:
    """Everything that is done to a schedule of `size` faxes."""
    return _measure(size, LINES, size)


def measure_lines(lines: int) -> list[Figure]:
    """The same of 100,000 faxes to so many lines."""
    return _measure(FAXES, lines, lines)


def _measure(faxes: int, lines: int, size: int) -> list[Figure]:
    return [Figure(f"schedule: {name}", size, value, unit) for name, value, unit in _Bench(faxes, lines).all()]


_Named = Iterator[tuple[str, float, str]]


def _as_watched(figures: QueueFigures) -> QueueFigures:
    """A scrape shows what was looked at last; see `daemon.watch_queue`."""
    return figures


class _Bench:
    """One schedule, and what is measured of it in turn."""

    def __init__(self, faxes: int, lines: int) -> None:
        self._schedule = Schedule()
        self._faxes = faxes
        self._lines = lines
        # So many go at once; with one line it is one after the other.
        self._batch = min(BATCH, lines)
        self._put = faxes

    def all(self) -> _Named:
        yield from self._load()
        yield from self._turn_over()
        yield from self._look()
        yield from self._climb()
        yield from self._expire()

    def _load(self) -> _Named:
        faxes = [self._fax(number, NOW - DUE_SECONDS * (1 - number / self._faxes)) for number in range(self._faxes)]
        gc.collect()
        meter, bytes_before = Meter(), memory_bytes()
        # As a start does.
        gc.disable()
        with meter.slice(self._faxes):
            self._schedule.load(faxes, NOW)
        gc.enable()
        yield "load a fax at the start", meter.microseconds, "us"
        if self._faxes >= MEMORY_FAXES_MIN:
            yield "memory beside the fax itself", (memory_bytes() - bytes_before) / self._faxes, "B"
        del faxes
        gc.collect()
        gc.freeze()

    def _turn_over(self) -> _Named:
        put, pick, finish = Meter(), Meter(), Meter()
        count = BATCHES * self._batch
        for _ in range(ROUNDS):
            new = [self._fax(self._put + each, NOW) for each in range(count)]
            self._put += count
            with put.slice(count):
                for each in new:
                    self._schedule.add(each)
            for _ in range(BATCHES):
                with pick.slice(self._batch):
                    picked = self._schedule.take(self._batch, NOW)
                if len(picked) != self._batch:
                    raise BugError(f"the schedule handed out {len(picked)} of {self._batch}")
                with finish.slice(self._batch):
                    for each in picked:
                        self._schedule.note_delivered(each.line)
                        self._schedule.free(each.line, each.fax_id)
        yield "put a fax", put.microseconds, "us"
        yield "pick the next", pick.microseconds, "us"
        yield "finish it", finish.microseconds, "us"

    def _look(self) -> _Named:
        why, statistics, scrape = Meter(), Meter(), Meter()
        metrics = Metrics()
        for _ in range(ROUNDS):
            with why.slice(BATCH):
                for number in range(self._put - BATCH, self._put):
                    self._schedule.why(FaxId(number + 1), self._line(number), NOW)
            with statistics.slice(1):
                found = self._schedule.statistics(NOW)
            figures = QueueFigures({State.QUEUED: found.waiting}, 0.0, found.by_reason, found.lines_by_reason)
            metrics.read_queue_from(partial(_as_watched, figures))
            with scrape.slice(1):
                metrics.exposition()
        yield "why a fax waits", why.microseconds, "us"
        yield "its figures, every five seconds", statistics.microseconds, "us"
        yield "a scrape of /metrics", scrape.microseconds, "us"

    def _climb(self) -> _Named:
        """All have waited for so long that the bulk climbs twice and the standard class once: one step a fax."""
        meter = Meter()
        with meter.slice(self._faxes):
            for _ in range(self._faxes // STEPS_MAX + CLASSES):
                self._schedule.take(0, NOW + CLIMBED_SECONDS)
        yield "let a fax climb a class", meter.microseconds, "us"

    def _expire(self) -> _Named:
        """All deadlines pass at once, as a cut-off hour's do."""
        meter, all_passed_at = Meter(), NOW + 2 * DEADLINE_SECONDS
        while self._schedule.next_deadline_at() <= all_passed_at:
            piece = Meter()
            with piece.slice(1):
                expired = self._schedule.take_expired(all_passed_at)
            if expired:
                meter.add(piece.microseconds / len(expired))
        yield "expire a fax", meter.microseconds, "us"

    def _fax(self, number: int, due_at: float) -> Queued:
        """All classes, four submitters, one in ten retried, one in four with a deadline."""
        return Queued(
            FaxId(number + 1),
            self._line(number),
            number % 3,
            due_at,
            NOW + DEADLINE_SECONDS + number % 7_200 if number % 4 == 0 else None,
            int(number % 10 == 0),
            submitter=f"shop-{number % 4}",
        )

    def _line(self, number: int) -> Line:
        return Line(f"+33199{number % self._lines:06}")
