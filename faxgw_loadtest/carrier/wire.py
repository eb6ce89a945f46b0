"""A bounded HTTP/1.1 server on httptools: small enough to carry thousands of faxes a minute beside the daemon.

It refuses oversized bodies (413), broken requests (400) and pipelining (400), and closes in each case.
It logs nothing: what it carries are people's addresses.
"""

import asyncio
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import httptools
import msgspec

BODY_BYTES_MAX = 20 * 1024 * 1024
"""What InterFAX and Sinch take for one document."""
_HEAD_BYTES_MAX = 32 * 1024
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_encode = msgspec.json.Encoder().encode


class Request:
    """One whole request, and the way to answer it: once, at any later time."""

    __slots__ = ("_protocol", "body", "headers", "method", "target")

    def __init__(
        self, protocol: "ServerProtocol", method: str, target: bytes, headers: dict[bytes, bytes], body: bytes
    ) -> None:
        self._protocol = protocol
        self.method = method
        self.target = target
        self.headers = headers
        """Names are lower-case."""
        self.body = body

    def answer(self, status: int, document: object, headers: bytes = b"") -> None:
        """Answer with a JSON document. `headers` are whole lines, each with its line end."""
        self.answer_raw(status, _encode(document), b"application/json", headers)

    def answer_raw(self, status: int, body: bytes, media_type: bytes, headers: bytes = b"") -> None:
        self._protocol.write(
            b"%bContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n%b"
            % (_STATUS_LINES[status], media_type, len(body), headers, body)
        )

    def answer_cut_off(self, status: int, document: object) -> None:
        """Promise a whole JSON document, and keep half of the promise."""
        body = _encode(document)
        half = body[: len(body) // 2]
        self.answer_raw(status, half, b"application/json")

    def hang_up(self) -> None:
        """Close the connection without an answer."""
        self._protocol.hang_up()


Handler = Callable[[Request], None]


class ServerProtocol(asyncio.Protocol):
    """One connection. Requests come one after the other; the next is read when the last is answered."""

    __slots__ = ("_body", "_body_bytes", "_connections", "_handler", "_head_bytes", "_headers", "_is_answering",
                 "_parser", "_target", "_transport")  # fmt: skip

    def __init__(self, handler: Handler, connections: set["ServerProtocol"]) -> None:
        self._handler = handler
        self._connections = connections
        self._is_answering = False
        self._begin_message()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser: Any = httptools.HttpRequestParser(self)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature.
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "no upgrade here")
        except httptools.HttpParserCallbackError as broken:
            if not isinstance(broken.__context__, _RefusedError):
                traceback.print_exception(broken)
                self._refuse(500, "the simulated carrier has a bug; see its standard error")
        except httptools.HttpParserError:
            self._refuse(400, "this is no HTTP/1.1 request")

    def on_message_begin(self) -> None:
        if self._is_answering:
            self._refuse(400, "a request was sent before the last was answered")
            raise _RefusedError
        self._begin_message()

    def on_url(self, part: bytes) -> None:
        self._target += part
        self._count_head(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > BODY_BYTES_MAX:
            self._refuse(413, f"a body has at most {BODY_BYTES_MAX} bytes")
            raise _RefusedError
        self._body.append(part)

    def on_message_complete(self) -> None:
        self._is_answering = True
        method = self._parser.get_method().decode("ascii")
        self._handler(Request(self, method, self._target, self._headers, b"".join(self._body)))

    def write(self, response: bytes) -> None:
        self._is_answering = False
        if self._transport.is_closing():
            # Who asked did not wait for it. uvloop raises where asyncio would drop it.
            return
        self._transport.write(response)
        if not self._parser.should_keep_alive():
            self._transport.close()

    def hang_up(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _begin_message(self) -> None:
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_bytes = self._head_bytes = 0

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > _HEAD_BYTES_MAX:
            self._refuse(431, "too many or too long headers")
            raise _RefusedError

    def _refuse(self, status: int, reason: str) -> None:
        if self._transport.is_closing():
            return
        body = _encode({"error": "bad_request", "reason": reason})
        head = b"Content-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(_STATUS_LINES[status] + head + body)
        self._transport.close()


class _RefusedError(Exception):
    """Stops the parser after a refusal; httptools wraps it in an HttpParserCallbackError."""
