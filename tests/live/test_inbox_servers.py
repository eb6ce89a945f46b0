"""An inbox before the FTP servers that Debian has, and what senders do to them."""

import ftplib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from faxgw.clock import SystemClock
from faxgw.config.inbox import Convention, Security, SidecarFormat
from faxgw.inbox.ftp.loop import open_asyncio_thread
from faxgw.inbox.ftp.transport import AioFtpTransport
from faxgw.inbox.inbox import Inbox
from faxgw.inbox.port import Lost, Refused
from faxgw.store.inbound.keeping import PoisonReason
from tests.ftp_servers import PASSWORD, FtpServer, Started, proftpd, pure_ftpd, vsftpd
from tests.inbox.faxes import make_fax, make_faxes
from tests.inbox.shop import Shop

pytestmark = pytest.mark.live
WAIT_SECONDS_MAX = 30.0
QUIET_SECONDS = 0.5
"""So long, ten looks, nothing may happen."""
PIECES = 4

vsftpd_with_text_mode = partial(vsftpd, ascii_upload_enable="YES")
SERVERS = [
    pytest.param(vsftpd_with_text_mode, Convention.SETTLED, id="vsftpd"),
    pytest.param(proftpd, Convention.SETTLED, id="proftpd"),
    pytest.param(partial(proftpd, hidden_stores=True), Convention.RENAMED, id="proftpd-hidden"),
    pytest.param(pure_ftpd, Convention.RENAMED, id="pure-ftpd"),
]


@dataclass(frozen=True, slots=True)
class Watched:
    """A shop whose inbox looks into a real server's folder."""

    shop: Shop
    server: FtpServer

    async def until(self, **counts: int) -> None:
        with trio.fail_after(WAIT_SECONDS_MAX):
            while any(self.shop.count(result) < count for result, count in counts.items()):  # noqa: ASYNC110
                await trio.sleep(0.02)

    async def until_empty(self) -> None:
        with trio.fail_after(WAIT_SECONDS_MAX):
            while self.server.names():  # noqa: ASYNC110 - only the folder tells
                await trio.sleep(0.02)


@asynccontextmanager
async def watching(make: Started, **config: Any) -> AsyncIterator[Watched]:
    async with make as server, looking(server, "gw1", **config) as shop:
        yield Watched(shop, server)


@asynccontextmanager
async def looking(server: FtpServer, owner: str, **config: Any) -> AsyncIterator[Shop]:
    own = server.config(**{"settle_seconds": 0.2, "files_per_minute": 1_000_000} | config)
    async with open_asyncio_thread() as thread, trio.open_nursery() as nursery:
        transport = AioFtpTransport(own, thread)
        shop = Shop(transport, own, owner)
        inbox = Inbox(own, transport, shop.store, SystemClock(), shop.metrics, owner)
        nursery.start_soon(inbox.run)
        yield shop
        nursery.cancel_scope.cancel()


class Sender:
    """A carrier that uploads by FTP, in the pieces and the mode that the test wants. Blocks for moments."""

    def __init__(self, server: FtpServer) -> None:
        self._ftp = ftplib.FTP()  # noqa: S321 - on loopback
        self._ftp.connect("127.0.0.1", server.port, timeout=10)
        self._ftp.login(server.user, PASSWORD)
        self._ftp.cwd("in")

    def begin(self, name: str, mode: str = "I") -> Any:
        self._ftp.voidcmd(f"TYPE {mode}")
        return self._ftp.transfercmd(f"STOR {name}")

    def end(self, data: Any) -> None:
        data.close()
        self._ftp.voidresp()

    def close(self) -> None:
        self._ftp.close()


def drop(sender: Sender, data: Any) -> None:
    """As a machine that breaks down: an end in good order would be the end of the file."""
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    data.close()
    sender.close()


def upload(server: FtpServer, name: str, content: bytes, mode: str = "I") -> None:
    with closing(Sender(server)) as sender:
        data = sender.begin(name, mode)
        data.sendall(content)
        sender.end(data)


@pytest.mark.parametrize(("make", "convention"), SERVERS)
async def test_an_upload_under_way_is_not_taken_for_a_fax(
    make: Callable[..., Started], convention: Convention, tmp_path: Path
) -> None:
    """It comes in pieces with pauses longer than a file needs to settle; in the end it is kept whole, and once."""
    fax = make_fax(1, pages=2, rows=20_000)
    async with watching(make(tmp_path), convention=convention, poll_seconds=0.2, tries_max=12) as watched:
        sender = Sender(watched.server)
        data = sender.begin("slow fax.tif")
        for piece in range(PIECES):
            assert watched.shop.count("kept") == 0
            data.sendall(fax[piece * len(fax) // PIECES : (piece + 1) * len(fax) // PIECES])
            await trio.sleep(QUIET_SECONDS)
        sender.end(data)
        sender.close()
        await watched.until(kept=1)
        await watched.until_empty()
        assert await watched.shop.contents() == [(fax,)]


@pytest.mark.parametrize("make", [proftpd, vsftpd], ids=["proftpd", "vsftpd"])
async def test_an_upload_that_was_given_up_goes_to_quarantine_and_the_next_one_is_kept(
    make: Callable[..., Started], tmp_path: Path
) -> None:
    """The sender's machine broke down in the middle; it sends the fax again under the same name."""
    fax = make_fax(1, rows=20_000)
    async with watching(make(tmp_path), poll_seconds=0.1, tries_max=3) as watched:
        sender = Sender(watched.server)
        data = sender.begin("fax.tif")
        data.sendall(fax[: len(fax) // 2])
        await trio.sleep(0.15)
        drop(sender, data)
        await watched.until(quarantined=1)
        upload(watched.server, "fax.tif", fax)
        await watched.until(kept=1)
        assert await watched.shop.contents() == [(fax,)]
        [poison] = await watched.shop.quarantined()
        assert poison.reason == PoisonReason.DAMAGED


@pytest.mark.parametrize("make", [partial(proftpd, hidden_stores=True), pure_ftpd], ids=["proftpd", "pure-ftpd"])
async def test_servers_that_rename_hide_an_upload_that_was_given_up(
    make: Callable[..., Started], tmp_path: Path
) -> None:
    """Nothing of it is seen, nothing goes to quarantine."""
    fax = make_fax(1, rows=20_000)
    async with watching(make(tmp_path), convention=Convention.RENAMED) as watched:
        sender = Sender(watched.server)
        data = sender.begin("fax.tif")
        data.sendall(fax[: len(fax) // 2])
        await trio.sleep(QUIET_SECONDS)
        drop(sender, data)
        await trio.sleep(QUIET_SECONDS)
        assert (await watched.shop.kept(), await watched.shop.quarantined()) == ([], [])


@pytest.mark.parametrize("make", [vsftpd_with_text_mode, proftpd, pure_ftpd], ids=["vsftpd", "proftpd", "pure-ftpd"])
async def test_an_upload_in_text_mode_is_recognised(make: Callable[..., Started], tmp_path: Path) -> None:
    """The server took carriage returns out; the operator hears that the sender must use binary mode."""
    fax = make_fax(1, rows=3_000)
    fax = fax.replace(b"\r\n", b"xy", fax.count(b"\r\n") - 1)
    async with watching(make(tmp_path), convention=Convention.RENAMED, poll_seconds=0.05, tries_max=2) as watched:
        upload(watched.server, "fax.tif", fax, "A")
        await watched.until(quarantined=1)
        [poison] = await watched.shop.quarantined()
        assert poison.reason == PoisonReason.MANGLED
        assert "binary mode" in poison.detail


@pytest.mark.parametrize(("make", "convention"), SERVERS)
async def test_odd_names_and_late_sidecars_are_no_hurdle(
    make: Callable[..., Started], convention: Convention, tmp_path: Path
) -> None:
    """Each fax waits for its own sidecar, whatever the names are made of."""
    names = ["von Élodie 1", "花束 ", "latin-\udce9", "a_02262009 800 AM_12063745000"]
    sidecar = {"convention": Convention.SIDECAR, "sidecar": SidecarFormat.IDX, "sidecar_wait_seconds": 60.0}
    async with watching(make(tmp_path), **sidecar) as watched:
        for number, name in enumerate(names):
            watched.server.put(f"{name}.tif", make_fax(number))
        await trio.sleep(QUIET_SECONDS)
        assert watched.shop.count("kept") == 0
        for number, name in enumerate(names):
            watched.server.put(f"{name}.idx", f"RECEIPT.ID={number}\n".encode())
        await watched.until(kept=len(names))
        await watched.until_empty()
        kept = {view.receipt_id: view for view in await watched.shop.kept()}
        for number in range(len(names)):
            assert await watched.shop.store.documents(kept[str(number)].documents) == [make_fax(number)]
        assert {view.origin.name for view in kept.values()} >= {"von Élodie 1.tif", "latin-é.tif"}


async def test_ten_thousand_files_are_listed_at_once_and_taken_in_order(tmp_path: Path) -> None:
    """One answer lists them all; over four connections each is kept once."""
    count = 10_000
    async with vsftpd(tmp_path) as server:
        for number in range(count):
            server.put(f"fax {number:05}.tif", make_fax(number, rows=2))
        async with open_asyncio_thread() as thread:
            connection = await AioFtpTransport(server.config(), thread).connect()
            assert not isinstance(connection, Refused | Lost)
            listing = await connection.look()
            await connection.close()
        assert not isinstance(listing, Refused | Lost)
        assert len({file.name for file in listing}) == count
        async with looking(server, "gw1", convention=Convention.RENAMED, connections=4, batch_files_max=100) as shop:
            watched = Watched(shop, server)
            await watched.until(kept=1_000)
        assert shop.count("kept") == len(await shop.kept())
        assert len(server.names()) >= count - shop.count("kept")


async def test_a_server_that_drops_the_line_in_the_middle_of_a_file_is_asked_for_the_rest(tmp_path: Path) -> None:
    """It would take six seconds to send, and its sessions are killed in the first two; the fax is whole."""
    fax = make_fax(1, rows=150_000)
    async with watching(vsftpd(tmp_path, anon_max_rate="250000"), convention=Convention.RENAMED) as watched:
        watched.server.put("fax.tif", fax)
        for _ in range(2):
            await trio.sleep(0.7)
            assert watched.shop.count("kept") == 0
            watched.server.kill_sessions()
        await watched.until(kept=1)
        assert await watched.shop.contents() == [(fax,)]


async def test_two_gateways_share_one_inbox(tmp_path: Path) -> None:
    """Over two connections each; every fax is in exactly one store."""
    faxes = make_faxes(400)
    async with vsftpd(tmp_path, Security.EXPLICIT) as server:
        config = {"convention": Convention.RENAMED, "batch_files_max": 10}
        async with looking(server, "gw1", **config) as one, looking(server, "gw2", **config) as other:
            for number, fax in enumerate(faxes):
                server.put(f"{number}.tif", fax)
            await Watched(one, server).until_empty()
        kept = [content for shop in (one, other) for (content,) in await shop.contents()]
        assert sorted(filter(None, kept)) == sorted(faxes)
        assert min(one.count("kept"), other.count("kept")) > 0


async def test_an_inbox_outlives_its_server(tmp_path: Path) -> None:
    """Its sessions end while it looks; what comes after that is kept."""
    async with watching(vsftpd(tmp_path)) as watched:
        watched.server.put("a.tif", make_fax(1))
        await watched.until(kept=1)
        watched.server.kill_sessions()
        watched.server.put("b.tif", make_fax(2))
        await watched.until(kept=2)
