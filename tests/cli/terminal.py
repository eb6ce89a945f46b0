"""An operator at a terminal: commands run against a served fake daemon, and what they print."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from faxgw.api.app import local_app
from faxgw.api.server import serve
from faxgw.api.sockets import UnixBind
from faxgw.cli.main import main
from tests.api.fakes import Fakes, FixedClock


@dataclasses.dataclass
class Printed:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Printed:
    """Run a command to its end."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return Printed(code, out, err)


class Terminal:
    """Commands that find the daemon by `--socket`; they block, hence run in a thread."""

    def __init__(self, socket_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._socket_path = socket_path
        self._capsys = capsys

    async def run(self, *arguments: str) -> Printed:
        with_socket = (*arguments, "--socket", str(self._socket_path))
        return await trio.to_thread.run_sync(run, self._capsys, *with_socket)


@asynccontextmanager
async def terminal_at(fakes: Fakes, folder: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Terminal]:
    """A terminal on a machine where the fakes are served."""
    path, stopping = folder / "s", trio.Event()
    app, bind = local_app(fakes.behind), UnixBind(folder / "s")

    async def serve_fakes(task_status: trio.TaskStatus[list[str]]) -> None:
        await serve(app, bind, clock=FixedClock(), stopping=stopping, grace_seconds=1, task_status=task_status)

    async with trio.open_nursery() as nursery:
        await nursery.start(serve_fakes)
        yield Terminal(path, capsys)
        stopping.set()


def write_config(folder: Path, more: str = "") -> Path:
    """A config that holds, beside the secrets it names."""
    (folder / "password").write_text("p", encoding="utf-8")
    (folder / "secret").write_text("s", encoding="utf-8")
    config = folder / "faxgw.toml"
    text = f"""
        {more}
        [api]
        socket = "from-config"
        [[provider]]
        name = "carrier"
        kind = "simulated"
        base_url = "http://127.0.0.1:1"
        account = "flowers"
        password_file = "password"
        webhook_secret_file = "secret"
    """
    config.write_text(text, encoding="utf-8")
    return config
