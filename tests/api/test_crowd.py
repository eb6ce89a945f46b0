"""A full house: whoever takes long gives way to whoever waits outside, and to nobody else."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from faxgw.api.connection import Limits, Receive, Scope, Send
from faxgw.api.crowd import Slow, who_gives_way
from faxgw.api.sockets import UnixBind, has_sent, peer_of
from tests.api.test_server import Served, ask, hello


async def read_and_greet(scope: Scope, receive: Receive, send: Send) -> None:
    """As a route does that takes a body."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    if message["type"] == "http.request":
        await hello(scope, receive, send)


async def first_word(peers: Sequence[trio.SocketStream]) -> bytes:
    """Of the one who is told something first."""
    told: list[bytes] = []

    async def listen(peer: trio.SocketStream) -> None:
        told.append(await peer.receive_some())
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        for peer in peers:
            nursery.start_soon(listen, peer)
    return told[0]


HANGS_SECONDS = 30.0
"""Nothing here takes a tenth of it; what waits for longer waits for ever."""

SLOWS = st.lists(st.builds(Slow, st.sampled_from("abc"), st.floats(0, 20)), max_size=20)


@given(SLOWS)
def test_who_gives_way_was_given_time_and_has_company(slow: list[Slow]) -> None:
    """Nobody before the patience is over; then one of the peer with the most, and of those the first."""
    index = who_gives_way(slow, now=10.0, patience_seconds=5.0)
    late = [each for each in slow if each.since <= 5.0]
    if index is None:
        assert late == []
        return
    chosen = slow[index]
    assert chosen in late

    def held(each: Slow) -> int:
        return sum(other.peer == each.peer for other in slow)

    assert held(chosen) == max(map(held, late))
    assert chosen.since == min(each.since for each in late if held(each) == held(chosen))


def test_a_lone_slow_upload_outlives_a_client_with_many() -> None:
    """Older as it is: it has one place, the other one all."""
    slow = [Slow("carrier", 0.0), *(Slow("flood", 1.0 + number) for number in range(10))]
    assert who_gives_way(slow, now=100.0, patience_seconds=1.0) == 1


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab", b"HTTP/1.1 408 "),
    ],
)
async def test_slow_peers_keep_nobody_out(tmp_path: Path, begun: bytes, told: bytes) -> None:
    """They have every place, in whatever part of a request they stand; each who comes is answered all the same."""
    limits = Limits(connections_max=4, crowded_seconds=0.05)
    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(tmp_path / "s"), limits)
        await served.start(read_and_greet)
        with trio.fail_after(HANGS_SECONDS):
            async with AsyncExitStack() as peers:
                slow = [await peers.enter_async_context(await trio.open_unix_socket(tmp_path / "s")) for _ in range(4)]
                for each in slow:
                    await each.send_all(begun)
                for _ in range(3):
                    async with await trio.open_unix_socket(tmp_path / "s") as guest:
                        assert (await ask(guest)).endswith(b"hello")
                assert (await first_word(slow)).startswith(told)
        served.stopping.set()


async def test_nobody_gives_way_where_there_is_room(tmp_path: Path) -> None:
    """A slow peer in an empty house has the time that it has always had."""
    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(tmp_path / "s"), Limits(connections_max=8, crowded_seconds=0.0))
        await served.start()
        with trio.fail_after(HANGS_SECONDS):
            async with await trio.open_unix_socket(tmp_path / "s") as slow:
                await slow.send_all(b"GET / HTTP/1.1\r\n")
                for _ in range(5):
                    async with await trio.open_unix_socket(tmp_path / "s") as guest:
                        assert (await ask(guest)).endswith(b"hello")
                await slow.send_all(b"host: x\r\n\r\n")
                assert (await slow.receive_some()).startswith(b"HTTP/1.1 200 ")
        served.stopping.set()


async def test_clients_are_told_apart(tmp_path: Path) -> None:
    """By their process on a socket, by their host on TCP; what they sent and nobody read is seen."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    client = await trio.testing.open_stream_to_socket_listener(listeners[0])
    server = await listeners[0].accept()
    assert (peer_of(server), has_sent(server)) == ("127.0.0.1", False)
    await client.send_all(b"x")
    with trio.fail_after(HANGS_SECONDS):
        await trio.lowlevel.wait_readable(server.socket)
    assert has_sent(server)
    await server.aclose()
    assert (peer_of(server), has_sent(server)) == (None, False)
    await client.aclose()
    await listeners[0].aclose()
