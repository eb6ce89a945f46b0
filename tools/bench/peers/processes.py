"""Processes of a peer: started with a log, ended by us however the block ends, and the CPU that they used together."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS_MAX = 10.0
_LIMITED = 'ulimit -n 1024 && exec "$@"'
"""Debian's own limit of open files: some close every descriptor that they may have before each program they start."""
_PR_SET_CHILD_SUBREAPER = 36
"""Of linux/prctl.h."""
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class PeerError(Exception):
    """A peer did not do what it should; says what, and the end of its log."""


@contextmanager
def running(command: Sequence[str], log: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process and those it starts; when the block is left, each of them is ended by its own pid."""
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - commands of our own
            ["/bin/sh", "-c", _LIMITED, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **env},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGTERM) -> None:
    """Ask it to go, and kill what is left of it after ten seconds, and its children. Nothing where it has ended."""
    if process.poll() is not None:
        return
    family = _starts(children_of(process.pid))
    process.send_signal(first)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        family |= _starts(children_of(process.pid))
        process.kill()
        process.wait()
    for pid, started in family.items():
        if started and _start_of(pid) == started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _starts(pids: Iterable[int]) -> dict[int, str]:
    """When each began: its pid may be another's by the time it is to be ended."""
    return {pid: _start_of(pid) for pid in pids}


def _start_of(pid: int) -> str:
    """In ticks since the machine's start, "" where it is not there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def adopt_orphans() -> None:
    """From here on, what is left of a process that was killed becomes a child of ours, so that we can end it."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans() -> int:
    """Kill what is still below this process a second later, by its pids; says how many that were."""
    for _ in range(20):
        _reap()
        if not (left := children_of(os.getpid())):
            return 0
        time.sleep(0.05)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


def _reap() -> None:
    """Orphans that ended by themselves."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def wait_until(is_so: Callable[[], bool], seconds_max: float, what: str, log: Path | None = None) -> None:
    """Raises PeerError where it is not so in time."""
    give_up_at = time.monotonic() + seconds_max
    while not is_so():
        if time.monotonic() > give_up_at:
            told = log.read_text(errors="replace")[-500:] if log and log.exists() else ""
            raise PeerError(f"waited {seconds_max:g} s in vain: {what}. {told}".strip())
        time.sleep(0.02)


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(*pids: int) -> float:
    """Of these processes and all that they ever started, whether these still run or have ended."""
    return sum(_used_seconds(each) for pid in pids for each in (pid, *children_of(pid)))


def _used_seconds(pid: int) -> float:
    """Own time in the scheduler's nanoseconds, for ticks of 10 ms lose half of a short life, and ended children's."""
    try:
        own = sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    except OSError:  # It has ended just now, and counts with its parent.
        return 0.0
    return own / 1e9 + sum(map(int, ended)) / _TICKS_A_SECOND


def children_of(pid: int) -> list[int]:
    """Processes that any of its threads started, and theirs."""
    try:
        children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")).split()
    except OSError:
        return []
    return [each for child in children for each in (int(child), *children_of(int(child)))]
