"""A PostgreSQL of the tests' own: a cluster in a folder, reached by a Unix socket, ended with the session."""

import getpass
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psycopg

from tests.peers import miss_peer

_START_SECONDS_MAX = 30
_SETTINGS = {"listen_addresses": "", "max_connections": "40"}


@dataclass(frozen=True, slots=True)
class Server:
    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://{_owner()}@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_server(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    """In a folder of its own: pytest's are root's alone, and too deep for a socket's path."""
    with tempfile.TemporaryDirectory(prefix="faxgw-postgres-") as name:
        folder = Path(name)
        shutil.chown(folder, _owner())
        with _started(folder, {**_SETTINGS, **settings}):
            yield Server(folder)


@contextmanager
def _started(folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    programs, data = _programs(), folder / "data"
    options = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", f"--username={_owner()}"]
    _run([programs / "initdb", *options, "-D", data])
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    control = [programs / "pg_ctl", "-D", data, "-w", "-t", str(_START_SECONDS_MAX)]
    _run([*control, "-l", folder / "log", "-o", shlex.join(["-k", str(folder), *words]), "start"])
    try:
        yield
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _owner() -> str:
    """It refuses to run as root."""
    return "postgres" if os.getuid() == 0 else getpass.getuser()


def _programs() -> Path:
    """Debian keeps a server's programs apart, a folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        miss_peer("postgresql")
    return found[-1].parent


def _run(command: list[object]) -> None:
    subprocess.run(
        [str(word) for word in command],
        user=_owner() if os.getuid() == 0 else None,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        timeout=_START_SECONDS_MAX,
    )
