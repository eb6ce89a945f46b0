import json

import pytest
import structlog
import structlog.testing
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from faxgw.api.connection import AsgiApp, Connection, HttpDate, Limits, Receive, Scope, Send
from tests.api.fakes import FixedClock
from tests.api.peer import Peer, peer_of


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what was asked, the body in it."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the peer left")
        body += message["body"]
        if not message["more_body"]:
            break
    told = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "body": len(body),
    }
    await answer(send, json.dumps(told).encode())


async def answer(send: Send, body: bytes, status: int = 200) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def statuses_of(peer: Peer) -> list[int]:
    """The status of each answer until the server closes."""
    received = await peer.read_all()
    return [int(piece[:3]) for piece in received.split(b"HTTP/1.1 ")[1:]]


async def ask_raw(raw: bytes, app: AsgiApp = echo, limits: Limits = Limits()) -> list[int]:  # noqa: B008 frozen
    async with peer_of(app, limits) as peer:
        await peer.stream.send_all(raw)
        await peer.stream.send_eof()
        return await statuses_of(peer)


async def test_requests_follow_each_other_on_one_connection() -> None:
    """A connection is kept; each request has its own path, query and body."""
    async with peer_of(echo) as peer:
        first = await peer.post("/a%20b?c=d", b"12345")
        assert first.json() == {"method": "POST", "path": "/a b", "query": "c=d", "body": 5}
        assert (await peer.get("/second")).json()["path"] == "/second"


async def test_answers_carry_the_date() -> None:
    """RFC 9110 (6.6.1) wants it of every server with a clock."""
    async with peer_of(echo) as peer:
        assert (await peer.get("/")).headers["date"] == "Sat, 08 May 2027 09:30:00 GMT"


async def test_pipelined_requests_are_answered_in_turn() -> None:
    """Requests sent at once, one with a body, get their answers in order; the last closes as it asks."""
    raw = (
        b"POST /1 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"
        b"GET /2 HTTP/1.1\r\nhost: x\r\n\r\n"
        b"GET /3 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    async with peer_of(echo) as peer:
        await peer.stream.send_all(raw)
        received = await peer.read_all()
    assert [received.find(path) >= 0 for path in (b'"/1"', b'"/2"', b'"/3"')] == [True] * 3
    assert received.find(b'"/1"') < received.find(b'"/2"') < received.find(b'"/3"')


async def test_a_chunked_body_is_put_together() -> None:
    """Chunks may come in any pieces."""
    async with peer_of(echo) as peer:
        await peer.stream.send_all(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab")
        await peer.stream.send_all(b"c\r\n2\r\nde\r\n0\r\n\r\n")
        assert b'"body": 5' in await peer.read_until(b"}")


async def test_a_peer_that_waits_for_100_is_told_to_go_on() -> None:
    """curl asks so before it sends a large body."""
    async with peer_of(echo) as peer:
        await peer.stream.send_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
        assert (await peer.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        await peer.stream.send_all(b"ok")
        assert (await peer.read_until(b"}")).startswith(b"HTTP/1.1 200 ")


async def test_head_gets_no_body() -> None:
    """The head says how long the body would be."""
    async with peer_of(echo) as peer:
        await peer.stream.send_all(b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        received = await peer.read_all()
    assert received.endswith(b"\r\n\r\n")
    assert b"content-length: 5" in received


async def test_an_upgrade_is_declined_by_a_plain_answer() -> None:
    """A peer that would rather speak another protocol gets HTTP, and may go on with it."""
    async with peer_of(echo) as peer:
        raw = b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        await peer.stream.send_all(raw)
        assert b'"/ws"' in await peer.read_until(b"}")
        assert (await peer.get("/second")).json()["path"] == "/second"


async def test_the_absolute_form_is_understood() -> None:
    """A request as proxies send it reaches the same path."""
    async with peer_of(echo) as peer:
        await peer.stream.send_all(b"GET http://faxgw/v1/x?y=1 HTTP/1.1\r\nhost: faxgw\r\n\r\n")
        assert b'"path": "/v1/x", "query": "y=1"' in await peer.read_until(b"}")


@pytest.mark.parametrize(
    "raw",
    [
        b"not http at all\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: minus\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused(raw: bytes, autojump_clock: MockClock) -> None:
    """A broken request is a 400 and the end of its connection."""
    assert await ask_raw(raw) == [400]


async def test_a_head_over_the_limit_is_refused(autojump_clock: MockClock) -> None:
    """Endless headers end with 431 instead of filling the memory."""
    raw = b"GET / HTTP/1.1\r\nhost: x\r\nendless: " + b"a" * 2_000
    assert await ask_raw(raw, limits=Limits(head_bytes_max=1_000)) == [431]


@given(st.binary(max_size=300))
def test_any_bytes_end_a_connection_in_order(raw: bytes) -> None:
    """Whatever comes, the connection ends by itself, and nothing is raised."""

    async def main() -> None:
        async with peer_of(echo, Limits(linger_seconds=0.0)) as peer:
            await peer.stream.send_all(raw)
            await peer.stream.send_eof()
            await peer.read_all()

    trio.run(main, clock=MockClock(autojump_threshold=0))


# --- slow peers --------------------------------------------------------------------------------------


async def test_a_peer_that_drips_its_head_is_cut_off(autojump_clock: MockClock) -> None:
    """Slowloris: a byte every second does not hold a connection longer than the head may take."""
    async with peer_of(echo, Limits(head_seconds=10)) as peer, trio.open_nursery() as nursery:
        nursery.start_soon(drip, peer, b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 100)
        assert await statuses_of(peer) == [408]
        assert trio.current_time() == pytest.approx(10)
        nursery.cancel_scope.cancel()


async def test_a_peer_that_drips_its_body_is_cut_off(autojump_clock: MockClock) -> None:
    """The same for a body, over its whole length."""
    async with peer_of(echo, Limits(body_seconds=20, linger_seconds=2)) as peer, trio.open_nursery() as nursery:
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
        await peer.stream.send_all(head)
        nursery.start_soon(drip, peer, b"a" * 100)
        assert await statuses_of(peer) == [408]
        assert trio.current_time() < 25
        nursery.cancel_scope.cancel()


async def drip(peer: Peer, data: bytes) -> None:
    for byte in data:
        try:
            await peer.stream.send_all(bytes([byte]))
        except trio.BrokenResourceError:
            return
        await trio.sleep(1)


async def test_an_idle_connection_is_closed(autojump_clock: MockClock) -> None:
    """Between requests a peer may be silent for as long as configured, and no answer is sent then."""
    async with peer_of(echo, Limits(idle_seconds=30)) as peer:
        await peer.get("/")
        assert await peer.read_all() == b""
        assert trio.current_time() == pytest.approx(30)


async def test_a_peer_that_does_not_read_is_cut_off(autojump_clock: MockClock) -> None:
    """A full window holds an answer back only for as long as configured."""

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"x" * 1_000_000)

    ours, theirs = trio.testing.lockstep_stream_pair()
    connection = Connection(
        large,
        theirs,
        limits=Limits(send_seconds=5),
        date=HttpDate(FixedClock()),
        stopping=trio.Event(),
        is_crowded=lambda: False,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.serve)
        await ours.send_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert trio.current_time() == pytest.approx(5)


async def test_a_reset_in_the_middle_of_a_body_is_no_error_of_ours() -> None:
    """A peer that crashes ends its own connection; nothing is logged as if we had failed."""

    class Resetting(trio.abc.HalfCloseableStream):
        pieces = iter([b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf"])

        async def receive_some(self, max_bytes: int | None = None) -> bytes:
            await trio.lowlevel.checkpoint()
            for piece in self.pieces:
                return piece
            raise trio.BrokenResourceError

        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            raise trio.BrokenResourceError

        async def wait_send_all_might_not_block(self) -> None:
            raise trio.BrokenResourceError

        async def send_eof(self) -> None:
            raise trio.BrokenResourceError

        async def aclose(self) -> None:
            await trio.lowlevel.checkpoint()

    with structlog.testing.capture_logs() as logs:
        await Connection(
            echo,
            Resetting(),
            limits=Limits(),
            date=HttpDate(FixedClock()),
            stopping=trio.Event(),
            is_crowded=lambda: False,
        ).serve()
    assert logs == []


# --- applications that misbehave ---------------------------------------------------------------------


async def crash(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a bug")


async def say_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


async def crash_midway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("a bug")


@pytest.mark.parametrize("app", [crash, say_nothing])
async def test_a_crash_is_a_500(app: AsgiApp) -> None:
    """The peer is told, the log knows, and the connection ends."""
    with structlog.testing.capture_logs() as logs:
        assert await ask_raw(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", app) == [500]
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("request_failed", "error")]


async def test_half_an_answer_is_cut_off() -> None:
    """After a crash midway nothing may make the half look whole."""
    async with peer_of(crash_midway) as peer:
        await peer.stream.send_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await peer.read_all()).endswith(b"\r\n\r\nhalf")


async def test_an_answer_before_the_body_closes_the_connection(autojump_clock: MockClock) -> None:
    """A refusal that did not read the body reaches a peer that is still sending it."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"no", 413)

    async with peer_of(refuse) as peer:
        await peer.stream.send_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"x" * 10)
        received = await peer.read_until(b"no")
        assert received.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in received
        await peer.stream.send_all(b"x" * 50_000)
        await peer.stream.send_eof()
        assert await peer.read_all() == b""


async def test_a_stop_closes_after_the_answer_under_way(autojump_clock: MockClock) -> None:
    """The request being answered is finished, and says that it is the last."""
    go_on = trio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await answer(send, b"done")

    async with peer_of(slow) as peer:
        await peer.stream.send_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await trio.sleep(1)
        peer.stopping.set()
        go_on.set()
        received = await peer.read_all()
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in received
