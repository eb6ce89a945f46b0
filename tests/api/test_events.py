import dataclasses
import json

import pytest
import trio
from trio.testing import MockClock

from faxgw.api.app import local_app
from faxgw.api.connection import AsgiApp, Message, Scope
from faxgw.config.daemon import Api
from faxgw.errors import StoreBusyError
from tests.api.fakes import Fakes, FakeStore, make_fakes
from tests.api.peer import Answer, peer_of


async def get(fakes: Fakes, path: str) -> Answer:
    async with peer_of(local_app(fakes.behind)) as peer:
        return await peer.get(path)


async def test_events_come_after_a_cursor() -> None:
    """Each answer names the cursor for the next; asking on from it misses and repeats nothing."""
    fakes = make_fakes()
    for kind in ("accepted", "submitted", "delivered"):
        fakes.store.happen(kind)
    first = (await get(fakes, "/v1/events?limit=2")).json()
    assert ([event["kind"] for event in first["events"]], first["next"]) == (["accepted", "submitted"], 2)
    second = (await get(fakes, f"/v1/events?after={first['next']}")).json()
    assert ([event["seq"] for event in second["events"]], second["next"]) == ([3], 3)
    assert (await get(fakes, "/v1/events?after=3")).json() == {"events": [], "next": 3}


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "limit=0", "limit=1001", "wait=-1", "after=9223372036854775808"]
)
async def test_a_wrong_cursor_is_refused(query: str) -> None:
    """Numbers out of range are a 400."""
    answer = await get(make_fakes(), f"/v1/events?{query}")
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_long_poll_waits_for_news(autojump_clock: MockClock) -> None:
    """The answer comes as soon as something happens."""
    fakes = make_fakes()
    async with trio.open_nursery() as nursery:

        async def happen_later() -> None:
            await trio.sleep(5)
            fakes.store.happen("delivered")

        nursery.start_soon(happen_later)
        answer = await get(fakes, "/v1/events?wait=30")
    assert [event["kind"] for event in answer.json()["events"]] == ["delivered"]
    assert 5 <= trio.current_time() < 6


async def test_a_long_poll_ends_without_news(autojump_clock: MockClock) -> None:
    """Nothing happened: an empty answer after the time asked for, and never longer than configured."""
    started = trio.current_time()
    assert (await get(make_fakes(), "/v1/events?wait=7")).json() == {"events": [], "next": 0}
    assert trio.current_time() - started == pytest.approx(7)
    await get(make_fakes(), "/v1/events?wait=1e9")
    assert trio.current_time() - started == pytest.approx(67)


async def test_a_long_poll_ends_when_the_daemon_stops(autojump_clock: MockClock) -> None:
    """A stop is answered at once, so that waiting clients do not use up the grace."""
    async with peer_of(local_app(make_fakes().behind)) as peer, trio.open_nursery() as nursery:

        async def stop_later() -> None:
            await trio.sleep(5)
            peer.stopping.set()

        nursery.start_soon(stop_later)
        answer = await peer.get("/v1/events?wait=30")
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert trio.current_time() == pytest.approx(5)


async def test_a_long_poll_of_a_peer_that_left_ends(autojump_clock: MockClock) -> None:
    """Nobody listens: the wait is over, not after its full time."""
    async with peer_of(local_app(make_fakes().behind)) as peer:
        await peer.stream.send_all(b"GET /v1/events?wait=50 HTTP/1.1\r\nhost: faxgw\r\n\r\n")
        await trio.sleep(1)
    assert trio.current_time() < 2


def parse(stream: bytes) -> list[dict[str, str]]:
    blocks = [block for block in stream.decode().split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


async def stream_events(fakes: Fakes, path: str, until: bytes, **headers: str) -> bytes:
    """The stream from its first event until `until` was told."""
    async with peer_of(local_app(fakes.behind)) as peer:
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        # HTTP/1.0 gets no chunks: what comes is the stream itself.
        await peer.stream.send_all(f"GET {path} HTTP/1.0\r\naccept: text/event-stream\r\n{''.join(lines)}\r\n".encode())
        head = await peer.read_until(b"retry: 2000\n\n")
        assert b"content-type: text/event-stream" in head
        return head.partition(b"retry: 2000\n\n")[2] + await peer.read_until(until)


async def test_events_can_be_streamed(autojump_clock: MockClock) -> None:
    """Events come as server-sent events with their cursor as id."""
    fakes = make_fakes()
    fakes.store.happen("accepted", pages=1)
    fakes.store.happen("delivered")
    first, second = parse(await stream_events(fakes, "/v1/events", b'"seq":2,"fax_id":1'))[:2]
    assert (first["id"], first["event"]) == ("1", "accepted")
    assert json.loads(first["data"])["data"] == {"pages": 1}
    assert second["id"] == "2"


async def test_a_stream_resumes_where_it_broke(autojump_clock: MockClock) -> None:
    """Last-Event-ID, as browsers send it, is the cursor."""
    fakes = make_fakes()
    fakes.store.happen("accepted")
    fakes.store.happen("delivered")
    told = await stream_events(fakes, "/v1/events", b"id: 2\n", last_event_id="1")
    assert b"id: 1\n" not in told


async def test_a_silent_stream_shows_that_it_lives(autojump_clock: MockClock) -> None:
    """Without news a comment comes every 15 seconds, so that proxies keep the stream."""
    await stream_events(make_fakes(), "/v1/events", b": nothing new\n\n")
    assert trio.current_time() == pytest.approx(15)


async def test_a_stream_ends_when_the_daemon_stops(autojump_clock: MockClock) -> None:
    """The stream is closed properly: a chunked body with its end."""
    async with peer_of(local_app(make_fakes().behind)) as peer:
        await peer.stream.send_all(b"GET /v1/events HTTP/1.1\r\nhost: faxgw\r\naccept: text/event-stream\r\n\r\n")
        await peer.read_until(b"retry: 2000\n\n")
        peer.stopping.set()
        assert (await peer.read_all()).endswith(b"0\r\n\r\n")


class BusyStore(FakeStore):
    """Another program holds it whenever somebody waits."""

    async def wait_events(self, after: int) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreBusyError("another program holds the store")


def busy_fakes() -> Fakes:
    fakes = make_fakes()
    store = BusyStore()
    behind = dataclasses.replace(fakes.behind, store=store)  # type: ignore[arg-type]  # The faces only read.
    return dataclasses.replace(fakes, store=store, behind=behind)


async def test_a_long_poll_of_a_busy_store_is_asked_to_come_again(autojump_clock: MockClock) -> None:
    """503 with Retry-After, as at every other address, and counted as a refusal."""
    fakes = busy_fakes()
    answer = await get(fakes, "/v1/events?wait=30")
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["type"].endswith("busy")


async def test_a_stream_of_a_busy_store_ends_and_can_be_resumed(autojump_clock: MockClock) -> None:
    """Properly: its client comes again after the `retry` that it was told, with the last id that it heard."""
    fakes = busy_fakes()
    fakes.store.happen("accepted")
    async with peer_of(local_app(fakes.behind)) as peer:
        await peer.stream.send_all(b"GET /v1/events HTTP/1.1\r\nhost: faxgw\r\naccept: text/event-stream\r\n\r\n")
        told = await peer.read_until(b"0\r\n\r\n")
    assert b"id: 1\n" in told


async def test_who_waits_for_events_keeps_nobody_else_out() -> None:
    """All places taken by polls and streams: one more of either is asked to come again, a read is answered at once."""
    fakes = make_fakes(Api(event_followers_max=2))
    app = local_app(fakes.behind)
    async with trio.open_nursery() as streams:
        async with trio.open_nursery() as polls:
            polls.start_soon(ask, app, "wait=60")
            streams.start_soon(ask, app, "", "text/event-stream")
            while fakes.store.waiting < 2:
                await trio.lowlevel.checkpoint()
            for accept in ("application/json", "text/event-stream"):
                assert await ask(app, "wait=60", accept) == 503
            assert await ask(app, "") == 200
            fakes.store.happen("accepted")
        assert await ask(app, "after=1&wait=0.001") == 200
        streams.cancel_scope.cancel()
    assert await ask(app, "after=1&wait=0.001") == 200
    refused = fakes.metrics.registry.get_sample_value("faxgw_refused_total", {"door": "events", "reason": "busy"})
    assert refused == 2


async def ask(app: AsgiApp, query: str, accept: str = "application/json") -> int:
    """The status of the answer, from a peer that never hangs up."""
    statuses: list[int] = []

    async def send(message: Message) -> None:
        await trio.lowlevel.checkpoint()
        statuses.extend([message["status"]] if "status" in message else [])

    await app(events_scope(query, accept), trio.sleep_forever, send)
    return statuses[0]


def events_scope(query: str, accept: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"accept", accept.encode())],
        "client": None,
        "server": None,
    }


async def test_a_stream_that_is_cut_within_a_piece_gets_no_end(autojump_clock: MockClock) -> None:
    """Its peer reads too slowly as the daemon stops: an end after half an event would make a whole one of it."""
    fakes = make_fakes()
    fakes.store.happen("accepted")
    pieces: list[bytes] = []

    async def send(message: Message) -> None:
        if message.get("body", b"").startswith(b"id: 1"):
            await trio.sleep_forever()
        pieces.append(message.get("body", b""))

    async def stop() -> Message:
        await trio.sleep(5)
        return {"type": "http.disconnect"}

    await local_app(fakes.behind)(events_scope("", "text/event-stream"), stop, send)
    assert pieces == [b"", b"retry: 2000\n\n"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_cursor_ahead_of_the_log_is_refused(accept: str) -> None:
    """After an older store was restored, a client would else hear nothing until the log had caught up with it."""
    fakes = make_fakes()
    fakes.store.happen("accepted")
    async with peer_of(local_app(fakes.behind)) as peer:
        answer = await peer.get("/v1/events?after=2&wait=30", accept=accept)
    assert (answer.status, answer.json()["type"]) == (409, "/v1/problems/cursor-ahead")
    assert answer.json()["last_event"] == 1
    assert "the last event is 1" in answer.json()["detail"]
    assert (await get(fakes, "/v1/events?after=1")).json() == {"events": [], "next": 1}
