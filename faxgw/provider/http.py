"""HTTP to a carrier over a bounded number of lanes, and the judgement whether a failed request can have been read.

The only file that imports httpx, so that its continuation `httpx2` can take its place here: the tests of this folder
and the contract pass over httpx2 2.16.2 as they are.

httpx's own pool walks all its connections for each request (https://github.com/encode/httpcore/pull/1035);
here each lane is a transport with a pool of one, and a free lane is popped from a list. httpx's client is
left out too: it parses cookies and merges URLs for each request, and follows redirects and the
environment's proxies, none of which a carrier's API wants.
"""

import email.utils
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import httpx
import trio

from faxgw.config.provider import ProviderConfig
from faxgw.provider.trouble import trouble_words

BODY_BYTES_MAX = 1024 * 1024
"""The longest answer that is read: a status report of 1,000 faxes has about 200 KB."""
_IDLE_SECONDS = 5.0
"""A connection idle for longer may just be closing at the far end, and a fax written into it would be in doubt."""
_RETRY_AFTER_SECONDS_MAX = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for one step each: to connect, for one write to be taken, for one read to bring something."""

    connect_seconds: float = 5.0
    write_seconds: float = 10.0
    read_seconds: float = 30.0


def timeouts_of(own: ProviderConfig) -> Timeouts:
    return Timeouts(own.connect_seconds, own.send_seconds, own.send_seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """The carrier answered, whole. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request's body left this machine."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """The request, or part of it, left; no whole answer came back."""

    reason: str


Exchange = Answer | NotSent | NotAnswered


class HttpLanes:
    """At most `lanes` connections to one carrier account, each carrying one request at a time.

    The lane used last is used first, so under little load few connections are kept and those are warm. Requests
    beyond the lanes wait in order of arrival. `ssl_context` is shared by all lanes, for loading the
    certificates takes 20 ms; without one the system's are trusted.
    """

    def __init__(
        self,
        base_url: str,
        *,
        lanes: int,
        timeouts: Timeouts,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        base = base_url.rstrip("/")
        # Parsing a URL is a twentieth of a request's CPU; a carrier has few that come again.
        self._url = lru_cache(maxsize=16)(lambda path: httpx.URL(base + path))
        self._headers = {
            "Host": httpx.URL(base).netloc.decode("ascii"),
            "Accept": "application/json",
            # An answer that unpacks to gigabytes would pass the bound on its length.
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        self._timeouts = {
            "connect": timeouts.connect_seconds,
            "write": timeouts.write_seconds,
            "read": timeouts.read_seconds,
            "pool": timeouts.connect_seconds,
        }
        self._ssl_context = ssl_context or _trusting_system(base)
        self._permits = trio.Semaphore(lanes, max_value=lanes)
        self._free: deque[_Lane] = deque()

    async def request(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Exchange:
        """Send one request, once, and read its answer. `path` may carry a query, already encoded.

        Never raises for what a network does. A cancelled request closes its connection; whether the carrier
        read it is then not known.
        """
        content = _Body(body)
        request = httpx.Request(
            method,
            self._url(path),
            headers={**self._headers, **({"Content-Length": str(len(body))} if body else {}), **(headers or {})},
            stream=content,
            extensions={"timeout": self._timeouts},
        )
        async with self._permits:
            lane = await self._take_lane()
            try:
                return await _exchange(lane.transport, request)
            except httpx.TransportError as broken:
                reason = _words_of(broken)
                return NotAnswered(reason) if content.has_begun else NotSent(reason)
            finally:
                lane.idle_since = trio.current_time()
                self._free.append(lane)

    async def aclose(self) -> None:
        """Close the connections that are free; those at work are not waited for."""
        while self._free:
            await self._free.popleft().transport.aclose()

    async def _take_lane(self) -> "_Lane":
        """The free lane used last, or a new one. Those left unused for long are closed on the way.

        The carrier closes them at its end anyway, and a dead socket would stay open here for ever.
        """
        stale_before = trio.current_time() - _IDLE_SECONDS
        while self._free and self._free[0].idle_since < stale_before:
            await self._free.popleft().transport.aclose()
        if self._free:
            return self._free.pop()
        return _Lane(_single_connection(self._ssl_context))


def _words_of(broken: httpx.TransportError) -> str:
    match broken:
        case httpx.ConnectTimeout():
            return "no connection to it in time"
        case httpx.WriteTimeout():
            return "it does not read in time"
        case httpx.TimeoutException():
            return "no answer in time"
        case httpx.RemoteProtocolError():
            return "no whole HTTP answer"
        case _:
            return trouble_words(broken)


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; with a file's name it is an upload."""

    name: str
    content: bytes
    content_type: str | None = None
    file_name: str | None = None


def form_data(parts: Sequence[Part]) -> tuple[bytes, str]:
    """The body of a `multipart/form-data` request (RFC 7578), and its content type.

    The boundary is drawn from the contents, so that it stands in none of them and the same form is the same bytes.
    """
    boundary = blake2b(b"\0".join(part.content for part in parts), digest_size=16).hexdigest()
    content_type = f"multipart/form-data; boundary={boundary}"
    files = [(part.name, (part.file_name, part.content, part.content_type)) for part in parts]
    # httpx writes the form; the address is never asked.
    request = httpx.Request("POST", "http://form", files=files, headers={"Content-Type": content_type})
    return request.read(), content_type


def retry_after_seconds(answer: Answer, now: float) -> float | None:
    """How long the carrier asks to wait, from its `Retry-After` header; None when it does not say."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _RETRY_AFTER_SECONDS_MAX)
    try:
        date = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return min(max(date.timestamp() - now, 0.0), _RETRY_AFTER_SECONDS_MAX)


def _trusting_system(base_url: str) -> ssl.SSLContext:
    if base_url.startswith("https:"):
        return ssl.create_default_context()
    # httpx wants a context even where nothing is encrypted; this one trusts nobody and takes no time to make.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(slots=True, eq=False)
class _Lane:
    transport: httpx.AsyncHTTPTransport
    idle_since: float = field(default=0.0)


class _Body(httpx.AsyncByteStream):
    """A body that knows whether it was begun.

    The transport asks for the first chunk only when connection, TLS and head of the request are through.
    So a failure before that is certain to have sent nothing of the fax, whatever its exception was; one after it
    may have, even if the very first write failed. The flag costs nothing, where httpcore's `trace` extension
    calls back ten times a request (10 us of 290 us) to tell the same.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.has_begun = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        # No generator: one that is left at its `yield` by a failed write would wait for the garbage collector.
        return self

    async def __anext__(self) -> bytes:
        if self.has_begun:
            raise StopAsyncIteration
        self.has_begun = True
        return self._content


def _single_connection(ssl_context: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS)
    return httpx.AsyncHTTPTransport(verify=ssl_context, trust_env=False, limits=limits)


async def _exchange(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> Exchange:
    response = await transport.handle_async_request(request)
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - the asynchronous transport's own type.
    body = bytearray()
    try:
        async for part in stream:
            body += part
            if len(body) > BODY_BYTES_MAX:
                # Closed under the reader, the generators inside httpx end one after the other;
                # leaving the loop instead would leave them to the garbage collector.
                await stream.aclose()
    except httpx.ReadError:
        if len(body) <= BODY_BYTES_MAX:
            raise
    finally:
        await stream.aclose()
    if len(body) > BODY_BYTES_MAX:
        return NotAnswered("the answer is too long")
    return Answer(response.status_code, dict(response.headers), bytes(body))
