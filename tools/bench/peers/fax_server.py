"""HylaFAX out of its unpacked package: faxq and hfaxd over a spool of their own, with a sender that takes no time.

Its scheduler passes over the queue once a second, so that a modem is used about once a second however fast its sender
is; it therefore gets a virtual modem for each job, and none ever waits for one. A job that became ready in the very
second of such a pass can be left until something else happens, which on a quiet machine is never: the last jobs of a
round then wait for ever. When none has ended for two seconds, a modem is therefore announced once more.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.peers.place import PEERS, require, require_root
from tools.bench.peers.processes import PeerError, cpu_seconds, free_port, is_listening, running, wait_until
from tools.bench.peers.submitter import Submitter

ROOT = PEERS / "hylafax"
_FAXQ, _HFAXD = ROOT / "usr" / "sbin" / "faxq", ROOT / "usr" / "sbin" / "hfaxd"
_PROGRAMS = ROOT / "usr" / "lib" / "hylafax" / "bin"
_SENDER = ROOT / "free-sender"
_USER = "uucp"
"""Compiled into it; every Debian has this user."""
START_SECONDS_MAX = 20.0
_STILL_SECONDS_MAX = 2.0
_LOOK_SECONDS = 0.02
_ENV = {"LD_LIBRARY_PATH": str(ROOT / "usr" / "lib" / "hylafax")}
_LOG = Path("log", "bench.log")

_FOLDERS = (
    "archive", "bin", "client", "config", "dev", "docq", "doneq", "etc", "info", "lock", "log", "pollq", "recvq",
    "sendq", "status", "tmp",
)  # fmt: skip

_CONFIG = """\
CountryCode: 33
AreaCode: 1
LongDistancePrefix: 0
InternationalPrefix: 00
DialStringRules: etc/dialrules
ServerTracing: 0
SessionTracing: 0
MaxBatchJobs: 1
SendFaxCmd: {sender}
UUCPLockDir: {folder}/lock
"""

# What its script that looks at a TIFF asks for; its set-up would write more.
_SETUP = """\
SBIN={programs}
TIFFBIN=/usr/bin
SED=/bin/sed
GREP=/bin/grep
CP=/bin/cp
CAT=/bin/cat
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A HylaFAX that runs."""

    folder: Path
    port: int
    pids: tuple[int, ...]

    def send(self, pages: Sequence[bytes], seconds_max: float) -> tuple[float, float]:
        """Hand in a job a page over one connection; wall seconds until all are done, and CPU seconds.

        Raises:
            PeerError: not all of them were done in time, or one was refused.
        """
        before = self._done()
        used, began = cpu_seconds(*self.pids), time.monotonic()
        with Submitter(self.port, seconds_max) as submitter:
            for number, page in enumerate(pages):
                submitter.submit(page, f"+33199{number:06}")
        self._wait_until_done(before + len(pages), began + seconds_max)
        return time.monotonic() - began, cpu_seconds(*self.pids) - used

    def _wait_until_done(self, jobs: int, give_up_at: float) -> None:
        done, moved_at = self._done(), time.monotonic()
        while done < jobs:
            if (now := time.monotonic()) > give_up_at:
                raise PeerError(f"{jobs - done} of {jobs} jobs were not done in time")
            if now > moved_at + _STILL_SECONDS_MAX:
                announce(self.folder, number=0)
                moved_at = time.monotonic()
            time.sleep(_LOOK_SECONDS)
            if (seen := self._done()) > done:
                done, moved_at = seen, time.monotonic()

    def _done(self) -> int:
        return sum(1 for _ in (self.folder / "doneq").glob("q*"))


@contextmanager
def open_hylafax(folder: Path, modems: int) -> Iterator[Site]:
    """Raises MissingPeerError where it cannot be started, PeerError where it does not start."""
    require("HylaFAX", _FAXQ, _HFAXD, _PROGRAMS / "faxmodem", _SENDER)
    require_root("HylaFAX")
    _lay_out(folder)
    port, log = free_port(), folder / _LOG
    faxq = [str(_FAXQ), "-D", "-q", str(folder)]
    hfaxd = [str(_HFAXD), "-d", "-q", str(folder), "-l", "127.0.0.1", "-i", str(port)]
    with running(faxq, log, _ENV) as queue, running(hfaxd, log, _ENV) as server:
        wait_until((folder / "FIFO").is_fifo, START_SECONDS_MAX, "faxq reads its FIFO", log)
        wait_until(lambda: is_listening(port), START_SECONDS_MAX, "hfaxd listens", log)
        for number in range(modems):
            announce(folder, number)
        yield Site(folder, port, (queue.pid, server.pid))


def announce(folder: Path, number: int) -> None:
    """Tell faxq that this modem is there and free, which also has it look at its queue."""
    command = [str(_PROGRAMS / "faxmodem"), "-q", str(folder), "-u", "4", f"ttyF{number}"]
    with running(command, folder / _LOG, _ENV) as announcing:
        announcing.wait(START_SECONDS_MAX)


def _lay_out(folder: Path) -> None:
    """A spool as its package makes one."""
    folder.chmod(0o755)
    for name in _FOLDERS:
        (folder / name).mkdir()
    shutil.copytree(ROOT / "var" / "spool" / "hylafax" / "bin", folder / "bin", dirs_exist_ok=True)
    for name in ("dialrules", "lutRS18.pcf", "hfaxd.conf"):
        shutil.copy(ROOT / "etc" / "hylafax" / name, folder / "etc" / name)
    shutil.copy(_SENDER, folder / "bin" / "free-sender")
    config = _CONFIG.format(sender=folder / "bin" / "free-sender", folder=folder)
    (folder / "etc" / "config").write_text(config)
    (folder / "etc" / "setup.cache").write_text(_SETUP.format(programs=_PROGRAMS))
    (folder / "etc" / "hosts.hfaxd").write_text("localhost:21::\n")
    (folder / "etc" / "hosts.hfaxd").chmod(0o600)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, _USER, _USER)
