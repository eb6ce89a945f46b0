"""A small HTTP/1.1 client for one server, over a Unix socket or TCP, with as many kept connections as are asked for.

It goes to this machine only, unless it is told that it may go further.
"""

import asyncio
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from faxgw.errors import OperatorError

_HEAD_BYTES_MAX = 64 * 1024
ANSWER_SECONDS_MAX = 60.0
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    retry_after_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class Client:
    """Requests to `target`: the path of a Unix socket, or a URL `http://HOST:PORT`.

    At most `connections_max` requests are under way; further ones wait for their turn.
    """

    target: Path | str
    connections_max: int = 1
    beyond_this_machine: bool = False
    _idle: list[_Connection] = field(default_factory=list)
    _turn: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._turn = asyncio.Semaphore(self.connections_max)
        if isinstance(self.target, str) and not self.beyond_this_machine:
            refuse_far(self.target)

    async def request(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Reply:
        """Ask, and once more where a kept connection had been closed meanwhile. `headers` are whole lines.

        Raises:
            OSError, EOFError: nobody listens, the connection broke under the question, or the answer took too long.
        """
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: faxgw\r\nX-Submitter: loadtest\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        async with self._turn:
            while self._idle:
                try:
                    return await self._ask(self._idle.pop(), head + body)
                except TimeoutError:
                    raise
                except (OSError, EOFError):
                    continue
            return await self._ask(await self._connect(), head + body)

    async def _connect(self) -> _Connection:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(self.target, limit=_HEAD_BYTES_MAX)
        address = urlsplit(self.target)
        return await asyncio.open_connection(address.hostname, address.port or 80, limit=_HEAD_BYTES_MAX)

    async def _ask(self, connection: _Connection, request: bytes) -> Reply:
        reader, writer = connection
        is_kept = False
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                writer.write(request)
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
                body = await reader.readexactly(int(fields.get("content-length", "0")))
            is_kept = fields.get("connection", "").strip() != "close"
        finally:
            if is_kept:
                self._idle.append(connection)
            else:
                writer.close()
        retry_after = fields.get("retry-after", "0").strip()
        return Reply(int(head.split(" ", 2)[1]), body, float(retry_after) if retry_after.isdigit() else 0.0)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


def refuse_far(url: str) -> None:
    """A load test that reaches another machine by mistake is an attack.

    Raises:
        OperatorError: the URL does not name this machine by a loopback address.
    """
    host = urlsplit(url).hostname or ""
    try:
        is_near = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_near = False
    if not is_near:
        raise OperatorError(f"{host or url} is not this machine; give --beyond-loopback if you may load it")
