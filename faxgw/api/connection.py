"""One HTTP/1.1 connection: h11 reads and writes the wire, an ASGI application answers.

Every wait for the peer has a deadline and every buffer a bound, so that a slow or broken peer costs one
connection for a known time. An error of the application is logged and answered with 500; only
`StoreFailedError` goes on upwards, because the process must end then. Nothing of a request is logged.
"""

import email.utils
import http
import math
import urllib.parse
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import h11
import structlog
import trio

from faxgw.clock import Clock
from faxgw.errors import StoreFailedError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)

PEER = "faxgw.peer"
"""The extension under which a request's scope has the stream to its peer."""
_CHUNK_BYTES = 64 * 1024
_REASONS = {status.value: status.phrase.encode() for status in http.HTTPStatus}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may take of us. The sizes of bodies are the application's to bound: it reads them."""

    connections_max: int = 512
    handshakes_max: int = 32
    """Over TLS, at once: each takes a third of a millisecond of the one core (RSA), while nobody else is served."""
    handshake_seconds: float = 5.0
    """From connecting to the end of the handshake."""
    head_bytes_max: int = 16 * 1024
    idle_seconds: float = 60.0
    """Between two requests."""
    head_seconds: float = 10.0
    """From connecting to the first byte, and from there to the end of the head; against slowloris."""
    body_seconds: float = 60.0
    """For one whole body."""
    send_seconds: float = 30.0
    """For one piece of an answer that the peer is slow to read."""
    crowded_seconds: float = 1.0
    """For a request, head and body, while others wait outside a full house."""
    linger_seconds: float = 2.0
    """For reading on after a refusal: closing at once would destroy the answer on its way (RFC 9112, 9.6)."""


class PeerGoneError(OSError):
    """The peer left, broke the protocol or is too slow; ASGI asks for an OSError here."""


def is_store_failure(error: Exception) -> bool:
    """Whether the process must end, however deep in groups the reason lies."""
    if isinstance(error, ExceptionGroup):
        return error.subgroup(StoreFailedError) is not None
    return isinstance(error, StoreFailedError)


class HttpDate:
    """The value of the `Date` header, put together once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._text = b""

    def __call__(self) -> bytes:
        second = int(self._clock.now())
        if second != self._second:
            self._second = second
            self._text = email.utils.formatdate(second, usegmt=True).encode()
        return self._text


class Connection:
    """Answers one peer's requests, one after the other; pipelined ones wait in the buffer.

    One cancel scope serves the waits within a request, its deadline moved from wait to wait: a scope for each
    would cost a tenth of the request. It is moved only where the peer is really waited for, and is far away while
    the application works. An application reads the body before it answers: what it leaves unread is gone then.
    """

    def __init__(
        self,
        app: AsgiApp,
        stream: trio.abc.HalfCloseableStream,
        *,
        limits: Limits,
        date: HttpDate,
        stopping: trio.Event,
        is_crowded: Callable[[], bool],
    ) -> None:
        self._app = app
        self._stream = stream
        self._limits = limits
        self._date = date
        self._stopping = stopping
        self._is_crowded = is_crowded
        self._wire = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes_max)
        self._patience = trio.CancelScope()
        self._idle: trio.CancelScope | None = None
        self._is_fresh = True
        self._began_at = 0.0
        self._is_heard = False
        self._gives_way = False
        self._body_deadline = 0.0
        self._head: h11.Response | None = None
        self._is_head_request = False
        self._lost = 0
        """0 while all is well; else the status that would tell the peer what it did wrong."""

    @property
    def can_make_room(self) -> bool:
        """Whether it was answered and only kept for the next request."""
        return self._idle is not None and not self._is_fresh

    @property
    def slow_since(self) -> float | None:
        """When it connected or its request began, while more of that is waited for; else None."""
        is_waited_for = self._is_heard or (self._idle is not None and self._is_fresh)
        return self._began_at if is_waited_for and not self._gives_way else None

    def give_way(self) -> None:
        """Close it, which is slow: others wait outside. What has begun of a request is answered with 408."""
        self._gives_way = True
        (self._idle or self._patience).cancel()

    def close_idle(self) -> None:
        """Close it if it waits for a request; else its answer will say that it is the last."""
        if self._idle is not None:
            self._idle.cancel()

    async def serve(self) -> None:
        self._began_at = trio.current_time()
        try:
            with self._patience:
                await self._serve_requests()
            if self._patience.cancelled_caught:
                self._lost = 408
            if self._lost:
                with trio.move_on_after(self._limits.linger_seconds):
                    await self._refuse(self._lost)
            if not self._gives_way:
                await self._linger()
        except (trio.BrokenResourceError, trio.ClosedResourceError, PeerGoneError):
            pass
        finally:
            await trio.aclose_forcefully(self._stream)

    async def _serve_requests(self) -> None:
        while (request := await self._next_request()) is not None:
            self._is_fresh = False
            await self._answer(request)
            if not self._is_ready_for_another():
                return

    async def _next_request(self) -> h11.Request | None:
        if not self._wire.trailing_data[0] and not await self._wait_for_bytes():
            return None
        self._began_at = trio.current_time()
        event = await self._next_event(self._began_at + self._limits.head_seconds)
        return event if isinstance(event, h11.Request) else None

    async def _wait_for_bytes(self) -> bool:
        """A scope of its own, so that bytes that came in the moment of closing are still answered."""
        if self._stopping.is_set():
            return False
        seconds = self._limits.head_seconds if self._is_fresh else self._limits.idle_seconds
        with trio.CancelScope(deadline=trio.current_time() + seconds) as self._idle:
            self._wire.receive_data(bytes(await self._stream.receive_some(_CHUNK_BYTES)))
        was_idle, self._idle = self._idle, None
        return not was_idle.cancelled_caught

    async def _next_event(self, deadline: float) -> h11.Event | None:
        """The next event of the request, or None (with `_lost` set) when it is not HTTP or the peer is gone."""
        while True:
            try:
                event = self._wire.next_event()
                if event is not h11.NEED_DATA:
                    return None if isinstance(event, type) else event
                await self._hear(deadline)
            except h11.RemoteProtocolError as error:
                self._lost = error.error_status_hint
                return None
            except trio.BrokenResourceError:
                self._lost = 400
                return None

    async def _hear(self, deadline: float) -> None:
        self._patience.deadline = deadline
        self._is_heard = True
        try:
            await self._continue_if_awaited()
            self._wire.receive_data(bytes(await self._stream.receive_some(_CHUNK_BYTES)))
        finally:
            self._patience.deadline = math.inf
            self._is_heard = False

    async def _continue_if_awaited(self) -> None:
        if self._wire.they_are_waiting_for_100_continue:
            await self._stream.send_all(self._wire.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")

    # --- answering -----------------------------------------------------------------------------------

    async def _answer(self, request: h11.Request) -> None:
        self._body_deadline = trio.current_time() + self._limits.body_seconds
        self._is_head_request = request.method == b"HEAD"
        scope = _scope_of(request)
        if scope is None:
            self._lost = 400
            return
        # Asked for by the few requests that a rule about people stands on.
        scope["extensions"] = {PEER: self._stream}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:
            # The crash barrier: one broken request must not end the others.
            if is_store_failure(error):
                raise
            self._note_crash(error)
        if self._wire.our_state is h11.SEND_RESPONSE:
            self._note_crash(RuntimeError("the application gave no answer"))

    def _note_crash(self, error: Exception) -> None:
        if self._lost == 0:
            log.error("request_failed", exc_info=error)
            self._lost = 500
        if self._wire.our_state is not h11.SEND_RESPONSE:
            raise PeerGoneError  # Half an answer is out: only closing tells the peer that it is not whole.

    async def _receive(self) -> Message:
        if self._wire.their_state is not h11.SEND_BODY or self._lost:
            await self._wait_gone()
            return {"type": "http.disconnect"}
        event = await self._next_event(self._body_deadline)
        match event:
            case h11.Data():
                return self._take_body(event)
            case h11.EndOfMessage():
                return {"type": "http.request", "body": b"", "more_body": False}
            case _:
                return {"type": "http.disconnect"}

    def _take_body(self, first: h11.Data) -> Message:
        """All of the body that is here: most bodies come in one piece, and then so does the message."""
        pieces = [bytes(first.data)]
        try:
            while isinstance(event := self._wire.next_event(), h11.Data):
                pieces.append(bytes(event.data))
        except h11.RemoteProtocolError as error:
            self._lost = error.error_status_hint
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"".join(pieces), "more_body": event is h11.NEED_DATA}

    async def _wait_gone(self) -> None:
        """Return once the peer hung up or the server stops: either way a long wait should end."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_peer, nursery.cancel_scope)
            await self._stopping.wait()
            nursery.cancel_scope.cancel()

    async def _watch_peer(self, until_gone: trio.CancelScope) -> None:
        while not self._lost and len(self._wire.trailing_data[0]) < _CHUNK_BYTES:
            try:
                data = bytes(await self._stream.receive_some(_CHUNK_BYTES))
            except trio.BrokenResourceError:
                data = b""
            if not data:
                until_gone.cancel()
                return
            self._wire.receive_data(data)

    async def _send(self, message: Message) -> None:
        """Write an answer; its head waits for the first piece of its body, so that both go in one packet."""
        if message["type"] == "http.response.start":
            self._head = self._head_of(message)
            return
        data, more = message.get("body", b""), message.get("more_body", False)
        out = self._take_head()
        if data and not self._is_head_request:
            out += self._wire.send(h11.Data(data=data)) or b""
        if not more:
            out += self._wire.send(h11.EndOfMessage()) or b""
        await self._write(out)

    def _head_of(self, message: Message) -> h11.Response:
        if self._lost:
            raise PeerGoneError  # The application answers a request it did not get; ours says what went wrong.
        headers = [*message.get("headers", ()), (b"date", self._date())]
        if not self._is_body_read() or self._stopping.is_set() or self._is_crowded():
            headers.append((b"connection", b"close"))
        status = message["status"]
        return h11.Response(status_code=status, headers=headers, reason=_REASONS.get(status, b""))

    def _take_head(self) -> bytes:
        head, self._head = self._head, None
        return b"" if head is None else self._wire.send(head) or b""

    def _is_body_read(self) -> bool:
        """Whether the whole request is here, going past what the application left unread."""
        while self._wire.their_state is h11.SEND_BODY:
            try:
                event = self._wire.next_event()
            except h11.RemoteProtocolError:
                return False
            if event is h11.NEED_DATA:
                return False
        return self._wire.their_state is not h11.ERROR

    async def _write(self, data: bytes) -> None:
        self._patience.deadline = trio.current_time() + self._limits.send_seconds
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError:
            self._lost = self._lost or 400
            raise PeerGoneError from None
        self._patience.deadline = math.inf

    # --- ending --------------------------------------------------------------------------------------

    def _is_ready_for_another(self) -> bool:
        if self._lost or self._wire.our_state is not h11.DONE or self._wire.their_state is not h11.DONE:
            return False
        self._wire.start_next_cycle()
        return True

    async def _refuse(self, status: int) -> None:
        """Say what is wrong, if an answer can still be given."""
        if self._wire.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers = [(b"content-length", b"0"), (b"connection", b"close"), (b"date", self._date())]
            out = self._wire.send(h11.Response(status_code=status, headers=headers, reason=_REASONS[status])) or b""
            await self._stream.send_all(out + (self._wire.send(h11.EndOfMessage()) or b""))

    async def _linger(self) -> None:
        """Read on for a moment where the peer may still be sending, so that it gets to read our answer."""
        if self._wire.their_state not in {h11.SEND_BODY, h11.ERROR}:
            return
        with trio.move_on_after(self._limits.linger_seconds):
            await self._stream.send_eof()
            while await self._stream.receive_some(_CHUNK_BYTES):
                pass


def _scope_of(request: h11.Request) -> Scope | None:
    """The request in ASGI's words (https://asgi.readthedocs.io/en/latest/specs/www.html), None for a bad target."""
    target, _, query = request.target.partition(b"?")
    if not target.startswith(b"/"):
        # The absolute form must be understood by every server (RFC 9112, 3.2.2).
        path_start = target.find(b"/", target.find(b"://") + 3)
        target = target[path_start:] if b"://" in target and path_start > 0 else b"/" if b"://" in target else b""
    if not target:
        return None
    path = target.decode("ascii")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.http_version.decode("ascii"),
        "method": request.method.decode("ascii"),
        "scheme": "http",
        "path": urllib.parse.unquote(path) if "%" in path else path,
        "raw_path": target,
        "query_string": query,
        "root_path": "",
        "headers": list(request.headers),
        "client": None,
        "server": None,
        "state": {},
    }
