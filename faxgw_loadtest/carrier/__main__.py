"""A simulated carrier: a real HTTP server that takes faxes, lets calls last, sends receipts, and errs as told.

`python -m faxgw_loadtest.carrier` prints one line of JSON when it listens:
{"listening": URL of the carrier, "control": URL of its levers, "pid": PID}, and ends on SIGTERM.
Its books and its faults are in `faxgw/provider/switchboard.py` and `mishaps.py`, its wire format in `desk.py`.
"""

import argparse
import asyncio
import base64
import gc
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

import msgspec
import uvloop

from faxgw.provider.mishaps import Shares, parse_shares
from faxgw.provider.signature import read_secret
from faxgw.provider.switchboard import CallTimes, Switchboard
from faxgw_loadtest.carrier.control import Control
from faxgw_loadtest.carrier.courier import Courier
from faxgw_loadtest.carrier.desk import Delays, Desk
from faxgw_loadtest.carrier.exchange import Exchange, OwnCalls
from faxgw_loadtest.carrier.journal import open_journal
from faxgw_loadtest.carrier.wire import Handler, ServerProtocol

_BACKLOG = 1_024


class Door:
    """A listening port that can be closed and opened again without losing its number."""

    def __init__(self, host: str, port: int, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[ServerProtocol] = set()
        self._server: asyncio.Server | None = None
        # Bound, never listening: it keeps the number ours while the door is closed, and the kernel
        # refuses connections to it, which is what a carrier that is down looks like.
        self._keeper = _bound_socket(host, port)
        self.address: tuple[str, int] = self._keeper.getsockname()

    async def open(self) -> None:
        if self._server is None:
            listener = _bound_socket(*self.address)
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                lambda: ServerProtocol(self._handler, self._connections), sock=listener, backlog=_BACKLOG
            )

    async def close(self) -> None:
        """Refuse new connections and cut off those that stand."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for connection in list(self._connections):
                connection.abort()
            await server.wait_closed()

    @property
    def url(self) -> str:
        host, port = self.address
        return f"http://{host}:{port}"


def _bound_socket(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


async def serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    desk = make_desk(options)
    door = Door(options.host, options.port, desk.handle)
    levers = Door(options.host, options.control_port, Control(desk, door.open, door.close).handle)
    await door.open()
    await levers.open()
    desk.resume()
    print(msgspec.json.encode({"listening": door.url, "control": levers.url, "pid": os.getpid()}).decode(), flush=True)
    await stopped.wait()
    await door.close()
    await levers.close()


def make_desk(options: argparse.Namespace) -> Desk:
    board = Switchboard(
        seed=options.seed,
        times=CallTimes(options.call_seconds, options.page_seconds, options.time_scale),
        shares=Shares(parse_shares(options.share)),
        idempotent=options.idempotent,
    )
    courier = Courier(
        key=_webhook_key(options.webhook_secret_file),
        url=options.webhook_url,
        connections_max=options.webhook_connections,
        tries_max=options.webhook_tries,
        backoff_seconds=options.webhook_backoff_seconds,
        batch=options.webhook_batch,
    )
    if options.keep_pages is not None:
        options.keep_pages.mkdir(parents=True, exist_ok=True)
    return Desk(
        board=board,
        courier=courier,
        authorizations=_authorizations(options.account_file),
        delays=Delays(options.answer_seconds, options.slow_seconds, options.late_seconds, options.retry_after_seconds),
        journal=open_journal(options.journal, board) if options.journal else None,
        pages_dir=options.keep_pages,
        pages_kept_from=options.keep_from_pages,
        exchange=Exchange(
            channels=options.channels,
            waiting_max=options.waiting_max,
            calls_a_line=options.calls_a_line,
            own_calls=OwnCalls(options.own_call_share, options.own_call_seconds / options.time_scale, options.seed),
        ),
    )


def _authorizations(account_file: Path | None) -> frozenset[bytes]:
    account = account_file.read_text().strip() if account_file else "simulated:simulated"
    password = account.partition(":")[2]
    return frozenset({b"Basic " + base64.b64encode(account.encode()), b"Bearer " + password.encode()})


def _webhook_key(secret_file: Path | None) -> bytes:
    return read_secret(secret_file.read_text()) if secret_file else secrets.token_bytes(32)


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="carrier", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--control-port", type=int, default=0)
    add("--account-file", type=Path, help="LOGIN:PASSWORD; let in by Basic, or by the password as bearer token")
    add("--seed", type=int, default=0)
    add("--share", default="", help="NAME=SHARE,... of the names in faxgw/provider/mishaps.py (not down)")
    add("--idempotent", action="store_true", help="the same reference again gives the same fax")
    add("--call-seconds", type=float, default=16.8, help="a call of one page, dialling included")
    add("--page-seconds", type=float, default=13.0, help="each further page")
    add("--time-scale", type=float, default=1.0, help="calls last this many times shorter")
    add("--channels", type=int, default=0, help="calls at once, over all lines; 0 is no limit")
    add("--waiting-max", type=int, default=0, help="faxes that may wait for a channel; 0 is no limit")
    add("--calls-a-line", type=int, default=0, help="one more call to a line finds it busy; 0 is no limit")
    add("--own-call-share", type=float, default=0.0, help="of its time a line is taken by its owner")
    add("--own-call-seconds", type=float, default=120.0, help="each time")
    add("--answer-seconds", type=float, default=0.0, help="before every answer to a fax")
    add("--slow-seconds", type=float, default=5.0, help="of slow_before and slow_after")
    add("--late-seconds", type=float, default=30.0, help="of late_receipt")
    add("--retry-after-seconds", type=int, default=1, help="said with 429")
    add("--webhook-url", help="where receipts go; can be set later by PUT /control/webhook")
    add("--webhook-secret-file", type=Path, help="whsec_...")
    add("--webhook-connections", type=int, default=8)
    add("--webhook-tries", type=int, default=8)
    add("--webhook-backoff-seconds", type=float, default=1.0, help="before the second try, doubled each time")
    add("--webhook-batch", type=int, default=1, help="receipts in one webhook, at most, when several wait")
    add("--keep-pages", type=Path, metavar="DIR", help="keep each TIFF as REFERENCE.tif")
    add("--keep-from-pages", type=int, default=1, help="keep only documents with so many pages")
    add("--journal", type=Path, metavar="FILE", help="keep the books in this file, and read it at start")
    return parser.parse_args(arguments)


def main() -> None:
    # Everything the books hold lives as long as the process: looking through it again and again for
    # garbage costs more than the faxes themselves.
    gc.set_threshold(100_000, 50, 1_000)
    uvloop.run(serve(read_options(sys.argv[1:])))


if __name__ == "__main__":
    main()
