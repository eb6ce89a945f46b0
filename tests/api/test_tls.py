"""A door over TLS: it is spoken with, its certificate changes, and nobody who says nothing keeps others out."""

import ssl
import subprocess
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
import trio
import trio.testing

from faxgw.api.connection import Limits
from faxgw.api.handshakes import Handshakes, Shaken
from faxgw.api.server import serve
from faxgw.api.sockets import TcpBind
from faxgw.api.tls import Certificate, certificate_of
from faxgw.config.doors import Http
from faxgw.errors import ConfigError
from tests.api.fakes import FixedClock
from tests.api.test_server import REQUEST, hello
from tests.api.tls import connected, http_door, make_certificate, tcp_door

HANGS_SECONDS = 30.0


def shown(door: Http) -> Certificate:
    certificate = certificate_of(door)
    assert certificate is not None
    return certificate


class TlsServed:
    """A door over TLS with what came of its handshakes."""

    def __init__(self, certificate: Certificate, limits: Limits = Limits()) -> None:  # noqa: B008 frozen
        self.certificate = certificate
        self.limits = limits
        self.stopping = trio.Event()
        self.shaken: list[Shaken] = []

    async def start(self, nursery: trio.Nursery) -> str:
        async def run(task_status: trio.TaskStatus[list[str]]) -> None:
            await serve(
                hello,
                TcpBind("127.0.0.1:0"),
                clock=FixedClock(),
                stopping=self.stopping,
                grace_seconds=1,
                limits=self.limits,
                certificate=self.certificate,
                note_handshake=self.shaken.append,
                task_status=task_status,
            )

        addresses: list[str] = await nursery.start(run)
        return addresses[0]


async def ask(stream: trio.abc.Stream, request: bytes = REQUEST) -> bytes:
    await stream.send_all(request)
    received = b""
    while not received.endswith(b"hello") and (piece := await stream.receive_some()):
        received += piece
    return received


async def test_a_request_over_tls_is_answered(tmp_path: Path) -> None:
    """Also the next one on the connection; a close says goodbye, so that the peer sees a whole end."""
    pair = make_certificate(tmp_path)
    served = TlsServed(shown(http_door(*pair)))
    async with trio.open_nursery() as nursery:
        address = await served.start(nursery)
        async with connected(address, pair[0]) as stream:
            for _ in range(2):
                assert (await ask(stream)).endswith(b"hello")
            closing = REQUEST.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
            assert (await ask(stream, closing)).endswith(b"hello")
            # Without a goodbye this stream would raise: it was not made `https_compatible`.
            assert await stream.receive_some() == b""
        served.stopping.set()
    assert served.shaken == [Shaken.DONE]


async def test_a_new_certificate_is_shown_to_who_comes_next(tmp_path: Path) -> None:
    """Who is in stays in; who trusts the old authority alone is not spoken with any more."""
    old, new = make_certificate(tmp_path, "old"), make_certificate(tmp_path, "new")
    served = TlsServed(shown(http_door(*old)))
    async with trio.open_nursery() as nursery:
        address = await served.start(nursery)
        async with connected(address, old[0]) as stays:
            served.certificate.context = shown(http_door(*new)).context
            async with connected(address, new[0]) as comes:
                assert (await ask(stays)).endswith(b"hello")
                assert (await ask(comes)).endswith(b"hello")
            with pytest.raises(trio.BrokenResourceError):
                async with connected(address, old[0]):
                    pass
        served.stopping.set()


async def test_callers_show_certificates_where_that_is_asked_for(tmp_path: Path) -> None:
    """One that the authority signed comes in; one without, and a stranger's, are never answered."""
    server, client, stranger = (make_certificate(tmp_path, name) for name in ("server", "client", "stranger"))
    certificate = certificate_of(tcp_door(*server, client_ca_file=str(client[0])))
    assert certificate is not None
    served = TlsServed(certificate)
    async with trio.open_nursery() as nursery:
        address = await served.start(nursery)
        async with connected(address, server[0], client) as known:
            assert (await ask(known)).endswith(b"hello")
        for other in (None, stranger):
            # In TLS 1.3 the client is done before the server has looked at its certificate.
            with pytest.raises(trio.BrokenResourceError):
                async with connected(address, server[0], other) as refused:
                    await ask(refused)
        served.stopping.set()
    assert served.shaken == [Shaken.DONE, Shaken.FAILED, Shaken.FAILED]


async def test_a_handshake_that_never_comes_ends(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """After its seconds and no later, and its place is free again."""
    seconds_max = 5.0
    shaken: list[Shaken] = []
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    handshakes = Handshakes(
        shown(http_door(*make_certificate(tmp_path))),
        handshakes_max=1,
        seconds_max=seconds_max,
        crowded_seconds=1.0,
        note=shaken.append,
    )
    client = await trio.testing.open_stream_to_socket_listener(listeners[0])
    async with client, listeners[0]:
        stream = await listeners[0].accept()
        began = trio.current_time()
        assert await handshakes.shake(stream) is None
        assert trio.current_time() - began == pytest.approx(seconds_max)
        await stream.aclose()
    assert shaken == [Shaken.LATE]


@pytest.mark.parametrize(
    ("begun", "limits"),
    [
        (b"", Limits(connections_max=4, handshake_seconds=600.0, crowded_seconds=0.05)),
        (b"\x16\x03\x01\x02\x00\x01", Limits(handshakes_max=4, handshake_seconds=600.0, crowded_seconds=0.05)),
    ],
    ids=["silent", "begun"],
)
async def test_who_is_slow_keeps_nobody_out(tmp_path: Path, begun: bytes, limits: Limits) -> None:
    """They have every place in the house, or every one for handshakes; each who comes is answered all the same."""
    pair = make_certificate(tmp_path)
    served = TlsServed(shown(http_door(*pair)), limits)
    async with trio.open_nursery() as nursery:
        address = await served.start(nursery)
        host, _, port = address.rpartition(":")
        with trio.fail_after(HANGS_SECONDS):
            async with AsyncExitStack() as peers:
                for _ in range(8):
                    slow = await peers.enter_async_context(await trio.open_tcp_stream(host, int(port)))
                    await slow.send_all(begun)
                for _ in range(3):
                    async with connected(address, pair[0]) as stream:
                        assert (await ask(stream)).endswith(b"hello")
        served.stopping.set()
    assert served.shaken.count(Shaken.DONE) == 3
    assert Shaken.CROWDED in served.shaken


async def test_silent_peers_take_no_place_for_handshakes(tmp_path: Path) -> None:
    """Sixteen say nothing, one place is there, and who comes has it at once: nobody needs to give way."""
    pair = make_certificate(tmp_path)
    served = TlsServed(shown(http_door(*pair)), Limits(handshakes_max=1, handshake_seconds=600.0))
    async with trio.open_nursery() as nursery:
        address = await served.start(nursery)
        host, _, port = address.rpartition(":")
        with trio.fail_after(HANGS_SECONDS):
            async with AsyncExitStack() as peers:
                for _ in range(16):
                    await peers.enter_async_context(await trio.open_tcp_stream(host, int(port)))
                async with connected(address, pair[0]) as stream:
                    assert (await ask(stream)).endswith(b"hello")
                assert served.shaken == [Shaken.DONE]
        served.stopping.set()


async def test_who_speaks_no_tls_is_let_go(tmp_path: Path) -> None:
    """Plain HTTP, or noise: closed and counted, and the door stands open."""
    pair = make_certificate(tmp_path)
    served = TlsServed(shown(http_door(*pair)))
    async with trio.open_nursery() as nursery:
        address = await served.start(nursery)
        host, _, port = address.rpartition(":")
        for noise in (REQUEST, b"\x16\x03\x01\xff\xff" + b"\x00" * 200):
            async with await trio.open_tcp_stream(host, int(port)) as plain:
                await plain.send_all(noise)
                # Closed with what we sent unread, which TCP may tell as a reset.
                with suppress(trio.BrokenResourceError):
                    assert b"HTTP" not in await plain.receive_some()
        async with connected(address, pair[0]) as stream:
            assert (await ask(stream)).endswith(b"hello")
        served.stopping.set()
    assert served.shaken == [Shaken.FAILED, Shaken.FAILED, Shaken.DONE]


def test_the_end_of_a_certificate_is_known(tmp_path: Path) -> None:
    """As openssl prints it; of a door that asks callers for theirs, too."""
    certificate, key = make_certificate(tmp_path)
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-enddate"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    ends_at = ssl.cert_time_to_seconds(printed.removeprefix("notAfter="))
    assert shown(http_door(certificate, key)).ends_at == ends_at
    asking = certificate_of(tcp_door(certificate, key, client_ca_file=str(certificate)))
    assert asking is not None
    assert asking.ends_at == ends_at


def test_files_that_are_no_certificate_are_told(tmp_path: Path) -> None:
    """Which file it is, and what would be right; an encrypted key asks nobody at the terminal."""
    certificate, key = make_certificate(tmp_path)
    _, other_key = make_certificate(tmp_path, "other")
    text = tmp_path / "text"
    text.write_text("no PEM", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not the key of certificate_file"):
        certificate_of(http_door(certificate, other_key))
    with pytest.raises(ConfigError, match="need a PEM certificate"):
        certificate_of(http_door(text, key))
    with pytest.raises(ConfigError, match=r"key_file .*gone: No such file"):
        certificate_of(http_door(certificate, tmp_path / "gone"))
    with pytest.raises(ConfigError, match="holds no PEM certificate"):
        certificate_of(tcp_door(certificate, key, client_ca_file=str(text)))
    assert certificate_of(Http()) is None
