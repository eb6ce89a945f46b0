"""Starts whole daemons as processes of their own, kills them, and talks to them over their socket."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from faxgw.cli.client import LocalClient, NotReachableError, Reply
from tests.carriers import LOGIN, PASSWORD, Carrier

_START_SECONDS_MAX: Final = 30.0
_STOP_SECONDS_MAX: Final = 20.0
_LOOK_AGAIN_SECONDS: Final = 0.02

_CONFIG = """
[gateway]
state_dir = "state"
[api]
socket = "{socket}"
[http]
bind = "127.0.0.1:{port}"
[members]
file = "members.ndjson"
[[provider]]
name = "simulated"
kind = "simulated"
base_url = "{carrier}"
account = "{login}"
password_file = "password"
webhook_secret_file = "webhook-secret"
lanes = 16
settle_seconds = {settle_seconds}
receipt_late_seconds = 1
poll_seconds = 1
[retry]
busy = {{ calls_max = 50, wait_seconds = 0.2 }}
no_answer = {{ calls_max = 50, wait_seconds = 0.2 }}
[logs]
level = "warning"
"""


@dataclass
class Daemon:
    """One store and config, and the process that runs on it, if one does."""

    folder: Path
    port: int
    process: trio.Process | None = None
    clients: list[LocalClient] = field(default_factory=list)

    @property
    def socket_path(self) -> Path:
        return self.folder / "faxgw.sock"

    @property
    def webhook_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/receipts/simulated"

    async def start(self, *, environment: Mapping[str, str] | None = None, through: Sequence[str] = ()) -> None:
        """Start a process; it may not listen yet. `through` is a command that runs it (`prlimit`, `unshare`)."""
        command = [*through, sys.executable, "-m", "faxgw", "run", "-c", str(self.folder / "faxgw.toml")]
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = await trio.lowlevel.open_process(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=os.environ | (environment or {}),
            )

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text()

    async def wait_ready(self) -> None:
        """Until it takes orders; fails with its log where it ended instead."""
        with trio.fail_after(_START_SECONDS_MAX):
            while not await self._is_ready():
                assert self.process is not None
                assert self.process.poll() is None, (self.folder / "daemon.log").read_text()
                await trio.sleep(_LOOK_AGAIN_SECONDS)

    async def kill(self) -> None:
        """End it as a power cut would: no signal handler, no clean-up."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        with trio.fail_after(_STOP_SECONDS_MAX):
            return await self.process.wait()

    async def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> Reply:
        """One request on a connection of its own.

        Raises:
            NotReachableError: nobody listens, or the daemon died on it.
        """

        def ask() -> Reply:
            client = LocalClient(self.socket_path)
            try:
                return client.request(method, path, body, {"Content-Type": content_type} if body else {})
            finally:
                client.close()

        return await trio.to_thread.run_sync(ask)

    async def get(self, path: str) -> Any:
        reply = await self.ask("GET", path)
        assert reply.is_good, reply
        return reply.json()

    async def submit_lines(self, lines: Sequence[bytes]) -> list[dict[str, Any]]:
        reply = await self.ask("POST", "/v1/orders", b"\n".join(lines), "application/x-ndjson")
        assert reply.is_good, reply
        return [msgspec.json.decode(line) for line in reply.body.splitlines()]

    async def wait_finished(self, count: int, seconds_max: float) -> dict[str, int]:
        """Until so many faxes are final; returns how many there are in each state."""
        with trio.fail_after(seconds_max):
            while True:
                states: dict[str, int] = (await self.get("/v1/queue?lines=0&finished=true"))["states"]
                final = sum(states.get(name, 0) for name in ("delivered", "failed", "expired", "cancelled"))
                if final >= count:
                    return states
                await trio.sleep(0.2)

    async def _is_ready(self) -> bool:
        try:
            return (await self.ask("GET", "/readyz")).is_good
        except NotReachableError:
            return False


@asynccontextmanager
async def prepared_daemon(
    folder: Path, carrier: Carrier, members: bytes, *, settle_seconds: float = 0.5, more_config: str = ""
) -> AsyncIterator[Daemon]:
    """A daemon ready to be started in `folder`, and ended when the block is left."""
    port = free_port()
    (folder / "members.ndjson").write_bytes(members)
    for name, secret in (("password", PASSWORD), ("webhook-secret", carrier.webhook_secret)):
        (folder / name).write_text(secret)
    config = _CONFIG.format(
        socket=folder / "faxgw.sock", port=port, carrier=carrier.base_url, login=LOGIN, settle_seconds=settle_seconds
    )
    (folder / "faxgw.toml").write_text(config + more_config)
    daemon = Daemon(folder, port)
    await carrier.aim(daemon.webhook_url)
    try:
        yield daemon
    finally:
        with trio.CancelScope(shield=True):
            if daemon.process is not None and daemon.process.poll() is None:
                await daemon.kill()


@asynccontextmanager
async def running_daemon(folder: Path, carrier: Carrier, members: bytes) -> AsyncIterator[Daemon]:
    """The same, started and ready."""
    async with prepared_daemon(folder, carrier, members) as daemon:
        await daemon.start()
        await daemon.wait_ready()
        yield daemon


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
