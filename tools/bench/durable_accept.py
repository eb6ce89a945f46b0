"""Orders accepted a second through the socket into the real store, beside a bare SQLite loop on the same disk.

Each order is answered only after its commit (WAL, synchronous=FULL). Nothing is sent: a queue, but no lanes.
The client is a process of its own on the same cores. Run: `python -m tools.bench.durable_accept [FOLDER]`.
"""

import asyncio
import gc
import multiprocessing
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import trio
from litestar import Litestar

from faxgw.api.connection import AsgiApp
from faxgw.api.orders import order_routes
from faxgw.api.server import serve
from faxgw.api.sockets import UnixBind
from faxgw.cli.client import LocalClient
from faxgw.clock import Clock, SystemClock
from faxgw.config.daemon import Api, StoreConfig
from faxgw.config.provider import ProviderConfig
from faxgw.config.whole import Config
from faxgw.errors import BugError
from faxgw.gateway import Gateway, Parts
from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from faxgw.store.port import Store
from faxgw.store.sql import open_store
from tools.bench.posting import CONNECTIONS, cpu_seconds, make_order, percentile_ms, post_all

SINGLES = 6_000
UPLOADS, UPLOAD_LINES = 20, 1_000
BARE_BATCHES, BARE_BATCH = 100, 100
SYNCS = 200

MEMBER = Member(
    id="FR-0001",
    name="Aux Lilas",
    street="1 rue des Lilas",
    postcode="75020",
    city="Paris",
    country="FR",
    phone="+33 1 99 00 00 01",
    fax="+33 1 99 00 00 00",
    language="fr",
    timezone="Europe/Paris",
)


def main() -> None:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("var")
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        print(f"fdatasync p50        {_sync_p50_ms(folder):8.2f} ms")
        print(f"bare SQLite, by {BARE_BATCH}  {_bare_rate(folder):8.0f} orders/s")
        _measure(folder)


def _measure(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    done = context.Event()
    process = context.Process(target=_run_server, args=(folder, theirs, done))
    process.start()
    ours.recv()
    started = time.perf_counter()
    waits = asyncio.run(post_all(folder / "s", SINGLES))
    rate = SINGLES / (time.perf_counter() - started)
    times = f"p50 {percentile_ms(waits, 50):.1f} ms, p99 {percentile_ms(waits, 99):.1f} ms, {CONNECTIONS} connections"
    print(f"single POSTs         {rate:8.0f} orders/s, {times}")
    print(f"NDJSON, {UPLOAD_LINES} lines   {_upload_rate(folder / 's'):8.0f} orders/s")
    done.set()
    cpu_ms: float = ours.recv()
    process.join()
    print(f"daemon's CPU         {cpu_ms:8.3f} ms an order, singles and uploads together")


def _run_server(folder: Path, pipe: Pipe, done: Flag) -> None:
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
            pipe.send((cpu_seconds() - used) * 1e3 / (SINGLES + UPLOADS * UPLOAD_LINES))
            stopping.set()

    trio.run(run)


def _parts(store: Store, clock: Clock) -> Parts:
    """A gateway that takes orders in and has nobody to give them to."""
    nowhere = ProviderConfig(
        name="nowhere",
        kind="simulated",
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
        register=Register([MEMBER]),
        clock=clock,
        random=random.random,
        metrics=Metrics(),
    )


class _NoRenderer:
    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        raise BugError(f"{len(drawings)} drawings came to a gateway that only takes in")


def _upload_rate(path: Path) -> float:
    bodies = [
        b"\n".join(make_order(SINGLES + upload * UPLOAD_LINES + line) for line in range(UPLOAD_LINES))
        for upload in range(UPLOADS)
    ]
    client = LocalClient(path)
    started = time.perf_counter()
    for body in bodies:
        reply = client.post("/v1/orders", body, "application/x-ndjson")
        if reply.body.count(b'"status":202') != UPLOAD_LINES:
            raise RuntimeError(reply.body[:500])
    rate = UPLOADS * UPLOAD_LINES / (time.perf_counter() - started)
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


def _sync_p50_ms(folder: Path) -> float:
    waits = []
    with (folder / "sync").open("wb") as file:
        for _ in range(SYNCS):
            file.write(b"x" * 4_096)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - started)
    return statistics.median(waits) * 1e3


if __name__ == "__main__":
    main()
