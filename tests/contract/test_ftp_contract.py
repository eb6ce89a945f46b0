"""What inboxes are promised of every FTP server, held against the fake one and those that Debian has."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from faxgw.config.inbox import Security
from faxgw.inbox.ftp.loop import open_asyncio_thread
from faxgw.inbox.ftp.transport import AioFtpTransport
from faxgw.inbox.port import Done, Fetched, FtpConnection, FtpTransport, Gone, Lost, Refused, TooLarge, Wanted
from tests.ftp_servers import Started, proftpd, pure_ftpd, vsftpd
from tests.inbox.faxes import make_fax
from tests.inbox.ftp_fake import FakeFtp

FAX = make_fax(1)
ODD_NAMES = ["von Élodie 1.tif", " spaces .tif", "花束.tif", "a;b=c.tif", "-l.tif", "it's (1)%.tif", "latin-\udce9.tif"]


@dataclass(frozen=True, slots=True)
class Place:
    """A server, from both sides."""

    transport: FtpTransport
    put: Callable[[str, bytes], None]
    names: Callable[[], list[str]]


Opened: TypeAlias = AbstractAsyncContextManager[Place]


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Place]:
    server = FakeFtp(seconds_a_step=0)
    yield Place(server, server.put, server.names)


def real(make: Callable[..., Started], *settings: Any) -> Callable[[Path], Opened]:
    @asynccontextmanager
    async def opened(folder: Path) -> AsyncIterator[Place]:
        async with make(folder, *settings) as server, open_asyncio_thread() as thread:
            yield Place(AioFtpTransport(server.config(), thread), server.put, server.names)

    return opened


def live(name: str, make: Callable[..., Started], *settings: Any) -> Any:
    return pytest.param(real(make, *settings), id=name, marks=pytest.mark.live)


SERVERS = [
    pytest.param(fake, id="fake"),
    live("vsftpd", vsftpd),
    live("vsftpd-ftps", vsftpd, Security.EXPLICIT),
    live("vsftpd-implicit", vsftpd, Security.IMPLICIT),
    live("proftpd", proftpd),
    live("proftpd-ftps", proftpd, Security.EXPLICIT),
    live("proftpd-implicit", proftpd, Security.IMPLICIT),
    live("pure-ftpd", pure_ftpd),
    live("pure-ftpd-ftps", pure_ftpd, Security.EXPLICIT),
]


@pytest.fixture(params=SERVERS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    # Servers drop their rights, and must still reach their folder.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() != "root" or folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)
    async with request.param(tmp_path) as opened:
        yield opened


@pytest.fixture
async def connection(place: Place) -> AsyncIterator[FtpConnection]:
    connected = await place.transport.connect()
    assert not isinstance(connected, Refused | Lost), connected
    yield connected
    await connected.close()


async def test_names_and_sizes_are_as_they_were_put(place: Place, connection: FtpConnection) -> None:
    """Spaces, signs of every script, and bytes that are no UTF-8; each file can be fetched by the name it is listed."""
    for number, name in enumerate(ODD_NAMES):
        place.put(name, FAX[: 100 + number])
    listing = await connection.look()
    assert not isinstance(listing, Refused | Lost)
    assert {file.name: file.size for file in listing} == {name: 100 + number for number, name in enumerate(ODD_NAMES)}
    fetched = await connection.fetch([Wanted(file.name, 10_000) for file in listing])
    assert fetched == [Fetched(FAX[: file.size]) for file in listing]


async def test_every_byte_comes_as_it_is(place: Place, connection: FtpConnection) -> None:
    """Line ends and end-of-file signs of every system, a megabyte and nothing at all."""
    contents = [bytes(range(256)) * 8, b"\r\n\r\n\n\r\x1a\xff\xf4", bytes(1_000_000), b""]
    for number, content in enumerate(contents):
        place.put(f"{number}.tif", content)
    fetched = await connection.fetch([Wanted(f"{number}.tif", 1_000_000) for number in range(len(contents))])
    assert fetched == [Fetched(content) for content in contents]


async def test_a_transfer_can_begin_in_the_middle(place: Place, connection: FtpConnection) -> None:
    """From each offset to the end, the end itself too."""
    place.put("a.tif", FAX)
    offsets = [0, 1, 1_000, len(FAX) - 1, len(FAX)]
    fetched = await connection.fetch([Wanted("a.tif", 100_000, offset) for offset in offsets])
    assert fetched == [Fetched(FAX[offset:]) for offset in offsets]


async def test_what_is_too_large_is_not_brought(place: Place, connection: FtpConnection) -> None:
    """The connection goes on, or says that it does not: Pure-FTPd falls silent under TLS."""
    place.put("huge.tif", bytes(3_000_000))
    place.put("a.tif", FAX)
    fetched = await connection.fetch([Wanted("huge.tif", 1_000_000), Wanted("a.tif", len(FAX))])
    assert fetched[0] == TooLarge()
    assert fetched[1] == Fetched(FAX) or isinstance(fetched[1], Lost)


async def test_of_two_who_claim_a_file_one_wins(place: Place, connection: FtpConnection) -> None:
    """The other hears that it is gone; so does who fetches or deletes what is not there."""
    place.put("a b.tif", FAX)
    answers = await connection.rename([("a b.tif", "a b.tif.faxgw-gw1"), ("a b.tif", "a b.tif.faxgw-gw2")])
    assert answers == [Done(), Gone()]
    assert place.names() == ["a b.tif.faxgw-gw1"]
    assert await connection.fetch([Wanted("a b.tif", 10)]) == [Gone()]
    assert await connection.delete(["a b.tif.faxgw-gw1", "a b.tif.faxgw-gw1"]) == [Done(), Gone()]
    assert place.names() == []


async def test_files_can_be_moved_to_a_folder_that_was_made(place: Place, connection: FtpConnection) -> None:
    """They are in no listing then; to make the folder again does no harm."""
    place.put("a.tif", FAX)
    await connection.make_folder("done")
    await connection.make_folder("done")
    assert await connection.rename([("a.tif", "done/1-a.tif")]) == [Done()]
    assert await connection.look() == []


async def test_a_move_to_nowhere_leaves_the_file(place: Place, connection: FtpConnection) -> None:
    """There is no such folder: that is no vanished file."""
    place.put("a.tif", FAX)
    [answer] = await connection.rename([("a.tif", "nowhere/a.tif")])
    assert answer not in {Done(), Gone()}
    assert place.names() == ["a.tif"]


async def _connected(make: Started, **config: Any) -> FtpConnection | Refused | Lost:
    async with make as server, open_asyncio_thread() as thread:
        return await AioFtpTransport(server.config(**config), thread).connect()


REFUSALS: list[tuple[str, Callable[[Path], Awaitable[FtpConnection | Refused | Lost]], str]] = [
    ("certificate", lambda at: _connected(vsftpd(at, Security.EXPLICIT), ca_file=""), "certificate"),
    ("host", lambda at: _connected(vsftpd(at, Security.EXPLICIT), host="127.0.0.2"), "nobody listens"),
    ("folder", lambda at: _connected(proftpd(at), folder="elsewhere"), "550"),
    ("user", lambda at: _connected(proftpd(at), user="nobody"), "530"),
    ("no TLS", lambda at: _connected(vsftpd(at), security=Security.EXPLICIT, ca_file=""), "530"),
]


@pytest.mark.live
@pytest.mark.parametrize(
    ("connect", "words"), [pytest.param(connect, words, id=name) for name, connect, words in REFUSALS]
)
async def test_a_login_that_cannot_be_says_why(
    connect: Callable[[Path], Awaitable[FtpConnection | Refused | Lost]], words: str, tmp_path: Path
) -> None:
    """A certificate that nobody signed, another host, folder or user, a server without TLS."""
    answer = await connect(tmp_path)
    assert isinstance(answer, Refused | Lost)
    assert words in answer.reason.lower()
