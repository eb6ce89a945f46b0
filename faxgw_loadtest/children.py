"""Processes of a run: each with its log, heard once it is ready, and ended however the run ends."""

import select
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from faxgw.cli.client import LocalClient, NotReachableError
from faxgw.errors import OperatorError

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
LOOK_AGAIN_SECONDS = 0.05


@contextmanager
def running(command: Sequence[str], log: Path, *, is_heard: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A process of our own that writes to the log; with `is_heard` it has a pipe for what `first_word` reads."""
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if is_heard else written, stderr=written
        )
        try:
            yield process
        finally:
            _end(process)


def first_word(process: subprocess.Popen[bytes], name: str, log: Path) -> dict[str, Any]:
    """The line of JSON in which it says that it is ready, and where.

    Raises:
        OperatorError: it says nothing, with the last words of its log.
    """
    is_told = process.stdout is not None and select.select([process.stdout], [], [], START_SECONDS_MAX)[0]
    line = process.stdout.readline() if process.stdout is not None and is_told else b""
    if not line:
        raise OperatorError(f"the {name} did not start: {_last_words(log)}")
    told: dict[str, Any] = msgspec.json.decode(line)
    return told


def wait_ready(client: LocalClient, daemon: subprocess.Popen[bytes], log: Path) -> None:
    """Until the daemon says that it takes orders.

    Raises:
        OperatorError: it ended, or takes too long, with the last words of its log.
    """
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while not _is_ready(client):
        if daemon.poll() is not None or time.monotonic() > give_up_at:
            raise OperatorError(f"the daemon did not start: {_last_words(log)}")
        time.sleep(LOOK_AGAIN_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(client: LocalClient) -> bool:
    try:
        return client.get("/readyz").is_good
    except NotReachableError:
        return False


def _last_words(log: Path) -> str:
    """The log itself may go with its folder."""
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), f"{log} is empty")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
