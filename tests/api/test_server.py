import socket
import stat
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio

from faxgw.api.connection import AsgiApp, Limits, Receive, Scope, Send
from faxgw.api.server import serve
from faxgw.api.sockets import Bind, TcpBind, UnixBind
from faxgw.errors import OperatorError
from tests.api.fakes import FixedClock

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


class Served:
    """A running server and its switch."""

    def __init__(self, nursery: trio.Nursery, bind: Bind, limits: Limits = Limits()) -> None:  # noqa: B008 frozen
        self.nursery = nursery
        self.bind = bind
        self.limits = limits
        self.stopping = trio.Event()
        self.ended = trio.Event()

    async def start(self, app: AsgiApp = hello, grace_seconds: float = 5.0) -> str:
        async def run(task_status: trio.TaskStatus[list[str]]) -> None:
            await serve(
                app,
                self.bind,
                clock=FixedClock(),
                stopping=self.stopping,
                grace_seconds=grace_seconds,
                limits=self.limits,
                task_status=task_status,
            )
            self.ended.set()

        addresses: list[str] = await self.nursery.start(run)
        return addresses[0]


async def ask(stream: trio.SocketStream) -> bytes:
    await stream.send_all(REQUEST)
    received = b""
    while not received.endswith(b"hello"):
        piece = await stream.receive_some()
        if not piece:
            break
        received += piece
    return received


async def test_a_unix_socket_is_served_with_its_mode(tmp_path: Path) -> None:
    """The file has the mode asked for, answers, and is gone after the stop."""
    path = tmp_path / "s"
    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path, 0o600))
        assert await served.start() == str(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with await trio.open_unix_socket(path) as stream:
            assert (await ask(stream)).endswith(b"hello")
        served.stopping.set()
    assert not path.exists()


async def test_a_tcp_port_is_served() -> None:
    """Port 0 takes a free port and tells which."""
    async with trio.open_nursery() as nursery:
        served = Served(nursery, TcpBind("127.0.0.1:0"))
        host, _, port = (await served.start()).rpartition(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            assert (await ask(stream)).endswith(b"hello")
        served.stopping.set()


async def test_a_socket_left_by_a_killed_daemon_is_taken_over(tmp_path: Path) -> None:
    """A file that nobody listens on stands in nobody's way."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path))
        await served.start()
        async with await trio.open_unix_socket(path) as stream:
            assert (await ask(stream)).endswith(b"hello")
        served.stopping.set()


async def test_a_living_daemon_keeps_its_socket(tmp_path: Path) -> None:
    """A second daemon is refused, and the first goes on answering."""
    path = tmp_path / "s"
    async with trio.open_nursery() as nursery:
        first = Served(nursery, UnixBind(path))
        await first.start()
        with pytest.raises(OperatorError, match="listens here already"):
            await serve(hello, UnixBind(path), clock=FixedClock(), stopping=trio.Event(), grace_seconds=1)
        async with await trio.open_unix_socket(path) as stream:
            assert (await ask(stream)).endswith(b"hello")
        first.stopping.set()


async def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """What is not a socket is not removed."""
    path = tmp_path / "precious"
    path.write_text("data", encoding="utf-8")
    with pytest.raises(OperatorError, match="not a socket"):
        await serve(hello, UnixBind(path), clock=FixedClock(), stopping=trio.Event(), grace_seconds=1)
    assert path.read_text(encoding="utf-8") == "data"


async def test_a_later_daemons_socket_survives_our_stop(tmp_path: Path) -> None:
    """At the stop only our own file is removed."""
    path = tmp_path / "s"
    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path))
        await served.start()
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
        served.stopping.set()
    assert path.exists()


@pytest.mark.parametrize("address", ["8470", "host:none", "host:99999", "127.0.0.1:"])
async def test_a_wrong_address_is_told(address: str) -> None:
    """The operator is shown how an address is written."""
    with pytest.raises(OperatorError, match=r"host:port|a port is at most"):
        await serve(hello, TcpBind(address), clock=FixedClock(), stopping=trio.Event(), grace_seconds=1)


async def test_places_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    """A missing folder, a path too long and a taken port are the operator's to mend."""
    for path in (tmp_path / "missing" / "s", Path("/tmp") / ("x" * 120)):  # noqa: S108 never made
        with pytest.raises(OperatorError):
            await serve(hello, UnixBind(path), clock=FixedClock(), stopping=trio.Event(), grace_seconds=1)
    async with trio.open_nursery() as nursery:
        served = Served(nursery, TcpBind("127.0.0.1:0"))
        address = await served.start()
        with pytest.raises(OperatorError, match="another program"):
            await serve(hello, TcpBind(address), clock=FixedClock(), stopping=trio.Event(), grace_seconds=1)
        served.stopping.set()


async def test_a_stop_lets_answers_finish_and_closes_the_idle(tmp_path: Path) -> None:
    """Idle peers are let go at once; the answer under way arrives; nobody new comes in."""
    path, asked, go_on = tmp_path / "s", trio.Event(), trio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await go_on.wait()
        await hello(scope, receive, send)

    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path))
        await served.start(slow)
        async with await trio.open_unix_socket(path) as idle, await trio.open_unix_socket(path) as busy:
            await busy.send_all(REQUEST)
            await asked.wait()
            served.stopping.set()
            assert await idle.receive_some() == b""
            with pytest.raises(ConnectionRefusedError):
                await trio.open_unix_socket(path)
            assert not served.ended.is_set()
            go_on.set()
            assert (await busy.receive_some()).endswith(b"hello")
            await served.ended.wait()


async def test_the_grace_ends(tmp_path: Path) -> None:
    """An answer that never comes does not keep the daemon from stopping."""
    path, asked = tmp_path / "s", trio.Event()

    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path))
        await served.start(hang, grace_seconds=0.05)
        async with await trio.open_unix_socket(path) as busy:
            await busy.send_all(REQUEST)
            await asked.wait()
            served.stopping.set()
            assert await busy.receive_some() == b""


async def test_a_full_house_lets_the_next_in(tmp_path: Path) -> None:
    """With all places taken by idle peers, one of them is closed for who waits outside."""
    path = tmp_path / "s"
    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path), Limits(connections_max=3))
        await served.start()
        async with AsyncExitStack() as peers:
            for _ in range(4):
                peer = await peers.enter_async_context(await trio.open_unix_socket(path))
                assert (await ask(peer)).endswith(b"hello")
        served.stopping.set()


async def test_a_crowd_larger_than_the_house_is_served(tmp_path: Path) -> None:
    """Places are given back after each answer while others wait; nobody starves."""
    path = tmp_path / "s"
    answers: list[bytes] = []

    async def visit() -> None:
        async with await trio.open_unix_socket(path) as stream:
            answers.append(await ask(stream))

    async with trio.open_nursery() as nursery:
        served = Served(nursery, UnixBind(path), Limits(connections_max=4))
        await served.start()
        async with trio.open_nursery() as crowd:
            for _ in range(50):
                crowd.start_soon(visit)
        served.stopping.set()
    assert [answer[-5:] for answer in answers] == [b"hello"] * 50
