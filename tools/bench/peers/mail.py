"""Postfix out of its unpacked package, with a queue of its own on loopback: smtpd takes in, smtp delivers to a sink."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.peers.place import PEERS, require, require_root
from tools.bench.peers.processes import (
    PeerError,
    cpu_seconds,
    free_port,
    is_listening,
    running,
    wait_until,
)

ROOT = PEERS / "postfix"
_LIBRARIES = ROOT / "usr" / "lib" / "postfix"
_PROGRAMS = ROOT / "usr" / "sbin"
SESSIONS = 20
START_SECONDS_MAX = 20.0

# Users that every Debian has; no user is made for a bench.
_OWNER, _GROUP = "daemon", "mail"

_MAIN = """\
compatibility_level = 3.7
myhostname = bench.invalid
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = {folder}/spool
data_directory = {folder}/data
meta_directory = {folder}/config
daemon_directory = {libraries}/sbin
shlib_directory = {libraries}
command_directory = {programs}
mail_owner = {owner}
setgid_group = {group}
default_privs = nobody
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relayhost = [127.0.0.1]:{sink}
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_tls_security_level = none
smtpd_tls_security_level = none
maillog_file = {folder}/spool/maillog
maillog_file_prefixes = {folder}
"""

# As Debian's master.cf has them, without chroot and without what no message of ours meets.
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""

_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")


@dataclass(frozen=True, slots=True)
class Site:
    """A Postfix that runs."""

    folder: Path
    port: int
    master: int
    """Its pid."""

    def send(self, messages: int, size_bytes: int, seconds_max: float) -> tuple[float, float]:
        """Send so many over 20 sessions; wall seconds until all are delivered and gone from the queue, and CPU seconds.

        Raises:
            PeerError: not all of them arrived in time.
        """
        before = self._sunk()
        used, began = cpu_seconds(self.master), time.monotonic()
        command = [_PROGRAMS / "smtp-source", "-s", SESSIONS, "-m", messages, "-l", size_bytes]
        command += ["-f", "orders@bench.invalid", "-t", "florist@bench.invalid", f"127.0.0.1:{self.port}"]
        try:
            subprocess.run(  # noqa: S603 - commands of our own
                [str(part) for part in command], check=True, capture_output=True, env=_env(self.folder),
                timeout=seconds_max,
            )  # fmt: skip
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise PeerError(f"smtp-source: {error}") from error
        left = began + seconds_max - time.monotonic()
        wait_until(lambda: self._sunk() >= before + messages and not self._queued(), left, "all are delivered")
        return time.monotonic() - began, cpu_seconds(self.master) - used

    def _sunk(self) -> int:
        return last_count((self.folder / "sink.log").read_bytes()[-200:])

    def _queued(self) -> bool:
        """Whether a message is in the queue; deferred ones lie a folder deeper."""
        folders = [self.folder / "spool" / name for name in ("incoming", "active", "deferred")]
        return any(files for folder in folders for _, _, files in os.walk(folder))


def last_count(told: bytes) -> int:
    """The last whole number of messages that smtp-sink wrote; it writes each count over the one before."""
    counts = re.findall(rb"mesg=(\d+)(?=\r|$)", told)
    return int(counts[-1]) if counts else 0


@contextmanager
def open_postfix(folder: Path) -> Iterator[Site]:
    """Raises MissingPeerError where it cannot be started, PeerError where it does not start."""
    require("Postfix", _LIBRARIES / "sbin" / "master", _PROGRAMS / "smtp-source", _PROGRAMS / "smtp-sink")
    require_root("Postfix")
    port, sink = free_port(), free_port()
    _lay_out(folder, port, sink)
    sink_command = [str(_PROGRAMS / "smtp-sink"), "-u", "nobody", "-c", f"127.0.0.1:{sink}", "200"]
    master_command = [str(_LIBRARIES / "sbin" / "master"), "-d", "-c", str(folder / "config")]
    log = folder / "master.log"
    with (
        running(sink_command, folder / "sink.log", _env(folder)),
        running(master_command, log, _env(folder)) as master,
    ):
        wait_until(lambda: is_listening(sink), START_SECONDS_MAX, "smtp-sink listens", folder / "sink.log")
        wait_until(lambda: is_listening(port), START_SECONDS_MAX, "Postfix listens", log)
        yield Site(folder, port, master.pid)


def _env(folder: Path) -> dict[str, str]:
    return {"MAIL_CONFIG": str(folder / "config"), "LD_LIBRARY_PATH": str(_LIBRARIES)}


def _lay_out(folder: Path, port: int, sink: int) -> None:
    """Files and queue with the owners that Postfix asks for."""
    folder.chmod(0o755)
    for name in ("config", "data", "spool", "spool/maildrop", "spool/public", "spool/pid"):
        (folder / name).mkdir()
    filled = {
        "folder": folder, "libraries": _LIBRARIES, "programs": _PROGRAMS, "owner": _OWNER, "group": _GROUP,
        "sink": sink, "port": port,
    }  # fmt: skip
    (folder / "config" / "main.cf").write_text(_MAIN.format(**filled))
    (folder / "config" / "master.cf").write_text(_MASTER.format(**filled))
    shutil.chown(folder / "data", _OWNER)
    for name in _QUEUES:
        (folder / "spool" / name).mkdir(mode=0o700)
        shutil.chown(folder / "spool" / name, _OWNER)
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        shutil.chown(folder / "spool" / name, _OWNER, _GROUP)
        (folder / "spool" / name).chmod(mode)
