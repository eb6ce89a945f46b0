"""One kept HTTP/1.1 connection to a carrier, as an httpx transport: h11 on trio, and nothing in between.

httpx's own transport asks a pool, a lock, a log and a trace about each request: 1.9 million instructions, of which
this one leaves 0.9. What it raises are httpx's exceptions, so that either can stand under `provider/http.py`.
Not meant for what no carrier's API wants: HTTP/2, proxies, answers that are read piece by piece.
"""

import ssl
from dataclasses import dataclass, field

import h11
import httpx
import trio

_CHUNK_BYTES = 64 * 1024
_HEAD_BYTES_MAX = 64 * 1024


class AnswerTooLongError(httpx.RemoteProtocolError):
    """The body of an answer passes the bound; the connection is closed."""


@dataclass(slots=True, eq=False)
class _Link:
    """A connection that stands."""

    stream: trio.SSLStream[trio.SocketStream] | trio.SocketStream
    socket: trio.socket.SocketType
    wire: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES_MAX)
    )

    def is_fresh(self) -> bool:
        """Whether a request may go out on it: between two answers only the end of a connection is heard."""
        return not self.socket.is_readable()

    def is_for_another(self) -> bool:
        """Request and answer are through, and both sides keep the connection."""
        return self.wire.our_state is h11.DONE and self.wire.their_state is h11.DONE


class LaneTransport(httpx.AsyncBaseTransport):
    """Carries one request at a time, always to the same place; connects when it has to.

    A request says in `extensions["timeout"]` what it waits for `connect` (TLS included), `write` (the whole request)
    and `read` (each piece of the answer), in seconds. Its body is asked for when the connection stands.
    """

    def __init__(self, ssl_context: ssl.SSLContext, answer_bytes_max: int) -> None:
        self._ssl_context = ssl_context
        self._answer_bytes_max = answer_bytes_max
        self._link: _Link | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, once, and read the whole answer.

        Raises:
            httpx.TransportError: no connection, no whole answer, or not in time.
        """
        seconds = request.extensions["timeout"]
        link = await self._linked(request.url, seconds["connect"])
        try:
            await _write(link, request, seconds["write"])
            return await self._read(link, seconds["read"])
        finally:
            if link.is_for_another():
                link.wire.start_next_cycle()
            else:
                # Also when cancelled: the answer may still come, and would be taken for the next request's.
                await self.aclose()

    async def aclose(self) -> None:
        """Close the connection; the next request makes another."""
        link, self._link = self._link, None
        if link is not None:
            await trio.aclose_forcefully(link.stream)

    async def _linked(self, url: httpx.URL, connect_seconds: float) -> _Link:
        if self._link is not None and not self._link.is_fresh():
            await self.aclose()
        if self._link is None:
            self._link = await _connect(url, self._ssl_context, connect_seconds)
        return self._link

    async def _read(self, link: _Link, read_seconds: float) -> httpx.Response:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            match await _next_event(link, read_seconds):
                case h11.Response() as response:
                    head = response
                case h11.Data(data=data):
                    body += data
                    if len(body) > self._answer_bytes_max:
                        raise AnswerTooLongError("the answer is too long")
                case h11.EndOfMessage() if head is not None:
                    stream = httpx.ByteStream(bytes(body))
                    return httpx.Response(head.status_code, headers=head.headers.raw_items(), stream=stream)
                case h11.InformationalResponse():
                    # "100 Continue" and its like: the answer is still to come.
                    pass
                case _:
                    raise httpx.RemoteProtocolError("the connection ended before the answer did")


async def _connect(url: httpx.URL, ssl_context: ssl.SSLContext, seconds: float) -> _Link:
    is_safe = url.scheme == "https"
    host = url.raw_host.decode("ascii")
    with trio.CancelScope(deadline=trio.current_time() + seconds):
        try:
            plain = await trio.open_tcp_stream(host, url.port or (443 if is_safe else 80))
            return await _secured(plain, ssl_context, host) if is_safe else _Link(plain, plain.socket)
        except (OSError, trio.BrokenResourceError) as error:
            raise httpx.ConnectError(str(error)) from error
    raise httpx.ConnectTimeout("no connection in time")


async def _secured(plain: trio.SocketStream, ssl_context: ssl.SSLContext, host: str) -> _Link:
    stream = trio.SSLStream(plain, ssl_context, server_hostname=host, https_compatible=True)
    is_done = False
    try:
        await stream.do_handshake()
        is_done = True
    finally:
        if not is_done:
            await trio.aclose_forcefully(plain)
    return _Link(stream, plain.socket)


async def _write(link: _Link, request: httpx.Request, seconds: float) -> None:
    """All in one piece: a second packet would cost as much again as the rest of the request."""
    wire = link.wire
    assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - an asynchronous transport's request.
    body = b"".join([piece async for piece in request.stream])
    head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    pieces = [wire.send(event) or b"" for event in (head, h11.Data(data=body), h11.EndOfMessage())]
    with trio.CancelScope(deadline=trio.current_time() + seconds) as patience:
        try:
            await link.stream.send_all(b"".join(pieces))
        except trio.BrokenResourceError:
            # Who refuses a long document may do so, and close, before it has read it all: the answer tells.
            wire.send_failed()
    if patience.cancelled_caught:
        raise httpx.WriteTimeout("it does not read in time")


async def _next_event(link: _Link, read_seconds: float) -> object:
    try:
        while (event := link.wire.next_event()) is h11.NEED_DATA:
            link.wire.receive_data(await _receive(link, read_seconds))
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    return event


async def _receive(link: _Link, seconds: float) -> bytes:
    with trio.CancelScope(deadline=trio.current_time() + seconds):
        try:
            return bytes(await link.stream.receive_some(_CHUNK_BYTES))
        except trio.BrokenResourceError as error:
            raise httpx.ReadError(str(error)) from error
    raise httpx.ReadTimeout("no answer in time")
