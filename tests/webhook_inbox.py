"""A small HTTP server that takes webhooks for a test and hands them on through a channel."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import h11
import trio

Webhook = tuple[dict[str, str], bytes]
"""Lower-case headers, body."""


@dataclass
class WebhookInbox:
    """`refusals` webhooks are answered with 503 before the first is taken."""

    url: str
    refusals: int = 0
    connections: int = 0
    _sent: trio.MemorySendChannel[Webhook] = field(init=False)
    _taken: trio.MemoryReceiveChannel[Webhook] = field(init=False)

    def __post_init__(self) -> None:
        self._sent, self._taken = trio.open_memory_channel[Webhook](math.inf)

    async def take(self) -> Webhook:
        """The next webhook, in order of arrival; fails when none comes."""
        with trio.fail_after(10):
            return await self._taken.receive()

    def waiting(self) -> int:
        return self._taken.statistics().current_buffer_used

    def put(self, webhook: Webhook) -> int:
        """Take a webhook; the status to answer with."""
        if self.refusals:
            self.refusals -= 1
            return 503
        self._sent.send_nowait(webhook)
        return 204


@asynccontextmanager
async def open_inbox() -> AsyncIterator[WebhookInbox]:
    """An inbox on a free port."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        inbox = WebhookInbox(f"http://127.0.0.1:{port}/webhooks/simulated")
        nursery.start_soon(trio.serve_listeners, partial(_serve, inbox), listeners)
        yield inbox
        nursery.cancel_scope.cancel()


async def _serve(inbox: WebhookInbox, stream: trio.SocketStream) -> None:
    inbox.connections += 1
    connection = h11.Connection(h11.SERVER)
    while (webhook := await _read(connection, stream)) is not None:
        response = h11.Response(status_code=inbox.put(webhook), headers=[("Content-Length", "0")])
        await stream.send_all((connection.send(response) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        connection.start_next_cycle()


async def _read(connection: h11.Connection, stream: trio.SocketStream) -> Webhook | None:
    headers: dict[str, str] = {}
    body = b""
    while True:
        match connection.next_event():
            case h11.NEED_DATA:
                connection.receive_data(await stream.receive_some())
            case h11.Request() as request:
                headers = {name.decode(): value.decode() for name, value in request.headers}
            case h11.Data() as data:
                body += data.data
            case h11.EndOfMessage():
                return headers, body
            case _:
                return None
