"""What processes use, by /proc where they can be seen, else by what they say of themselves, else not known."""

import os
import socket
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PEER = struct.Struct("3i")
_SAME_START_SECONDS = 1.0
_WORKERS = {"faxgw.render": "drawing", "faxgw.intake": "reading", "faxgw.routing": "planning"}
"""Processes that the daemon starts, by the module that they run."""
GATEWAY, DRAWING = "gateway", "drawing"


class Used(msgspec.Struct, frozen=True):
    """What a process and those it started have used so far; memory is resident, shared pages counted each time."""

    cpu_seconds: float
    memory_mib: float


def used_by(pids: Iterable[int]) -> Used:
    """Of these processes together; one that has ended counts nothing."""
    ticks = pages = 0
    for pid in pids:
        try:
            fields = _stat(pid)
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        ticks += int(fields[11]) + int(fields[12])
    return Used(ticks / _TICKS_A_SECOND, round(pages * _PAGE_BYTES / 2**20, 1))


def used_by_daemon(pid: int) -> dict[str, Used]:
    """Of the daemon, and of the processes that draw and read for it."""
    workers: dict[str, list[int]] = {DRAWING: []}
    for child in children_of(pid):
        workers.setdefault(_work_of(child), []).append(child)
    return {GATEWAY: used_by([pid])} | {name: used_by(pids) for name, pids in workers.items()}


def used_by_own_word(figures: Mapping[str, float]) -> dict[str, Used]:
    """What `process_*` of its metrics says of the daemon alone; nothing where they say nothing."""
    cpu, memory = figures.get("process_cpu_seconds_total"), figures.get("process_resident_memory_bytes")
    return {} if cpu is None or memory is None else {GATEWAY: Used(cpu, round(memory / 2**20, 1))}


def children_of(pid: int) -> list[int]:
    """Processes that any of its threads started, and theirs."""
    try:
        children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")).split()
    except OSError:
        return []
    return [each for child in children for each in (int(child), *children_of(int(child)))]


def listener_of(path: Path) -> int | None:
    """Who listens on a Unix socket, by the kernel's word; None where it is nobody whom we can see."""
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(str(path))
            pid, _, _ = _PEER.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        except OSError:
            return None
    return pid or None


def is_started_at(pid: int, at: float) -> bool:
    """Whether the process began then (seconds since 1970): the listener may be systemd, or another machine's number."""
    try:
        ticks = int(_stat(pid)[19])
        booted_at = next(
            int(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime")
        )
    except (OSError, IndexError, StopIteration):
        return False
    return abs(booted_at + ticks / _TICKS_A_SECOND - at) < _SAME_START_SECONDS


def _stat(pid: int) -> list[str]:
    """Fields from the third of proc(5) on: the second may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _work_of(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        command = ""
    return next((name for module, name in _WORKERS.items() if module in command), "other work")
