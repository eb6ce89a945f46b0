"""A TCP server whose every byte the test decides, for what no well-behaved carrier would do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import trio


@dataclass
class StandIn:
    base_url: str
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def stand_in(behave: Callable[["StandIn", trio.SocketStream], Awaitable[None]]) -> AsyncIterator[StandIn]:
    """Runs `behave` for each connection; the connection closes when it returns."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server = StandIn(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}")

        async def serve(stream: trio.SocketStream) -> None:
            server.connections += 1
            await behave(server, stream)

        nursery.start_soon(partial(trio.serve_listeners, serve, listeners))
        yield server
        nursery.cancel_scope.cancel()


async def read_request(stream: trio.abc.ReceiveStream, seen: bytes = b"") -> bytes:
    """One whole request with a Content-Length, or what came before the end."""
    while True:
        head, separator, body = seen.partition(b"\r\n\r\n")
        if separator and len(body) >= _content_length(head):
            return seen
        if not (part := await stream.receive_some()):
            return seen
        seen += part


def answering(response: bytes) -> Callable[[StandIn, trio.SocketStream], Awaitable[None]]:
    """Answers each request with these bytes and keeps the connection."""

    async def behave(server: StandIn, stream: trio.SocketStream) -> None:
        while request := await read_request(stream):
            server.requests.append(request)
            await stream.send_all(response)

    return behave


def response(status: str = "200 OK", body: bytes = b"{}", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
