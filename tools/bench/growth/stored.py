"""The store with so many faxes queued in it, on a disk: accept, send, load at a start, list, count, expire.

It is filled by the front door's own rows, so that keys, events and indexes are there as in life. Fsyncs are made;
what is counted is the CPU time of all threads.
"""

import gc
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import trio

from faxgw.api.backlog import AGES_MINUTES, AT_RISK_MAX, Counting
from faxgw.config.store import StoreConfig
from faxgw.errors import BugError
from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.provider.port import Delivered, Report
from faxgw.store.admission import Admitted, NewFax
from faxgw.store.admission_rows import admit
from faxgw.store.attempts import Attempt, Intent
from faxgw.store.changes import DeliveredNow, Expired, Submitted
from faxgw.store.database import bring_up_to_date, open_writer
from faxgw.store.sql import SqlStore, open_store
from faxgw.store.views import Sought
from tools.bench.growth.figure import Figure
from tools.bench.growth.meter import Meter, memory_bytes, question_microseconds

LINES = 360
BATCH = 100
BATCHES = 10
FILL_BATCH = 1_000
NOW = 1_800_000_000.0
BACKLOG_LINES = 20
"""As `faxgw queue` shows."""
AT_RISK_SECONDS = 1_800.0
LOOKS = 50


def measure(size: int) -> list[Figure]:
    """Everything that is done to a store of `size` queued faxes."""
    with tempfile.TemporaryDirectory(dir=_disk()) as folder:
        path = Path(folder, "faxgw.db")
        _fill(path, size)
        return trio.run(_measure, path, size)


def _disk() -> Path:
    """Not /tmp, which may be memory."""
    folder = Path("var")
    folder.mkdir(exist_ok=True)
    return folder


def _fill(path: Path, size: int) -> None:
    engine = open_writer(path)
    bring_up_to_date(engine)
    for first in range(0, size, FILL_BATCH):
        with engine.begin() as connection:
            admit(connection, [_new_fax(number, size) for number in range(first, min(first + FILL_BATCH, size))])
    engine.dispose()


async def _measure(path: Path, size: int) -> list[Figure]:
    async with open_store(path, StoreConfig(), lambda _: None) as store:
        found = [*await _load(store, size), *await _send(store, size), *await _ask(store, size)]
        return [*found, *await _watch(store, size), *await _expire(store, size)]


async def _load(store: SqlStore, size: int) -> list[Figure]:
    gc.collect()
    meter, bytes_before = Meter(), memory_bytes()
    gc.disable()
    with meter.slice(size):
        unfinished = await store.load()
    gc.enable()
    figures = [Figure("store: load a fax at the start", size, meter.microseconds, "us")]
    if size >= 10_000:
        bytes_a_fax = (memory_bytes() - bytes_before) / len(unfinished.queued)
        figures.append(Figure("store: memory of a loaded fax", size, bytes_a_fax, "B"))
    return figures


async def _send(store: SqlStore, size: int) -> list[Figure]:
    """As many are taken in as are begun, submitted and delivered."""
    accept, begin, submit, deliver = Meter(), Meter(), Meter(), Meter()
    for batch in range(BATCHES):
        new = [_new_fax(size + batch * BATCH + each, size) for each in range(BATCH)]
        with accept.slice(BATCH):
            admitted = await store.admit(new)
        fax_ids = [each.fax_id for each in admitted if isinstance(each, Admitted)]
        with begin.slice(BATCH):
            begun = await store.begin([Intent(fax_id, "north", "ab" * 32, "form", 1, NOW, NOW) for fax_id in fax_ids])
        attempts = [each for each in begun if isinstance(each, Attempt)]
        if len(attempts) != BATCH:
            raise BugError(f"{BATCH - len(attempts)} of {BATCH} attempts did not begin")
        with submit.slice(BATCH):
            await store.record([Submitted(each.fax_id, each.number, f"N{each.fax_id}", NOW) for each in attempts])
        with deliver.slice(BATCH):
            await _deliver(store, attempts)
    return [
        Figure("store: accept a fax", size, accept.microseconds, "us"),
        Figure("store: begin its attempt", size, begin.microseconds, "us"),
        Figure("store: submitted", size, submit.microseconds, "us"),
        Figure("store: its receipt kept, delivered", size, deliver.microseconds, "us"),
    ]


async def _deliver(store: SqlStore, attempts: Sequence[Attempt]) -> None:
    fate = Delivered(1, 23.0)
    reports = [Report(fate, f"N{each.fax_id}", each.client_ref, f"evt-{each.fax_id}") for each in attempts]
    kept = await store.keep_receipts("north", reports, NOW)
    ended = [
        DeliveredNow(
            each.fax_id,
            each.number,
            pages=1,
            call_seconds=23.0,
            at=NOW,
            receipt_id=receipt.id if receipt is not None else None,
        )
        for each, receipt in zip(attempts, kept, strict=True)
    ]
    await store.record(ended)


async def _ask(store: SqlStore, size: int) -> list[Figure]:
    middle = FaxId(size // 2)
    last_event = await store.last_event()
    ages = [minutes * 60.0 for minutes in AGES_MINUTES]
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "a fax with its story": partial(store.fax, middle),
        "what to draw of 16": partial(store.contents, [FaxId(middle + each) for each in range(16)]),
        "find by key": partial(store.find, Sought(key=_key(size // 2)), 20),
        "find by order number": partial(store.find, Sought(number=_key(size // 2)), 20),
        "list the newest": partial(store.find, Sought(), 20),
        "list the queued": partial(store.find, Sought(state=State.QUEUED), 20),
        "list the delivered": partial(store.find, Sought(state=State.DELIVERED), 20),
        "list one submitter's": partial(store.find, Sought(submitter="shop-1"), 20),
        "list one submitter's queued": partial(store.find, Sought(submitter="shop-1", state=State.QUEUED), 20),
        "100 events": partial(store.events, last_event - 100, 100),
        "counts of the unfinished": store.unfinished_counts,
        "`faxgw queue`: lines, ages, classes": partial(store.backlog, BACKLOG_LINES, NOW, ages),
        "`faxgw queue`: what is at risk": partial(store.at_risk, NOW + AT_RISK_SECONDS, AT_RISK_MAX),
    }
    return [Figure(f"store: {name}", size, await question_microseconds(ask), "us") for name, ask in questions.items()]


class _Seconds:
    """A clock that is put on by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at


async def _watch(store: SqlStore, size: int) -> list[Figure]:
    """A screen that looks every second, as `faxgw top` does."""
    clock, meter = _Seconds(), Meter()
    counting = Counting(store, clock, lambda: AT_RISK_SECONDS)
    with meter.slice(LOOKS):
        for _ in range(LOOKS):
            await counting.counted(BACKLOG_LINES)
            clock.at += 1.0
    return [Figure("store: `faxgw top`, each second", size, meter.microseconds, "us")]


async def _expire(store: SqlStore, size: int) -> list[Figure]:
    meter = Meter()
    for first in range(1, BATCH * BATCHES // 2, BATCH):
        with meter.slice(BATCH):
            await store.record([Expired(FaxId(first + each), NOW) for each in range(BATCH)])
    return [Figure("store: expire a fax", size, meter.microseconds, "us")]


def _new_fax(number: int, size: int) -> NewFax:
    """All classes, four submitters, one in four with a deadline, as old as the backlog is long."""
    order = f'{{"key":"{_key(number)}","card_message":"{"Bonne fête, Maman ! " * 10}"}}'.encode()
    accepted_at = NOW - max(size - number, 0) * 0.1
    return NewFax(
        submitter=f"shop-{number % 4}",
        key=_key(number),
        digest=sha256(order).digest(),
        number=_key(number),
        line=Line(f"+33199{number % LINES:06}"),
        rank=number % 3,
        order=order,
        accepted_at=accepted_at,
        due_at=accepted_at,
        deadline_at=NOW + 900 + number % 36_000 if number % 4 == 0 else None,
    )


def _key(number: int) -> str:
    return f"WEB-{number}"
