"""Starts the simulated carrier as a process of its own and pulls its levers from a test."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote

import msgspec
import trio

from faxgw.clock import Clock, SystemClock
from faxgw.provider.http import Answer, HttpLanes, Timeouts
from faxgw.provider.simulated import SimulatedProvider

LOGIN: Final = "simulated"
PASSWORD: Final = "simulated"  # noqa: S105 - what the carrier takes unless told otherwise.
WEBHOOK_SECRET: Final = "whsec_" + "c2ltdWxhdGVk" * 3
_START_SECONDS_MAX: Final = 20
_STOP_SECONDS_MAX: Final = 5


@dataclass(frozen=True)
class Carrier:
    """A running carrier. Its levers work even while it is down."""

    base_url: str
    control_url: str
    process: trio.Process
    webhook_secret: str
    pages_dir: Path
    """What was handed in, each document as a TIFF; it goes with the carrier."""
    _control: HttpLanes

    async def account(self) -> dict[str, Any]:
        account: dict[str, Any] = await self._pull("GET", "account")
        return account

    async def faxes(self) -> list[dict[str, Any]]:
        """One record for each fax it ever took, in that order."""
        faxes: list[dict[str, Any]] = []
        while True:
            answer = await self._control.request("GET", f"/control/faxes?from={len(faxes)}")
            assert isinstance(answer, Answer), answer
            if not answer.body:
                return faxes
            faxes += [msgspec.json.decode(line) for line in answer.body.splitlines()]

    async def set_shares(self, **shares: float) -> None:
        """Other mishaps from now on (`faxgw/provider/mishaps.py`); `down=1` closes its door, none at all opens it."""
        await self._pull("PUT", "shares", shares)

    async def script(self, number: str, *plays: str) -> None:
        """What happens to the next faxes to `number`, in turn."""
        await self._pull("PUT", f"numbers/{quote(number)}", plays)

    async def aim(self, webhook_url: str | None) -> None:
        """Send receipts there from now on."""
        await self._pull("PUT", "webhook", {"url": webhook_url})

    async def wait_ended(self, count: int) -> None:
        """Until so many calls have ended, well or not."""
        await self._pull("GET", f"ended?count={count}")

    async def wait_settled(self) -> None:
        """Until no call is under way and no receipt on its way."""
        await self._pull("GET", "settled")

    async def reset(self) -> None:
        await self._pull("DELETE", "account")

    async def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        await self.process.wait()

    async def let_go(self) -> None:
        """Close the connections to its levers."""
        await self._control.aclose()

    def provider(
        self, *, name: str = "simulated", lanes: int = 8, timeouts: Timeouts | None = None, clock: Clock | None = None
    ) -> SimulatedProvider:
        """An adapter with this carrier's address and account."""
        return SimulatedProvider(
            name,
            base_url=self.base_url,
            login=LOGIN,
            password=PASSWORD,
            lanes=lanes,
            timeouts=timeouts or Timeouts(),
            webhook_secret=self.webhook_secret,
            clock=clock or SystemClock(),
        )

    async def _pull(self, method: str, lever: str, setting: object = None) -> Any:
        body = b"" if setting is None else msgspec.json.encode(setting)
        answer = await self._control.request(method, f"/control/{lever}", body=body)
        assert isinstance(answer, Answer), answer
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)


@asynccontextmanager
async def running_carrier(**options: object) -> AsyncIterator[Carrier]:
    """A carrier on a free port, ended when the block is left.

    Options are the carrier's flags with underscores: `call_seconds=0, idempotent=True,
    share={"busy": 0.1}, journal=path`. Calls last no time unless said otherwise.
    """
    with TemporaryDirectory() as directory:
        secret_file, pages_dir = Path(directory) / "webhook.secret", Path(directory) / "pages"
        secret_file.write_text(WEBHOOK_SECRET)
        usual = {"call_seconds": 0, "page_seconds": 0, "webhook_secret_file": secret_file, "keep_pages": pages_dir}
        flags = _flags(usual | options)
        command = [sys.executable, "-m", "faxgw_loadtest.carrier", *flags]
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
        carrier: Carrier | None = None
        try:
            carrier = await _listening(process, pages_dir)
            yield carrier
        finally:
            with trio.CancelScope(shield=True):
                if carrier is not None:
                    await carrier.let_go()
            await _stop(process)


def _flags(options: dict[str, object]) -> list[str]:
    flags: list[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        match value:
            case True:
                flags.append(flag)
            case False | None:
                pass
            case dict():
                flags += [flag, ",".join(f"{key}={share}" for key, share in value.items())]
            case _:
                flags += [flag, str(value)]
    return flags


async def _listening(process: trio.Process, pages_dir: Path) -> Carrier:
    line = b""
    assert process.stdout is not None
    with trio.fail_after(_START_SECONDS_MAX):
        while not line.endswith(b"\n"):
            part = await process.stdout.receive_some()
            assert part, "the carrier ended before it listened; its standard error says why"
            line += part
    ready = msgspec.json.decode(line, type=dict[str, Any])
    # Waiting for what is to happen is what the levers are for, so they may take long.
    control = HttpLanes(ready["control"], lanes=4, timeouts=Timeouts(read_seconds=60))
    return Carrier(ready["listening"], ready["control"], process, WEBHOOK_SECRET, pages_dir, control)


async def _stop(process: trio.Process) -> None:
    with trio.CancelScope(shield=True):
        process.terminate()
        with trio.move_on_after(_STOP_SECONDS_MAX):
            await process.wait()
        process.kill()
        assert process.stdout is not None
        await process.stdout.aclose()
        await process.wait()
