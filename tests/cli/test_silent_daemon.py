"""A daemon that is there and says nothing, as one under SIGSTOP: every command ends, and says what to do."""

import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from faxgw.cli.connection import LONG_TIMEOUT_SECONDS, TIMEOUT_SECONDS
from tests.cli.terminal import run

Capture = pytest.CaptureFixture[str]


@contextmanager
def silent_daemon(folder: Path, backlog: int = 8) -> Iterator[socket.socket]:
    """The kernel takes calls for it as long as there is room; nobody ever accepts one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(folder / "s"))
        listening.listen(backlog)
        yield listening


@pytest.mark.parametrize(
    "arguments",
    [("why", "1"), ("queue",), ("cancel", "1"), ("suspend", "gateway"), ("events",), ("settle", "verify"), ("top",)],
)
def test_every_command_ends_in_time(tmp_path: Path, capsys: Capture, arguments: tuple[str, ...]) -> None:
    """Exit 3, and it is told that a change may still happen."""
    with silent_daemon(tmp_path):
        printed = run(capsys, *arguments, "--timeout", "0.05", "--socket", str(tmp_path / "s"))
    assert (printed.code, printed.out) == (3, "")
    assert f"the daemon on {tmp_path / 's'} has not answered for 0.05 s: it is stopped, hangs" in printed.err
    assert "--timeout SECONDS" in printed.err
    assert "may still happen" in printed.err


def test_a_change_that_was_not_answered_is_not_asked_for_again(tmp_path: Path, capsys: Capture) -> None:
    """The daemon may do it as soon as it goes on: one connection, one request."""
    with silent_daemon(tmp_path) as listening:
        run(capsys, "hold", "1", "--timeout", "0.05", "--socket", str(tmp_path / "s"))
        listening.settimeout(1)
        with listening.accept()[0] as first:
            assert first.recv(65_536).count(b"POST /v1/faxes/1/hold") == 1
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_daemon_whose_queue_of_calls_is_full_is_silent_too(tmp_path: Path, capsys: Capture) -> None:
    """Whoever called before took the places; nothing can be waited for but a place."""
    with silent_daemon(tmp_path, backlog=0), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as before:
        before.connect(str(tmp_path / "s"))
        printed = run(capsys, "queue", "--timeout", "0.05", "--socket", str(tmp_path / "s"))
    assert printed.code == 3
    assert "has not answered for 0.05 s" in printed.err


@pytest.mark.parametrize(
    ("command", "seconds"), [(("why",), TIMEOUT_SECONDS), (("settle", "close"), LONG_TIMEOUT_SECONDS)]
)
def test_long_work_has_more_time(capsys: Capture, command: tuple[str, ...], seconds: float) -> None:
    """A month's end may take minutes; help says for how long each is waited."""
    words = " ".join(run(capsys, *command, "--help").out.split())
    assert f"[default: {seconds}; 0<x<=86400.0]" in words


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "1e9", "soon"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, capsys: Capture, seconds: str) -> None:
    """Exit 2, before anything is asked."""
    assert run(capsys, "why", "1", "--timeout", seconds, "--socket", str(tmp_path / "none")).code == 2


@pytest.mark.parametrize(
    "arguments", [("show", "1"), ("cancel", "1"), ("inbox", "quarantine", "discard", "1", "--json")]
)
@pytest.mark.parametrize("status", [b"200 OK", b"500 Internal Server Error"])
def test_an_answer_that_is_no_json_is_told(
    tmp_path: Path, capsys: Capture, arguments: tuple[str, ...], status: bytes
) -> None:
    """Something else listens there, or the daemon broke: no traceback, and where to look."""
    with silent_daemon(tmp_path) as listening, ThreadPoolExecutor() as threads:
        threads.submit(answer_once, listening, b"HTTP/1.1 " + status + b"\r\ncontent-length: 3\r\n\r\n<p>")
        printed = run(capsys, *arguments, "--socket", str(tmp_path / "s"))
    assert (printed.code, printed.out) == (1, "")
    assert status[:3].decode() in printed.err
    assert "faxgw: " in printed.err


def answer_once(listening: socket.socket, answer: bytes) -> None:
    """Once the request is whole: head and body come in two pieces, and who hangs up between them breaks the second."""
    peer, _ = listening.accept()
    with peer, peer.makefile("rb") as request:
        request.readline()
        head = http.client.parse_headers(request)
        request.read(int(head.get("content-length", "0")))
        peer.sendall(answer)
