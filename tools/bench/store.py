"""The store's part of a fax, beside a bare SQLite loop on the same disk: taken in, begun, and done.

The bare loop is what a job table costs at the least: one table with a unique key and two partial indexes, an insert,
a claim and a completion, each a commit of 100 (WAL, synchronous=FULL). Ours makes as many commits of as many faxes and
writes what a gateway has to answer for: the order apart from its state, the intent, the line's lock, three events.
Both take turns in one run; the ratio of each round is of neighbours. Run: `python -m tools.bench.store [ROUNDS]`.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import trio

from faxgw.config.store import StoreConfig
from faxgw.errors import BugError
from faxgw.fax import FaxId
from faxgw.phone import Line
from faxgw.provider.port import Delivered, Report
from faxgw.store.admission import Admitted, NewFax
from faxgw.store.attempts import Attempt, Intent
from faxgw.store.changes import DeliveredNow, Submitted
from faxgw.store.sql import SqlStore, open_store
from tools.bench.posting import cpu_seconds, make_order
from tools.bench.row import Row

ROUNDS, QUICK_ROUNDS = 15, 5
FAXES, BATCH = 2_000, 100
LINES = 5_000
NOW = 1_800_000_000.0

BARE_TABLE = """
CREATE TABLE job (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, rank INTEGER NOT NULL, due_at REAL NOT NULL,
  owner TEXT, attempts INTEGER NOT NULL DEFAULT 0, payload BLOB NOT NULL
);
CREATE INDEX job_ready ON job (rank, due_at, id) WHERE state = 'ready';
CREATE INDEX job_taken ON job (owner) WHERE state = 'taken';
"""
BARE_INSERT = "INSERT INTO job (key, state, rank, due_at, payload) VALUES (?, 'ready', 1, ?, ?)"
BARE_CLAIM = """
UPDATE job SET state = 'taken', owner = 'us', attempts = attempts + 1
WHERE id IN (SELECT id FROM job WHERE state = 'ready' ORDER BY rank, due_at, id LIMIT ?) RETURNING id, payload
"""
BARE_COMPLETE = "UPDATE job SET state = 'done', owner = NULL WHERE id = ? AND state = 'taken'"


class Cost(NamedTuple):
    """Of one round."""

    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return FAXES / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / FAXES * 1e6


class Costs(NamedTuple):
    """Round by round."""

    bare: list[Cost]
    lists: list[Cost]
    """Ours, handed in by 100."""
    singly: list[Cost]
    """Ours, each fax by a task of its own, as lanes do; the writer makes batches of them."""
    whole_way: list[Cost]
    """Ours, five commits: the carrier's answer and its receipt are written, too."""


def rows(*, quick: bool = False) -> list[Row]:
    costs = _measure(QUICK_ROUNDS if quick else ROUNDS)
    against = f"bare SQLite by {BATCH}: {_rate(costs.bare):,.0f}/s, {_cpu_us(costs.bare):.0f} us of CPU"
    return [
        _row(f"admit, begin, deliver, by {BATCH}", costs.lists, costs.bare, against, at_least=0.5),
        _row(f"the same, {BATCH} tasks with a fax each", costs.singly, costs.bare, against),
        _row("the same with submitted and receipt, five commits", costs.whole_way, costs.bare, against),
        Row(part="store", what=f"CPU of it, by {BATCH}", value=_cpu_us(costs.lists), unit="us/fax"),
        Row(part="store", what="CPU of it, a fax each", value=_cpu_us(costs.singly), unit="us/fax"),
        Row(part="store", what="CPU of it, five commits", value=_cpu_us(costs.whole_way), unit="us/fax"),
    ]


def _row(what: str, ours: list[Cost], bare: list[Cost], against: str, at_least: float | None = None) -> Row:
    ratio = statistics.median(other.seconds / own.seconds for own, other in zip(ours, bare, strict=True))
    return Row(
        part="store", what=what, value=_rate(ours), unit="faxes/s", against=against, ratio=ratio, at_least=at_least
    )


def _rate(costs: list[Cost]) -> float:
    return statistics.median(cost.rate for cost in costs)


def _cpu_us(costs: list[Cost]) -> float:
    return statistics.median(cost.cpu_us for cost in costs)


def _measure(rounds: int) -> Costs:
    parent = Path("var")
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        return trio.run(_take_turns, Path(folder), rounds)


async def _take_turns(folder: Path, rounds: int) -> Costs:
    costs = Costs([], [], [], [])
    bare = _open_bare(folder / "bare.db")
    async with open_store(folder / "store.db", StoreConfig(), lambda _: None) as store:
        # The first round of all is not counted: statements are compiled then, and caches filled.
        for turn in range(rounds + 1):
            first = turn * 3 * FAXES
            with _timed(costs.bare):
                _run_bare(bare, turn * FAXES)
            with _timed(costs.lists):
                for start in range(first, first + FAXES, BATCH):
                    await _hand_through(store, range(start, start + BATCH))
            with _timed(costs.singly):
                for start in range(first + FAXES, first + 2 * FAXES, BATCH):
                    await _hand_through_singly(store, range(start, start + BATCH))
            with _timed(costs.whole_way):
                for start in range(first + 2 * FAXES, first + 3 * FAXES, BATCH):
                    await _hand_through(store, range(start, start + BATCH), whole_way=True)
    bare.close()
    return Costs(*(cost[1:] for cost in costs))


@contextmanager
def _timed(costs: list[Cost]) -> Iterator[None]:
    began, used = time.perf_counter(), cpu_seconds()
    yield
    costs.append(Cost(time.perf_counter() - began, cpu_seconds() - used))


def _open_bare(path: Path) -> sqlite3.Connection:
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.executescript(BARE_TABLE)
    return bare


def _run_bare(bare: sqlite3.Connection, first: int) -> None:
    for start in range(first, first + FAXES, BATCH):
        jobs = [(f"k{number}", NOW, make_order(number)) for number in range(start, start + BATCH)]
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(BARE_INSERT, jobs)
        bare.execute("COMMIT")
        bare.execute("BEGIN IMMEDIATE")
        taken = bare.execute(BARE_CLAIM, (BATCH,)).fetchall()
        bare.execute("COMMIT")
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(BARE_COMPLETE, [(job_id,) for job_id, _ in taken])
        bare.execute("COMMIT")


async def _hand_through(store: SqlStore, numbers: Sequence[int], *, whole_way: bool = False) -> None:
    admitted = await store.admit([_new_fax(number) for number in numbers])
    fax_ids = [each.fax_id for each in admitted if isinstance(each, Admitted)]
    attempts = [
        each for each in await store.begin([_intent(fax_id) for fax_id in fax_ids]) if isinstance(each, Attempt)
    ]
    if len(attempts) != len(numbers):
        raise BugError(f"of {len(numbers)} faxes {len(attempts)} began")
    receipt_ids: list[int | None] = [None] * len(attempts)
    if whole_way:
        await store.record([Submitted(each.fax_id, each.number, f"SC{each.fax_id}", NOW) for each in attempts])
        kept = await store.keep_receipts("north", [_receipt(each) for each in attempts], NOW)
        receipt_ids = [each.id if each is not None else None for each in kept]
    await store.record([_delivered(each, receipt_id) for each, receipt_id in zip(attempts, receipt_ids, strict=True)])


async def _hand_through_singly(store: SqlStore, numbers: Sequence[int]) -> None:
    async with trio.open_nursery() as nursery:
        for number in numbers:
            nursery.start_soon(_hand_through, store, [number])


def _new_fax(number: int) -> NewFax:
    order = make_order(number)
    return NewFax(
        submitter="shop",
        key=f"k{number}",
        digest=sha256(order).digest(),
        number=f"WEB-{number}",
        line=Line(f"+33199{number % LINES:06}"),
        rank=1,
        order=order,
        accepted_at=NOW,
        due_at=NOW,
        deadline_at=NOW + 3_600,
        executor="FR-0001",
        delivery_day=740_000,
    )


def _intent(fax_id: FaxId) -> Intent:
    return Intent(fax_id, "north", "ab" * 32, "order-sheet/3", 1, NOW, NOW)


def _receipt(attempt: Attempt) -> Report:
    return Report(
        fate=Delivered(pages=1, call_seconds=23.0),
        client_ref=attempt.client_ref,
        provider_ref=f"SC{attempt.fax_id}",
        event_id=f"EV{attempt.fax_id}",
    )


def _delivered(attempt: Attempt, receipt_id: int | None) -> DeliveredNow:
    return DeliveredNow(attempt.fax_id, attempt.number, 1, 23.0, NOW, receipt_id=receipt_id)


def main() -> None:
    costs = _measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
    for name, ours in zip(Costs._fields, costs, strict=True):
        ratio = statistics.median(bare.seconds / own.seconds for own, bare in zip(ours, costs.bare, strict=True))
        cpu = statistics.median(bare.cpu_seconds / own.cpu_seconds for own, bare in zip(ours, costs.bare, strict=True))
        print(
            f"{name:10} {_rate(ours):8.0f}/s {_cpu_us(ours):6.1f} us CPU a fax; rate {ratio:.3f}, CPU {cpu:.3f} of bare"
        )


if __name__ == "__main__":
    main()
