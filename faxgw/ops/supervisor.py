"""Tells who started the daemon how it is: starting, ready, alive, reloading, stopping (sd_notify(3)).

Each message is one datagram. Without systemd nobody listens and nothing is said; one that is not taken at once is lost,
for the daemon waits for nobody here, and only READY is said again. The watchdog is fed from the event loop alone,
and only while the store commits: fed from a thread of its own it would tell that the process exists.
"""

import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
import trio

from faxgw.fax import State
from faxgw.ops.metrics import QueueFigures

log = structlog.get_logger(__name__)

TELL_SECONDS = 5.0
START_EXTENSION_SECONDS = 60.0
"""How much longer a start may take, counted from each time it is asked for; a store of millions is read in pieces."""
BEATS_PER_TIMEOUT = 3
"""sd_watchdog_enabled(3) asks for two; with three, one late beat on a busy machine ends nothing."""


class Supervisor:
    """Whoever reads the socket at `address`; nobody where that is empty."""

    def __init__(self, address: str = "", watchdog_seconds: float | None = None) -> None:
        """`watchdog_seconds` is after how long without a beat the daemon counts as hung; None: it is not watched."""
        # A leading @ stands for the zero byte of Linux' abstract names (unix(7)).
        self._address = b"\0" + os.fsencode(address[1:]) if address.startswith("@") else os.fsencode(address)
        self._watchdog_seconds = watchdog_seconds
        self._started = trio.Event()
        self._stopping = False
        self._owes_ready = False
        self._deaf = False

    @property
    def listens(self) -> bool:
        return bool(self._address)

    def note_ready(self) -> None:
        """The doors are open, also again after a reload."""
        self._owes_ready = not self._tell("READY=1")
        self._started.set()

    def note_reloading(self) -> None:
        """The config is read anew; `note_ready` ends it. One datagram, by the clock that systemd compares with."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000}")

    def note_stopping(self, seconds_max: float) -> None:
        """The daemon ends by itself within that time; the unit's own patience may be shorter."""
        self._stopping = True
        self._tell("STOPPING=1", _extension(seconds_max))

    async def keep_told(self, reasons_not_alive: Callable[[], list[str]], status: Callable[[], str]) -> None:
        """Ask for time while the daemon starts, then feed the watchdog and tell the status; for ever."""
        if not self.listens:
            return
        while not self._started.is_set():
            self._tell("STATUS=starting: the store is opened and read", _extension(START_EXTENSION_SECONDS))
            with trio.move_on_after(START_EXTENSION_SECONDS / BEATS_PER_TIMEOUT):
                await self._started.wait()
        while True:
            self._beat(reasons_not_alive(), status())
            await trio.sleep(self._beat_seconds())

    def _beat(self, reasons_not_alive: list[str], status: str) -> None:
        if self._owes_ready:
            self.note_ready()
        if reasons_not_alive:
            log.error("not_alive", reasons=reasons_not_alive, watchdog_seconds=self._watchdog_seconds)
            self._tell(f"STATUS=not alive: {reasons_not_alive[0]}")
        elif self._stopping:
            self._tell("STATUS=stopping: what is being sent is finished", "WATCHDOG=1")
        else:
            self._tell(f"STATUS={status}", "WATCHDOG=1")

    def _beat_seconds(self) -> float:
        if self._watchdog_seconds is None:
            return TELL_SECONDS
        return min(self._watchdog_seconds / BEATS_PER_TIMEOUT, TELL_SECONDS)

    def _tell(self, *words: str) -> bool:
        """Say it, and whether it was taken."""
        if not self.listens:
            return True
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as line:
                line.sendto("\n".join(words).encode(), self._address)
        except OSError as error:
            if not self._deaf:
                log.warning("supervisor_not_told", error=os.strerror(error.errno or 0), words=words)
            self._deaf = True
        else:
            self._deaf = False
        return not self._deaf


def find_supervisor(environment: Mapping[str, str], process_id: int) -> Supervisor:
    """The one that systemd's environment names: NOTIFY_SOCKET, and WATCHDOG_USEC where the unit has WatchdogSec."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return Supervisor()
    microseconds = environment.get("WATCHDOG_USEC", "")
    is_meant = environment.get("WATCHDOG_PID", str(process_id)) == str(process_id)
    watched = is_meant and microseconds.isdecimal() and int(microseconds) > 0
    return Supervisor(address, int(microseconds) / 1_000_000 if watched else None)


@asynccontextmanager
async def supervised(
    supervisor: Supervisor, reasons_not_alive: Callable[[], list[str]], status: Callable[[], str]
) -> AsyncIterator[None]:
    """Keep the supervisor told from the first step of the start to the last of the stop."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.keep_told, reasons_not_alive, status)
        yield
        nursery.cancel_scope.cancel()


def describe_queue(figures: QueueFigures, *, is_ready: bool) -> str:
    """One line for `systemctl status`, which anybody on the machine may read: figures, no names."""
    queued, sending = figures.faxes.get(State.QUEUED, 0), figures.faxes.get(State.SENDING, 0)
    parts = [
        f"{queued} queued, {sending} sending, {figures.faxes.get(State.SUBMITTED, 0)} with carriers",
        f"oldest due for {figures.oldest_due_age_seconds:.0f} s",
    ]
    if doubts := figures.faxes.get(State.UNKNOWN, 0):
        parts.append(f"{doubts} in doubt")
    return "; ".join(parts if is_ready else ["not ready (GET /readyz says why)", *parts])


def _extension(seconds: float) -> str:
    return f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}"
