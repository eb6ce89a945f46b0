"""The machine under the daemon: its clock, its limits, its SQLite, its knowledge of time zones."""

import ctypes
import sqlite3
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

from faxgw.ops.doctor.finding import Finding, fail, ok, skip, warn

CLOCK, FILES, SQLITE, ZONES = "clock", "open files", "sqlite", "time zones"

TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES = 256
_MAXERROR = 24
"""Where `maxerror` stands in `struct timex` of 64-bit Linux."""
OFF_SECONDS_MAX = 1.0
SQLITE_MIN = (3, 37, 0)
WAL_RESET_FIXED = (3, 51, 3)
"""https://www.sqlite.org/wal.html#walresetbug"""
FACE_CONNECTIONS = 512
"""Each face takes as many; see `api/crowd.py`."""


@dataclass(frozen=True, slots=True)
class ClockState:
    is_synchronised: bool
    off_seconds_max: float


def read_clock() -> ClockState | None:
    """What the kernel believes of its clock; None where it does not say."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        # With no mode set it only reads.
        state = ctypes.CDLL(None).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    off = ctypes.c_long.from_buffer(timex, _MAXERROR).value
    return None if state < 0 else ClockState(state != TIME_ERROR, off / 1e6)


def judge_clock(clock: ClockState | None) -> Finding:
    if clock is None:
        return skip(CLOCK, "this machine does not tell whether its clock is synchronised")
    if not clock.is_synchronised:
        advice = "start chrony or systemd-timesyncd (`timedatectl`): deadlines and opening hours follow this clock"
        return warn(CLOCK, "nothing keeps it right", advice)
    if clock.off_seconds_max > OFF_SECONDS_MAX:
        return warn(
            CLOCK, f"may be wrong by {clock.off_seconds_max:.1f} s", "look at its time server (`chronyc sources`)"
        )
    return ok(CLOCK, f"synchronised, wrong by {clock.off_seconds_max * 1e3:.0f} ms at most")


def judge_files(limit: int, lanes: int, inboxes: int, whose: str) -> Finding:
    """`lanes` and `inboxes` are connections at once."""
    needed = 2 * FACE_CONNECTIONS + lanes + inboxes + 128
    told = f"{whose} may open {limit:,}, and {needed:,} are in use at the most"
    if limit < needed:
        return fail(FILES, told, f"LimitNOFILE={2 * needed} in the unit, or fewer lanes")
    return ok(FILES, told)


def judge_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Finding:
    name = ".".join(map(str, version))
    if version < SQLITE_MIN:
        return fail(SQLITE, f"{name} is too old", f"use a Python with SQLite {'.'.join(map(str, SQLITE_MIN))} or newer")
    if version < WAL_RESET_FIXED:
        return ok(
            SQLITE, f"{name}; its write-ahead log can break under two writers, and here is one: open no SQL shell on it"
        )
    return ok(SQLITE, name)


def judge_zones(names: Sequence[str]) -> Finding:
    """Those that the config names."""
    missing = [name for name in names if name not in zoneinfo.available_timezones()]
    if missing:
        return fail(ZONES, f"not known here: {', '.join(missing)}", "install tzdata, of the system or of Python")
    return ok(ZONES, ", ".join(dict.fromkeys(names)) or "none needed")
