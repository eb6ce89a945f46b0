"""Carries receipts to the daemon's webhook: kept connections, a bound on how many at once, patience when refused."""

import asyncio
import itertools
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import msgspec

from faxgw.provider.signature import sign

_encode = msgspec.json.Encoder().encode
_ANSWER_SECONDS = 10.0
"""How long the daemon may take to answer; carriers wait 5 to 15 s."""
_BACKOFF_SECONDS_MAX = 60.0


@dataclass(slots=True, eq=False)
class Message:
    """One webhook: its events, how often it was tried, and whom to tell when it was tried for the first time."""

    id: str
    events: list[dict[str, object]]
    when_tried: list[Callable[[], None]]
    tries: int = 0


@dataclass(slots=True)
class Courier:
    """Posts events to one address. `batch` joins up to that many waiting events in one request.

    A message that is not answered with 2xx is tried again after `backoff_seconds`, doubled each time, until
    it was tried `tries_max` times. Messages wait in memory: as many as there are faxes without a receipt.
    """

    key: bytes
    url: str | None = None
    connections_max: int = 8
    tries_max: int = 8
    backoff_seconds: float = 1.0
    batch: int = 1
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: deque[Message] = field(default_factory=deque)
    _idle: list["ClientProtocol"] = field(default_factory=list)
    _open: int = 0
    """Connections: idle, busy, or being made."""
    _backing_off: int = 0
    _run: str = field(default_factory=lambda: secrets.token_hex(4))
    """Keeps ids apart from those of an earlier life."""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _connecting: set["asyncio.Task[None]"] = field(default_factory=set)

    def post(self, event: dict[str, object], when_tried: Callable[[], None] | None = None) -> None:
        """Send one event; the caller hears when it was tried once, taken or not. Without an address it is dropped."""
        if self.url is None:
            self.counts["no_address"] += 1
            if when_tried is not None:
                when_tried()
            return
        self._waiting.append(Message(f"msg_{self._run}_{next(self._ids)}", [event], [when_tried] if when_tried else []))
        self._work()

    @property
    def is_settled(self) -> bool:
        """Nothing waits, is under way, or backs off."""
        return not self._waiting and not self._backing_off and self._open == len(self._idle)

    def aim(self, url: str | None) -> None:
        """Post to another address from now on."""
        self.url = url
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        for connection in idle:
            connection.close()
        self._work()

    def _work(self) -> None:
        while self._waiting and self._idle:
            self._hand(self._idle.pop())
        if len(self._connecting) < len(self._waiting) and self._open < self.connections_max and self.url is not None:
            self._open += 1
            task = asyncio.get_running_loop().create_task(self._connect(self.url))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, url: str) -> None:
        address = urlsplit(url)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: ClientProtocol(self, url), address.hostname or "", address.port or 80
            )
        except OSError:
            self._open -= 1
            self.counts["connect_failed"] += 1
            if self._waiting:
                message = self._waiting.popleft()
                message.tries += 1
                self._again_later(message)
        else:
            if url == self.url and connection.is_open:
                self._idle.append(connection)
            else:
                self._open -= 1
                connection.close()
        self._work()

    def _hand(self, connection: "ClientProtocol") -> None:
        message = self._waiting.popleft()
        while not message.tries and len(message.events) < self.batch and self._waiting and not self._waiting[0].tries:
            other = self._waiting.popleft()
            message.events += other.events
            message.when_tried += other.when_tried
        message.tries += 1
        self.counts["posted"] += 1
        connection.post(message, self._request(message, connection.url))

    def _request(self, message: Message, url: str) -> bytes:
        body = _encode({"type": "fax.status", "faxes": message.events})
        address = urlsplit(url)
        timestamp = int(time.time())
        signature = sign(self.key, message.id, timestamp, body)
        return (
            f"POST {address.path or '/'} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nwebhook-id: {message.id}\r\nwebhook-timestamp: {timestamp}\r\n"
            f"webhook-signature: {signature}\r\n\r\n"
        ).encode() + body

    def answered(self, connection: "ClientProtocol", message: Message, status: int, is_reusable: bool) -> None:
        self.counts[f"answered_{status // 100}xx"] += 1
        if is_reusable and connection.url == self.url:
            self._idle.append(connection)
        else:
            self._open -= 1
            connection.close()
        if 200 <= status < 300:
            self._tell(message)
        else:
            self._again_later(message)
        self._work()

    def lost(self, message: Message | None, connection: "ClientProtocol") -> None:
        """The connection is gone, with or without a message under way."""
        if message is not None:
            self._open -= 1
            self.counts["lost"] += 1
            self._again_later(message)
        elif connection in self._idle:
            self._idle.remove(connection)
            self._open -= 1
        self._work()

    def _again_later(self, message: Message) -> None:
        self._tell(message)
        if message.tries >= self.tries_max:
            self.counts["given_up"] += 1
            return
        self._backing_off += 1
        seconds = min(self.backoff_seconds * 2 ** (message.tries - 1), _BACKOFF_SECONDS_MAX)
        asyncio.get_running_loop().call_later(seconds, self._again, message)

    def _again(self, message: Message) -> None:
        self._backing_off -= 1
        self._waiting.append(message)
        self._work()

    @staticmethod
    def _tell(message: Message) -> None:
        told, message.when_tried = message.when_tried, []
        for tell in told:
            tell()


class ClientProtocol(asyncio.Protocol):
    """One connection to the daemon, with at most one message under way."""

    __slots__ = ("_courier", "_message", "_parser", "_timer", "_transport", "url")

    def __init__(self, courier: Courier, url: str) -> None:
        self._courier = courier
        self.url = url
        self._message: Message | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser: Any = httptools.HttpResponseParser(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def post(self, message: Message, request: bytes) -> None:
        self._message = message
        self._timer = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._transport.abort)
        if self.is_open:
            self._transport.write(request)
        # Else the loop is about to say so, and the message goes again; uvloop raises where asyncio would drop it.

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_message_complete(self) -> None:
        message, self._message = self._message, None
        if message is None:
            self._transport.abort()
            return
        self._stop_timer()
        self._courier.answered(self, message, self._parser.get_status_code(), self._parser.should_keep_alive())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature.
        message, self._message = self._message, None
        self._stop_timer()
        self._courier.lost(message, self)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
