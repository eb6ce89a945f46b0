"""What the bench ran on: the machine, its disk's fdatasync, the commit, and the version of every part."""

import os
import platform
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from tools.bench.peers.place import PEERS, package_version

SYNCS = 500
SYNC_BYTES = 4_096
_PACKAGES = (
    "trio",
    "litestar",
    "sqlalchemy",
    "msgspec",
    "httpx",
    "pillow",
    "numpy",
    "zxing-cpp",
    "aioftp",
    "reportlab",
)
_PROGRAMS = (
    ("Ghostscript", ("gs", "--version")),
    ("lftp", ("lftp", "--version")),
    ("gcc", ("gcc", "-dumpfullversion")),
)
_UNPACKED = (("Postfix", "postfix", "postfix"), ("HylaFAX", "hylafax", "hylafax-server"))
_INSTALLED = (("libtiff (C)", "libtiff6"), ("spandsp", "libspandsp2"))


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Without the machine's name: the page is public."""

    commit: str
    """With a "+" behind it where files differed from it."""
    cpu: str
    cores: int
    memory_gib: float
    system: str
    file_system: str
    sync_p50_ms: float
    sync_p99_ms: float
    load_before: float
    versions: dict[str, str]
    """By the part's name; "missing" where a peer is not there."""


def look(folder: Path) -> Machine:
    """`folder` lies on the file system that everything is measured on."""
    p50_ms, p99_ms = sync_ms(folder)
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        commit=_commit(),
        cpu=cpu_model(Path("/proc/cpuinfo").read_text()),
        cores=os.cpu_count() or 1,
        memory_gib=round(memory_bytes / 2**30, 1),
        system=f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        file_system=file_system(Path("/proc/mounts").read_text(), folder.resolve()),
        sync_p50_ms=p50_ms,
        sync_p99_ms=p99_ms,
        load_before=round(os.getloadavg()[0], 2),
        versions=_versions(),
    )


def sync_ms(folder: Path, syncs: int = SYNCS) -> tuple[float, float]:
    """Median and 99th percentile of fdatasync, each time behind 4 KiB appended, as a log grows."""
    waits = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(syncs):
            file.write(b"x" * SYNC_BYTES)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(1e3 * (time.perf_counter() - began))
    return statistics.median(waits), sorted(waits)[syncs * 99 // 100]


def cpu_model(cpuinfo: str) -> str:
    """The processor's name out of /proc/cpuinfo."""
    found = re.search(r"(?m)^model name\s*: (.*)$", cpuinfo)
    return found[1].strip() if found else platform.machine()


def file_system(mounts: str, folder: Path) -> str:
    """The kind of the file system that `folder` lies on, out of /proc/mounts: the longest mount point above it."""
    kinds = {Path(fields[1]): fields[2] for line in mounts.splitlines() if len(fields := line.split()) > 2}
    above = [point for point in kinds if folder.is_relative_to(point)]
    return kinds[max(above, key=lambda point: len(point.parts))] if above else "unknown"


def _versions() -> dict[str, str]:
    return {
        "faxgw": _python_package("faxgw"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: _python_package(name) for name in _PACKAGES},
        **{name: package_version(folder, package) or "missing" for name, folder, package in _UNPACKED},
        **{name: _installed(package) for name, package in _INSTALLED},
        **{name: _said(command) for name, command in _PROGRAMS},
        "huey": _huey(),
    }


def _python_package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _installed(package: str) -> str:
    query = shutil.which("dpkg-query")
    if query is None:
        return "unknown"
    done = subprocess.run(  # noqa: S603 - a query of ours
        [query, "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    )
    return done.stdout or "missing"


def _said(command: tuple[str, ...]) -> str:
    """The first number that looks like a version in what the program says of itself."""
    program = shutil.which(command[0])
    if program is None:
        return "missing"
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else "unknown"


def _huey() -> str:
    found = next((PEERS / "huey").glob("huey-*.dist-info"), None)
    return found.name.removeprefix("huey-").removesuffix(".dist-info") if found else "missing"


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"

    def ask(*arguments: str) -> str:
        done = subprocess.run([git, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours
        return done.stdout.strip()

    return (ask("rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if ask("status", "--porcelain", "-uno") else "")
