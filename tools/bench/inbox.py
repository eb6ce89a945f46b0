"""Faxes a second out of an FTP folder, kept and taken away, beside `lftp mirror`, which only copies them.

A vsftpd of its own on loopback; the store with every fsync. Run: `python -m tools.bench.inbox`.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from faxgw.clock import SystemClock
from faxgw.config.inbox import Convention, InboxConfig, Security
from faxgw.config.store import StoreConfig
from faxgw.inbox.ftp.loop import open_asyncio_thread
from faxgw.inbox.ftp.transport import AioFtpTransport
from faxgw.inbox.inbox import Inbox
from faxgw.ops.metrics import Metrics
from faxgw.store.sql import open_store
from tools.bench.peers.place import MissingPeerError
from tools.bench.row import Row

FILES, FILES_QUICK = 2_000, 300
CONNECTIONS = 2
CPU_MS_A_FILE_MAX = 4.0
PASSWORD = "bench"  # noqa: S105 - of a server that lives for seconds
VSFTPD = Path(__file__).parents[2] / "var" / "peers" / "usr" / "sbin" / "vsftpd"
FAX_BYTES = 30_000
_SECONDS_MAX = 300.0


def rows(*, quick: bool) -> list[Row]:
    lftp = shutil.which("lftp")
    if not VSFTPD.exists() or lftp is None:
        raise MissingPeerError("vsftpd or lftp is missing (run tests/install-peers)")
    return trio.run(_measure, lftp, FILES_QUICK if quick else FILES)


def main() -> None:
    for row in rows(quick=False):
        print(f"{row.what}: {row.value:,.2f} {row.unit}  {row.against}")


async def _measure(lftp: str, files: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # noqa: ASYNC240 - nobody else waits
        async with vsftpd(folder) as port:
            for number in range(files):
                (folder / "root" / "in" / f"fax {number:05}.tif").write_bytes(_fax(number))
            mirror_seconds = await mirror(lftp, port, folder / "copy")
            inbox_seconds, cpu_seconds = await _take(port, folder, files)
    against = f"lftp mirror {files / mirror_seconds:,.0f}/s"
    ratio = mirror_seconds / inbox_seconds
    return [
        Row(part="inbox", what="fetched, kept, deleted", value=files / inbox_seconds, unit="faxes/s", at_least=60),
        Row(part="inbox", what="the same", value=files / inbox_seconds, unit="faxes/s", against=against, ratio=ratio),
        Row(
            part="inbox",
            what="CPU of it",
            value=1_000 * cpu_seconds / files,
            unit="ms/fax",
            at_most=CPU_MS_A_FILE_MAX,
        ),
    ]


async def _take(port: int, folder: Path, files: int) -> tuple[float, float]:
    """Seconds, and of them the processor's in our process."""
    own = InboxConfig(
        name="bench", host="127.0.0.1", port=port, security=Security.PLAIN, user="ftp", folder="in",
        password_file=str(folder / "password"), convention=Convention.RENAMED, connections=CONNECTIONS,
        files_per_minute=1_000_000, poll_seconds=0.05,
    )  # fmt: skip
    metrics = Metrics()
    async with (
        open_asyncio_thread() as thread,
        open_store(folder / "faxgw.db", StoreConfig(), lambda _: None) as store,
        trio.open_nursery() as nursery,
    ):
        inbox = Inbox(own, AioFtpTransport(own, thread), store.inbound, SystemClock(), metrics, "bench")
        started, cpu_before = time.perf_counter(), time.process_time()
        nursery.start_soon(inbox.run)
        with trio.fail_after(_SECONDS_MAX):
            while any((folder / "root" / "in").iterdir()):  # noqa: ASYNC110 - only the folder tells
                await trio.sleep(0.05)
        taken = time.perf_counter() - started, time.process_time() - cpu_before
        nursery.cancel_scope.cancel()
    kept = metrics.registry.get_sample_value("faxgw_inbox_files_total", {"inbox": "bench", "result": "kept"})
    assert kept == files, "not every fax was kept"  # noqa: S101
    return taken


async def mirror(lftp: str, port: int, goal: Path, source: str = "in") -> float:
    login = f"set cmd:fail-exit yes; open -u ftp,{PASSWORD} -p {port} 127.0.0.1"
    script = f"{login}; mirror --parallel={CONNECTIONS} {source} {goal}"
    started = time.perf_counter()
    await trio.run_process([lftp, "-c", script], capture_stdout=True, capture_stderr=True)
    return time.perf_counter() - started


@asynccontextmanager
async def vsftpd(folder: Path) -> AsyncIterator[int]:
    (folder / "root" / "in").mkdir(parents=True)
    (folder / "root" / "in").chmod(0o777)
    (folder / "password").write_text(PASSWORD + "\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = {
        "listen": "YES", "listen_address": "127.0.0.1", "listen_port": port, "background": "NO",
        "run_as_launching_user": "YES", "anonymous_enable": "YES", "write_enable": "YES", "anon_upload_enable": "YES",
        "anon_other_write_enable": "YES", "anon_world_readable_only": "NO", "ftp_username": "nobody",
        "anon_root": folder / "root", "secure_chroot_dir": folder, "seccomp_sandbox": "NO",
        "secure_email_list_enable": "YES", "email_password_file": folder / "password", "xferlog_enable": "NO",
    }  # fmt: skip
    config = folder / "vsftpd.conf"
    config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    process = await trio.lowlevel.open_process([str(VSFTPD), str(config)], stdout=subprocess.DEVNULL)
    try:
        await trio.sleep(0.5)
        yield port
    finally:
        process.kill()
        with trio.move_on_after(5, shield=True):
            await process.wait()


def _fax(number: int) -> bytes:
    """A page of a usual size, and no two alike: the smallest TIFF around bytes that stand for a coded page."""
    picture = (number.to_bytes(4, "little") + bytes(range(256)) * (FAX_BYTES // 256))[:FAX_BYTES]
    tags = ((256, 1_728), (257, 2_287), (259, 4), (273, 8), (279, len(picture)))
    directory = b"".join(
        tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little") for tag, value in tags
    )
    head = b"II*\0" + (8 + len(picture)).to_bytes(4, "little")
    return head + picture + len(tags).to_bytes(2, "little") + directory + bytes(4)


if __name__ == "__main__":
    main()
