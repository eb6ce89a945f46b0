"""One login to an FTP server, on asyncio's side: commands of aioftp, transfers of our own.

aioftp opens TLS on a data connection before it says what for. vsftpd, ProFTPD and Pure-FTPd begin it only once they
have heard the command, and vsftpd wants it to resume the session of the control connection (`require_ssl_reuse`), so
that nobody else can take the transfer over. Hence: connect, command, and TLS while the answer is on its way.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from contextlib import suppress

import aioftp
from aioftp.common import SSLSessionBoundContext

from faxgw.config.inbox import InboxConfig, Security
from faxgw.inbox.ftp.answers import answer_lost, answer_to
from faxgw.inbox.listing import read_list_line, read_listing, read_mlsd_line
from faxgw.inbox.port import (
    Changed,
    Cut,
    Done,
    Fetched,
    Gone,
    Listing,
    Lost,
    NotNow,
    Refused,
    TooLarge,
    Transfer,
    Wanted,
)

# It writes whole answers of the server, which name files, and those may hold telephone numbers.
logging.getLogger("aioftp").setLevel(logging.WARNING)

_CHUNK_BYTES = 256 * 1024
_LISTING_BYTES_MAX = 64 * 1024 * 1024
"""More than 500,000 files."""
_CLOSE_SECONDS = 2.0
BROKEN = (OSError, EOFError, TimeoutError, ValueError, IndexError, aioftp.AIOFTPException)
"""What a connection that broke, or a server that talks nonsense, makes of aioftp and asyncio."""


def to_wire(name: str) -> str:
    """aioftp's text is Latin-1 here, which stands for the bytes themselves: names have no one encoding."""
    return name.encode("utf-8", "surrogateescape").decode("latin-1")


class FtpSession:
    """See `port.FtpConnection`; after an answer of `Lost` it only wants to be closed."""

    def __init__(self, own: InboxConfig, tls: ssl.SSLContext | None) -> None:
        implicit = tls if own.security is Security.IMPLICIT else None
        self._own = own
        self._tls = tls
        # No time-outs of aioftp's: it makes a task for each.
        self._client = aioftp.Client(encoding="latin-1", ssl=implicit)
        self._has_mlsd = False
        self._lost: Lost | None = None

    async def open(self, password: str) -> Done | Refused | Lost:
        """Log in and go to the folder. Where that fails, or is cancelled, nothing stays open."""
        is_open = False
        try:
            async with asyncio.timeout(self._own.timeout_seconds):
                await self._client.connect(self._own.host, self._own.port_used)
                await self._protect()
                await self._client.login(to_wire(self._own.user), to_wire(password))
                await self._settle_in()
            is_open = True
        except BROKEN as error:
            return answer_lost(error)
        finally:
            if not is_open:
                self.abort()
        return Done()

    async def _protect(self) -> None:
        if self._tls is None:
            return
        if self._own.security is Security.EXPLICIT:
            await self._client.command("AUTH TLS", "234")
            await self._client.stream.start_tls(sslcontext=self._tls, server_hostname=self._own.host)
        await self._client.command("PBSZ 0", "200")
        await self._client.command("PROT P", "200")

    async def _settle_in(self) -> None:
        code, lines = await self._client.command("FEAT", ("2xx", "4xx", "5xx"))
        features = {line.strip().upper().partition(" ")[0] for line in lines} if code.matches("2xx") else set()
        self._has_mlsd = bool(features & {"MLST", "MLSD"})
        if "UTF8" in features:
            await self._client.command("OPTS UTF8 ON", ("2xx", "4xx", "5xx"))
        if self._own.folder:
            await self._client.command(f"CWD {to_wire(self._own.folder)}", "250")
        await self._client.command("TYPE I", "200")

    async def look(self) -> Listing:
        command, read_line = ("MLSD", read_mlsd_line) if self._has_mlsd else ("LIST", read_list_line)
        match await self._transfer(command, _LISTING_BYTES_MAX, 0):
            case Fetched(content=content):
                return read_listing(content, read_line)
            case TooLarge():
                return Refused("the listing is too large")
            case Gone():
                return Lost("the folder is gone")
            case NotNow(reason=reason) | Cut(reason=reason) | Lost(reason=reason):
                return Lost(reason)
            case Refused() as refused:
                return refused

    async def fetch(self, wanted: Sequence[Wanted]) -> list[Transfer]:
        return [await self._fetch_one(each) for each in wanted]

    async def _fetch_one(self, wanted: Wanted) -> Transfer:
        if self._lost:
            return self._lost
        name = to_wire(wanted.name)
        match await self._transfer(f"RETR {name}", wanted.bytes_max, wanted.offset):
            case Refused() as refused:
                return await self._why_refused(refused, name)
            case transfer:
                return transfer

    async def rename(self, moves: Sequence[tuple[str, str]]) -> list[Changed]:
        return [await self._rename(to_wire(name), to_wire(new_name)) for name, new_name in moves]

    async def _rename(self, name: str, new_name: str) -> Changed:
        return await self._do_to(name, (f"RNFR {name}", "350"), (f"RNTO {new_name}", "2xx"))

    async def delete(self, names: Sequence[str]) -> list[Changed]:
        return [await self._do_to(name, (f"DELE {name}", "2xx")) for name in map(to_wire, names)]

    async def make_folder(self, name: str) -> Changed:
        return await self._do(f"MKD {to_wire(name)}", "2xx")

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if not self._lost:
                    await self._client.command("QUIT", "2xx")
        except BROKEN as error:
            self._lost = Lost(type(error).__name__)
        self.abort()

    def abort(self) -> None:
        """Close without a word, and without waiting."""
        # Without a connection there never was a stream.
        with suppress(ConnectionError):
            self._client.stream.writer.transport.abort()

    async def _do(self, command: str, expected: str) -> Changed:
        if self._lost:
            return self._lost
        try:
            async with asyncio.timeout(self._own.timeout_seconds):
                await self._client.command(command, expected)
        except BROKEN as error:
            return self._note(answer_to(error))
        return Done()

    async def _do_to(self, name: str, *steps: tuple[str, str]) -> Changed:
        for command, expected in steps:
            match await self._do(command, expected):
                case Done():
                    continue
                case Refused() as refused:
                    return await self._why_refused(refused, name)
                case answer:
                    return answer
        return Done()

    async def _why_refused(self, refused: Refused, name: str) -> Refused | Gone | Lost:
        """550 is the answer to a file that is gone and to one that must not be touched; its size tells which it is."""
        match await self._do(f"SIZE {name}", "213"):
            case Done():
                return refused
            case Lost() as lost:
                return lost
            case _:
                return Gone()

    async def _transfer(self, command: str, bytes_max: int, offset: int) -> Transfer:
        if self._lost:
            return self._lost
        content = bytearray()
        try:
            async with asyncio.timeout(self._own.transfer_seconds):
                return await self._receive(command, bytes_max, offset, content)
        except BROKEN as error:
            answer = self._note(answer_to(error))
            return Cut(bytes(content), answer.reason) if content and isinstance(answer, Lost | NotNow) else answer

    async def _receive(self, command: str, bytes_max: int, offset: int, content: bytearray) -> Transfer:
        reader, writer = await self._open_data()
        try:
            unasked = await self._start(command, offset, writer)
            while len(content) <= bytes_max and (chunk := await self._next_chunk(reader)):
                content += chunk[unasked:]
                unasked = max(unasked - len(chunk), 0)
        finally:
            writer.transport.abort()
        if len(content) > bytes_max:
            await self._hear_out()
            return TooLarge()
        async with asyncio.timeout(self._own.timeout_seconds):
            # Pure-FTPd says 150 a second time for large files.
            await self._client.command(None, "2xx", "1xx")
        return Fetched(bytes(content))

    async def _hear_out(self) -> None:
        """What a server says to a transfer that was ended from here; some say nothing at all."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.command(None, ("2xx", "4xx"), "1xx")
        except BROKEN as error:
            self._lost = Lost(f"no answer to a transfer that was ended ({type(error).__name__})")

    async def _open_data(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(self._own.timeout_seconds):
            # The address in an answer to PASV may be one behind a router; the server is where we found it.
            code, lines = await self._client.command("EPSV", ("229", "5xx"))
            if code == "229":
                _, port = self._client.parse_epsv_response(lines[-1])
            else:
                _, lines = await self._client.command("PASV", "227")
                _, port = self._client.parse_pasv_response(lines[-1])
            return await asyncio.open_connection(self._client.server_host, port, limit=_CHUNK_BYTES)

    async def _start(self, command: str, offset: int, writer: asyncio.StreamWriter) -> int:
        """Give the command, take TLS up; returns how many bytes a server that cannot skip them sends all the same."""
        async with asyncio.timeout(self._own.timeout_seconds):
            skips = not offset or (await self._client.command(f"REST {offset}", ("350", "5xx")))[0] == "350"
            await self._client.command(command)
            if self._tls is None:
                await self._client.command(None, "1xx")
            else:
                await self._start_tls(writer)
            return 0 if skips else offset

    async def _start_tls(self, writer: asyncio.StreamWriter) -> None:
        # Some servers begin TLS before they answer, others after it.
        handshake = asyncio.ensure_future(writer.start_tls(self._resuming(), server_hostname=self._own.host))
        try:
            await self._client.command(None, "1xx")
            await handshake
        finally:
            handshake.cancel()

    def _resuming(self) -> ssl.SSLContext:
        control: ssl.SSLObject = self._client.stream.writer.get_extra_info("ssl_object")
        if control.session is None:
            # Before its first ticket (TLS 1.3); none has been seen without one after a login.
            return control.context
        return SSLSessionBoundContext(ssl.PROTOCOL_TLS_CLIENT, context=control.context, session=control.session)

    async def _next_chunk(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._own.timeout_seconds):
            return await reader.read(_CHUNK_BYTES)

    def _note(self, answer: Refused | NotNow | Lost) -> Refused | NotNow | Lost:
        if isinstance(answer, Lost):
            self._lost = answer
        return answer
