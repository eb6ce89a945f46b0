"""Commands to a daemon on another machine: over TLS, with a token from a file."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from faxgw.api.app import local_app
from faxgw.api.guard import Guard
from faxgw.api.server import serve
from faxgw.api.sockets import TcpBind
from faxgw.api.tls import certificate_of
from faxgw.api.tokens import Caller, Keyring
from faxgw.config.doors import Scope
from faxgw.fax import State
from tests.api.fakes import Fakes, FixedClock, make_fakes
from tests.api.tls import WORD, http_door, make_certificate
from tests.cli.terminal import Printed, run

Capture = pytest.CaptureFixture[str]


@dataclass
class Remote:
    """A terminal on another machine than the daemon."""

    url: str
    authority: Path
    folder: Path
    capsys: Capture

    async def run(self, *arguments: str, word: str = WORD, authority: Path | None = None) -> Printed:
        (self.folder / "token").write_text(f"{word}\n", encoding="utf-8")
        signed_by = str(authority or self.authority)
        named = (*arguments, "--url", self.url, "--token-file", str(self.folder / "token"), "--ca", signed_by)
        return await trio.to_thread.run_sync(run, self.capsys, *named)


@asynccontextmanager
async def remote_at(fakes: Fakes, folder: Path, capsys: Capture, scope: Scope = Scope.OPERATE) -> AsyncIterator[Remote]:
    """A terminal, and a daemon that takes `WORD` for the office's token."""
    pair, stopping = make_certificate(folder), trio.Event()
    keyring = Keyring([(hashlib.sha256(WORD.encode()).digest(), Caller("office", scope))])
    app = Guard(local_app(fakes.behind), keyring, lambda _: None)

    async def serve_fakes(task_status: trio.TaskStatus[list[str]]) -> None:
        await serve(
            app,
            TcpBind("127.0.0.1:0"),
            clock=FixedClock(),
            stopping=stopping,
            grace_seconds=1,
            certificate=certificate_of(http_door(*pair)),
            task_status=task_status,
        )

    async with trio.open_nursery() as nursery:
        addresses: list[str] = await nursery.start(serve_fakes)
        yield Remote(f"https://{addresses[0]}", pair[0], folder, capsys)
        stopping.set()


async def test_commands_reach_a_daemon_on_another_machine(tmp_path: Path, capsys: Capture) -> None:
    """What they change there is done in the token's name."""
    fakes = make_fakes()
    fakes.store.add(state=State.QUEUED)
    async with remote_at(fakes, tmp_path, capsys) as remote:
        shown = await remote.run("show", "1", "--json")
        held = await remote.run("hold", "1", "--who", "Ida", "--why", "asks")
    assert (shown.code, shown.json()["id"]) == (0, 1)
    assert held.code == 0
    assert fakes.desk.asked == [("Ida (office)", "asks", "hold")]


async def test_events_are_followed_over_tls(tmp_path: Path, capsys: Capture) -> None:
    """A stream without a length ends whole."""
    fakes = make_fakes()
    fakes.store.add()
    fakes.store.happen("accepted")
    async with remote_at(fakes, tmp_path, capsys) as remote:
        told = await remote.run("events", "--json")
    assert (told.code, "accepted" in told.out) == (0, True)


async def test_a_wrong_token_is_told_without_showing_it(tmp_path: Path, capsys: Capture) -> None:
    """Exit 1, with what to do; so is one that is not good for the change."""
    fakes = make_fakes()
    fakes.store.add(state=State.QUEUED)
    wrong = "f" * 40
    async with remote_at(fakes, tmp_path, capsys, Scope.ORDERS) as remote:
        refused = await remote.run("show", "1", word=wrong)
        forbidden = await remote.run("hold", "1")
    assert (refused.code, "[[api.tcp.token]]" in refused.err) == (1, True)
    assert wrong not in refused.err
    assert (forbidden.code, fakes.desk.asked) == (1, [])


async def test_a_certificate_of_a_stranger_is_not_spoken_with(tmp_path: Path, capsys: Capture) -> None:
    """Exit 3 before the token is sent."""
    stranger, _ = make_certificate(tmp_path, "stranger")
    async with remote_at(make_fakes(), tmp_path, capsys) as remote:
        refused = await remote.run("queue", authority=stranger)
    assert (refused.code, "is not trusted" in refused.err, "--ca FILE" in refused.err) == (3, True, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "http://fax.example.net:8471"), "in plain words"),
        (("--url", "https://fax.example.net:8471/v1"), "with nothing behind it"),
        (("--url", "https://fax.example.net:port"), "write https://HOST:PORT"),
        (("--url", "fax.example.net:8471"), "is written https://HOST:PORT"),
        (("--url", "https://127.0.0.1:1", "--socket", "s"), "--url names one, --socket or -c another"),
        (("--url", "https://127.0.0.1:1", "--ca", "gone"), "gone: No such file"),
    ],
)
def test_a_place_that_cannot_be_is_told(
    tmp_path: Path, capsys: Capture, arguments: tuple[str, ...], words: str
) -> None:
    """Exit 2, and nothing was sent anywhere."""
    (tmp_path / "token").write_text(WORD, encoding="utf-8")
    printed = run(capsys, "queue", *arguments, "--token-file", str(tmp_path / "token"))
    assert (printed.code, words in printed.err) == (2, True), printed.err


def test_the_environment_names_the_daemon(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAXGW_URL with its token; a --socket is stronger, and without a token it is told what to name."""
    monkeypatch.setenv("FAXGW_URL", "https://127.0.0.1:1")
    missing = run(capsys, "queue")
    assert (missing.code, "FAXGW_TOKEN_FILE" in missing.err) == (2, True)
    (tmp_path / "token").write_text(WORD, encoding="utf-8")
    monkeypatch.setenv("FAXGW_TOKEN_FILE", str(tmp_path / "token"))
    assert "no daemon listens on https://127.0.0.1:1" in run(capsys, "queue").err
    assert f"no daemon listens on {tmp_path / 's'}" in run(capsys, "queue", "--socket", str(tmp_path / "s")).err
