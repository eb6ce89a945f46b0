"""Whether the disk keeps what fsync promises, how quick it is, and for how long it has room."""

import os
import time
from pathlib import Path
from tempfile import TemporaryFile

from faxgw.ops.doctor.finding import Finding, fail, ok, skip, warn

FILE_SYSTEM, FREE_SPACE, SYNC, GROWTH = "file system", "free space", "sync", "growth"

FORGETS = frozenset({"tmpfs", "ramfs", "rootfs"})
REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs"})
SYNCS = 40
SLOW_P99_SECONDS = 0.1
TOO_QUICK_P50_SECONDS = 15e-6
"""Not even a disk with a battery answers so soon: something says `durable` and is not."""
GROWTH_DAYS_MIN = 30
DAY_SECONDS = 86_400.0
GIB = 2**30
MIB = 2**20


def look_at_file_system(folder: Path, mounts: str) -> Finding:
    """`mounts` as /proc/self/mounts has them."""
    there = _there(folder).resolve()
    points = [line.split() for line in mounts.splitlines()]
    fitting = [(Path(fields[1]), fields[2]) for fields in points if there.is_relative_to(fields[1])]
    if not fitting:
        return skip(FILE_SYSTEM, "this machine does not tell what is mounted")
    # Of two on one place the later one is seen.
    point, kind = max(reversed(fitting), key=lambda mounted: len(mounted[0].parts))
    return judge_file_system(kind, point)


def judge_file_system(kind: str, point: Path) -> Finding:
    if kind in FORGETS:
        return fail(
            FILE_SYSTEM, f"{kind} on {point} is memory: a power cut takes every order", "set state_dir on a disk"
        )
    if kind in REMOTE:
        advice = "set state_dir on a local disk: SQLite's write-ahead log needs shared memory and true locks"
        return fail(FILE_SYSTEM, f"{kind} on {point} is on another machine", advice)
    if kind in {"overlay", "aufs"}:
        return warn(FILE_SYSTEM, f"{kind} on {point} goes with its container", "mount a volume for state_dir")
    return ok(FILE_SYSTEM, f"{kind} on {point}")


def judge_free_space(free_bytes: int, least_bytes: int) -> Finding:
    told = f"{free_bytes / GIB:,.1f} GiB free; below {least_bytes / GIB:,.2f} GiB the gateway is not ready"
    if free_bytes < least_bytes:
        return fail(FREE_SPACE, told, "make room; the gateway goes on by itself")
    if free_bytes < 4 * least_bytes:
        return warn(FREE_SPACE, told, "make room before the next peak")
    return ok(FREE_SPACE, told)


def measure_syncs(folder: Path) -> list[float]:
    """Seconds of each of some small writes that were made durable, in a nameless file beside the store."""
    seconds: list[float] = []
    with TemporaryFile(dir=_there(folder), buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"\0" * 4096)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - started)
    return sorted(seconds)


def judge_syncs(seconds: list[float]) -> Finding:
    """`seconds` are sorted."""
    p50, p99 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    told = f"fdatasync p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms"
    if p50 < TOO_QUICK_P50_SECONDS:
        return warn(
            SYNC, f"{told}: too quick to be true", "find out what caches writes: a hypervisor, eatmydata, nobarrier"
        )
    if p99 > SLOW_P99_SECONDS:
        return warn(SYNC, f"{told}: every commit waits for it", "look at what else writes to this disk (iostat -x 1)")
    return ok(SYNC, told)


def judge_growth(store_bytes: int, age_seconds: float, free_bytes: int) -> Finding:
    """How long the room lasts if the store grows on as it did since its first order."""
    if age_seconds < DAY_SECONDS:
        return skip(GROWTH, f"the store has {store_bytes / MIB:,.0f} MiB and is not a day old")
    day_bytes = store_bytes / (age_seconds / DAY_SECONDS)
    days = free_bytes / max(day_bytes, 1.0)
    told = f"{store_bytes / MIB:,.0f} MiB, {day_bytes / MIB:,.1f} MiB a day"
    if days < GROWTH_DAYS_MIN:
        return warn(
            GROWTH, f"{told}: the disk is full in {days:.0f} days", "get a larger disk, or move what is not the store's"
        )
    return ok(GROWTH, f"{told}: room for " + (f"{days:,.0f} days" if days < 3_650 else "years"))


def _there(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.is_dir())
