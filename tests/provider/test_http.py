"""Lanes: how many connections, which one, for how long; and what a failure says about the body."""

import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from faxgw.provider.http import BODY_BYTES_MAX, Answer, HttpLanes, NotAnswered, NotSent, Timeouts, retry_after_seconds
from tests.peers import require_peer
from tests.provider.carrier_stand_in import StandIn, answering, read_request, response, stand_in

BIG_BODY = bytes(16 * 1024 * 1024)
"""More than loopback's socket buffers hold, so that a reader who does not read is noticed."""


def open_lanes(base_url: str, lanes: int = 4, timeouts: Timeouts | None = None) -> HttpLanes:
    return HttpLanes(base_url, lanes=lanes, timeouts=timeouts or Timeouts())


UNTRUSTED = NotSent("its TLS certificate is not trusted (self-signed certificate)")


async def refused_url() -> str:
    """An address where nobody listens."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    return f"http://127.0.0.1:{port}"


async def test_a_whole_answer_comes_back_as_it_is() -> None:
    """Status, lower-case headers and body; what we sent is one plain request."""
    async with stand_in(answering(response("201 Created", b'{"id":"1"}', "X-Own: yes\r\n"))) as server:
        lanes = open_lanes(server.base_url + "/base/")
        answer = await lanes.request("POST", "/v1/faxes?a=b", body=b"page", headers={"Fax-Pages": "1"})
        assert isinstance(answer, Answer)
        assert (answer.status, answer.headers["x-own"], answer.body) == (201, "yes", b'{"id":"1"}')
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /base/v1/faxes?a=b HTTP/1.1\r\n")
        assert b"Accept-Encoding: identity" in head
        assert body == b"page"
        await lanes.aclose()


async def test_a_lane_carries_one_request_after_the_other() -> None:
    """Little load needs one connection, however many lanes there are."""
    async with stand_in(answering(response())) as server:
        lanes = open_lanes(server.base_url, lanes=50)
        for _ in range(20):
            assert isinstance(await lanes.request("GET", "/"), Answer)
        assert server.connections == 1
        await lanes.aclose()


async def test_there_are_never_more_connections_than_lanes() -> None:
    """Requests beyond the lanes wait for one."""
    at_once = most_at_once = 0

    async def count(_: StandIn, stream: trio.SocketStream) -> None:
        nonlocal at_once, most_at_once
        while await read_request(stream):
            at_once += 1
            most_at_once = max(most_at_once, at_once)
            await trio.testing.wait_all_tasks_blocked()
            at_once -= 1
            await stream.send_all(response())

    async with stand_in(count) as server:
        lanes = open_lanes(server.base_url, lanes=3)
        async with trio.open_nursery() as nursery:
            for _ in range(30):
                nursery.start_soon(lanes.request, "GET", "/")
        assert most_at_once <= 3
        assert server.connections == 3
        await lanes.aclose()


async def test_a_connection_idle_for_too_long_is_not_used_again(mock_clock: MockClock) -> None:
    """After 5 s the far end may be closing it, and a fax written into it would be in doubt."""
    async with stand_in(answering(response())) as server:
        lanes = open_lanes(server.base_url)
        await lanes.request("GET", "/")
        mock_clock.jump(4.9)
        await lanes.request("GET", "/")
        assert server.connections == 1
        mock_clock.jump(5.1)
        await lanes.request("GET", "/")
        assert server.connections == 2
        await lanes.aclose()


async def test_the_lane_used_last_is_used_first_and_the_others_are_let_go(mock_clock: MockClock) -> None:
    """After a rush, one warm connection serves the trickle, and those left idle are closed."""
    used: list[int] = []
    closed: list[int] = []
    rush = trio.Event()

    async def serve(server: StandIn, stream: trio.SocketStream) -> None:
        own_number = server.connections
        while await read_request(stream):
            used.append(own_number)
            if len(used) == 3:
                rush.set()
            await rush.wait()
            await stream.send_all(response())
        closed.append(own_number)

    async with stand_in(serve) as server:
        lanes = open_lanes(server.base_url)
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(lanes.request, "GET", "/")
        for _ in range(4):
            mock_clock.jump(2)
            await lanes.request("GET", "/")
        await lanes.aclose()
    assert len(set(used[3:])) == 1
    assert set(closed) >= {1, 2, 3} - set(used[3:])


async def test_a_connection_closed_by_the_carrier_is_noticed_before_it_is_used() -> None:
    """A carrier that closes after each answer costs a connection each time, and no doubt."""

    async def answer_once(_: StandIn, stream: trio.SocketStream) -> None:
        await read_request(stream)
        await stream.send_all(response())

    async with stand_in(answer_once) as server:
        lanes = open_lanes(server.base_url)
        for _ in range(5):
            assert isinstance(await lanes.request("POST", "/", body=b"page"), Answer)
            await trio.testing.wait_all_tasks_blocked(0.005)
        assert server.connections == 5
        await lanes.aclose()


async def test_nobody_listening_means_not_sent() -> None:
    """Without a connection not a byte can have left."""
    lanes = open_lanes(await refused_url())
    assert await lanes.request("POST", "/", body=b"page") == NotSent("it refuses connections")


async def test_a_failed_tls_handshake_means_not_sent() -> None:
    """The body waits for the handshake, so a failure there is as safe as no connection."""

    async def speak_no_tls(_: StandIn, stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"220 this is not TLS\r\n")

    async with stand_in(speak_no_tls) as server:
        lanes = open_lanes(server.base_url.replace("http:", "https:"))
        assert await lanes.request("POST", "/", body=b"page") == NotSent("TLS with it fails (WRONG_VERSION_NUMBER)")


async def test_a_handshake_that_never_ends_times_out_as_not_sent() -> None:
    """The connect time-out covers TLS."""

    async def keep_silent(_: StandIn, stream: trio.SocketStream) -> None:
        while await stream.receive_some():
            pass

    async with stand_in(keep_silent) as server:
        lanes = open_lanes(server.base_url.replace("http:", "https:"), timeouts=Timeouts(connect_seconds=0.05))
        assert await lanes.request("POST", "/", body=b"page") == NotSent("no connection to it in time")


async def test_a_connection_closed_after_the_request_leaves_it_open() -> None:
    """All of the body left and no answer came: nobody here can know."""

    async def hang_up(server: StandIn, stream: trio.SocketStream) -> None:
        server.requests.append(await read_request(stream))

    async with stand_in(hang_up) as server:
        lanes = open_lanes(server.base_url)
        assert await lanes.request("POST", "/", body=b"page") == NotAnswered("no whole HTTP answer")
        assert server.requests[0].endswith(b"page")


async def test_a_body_that_is_not_read_to_its_end_leaves_it_open() -> None:
    """Some of the body left; that is enough for doubt."""

    async def read_nothing(_: StandIn, __: trio.SocketStream) -> None:
        await trio.sleep_forever()

    async with stand_in(read_nothing) as server:
        lanes = open_lanes(server.base_url, timeouts=Timeouts(write_seconds=0.05))
        assert await lanes.request("POST", "/", body=BIG_BODY) == NotAnswered("it does not read in time")


async def test_an_answer_that_does_not_come_leaves_it_open() -> None:
    """The read time-out ends the waiting, not the doubt."""

    async def keep_silent(_: StandIn, stream: trio.SocketStream) -> None:
        await read_request(stream)
        await trio.sleep_forever()

    async with stand_in(keep_silent) as server:
        lanes = open_lanes(server.base_url, timeouts=Timeouts(read_seconds=0.05))
        assert await lanes.request("POST", "/", body=b"page") == NotAnswered("no answer in time")


async def test_an_answer_cut_off_leaves_it_open() -> None:
    """Half an answer is none, even with a good status."""

    async def promise_more(_: StandIn, stream: trio.SocketStream) -> None:
        await read_request(stream)
        await stream.send_all(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"id":')

    async with stand_in(promise_more) as server:
        assert await open_lanes(server.base_url).request("POST", "/", body=b"page") == NotAnswered(
            "no whole HTTP answer"
        )


async def test_an_answer_given_before_the_body_was_read_is_heard() -> None:
    """A carrier may refuse early and close; its refusal is what counts."""

    async def refuse_early(_: StandIn, stream: trio.SocketStream) -> None:
        await stream.receive_some(100)
        await stream.send_all(response("413 Content Too Large", b"", "Connection: close\r\n"))
        await stream.send_eof()
        while await stream.receive_some():
            pass

    async with stand_in(refuse_early) as server:
        answer = await open_lanes(server.base_url).request("POST", "/", body=BIG_BODY)
        assert isinstance(answer, Answer)
        assert answer.status == 413


async def test_what_is_said_before_the_answer_is_passed_over() -> None:
    """ "Early hints" and their like are no answer, and leave the connection good for the next request."""
    hinted = b"HTTP/1.1 103 Early Hints\r\nLink: </faxes>\r\n\r\n" + response("201 Created", b"taken")
    async with stand_in(answering(hinted)) as server:
        lanes = open_lanes(server.base_url)
        for _ in range(2):
            answer = await lanes.request("POST", "/", body=b"page")
            assert isinstance(answer, Answer)
            assert (answer.status, answer.body) == (201, b"taken")
        assert server.connections == 1
        await lanes.aclose()


async def test_an_answer_may_end_with_its_connection() -> None:
    """Without a length the end is the end (RFC 9112, 6.3); the next request connects anew."""

    async def answer_and_close(_: StandIn, stream: trio.SocketStream) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n" + b"taken")

    async with stand_in(answer_and_close) as server:
        lanes = open_lanes(server.base_url, lanes=1)
        for _ in range(2):
            answer = await lanes.request("POST", "/", body=b"page")
            assert isinstance(answer, Answer)
            assert answer.body == b"taken"
        assert server.connections == 2
        await lanes.aclose()


async def test_an_endless_answer_is_cut_short() -> None:
    """No carrier can fill our memory."""
    sent = 0

    async def pour(_: StandIn, stream: trio.SocketStream) -> None:
        nonlocal sent
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        with suppress(trio.BrokenResourceError):
            while sent < 100 * BODY_BYTES_MAX:
                await stream.send_all(bytes(65_536))
                sent += 65_536

    async with stand_in(pour) as server:
        assert await open_lanes(server.base_url).request("GET", "/") == NotAnswered("the answer is too long")
        await trio.testing.wait_all_tasks_blocked()
        assert sent < BODY_BYTES_MAX + len(BIG_BODY)


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """A fax goes where the config says, or nowhere."""
    async with stand_in(
        answering(response("307 Temporary Redirect", b"", "Location: http://127.0.0.1:1/\r\n"))
    ) as server:
        lanes = open_lanes(server.base_url)
        answer = await lanes.request("POST", "/", body=b"page")
        assert isinstance(answer, Answer)
        assert (answer.status, len(server.requests)) == (307, 1)
        await lanes.aclose()


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What some shell has set must not decide where faxes go."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, await refused_url())
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with stand_in(answering(response())) as server:
        lanes = open_lanes(server.base_url)
        assert isinstance(await lanes.request("GET", "/"), Answer)
        await lanes.aclose()


async def test_a_cancelled_request_gives_its_lane_back() -> None:
    """The connection is closed, for its answer may still be on the way; the lane is as good as new."""
    arrived = trio.Event()

    async def answer_the_second(server: StandIn, stream: trio.SocketStream) -> None:
        server.requests.append(await read_request(stream))
        if len(server.requests) == 1:
            arrived.set()
            await trio.sleep_forever()
        await stream.send_all(response(body=b"second"))

    async with stand_in(answer_the_second) as server:
        lanes = open_lanes(server.base_url, lanes=1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lanes.request, "GET", "/first")
            await arrived.wait()
            nursery.cancel_scope.cancel()
        answer = await lanes.request("GET", "/second")
        assert isinstance(answer, Answer)
        assert answer.body == b"second"
        assert server.connections == 2
        await lanes.aclose()


async def test_a_lane_that_failed_works_again() -> None:
    """A broken connection is replaced by the next request."""

    async def fail_the_first(server: StandIn, stream: trio.SocketStream) -> None:
        server.requests.append(await read_request(stream))
        if len(server.requests) > 1:
            await stream.send_all(response())

    async with stand_in(fail_the_first) as server:
        lanes = open_lanes(server.base_url, lanes=1)
        assert isinstance(await lanes.request("GET", "/"), NotAnswered)
        assert isinstance(await lanes.request("GET", "/"), Answer)
        await lanes.aclose()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "carrier.pem"
    command = [require_peer("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=carrier", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", path, "-out", path.with_suffix(".crt")], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.mark.parametrize(("is_trusted", "expected"), [(True, Answer), (False, NotSent)])
async def test_a_fax_goes_only_to_a_carrier_whose_certificate_is_trusted(
    certificate: Path, is_trusted: bool, expected: type
) -> None:
    """A certificate from nobody we know means not sent: the body waits for the handshake."""

    async def answer_over_tls(server: StandIn, stream: trio.SocketStream) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        tls = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        with suppress(trio.BrokenResourceError):
            while request := await read_request(tls):
                server.requests.append(request)
                await tls.send_all(response())

    async with stand_in(answer_over_tls) as server:
        lanes = HttpLanes(
            server.base_url.replace("http:", "https:"),
            lanes=1,
            timeouts=Timeouts(),
            ssl_context=ssl.create_default_context(cafile=certificate) if is_trusted else None,
        )
        for _ in range(2):
            exchange = await lanes.request("POST", "/", body=b"page")
            assert isinstance(exchange, expected)
            assert exchange == UNTRUSTED or is_trusted
        assert len(server.requests) == (2 if is_trusted else 0)
        await lanes.aclose()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 3 ", 3.0),
        ("0", 0.0),
        ("99999999", 86_400.0),
        ("Thu, 01 Jan 1970 00:16:50 GMT", 10.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    """Both forms of RFC 9110, kept within a day; anything else says nothing."""
    assert retry_after_seconds(Answer(429, {"retry-after": value}, b""), now=1_000.0) == seconds


def test_no_retry_after_says_nothing() -> None:
    """The header is optional."""
    assert retry_after_seconds(Answer(503, {}, b""), now=1_000.0) is None
