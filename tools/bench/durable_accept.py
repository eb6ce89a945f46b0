"""Orders accepted a second through the socket into the real store, beside a bare SQLite loop on the same disk.

Each order is answered only after its commit (WAL, synchronous=FULL). Nothing is sent: a queue, but no lanes.
The client is a process of its own on the same cores. Run: `python -m tools.bench.durable_accept [FOLDER]`.
"""

import asyncio
import gc
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import NamedTuple

import trio
from litestar import Litestar

from faxgw.api.connection import AsgiApp
from faxgw.api.orders import order_routes
from faxgw.api.server import serve
from faxgw.api.sockets import UnixBind
from faxgw.cli.client import LocalClient
from faxgw.clock import Clock, SystemClock
from faxgw.config.carriers import SimulatedConfig
from faxgw.config.daemon import Api
from faxgw.config.store import StoreConfig
from faxgw.config.whole import Config
from faxgw.errors import BugError
from faxgw.gateway import Gateway, Parts
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from faxgw.store.port import Store
from faxgw.store.sql import open_store
from tools.bench.florist import FLORIST
from tools.bench.posting import CONNECTIONS, cpu_seconds, make_order, percentile_ms, post_all
from tools.bench.row import Row

UPLOAD_LINES = 1_000
BARE_BATCHES, BARE_BATCH = 100, 100
SINGLES_AT_LEAST, UPLOADS_AT_LEAST = 1_500, 8_000


class Counts(NamedTuple):
    """How many are handed in."""

    singles: int
    uploads: int

    @property
    def orders(self) -> int:
        return self.singles + self.uploads * UPLOAD_LINES


class Singles(NamedTuple):
    """What single POSTs showed: how many a second, and the seconds that each waited."""

    rate: float
    waits: list[float]


FULL, QUICK = Counts(6_000, 20), Counts(2_000, 5)


def rows(*, quick: bool = False) -> list[Row]:
    """On the file system that the working folder lies on."""
    parent = Path("var")
    parent.mkdir(exist_ok=True)
    return _measure(parent, QUICK if quick else FULL)


def main() -> None:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("var")
    parent.mkdir(parents=True, exist_ok=True)
    for row in _measure(parent, FULL):
        print(f"{row.what:52} {row.value:10,.2f} {row.unit:10} {row.against}")


def _measure(parent: Path, counts: Counts) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        bare = _bare_rate(folder)
        singles, uploads, cpu_ms = _measure_server(folder, counts)
    waits = singles.waits
    times = f"p50 {percentile_ms(waits, 50):.1f} ms, p99 {percentile_ms(waits, 99):.1f} ms"
    against = f"bare SQLite, FULL, by {BARE_BATCH}: {bare:,.0f}/s"
    single, upload = f"single POSTs over {CONNECTIONS} connections", f"NDJSON, {UPLOAD_LINES:,} lines a POST"
    return [
        Row(part="accept", what=single, value=singles.rate, unit="orders/s", against=times, at_least=SINGLES_AT_LEAST),
        Row(part="accept", what=upload, value=uploads, unit="orders/s", against=against, at_least=UPLOADS_AT_LEAST),
        Row(part="accept", what="the same", value=uploads, unit="orders/s", against=against, ratio=uploads / bare),
        Row(part="accept", what="CPU of both together, the daemon's", value=cpu_ms, unit="ms/order"),
    ]


def _measure_server(folder: Path, counts: Counts) -> tuple[Singles, float, float]:
    """Single POSTs, then uploads a second, and the daemon's CPU an order."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    done = context.Event()
    process = context.Process(target=_run_server, args=(folder, theirs, done, counts), daemon=True)
    process.start()
    ours.recv()
    started = time.perf_counter()
    waits = asyncio.run(post_all(folder / "s", counts.singles))
    singles = Singles(counts.singles / (time.perf_counter() - started), waits)
    uploads = _upload_rate(folder / "s", counts)
    done.set()
    cpu_ms: float = ours.recv()
    process.join()
    return singles, uploads, cpu_ms


def _run_server(folder: Path, pipe: Pipe, done: Flag, counts: Counts) -> None:
    async def run() -> None:
        clock, stopping = SystemClock(), trio.Event()
        async with (
            open_store(folder / "store.db", StoreConfig(), lambda _: None) as store,
            trio.open_nursery() as nursery,
        ):
            gateway = Gateway(_parts(store, clock))
            routes = order_routes(gateway.desk, clock, Api(), lambda _: None)
            app: AsgiApp = Litestar(routes, logging_config=None)  # type: ignore[assignment]
            await nursery.start(
                partial(serve, app, UnixBind(folder / "s"), clock=clock, stopping=stopping, grace_seconds=1)
            )
            gc.collect()
            gc.freeze()
            used = cpu_seconds()
            pipe.send(None)
            await trio.to_thread.run_sync(done.wait)
            pipe.send((cpu_seconds() - used) * 1e3 / counts.orders)
            stopping.set()

    trio.run(run)


def _parts(store: Store, clock: Clock) -> Parts:
    """A gateway that takes orders in and has nobody to give them to."""
    nowhere = SimulatedConfig(
        name="nowhere",
        base_url="http://127.0.0.1:1",
        account="",
        password_file="",
        webhook_secret_file="",
    )
    return Parts(
        config=Config(provider=[nowhere]),
        store=store,
        renderer=_NoRenderer(),
        providers=[],
        register=Register([FLORIST]),
        clock=clock,
        random=random.random,
        metrics=Metrics(),
    )


class _NoRenderer:
    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        raise BugError(f"{len(drawings)} drawings came to a gateway that only takes in")


def _upload_rate(path: Path, counts: Counts) -> float:
    bodies = [
        b"\n".join(make_order(counts.singles + upload * UPLOAD_LINES + line) for line in range(UPLOAD_LINES))
        for upload in range(counts.uploads)
    ]
    client = LocalClient(path)
    started = time.perf_counter()
    for body in bodies:
        reply = client.post("/v1/orders", body, "application/x-ndjson")
        if reply.body.count(b'"status":202') != UPLOAD_LINES:
            raise RuntimeError(reply.body[:500])
    rate = counts.uploads * UPLOAD_LINES / (time.perf_counter() - started)
    client.close()
    return rate


def _bare_rate(folder: Path) -> float:
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE fax (id INTEGER PRIMARY KEY, key TEXT UNIQUE, doc BLOB)")
    started = time.perf_counter()
    for batch in range(BARE_BATCHES):
        bare.execute("BEGIN IMMEDIATE")
        rows = [(f"k{batch}-{row}", make_order(row)) for row in range(BARE_BATCH)]
        bare.executemany("INSERT INTO fax (key, doc) VALUES (?, ?)", rows)
        bare.execute("COMMIT")
    rate = BARE_BATCHES * BARE_BATCH / (time.perf_counter() - started)
    bare.close()
    return rate


if __name__ == "__main__":
    main()
