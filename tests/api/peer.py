"""The other end of a connection: speaks HTTP to an application through our own connection, in memory."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import h11
import trio
import trio.testing

from faxgw.api.connection import AsgiApp, Connection, HttpDate, Limits
from tests.api.fakes import FixedClock

Headers = dict[str, str]


@dataclass
class Answer:
    status: int
    headers: Headers
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Peer:
    """A well-behaved client; what is not well-behaved is written with `send_raw`."""

    def __init__(self, stream: trio.StapledStream[Any, Any], stopping: trio.Event) -> None:
        self.stream = stream
        self.stopping = stopping
        self._wire = h11.Connection(h11.CLIENT)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, b"", headers)

    async def post(
        self, path: str, body: bytes = b"", content_type: str = "application/json", **headers: str
    ) -> Answer:
        return await self.ask("POST", path, body, headers | {"content-type": content_type})

    async def ask(self, method: str, path: str, body: bytes, headers: Headers) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"host": "faxgw", "content-length": str(len(body))}
        request = h11.Request(method=method, target=path, headers=list(named.items()))
        sent = (self._wire.send(request) or b"") + (self._wire.send(h11.Data(data=body)) or b"")
        await self.stream.send_all(sent + (self._wire.send(h11.EndOfMessage()) or b""))
        answer = await self.read_answer()
        if self._wire.our_state is h11.DONE and self._wire.their_state is h11.DONE:
            self._wire.start_next_cycle()
        return answer

    async def read_answer(self) -> Answer:
        head = await self._next_event()
        while isinstance(head, h11.InformationalResponse):
            head = await self._next_event()
        assert isinstance(head, h11.Response), head
        body = b""
        while isinstance(piece := await self._next_event(), h11.Data):
            body += piece.data
        headers = {name.decode(): value.decode() for name, value in head.headers}
        return Answer(head.status_code, headers, body)

    async def read_until(self, end: bytes) -> bytes:
        """Raw bytes up to and with `end`; fails when the stream ends before."""
        data = b""
        while end not in data:
            piece = await self.stream.receive_some()
            assert piece, f"ended with {data!r}"
            data += piece
        return data

    async def read_all(self) -> bytes:
        data = b""
        while piece := await self.stream.receive_some():
            data += piece
        return data

    async def _next_event(self) -> Any:
        while (event := self._wire.next_event()) is h11.NEED_DATA:
            self._wire.receive_data(bytes(await self.stream.receive_some()))
        return event


@asynccontextmanager
async def peer_of(app: AsgiApp, limits: Limits = Limits()) -> AsyncIterator[Peer]:  # noqa: B008 frozen
    """Connect a peer; at the end the connection must end by itself once the peer hangs up."""
    ours, theirs = trio.testing.memory_stream_pair()
    stopping = trio.Event()
    connection = Connection(
        app, theirs, limits=limits, date=HttpDate(FixedClock()), stopping=stopping, is_crowded=lambda: False
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.serve)
        yield Peer(ours, stopping)
        await ours.aclose()
