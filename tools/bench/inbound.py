"""Answers out of an FTP folder, read and committed by a whole daemon, beside `lftp mirror`, which only copies them.

Sheets of `ORDERS` orders with a box ticked, each file with bytes of its own: the first answer of an order goes to the
relay, the others are recognised as repeats by what they say; every one is fetched, kept, read and noted. The daemon
sends nothing meanwhile. Run: `python -m tools.bench.inbound [--faxes 20000]`.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from faxgw.cli.client import LocalClient, NotReachableError
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.florist import answered
from tools.bench.inbox import VSFTPD, mirror, vsftpd
from tools.bench.peers.place import MissingPeerError
from tools.bench.row import Row

FAXES, FAXES_QUICK = 20_000, 300
ORDERS = 200
SHOPS = 40
SECONDS_MAX = 1_200.0
FLAT = 1.15
"""How much more memory the second half of the faxes may need than the first."""

CONFIG = """
[gateway]
state_dir = "state"
[api]
socket = "faxgw.sock"
[http]
bind = "127.0.0.1:{http_port}"
[members]
file = "members.ndjson"
[[provider]]
name = "none"
kind = "simulated"
base_url = "http://127.0.0.1:9"
account = "none"
password_file = "password"
webhook_secret_file = "webhook-secret"
[intake]
ocr = false
[[inbox]]
name = "bench"
host = "127.0.0.1"
port = {ftp_port}
security = "ftp"
user = "ftp"
password_file = "password"
folder = "in"
convention = "renamed"
connections = 2
files_per_minute = 1000000
poll_seconds = 0.1
[logs]
level = "warning"
"""


def rows(*, quick: bool, faxes: int | None = None) -> list[Row]:
    lftp = shutil.which("lftp")
    if not VSFTPD.exists() or lftp is None:
        raise MissingPeerError("vsftpd or lftp is missing (run tests/install-peers)")
    return trio.run(_measure, lftp, faxes or (FAXES_QUICK if quick else FAXES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faxes", type=int, default=FAXES)
    for row in rows(quick=False, faxes=parser.parse_args().faxes):
        print(f"{row.what}: {row.value:,.2f} {row.unit}  {row.against}")


async def _measure(lftp: str, faxes: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # noqa: ASYNC240 - nobody else waits
        async with vsftpd(folder) as port, _daemon(folder, port) as (client, process):
            # While the answers are put into the folder nothing may be taken out of it.
            hidden = folder / "root" / "in"
            content = list(_answers(client, faxes))
            for number, fax in enumerate(content):
                (folder / f"fax {number:05}.tif").write_bytes(fax)
            copies = folder / "root" / "copied"
            copies.mkdir()
            for number in range(faxes):
                (copies / f"fax {number:05}.tif").hardlink_to(folder / f"fax {number:05}.tif")
            mirror_seconds = await mirror(lftp, port, folder / "copy", "copied")
            before = _cpu_seconds(process.pid)
            started = time.perf_counter()
            for number in range(faxes):
                (folder / f"fax {number:05}.tif").rename(hidden / f"fax {number:05}.tif")
            memory = await _wait_read(client, faxes, process.pid)
            seconds, cpu = time.perf_counter() - started, _cpu_seconds(process.pid) - before
            _check(client, faxes)
    rate, beside = faxes / seconds, f"lftp mirror {faxes / mirror_seconds:,.0f}/s"
    early, late = memory
    return [
        Row(part="inbound", what=f"{faxes:,} fetched, read, noted", value=rate, unit="faxes/s", at_least=60),
        Row(
            part="inbound", what="the same", value=rate, unit="faxes/s", against=beside, ratio=mirror_seconds / seconds
        ),
        Row(part="inbound", what="CPU of it, all processes", value=1_000 * cpu / faxes, unit="ms/fax"),
        Row(
            part="inbound",
            what="memory, second half",
            value=late,
            unit="MiB",
            against=f"{early:,.0f} MiB in the first half",
            ratio=late / early,
            at_most=FLAT,
        ),
    ]


@asynccontextmanager
async def _daemon(folder: Path, ftp_port: int) -> AsyncIterator[tuple[LocalClient, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        http_port = int(free.getsockname()[1])
    (folder / "webhook-secret").write_text("whsec_" + "QUJD" * 11 + "\n")
    (folder / "members.ndjson").write_bytes(b"".join(line_of(shop) for shop in members(SHOPS)))
    (folder / "faxgw.toml").write_text(CONFIG.format(http_port=http_port, ftp_port=ftp_port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220,S603 - our own command
            [sys.executable, "-m", "faxgw", "run", "-c", str(folder / "faxgw.toml")], stderr=log
        )
    client = LocalClient(folder / "faxgw.sock")
    try:
        with trio.fail_after(30):
            while not _is_there(client):
                if process.poll() is not None:
                    raise RuntimeError((folder / "log").read_text())
                await trio.sleep(0.1)
        client.post("/v1/gateway/suspend", b'{"who": "bench"}')
        lines = b"".join(line_of(order) for order in orders(ORDERS, list(members(SHOPS))))
        client.post("/v1/orders", lines, "application/x-ndjson")
        yield client, process
    finally:
        client.close()
        process.terminate()
        process.wait()


def _is_there(client: LocalClient) -> bool:
    try:
        return client.get("/healthz").is_good
    except NotReachableError:
        return False


def _answers(client: LocalClient, faxes: int) -> Iterator[bytes]:
    """Behind the last directory a TIFF may have anything: there each file gets its number."""
    sheets = [
        answered(client.get(f"/v1/faxes/{fax_id}/page.tif").body, ["accept"])
        for fax_id in range(1, min(ORDERS, faxes) + 1)
    ]
    return (sheets[number % len(sheets)] + b"\0%08d" % number for number in range(faxes))


async def _wait_read(client: LocalClient, faxes: int, pid: int) -> tuple[float, float]:
    """Until all are noted; returns the most memory during the first and the second half of them, in MiB."""
    most = [0.0, 0.0]
    with trio.fail_after(SECONDS_MAX):
        while (noted := _noted(client)) < faxes:
            half = int(noted >= faxes / 2)
            most[half] = max(most[half], _memory_mib(pid))
            await trio.sleep(0.5)
    return most[0], most[1]


def _noted(client: LocalClient) -> int:
    return sum(count for state, count in _states(client).items() if state != "kept")


def _states(client: LocalClient) -> dict[str, int]:
    [inbox] = client.get("/v1/inbox").json()["inboxes"]
    states: dict[str, int] = inbox["faxes"]
    return states


def _check(client: LocalClient, faxes: int) -> None:
    told: dict[str, Any] = {"applied": min(ORDERS, faxes)}
    if faxes > ORDERS:
        told["duplicate"] = faxes - ORDERS
    assert _states(client) == told, _states(client)  # noqa: S101


def _family(pid: int) -> list[int]:
    """A process and those that any of its threads started."""
    children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")).split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _cpu_seconds(pid: int) -> float:
    """Of a process and those it started, threads included."""
    ticks = 0
    for each in _family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory_mib(pid: int) -> float:
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in _family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
