"""Single POSTs of orders a second, and CPU a POST, on our server and on Hypercorn's trio worker.

The application is the real one with a desk that takes everything; the client is a process of its own on
the Unix socket. Run: `python -m tools.bench.api_posts`; Hypercorn is left out where it is not installed.
"""

import asyncio
import importlib.util
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import trio
from litestar import Litestar

from faxgw.api.connection import AsgiApp
from faxgw.api.orders import order_routes
from faxgw.api.server import serve
from faxgw.api.sockets import UnixBind
from faxgw.clock import SystemClock
from faxgw.config.daemon import Api
from faxgw.fax import FaxId
from faxgw.order import Order
from faxgw.store.admission import Admission, Admitted
from tools.bench.posting import CONNECTIONS, cpu_seconds, make_order, percentile_ms, post_all

REQUESTS = 6_000

Server = Callable[[AsgiApp, Path, trio.Event], Awaitable[None]]


class Counter:
    """A desk that admits everything."""

    def __init__(self) -> None:
        self.taken = 0

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission]:  # noqa: ARG002
        await trio.lowlevel.checkpoint()
        self.taken += len(orders)
        return [Admitted(FaxId(self.taken)) for _ in orders]


def main() -> None:
    servers: dict[str, Server] = {"our server": _serve_ours}
    if importlib.util.find_spec("hypercorn"):
        servers["hypercorn-trio"] = _serve_hypercorn
    else:
        print("hypercorn: not installed, left out")
    print(f"{REQUESTS} POSTs over {CONNECTIONS} connections, {len(make_order(0))} bytes each")
    for name, server in servers.items():
        rate, p50_ms, p99_ms, cpu_ms = _measure(server)
        print(f"{name:15} {rate:7.0f}/s  p50 {p50_ms:5.2f} ms  p99 {p99_ms:5.2f} ms  server CPU {cpu_ms:.3f} ms a POST")


def _measure(server: Server) -> tuple[float, float, float, float]:
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s")
        ours, theirs = context.Pipe()
        done = context.Event()
        process = context.Process(target=_run_server, args=(server, path, theirs, done))
        process.start()
        ours.recv()
        asyncio.run(post_all(path, 500))
        started = time.perf_counter()
        waits = asyncio.run(post_all(path, REQUESTS))
        seconds = time.perf_counter() - started
        done.set()
        cpu_ms: float = ours.recv()
        process.join()
    return REQUESTS / seconds, percentile_ms(waits, 50), percentile_ms(waits, 99), cpu_ms


def _run_server(server: Server, path: Path, pipe: Pipe, done: Flag) -> None:
    desk = Counter()
    routes = order_routes(desk, SystemClock(), Api(), lambda _: None)  # type: ignore[arg-type]  # It only submits.
    app: AsgiApp = Litestar(routes, logging_config=None)  # type: ignore[assignment]

    async def run() -> None:
        stopping = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server, app, path, stopping)
            while not path.exists():  # noqa: ASYNC110, ASYNC240 Hypercorn tells nobody when it listens.
                await trio.sleep(0.01)
            pipe.send(None)
            used = cpu_seconds()
            await trio.to_thread.run_sync(done.wait)
            pipe.send((cpu_seconds() - used) * 1e3 / desk.taken)
            stopping.set()

    trio.run(run)


async def _serve_ours(app: AsgiApp, path: Path, stopping: trio.Event) -> None:
    await serve(app, UnixBind(path), clock=SystemClock(), stopping=stopping, grace_seconds=1)


async def _serve_hypercorn(app: AsgiApp, path: Path, stopping: trio.Event) -> None:
    from hypercorn.config import Config  # noqa: PLC0415
    from hypercorn.trio import serve as serve_hypercorn  # noqa: PLC0415

    config = Config()
    config.bind = [f"unix:{path}"]
    config.errorlog = None
    await serve_hypercorn(app, config, shutdown_trigger=stopping.wait)  # type: ignore[arg-type, unused-ignore]


if __name__ == "__main__":
    main()
