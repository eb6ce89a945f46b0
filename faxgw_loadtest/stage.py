"""A carrier, its FTP server and a daemon of our own in a folder, for one run: real processes, a store on disk, sockets.

The daemon's waits are compressed as the day is; what no config compresses (drawing, commits, the network) is not, so
that a compressed day asks more of the gateway than the real one.
"""

import secrets
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from faxgw.cli.client import LocalClient
from faxgw.config.calls import CallConfig
from faxgw.config.promises import DEFAULT_ESCALATION
from faxgw.config.sending import DEFAULT_RETRIES, QueueConfig
from faxgw.members.member import Member
from faxgw_loadtest.children import first_word, free_port, running, wait_ready
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.inbound.sheets import NAME_PATTERN
from faxgw_loadtest.profile import Profile

LANES = 64
INBOX, FTP_USER = "florists", "loadtest"
FAILED_CALLS_AN_HOUR = 15
FAILED_CALLS_AN_HOUR_MAX = 64
"""The config's bound: in an hour of a compressed day more calls may fail than an hour of the machine's time allows."""


@dataclass(frozen=True, slots=True)
class InboxSite:
    """Where faxes are put in, and the inbox of the gateway that fetches them from there."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Site:
    """Where a run goes."""

    gateway: Path
    carrier: str
    """URL of the levers of the simulated carrier."""
    pids: dict[str, int]
    """Processes beside gateway and carrier that are watched, by their names in the report."""
    gateway_pid: int | None = None
    inbox: InboxSite | None = None
    faxes_a_call: int = 1
    """The gateway's `[call] faxes_max`."""
    pages_dir: Path | None = None
    """Where the carrier keeps documents of several pages."""
    is_beyond_loopback: bool = False


@contextmanager
def open_stage(
    folder: Path, profile: Profile, florists: Sequence[Member], compress: float, seed: int
) -> Iterator[Site]:
    """Start them; they are stopped when the block is left.

    Raises:
        OperatorError: one of them did not start; says its last words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    _write_secrets(folder)
    (folder / "members.ndjson").write_bytes(b"".join(line_of(florist) for florist in florists))
    with ExitStack() as stack:
        command = _carrier_command(folder, profile, port, compress, seed)
        carrier = stack.enter_context(running(command, folder / "carrier.log", is_heard=True))
        ready = first_word(carrier, "carrier", folder / "carrier.log")
        told = _config(folder, port, ready["listening"], profile, compress)
        pids, inbox = {}, None
        if profile.inbound.faxes:
            inbox = InboxSite(INBOX, folder / "faxed-in")
            server, ftp_port = stack.enter_context(_ftp_server(folder, inbox.folder))
            pids["FTP server"] = server.pid
            told |= _inbox_config(folder, ftp_port, compress)
        config = folder / "faxgw.toml"
        config.write_text(_toml_lines(told))
        command = [sys.executable, "-m", "faxgw", "run", "-c", str(config)]
        daemon = stack.enter_context(running(command, folder / "daemon.log"))
        with closing(LocalClient(folder / "faxgw.sock")) as client:
            wait_ready(client, daemon, folder / "daemon.log")
        yield Site(
            folder / "faxgw.sock",
            ready["control"],
            pids,
            gateway_pid=daemon.pid,
            inbox=inbox,
            faxes_a_call=profile.call.faxes_max,
            pages_dir=folder / "pages",
        )


@contextmanager
def _ftp_server(folder: Path, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    home.mkdir(exist_ok=True)
    options = [f"--folder={home}", f"--user={FTP_USER}", f"--password-file={folder / 'password'}"]
    command = [sys.executable, "-m", "faxgw_loadtest.ftp", *options]
    with running(command, folder / "ftp.log", is_heard=True) as process:
        yield process, int(first_word(process, "FTP server", folder / "ftp.log")["port"])


def _inbox_config(folder: Path, ftp_port: int, compress: float) -> dict[str, Any]:
    """No text is read: it takes seconds of a core for a page, however the day is compressed."""
    return {
        "intake": {"ocr": False},
        "inbox": [
            {
                "name": INBOX,
                "host": "127.0.0.1",
                "port": ftp_port,
                "security": "ftp",
                "user": FTP_USER,
                "password_file": str(folder / "password"),
                "convention": "renamed",
                "name_pattern": NAME_PATTERN,
                "poll_seconds": max(0.5, 10.0 / compress),
            }
        ],
    }


def _config(folder: Path, port: int, carrier: str, profile: Profile, compress: float) -> dict[str, Any]:
    queue, call = QueueConfig(), CallConfig()
    return {
        "gateway": {"name": "Load test", "state_dir": str(folder / "state")},
        "api": {"socket": str(folder / "faxgw.sock")},
        "http": {"bind": f"127.0.0.1:{port}"},
        "members": {"file": str(folder / "members.ndjson")},
        "provider": [
            {
                "name": "simulated",
                "kind": "simulated",
                "base_url": carrier,
                "account": "loadtest",
                "password_file": str(folder / "password"),
                "webhook_secret_file": str(folder / "webhook-secret"),
                "lanes": LANES,
                "settle_seconds": max(1.0, 60.0 / compress),
                "receipt_late_seconds": max(2.0, 120.0 / compress),
                "poll_seconds": max(1.0, 30.0 / compress),
            }
        ],
        "queue": {
            "climb_seconds": queue.climb_seconds / compress,
            "patience_seconds": queue.patience_seconds / compress,
        },
        "call": {
            "faxes_max": profile.call.faxes_max,
            "setup_seconds": call.setup_seconds / compress,
            "page_seconds": call.page_seconds / compress,
        },
        "calling": [{"prefix": "+", "failed_calls_an_hour_max": _failed_calls_max(compress)}],
        "retry": {
            failure.value: {
                "calls_max": rule.calls_max,
                "wait_seconds": rule.wait_seconds / compress,
                "growth": rule.growth,
                "wait_seconds_max": rule.wait_seconds_max / compress,
                "other_provider": rule.other_provider,
            }
            for failure, rule in DEFAULT_RETRIES.items()
        },
        "escalation": [
            {"minutes_before": each.minutes_before / compress, "step": each.step.value} for each in DEFAULT_ESCALATION
        ],
        "logs": {"level": "warning"},
    }


def _toml_lines(config: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_toml(value)}\n" for name, value in config.items())


def _toml(value: object) -> str:
    """Inline tables and arrays; strings, numbers and truth values are written as in JSON."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{name} = {_toml(part)}" for name, part in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return msgspec.json.encode(value).decode()


def _failed_calls_max(compress: float) -> int:
    return min(FAILED_CALLS_AN_HOUR_MAX, round(FAILED_CALLS_AN_HOUR * max(1.0, compress)))


def _carrier_command(folder: Path, profile: Profile, webhook_port: int, compress: float, seed: int) -> list[str]:
    lines, size = profile.lines, profile.carrier
    options = {
        "account-file": folder / "account",
        "webhook-secret-file": folder / "webhook-secret",
        "webhook-url": f"http://127.0.0.1:{webhook_port}/v1/receipts/simulated",
        "seed": seed,
        "share": ",".join(f"{name}={share}" for name, share in size.shares.items()),
        "call-seconds": lines.ring_seconds + lines.first_page_seconds,
        "page-seconds": lines.page_seconds,
        "time-scale": compress,
        "calls-a-line": 1,
        "own-call-share": lines.own_call_share,
        "own-call-seconds": lines.own_call_seconds,
        "channels": size.channels,
        "waiting-max": size.waiting_max,
        "answer-seconds": size.answer_seconds,
    }
    if profile.call.faxes_max > 1:
        options |= {"keep-pages": folder / "pages", "keep-from-pages": 2}
    return [sys.executable, "-m", "faxgw_loadtest.carrier", *(f"--{name}={value}" for name, value in options.items())]


def _write_secrets(folder: Path) -> None:
    password = secrets.token_urlsafe(16)
    told = {
        "password": password,
        "account": f"loadtest:{password}",
        "webhook-secret": "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
    }
    for name, secret in told.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secret + "\n")
