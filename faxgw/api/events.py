"""Tells what happens, in the order of commits: by cursor, by long-poll, or as a stream (server-sent events).

Events are durable and never skipped: a client that keeps its last `seq` resumes where it stopped.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
import trio
from litestar import Request, Response, get
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.types import Receive

from faxgw.api.body import header
from faxgw.api.connection import Scope as AsgiScope
from faxgw.api.connection import Send
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.views import EventsBody, event_body
from faxgw.config.daemon import Api
from faxgw.errors import StoreBusyError
from faxgw.store.port import Store
from faxgw.store.views import Event

FULL_RETRY_SECONDS = 5
_CURSOR_MAX = 2**63 - 1
_HEARTBEAT_SECONDS = 15.0
"""Proxies drop a connection that is silent for longer (HTML standard, 9.2.7)."""
_STREAM_BATCH_MAX = 500
GATHER_SECONDS = 0.05
"""Who waits for what is new hears of it so much later, and of all that came meanwhile: a page for each commit would
cost a busy gateway three questions to the store for every few faxes."""

Cursor = Annotated[int, QueryParameter(ge=0, le=_CURSOR_MAX, description="Tell what came after this `seq`")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000)]
Wait = Annotated[float, QueryParameter(ge=0, description="Seconds to wait for an event if there is none yet")]


def event_routes(store: Store, config: Api, refused: Callable[[str], None]) -> list[HTTPRouteHandler]:
    """`refused` counts those who found all places taken. A client with hundreds of long polls keeps nobody else out."""
    places = trio.Semaphore(config.event_followers_max)

    def full() -> Response[Any]:
        refused("busy")
        detail = f"{config.event_followers_max} wait for events already; ask again, or without `wait`"
        return problem(Kind.BUSY, detail, headers={"Retry-After": str(FULL_RETRY_SECONDS)})

    @get(
        "/v1/events",
        summary="What happened after a cursor; with Accept: text/event-stream a stream of it",
        responses={
            200: ResponseSpec(EventsBody, generate_examples=False, description="Events in order of commit"),
            **documented(Kind.CURSOR_AHEAD, Kind.BUSY),
        },
    )
    async def show_events(
        request: Request[Any, Any, Any], after: Cursor = 0, limit: Limit = 100, wait: Wait = 0.0
    ) -> Response[Any]:
        if "text/event-stream" in header(request, b"accept"):
            after = _resume_point(request, after)
            return await _ahead(store, after) or (_EventStream(store, after, places) if _enter(places) else full())
        events = await store.events(after, limit)
        if not events and (ahead := await _ahead(store, after)):
            return ahead
        if wait > 0 and len(events) < limit:
            if not _enter(places):
                return full()
            try:
                with trio.move_on_after(min(wait, config.event_wait_seconds_max)):
                    await _wait_more(store, last_of(events, after), request.receive, has_some=bool(events))
            finally:
                places.release()
            events += await store.events(last_of(events, after), limit - len(events))
        return Response(EventsBody([event_body(event) for event in events], last_of(events, after)))

    return [show_events]


def _enter(places: trio.Semaphore) -> bool:
    try:
        places.acquire_nowait()
    except trio.WouldBlock:
        return False
    return True


async def _ahead(store: Store, after: int) -> Response[Any] | None:
    """The refusal of a cursor that no event has yet: the store was restored, or is another one."""
    last = await store.last_event() if after else 0
    if after <= last:
        return None
    detail = f"the last event is {last}, and {after} was asked for: was an older store restored? Ask on after {last}"
    return problem(Kind.CURSOR_AHEAD, detail, last_event=last)


def last_of(events: Sequence[Event], after: int) -> int:
    return events[-1].seq if events else after


def _resume_point(request: Request[Any, Any, Any], after: int) -> int:
    last = header(request, b"last-event-id")
    if not last:
        return after
    if not last.isdecimal() or int(last) > _CURSOR_MAX:
        raise ValidationException(detail="Last-Event-ID is the number of an event")
    return int(last)


async def _wait_more(store: Store, after: int, receive: Receive, *, has_some: bool) -> None:
    """Return when there is something to tell, and what comes right behind it, or when there is nobody to tell it to.

    Raises:
        StoreBusyError: it cannot be read just now.
    """
    busy: StoreBusyError | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_when_gone, receive, nursery.cancel_scope)
        try:
            if not has_some:
                await store.wait_events(after)
            await trio.sleep(GATHER_SECONDS)
        except StoreBusyError as error:
            busy = error
        nursery.cancel_scope.cancel()
    if busy is not None:
        # Out of the nursery: in its group of errors nobody would know it for what it is.
        raise busy


async def _cancel_when_gone(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


class _EventStream(Response[bytes]):
    """An answer that goes on for as long as the peer listens and the server runs; it has a place, and gives it back."""

    def __init__(self, store: Store, after: int, places: trio.Semaphore) -> None:
        super().__init__(b"", media_type="text/event-stream")
        self._store = store
        self._after = after
        self._places = places
        self._is_cut = False
        """A piece is on its way, or went half: nothing may follow it."""

    def to_asgi_response(self, *_: object, **__: object) -> Any:
        return self._run

    async def _run(self, scope: AsgiScope, receive: Receive, send: Send) -> None:  # noqa: ARG002 ASGI's signature
        try:
            await self._follow(receive, send)
        finally:
            self._places.release()

    async def _follow(self, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_when_gone, receive, nursery.cancel_scope)
            try:
                await self._tell(send)
            except StoreBusyError:
                # The answer has begun. It ends in order, and the client comes again from where it was.
                nursery.cancel_scope.cancel()
        if not self._is_cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send) -> None:
        await self._send_piece(send, b"retry: 2000\n\n")
        while True:
            events = await self._store.events(self._after, _STREAM_BATCH_MAX)
            if events:
                await self._send_piece(send, b"".join(map(_as_sse, events)))
                self._after = events[-1].seq
            if len(events) < _STREAM_BATCH_MAX:
                await self._wait_more(send)

    async def _wait_more(self, send: Send) -> None:
        with trio.move_on_after(_HEARTBEAT_SECONDS) as silence:
            await self._store.wait_events(self._after)
        if silence.cancelled_caught:
            await self._send_piece(send, b": nothing new\n\n")
        else:
            await trio.sleep(GATHER_SECONDS)

    async def _send_piece(self, send: Send, piece: bytes) -> None:
        self._is_cut = True
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        self._is_cut = False


def _as_sse(event: Event) -> bytes:
    # JSON never holds a raw line feed, hence one `data:` line is enough.
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), msgspec.json.encode(event_body(event)))
