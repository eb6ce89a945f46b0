"""Looks at a database through a connection that can only read, whether a daemon writes to it or not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from faxgw.store.database import READER_PRAGMAS

FAULTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Examined:
    schema: str
    journal: str
    size_bytes: int
    wal_bytes: int
    first_at: float | None
    """When the first fax was accepted, in seconds since 1970."""
    faults: list[str]


@contextmanager
def open_read_only(path: Path) -> Iterator[sqlite3.Connection]:
    # At rest there is no log; a reader of a database in that mode would else make one, and leave it behind.
    how = "mode=ro" if wal_of(path).exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, isolation_level=None)) as connection:
        for pragma in READER_PRAGMAS:
            connection.execute(pragma)
        yield connection


def examine(path: Path, *, deep: bool) -> Examined | str:
    """What it is like, or why it cannot be read. `deep` compares every index with its rows, and takes much longer.

    Both read the whole file; the daemon goes on meanwhile, and its write-ahead log grows as during a backup.
    """
    try:
        with open_read_only(path) as connection:
            check = "integrity_check" if deep else "quick_check"
            found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}({FAULTS_MAX})")]
            return Examined(
                schema=str(_one(connection, "SELECT version_num FROM alembic_version")),
                journal=str(_one(connection, "PRAGMA journal_mode")),
                size_bytes=path.stat().st_size,
                wal_bytes=wal_of(path).stat().st_size if wal_of(path).exists() else 0,
                first_at=_one(connection, "SELECT accepted_at FROM fax ORDER BY id LIMIT 1"),  # type: ignore[arg-type]
                faults=[fault for fault in found if fault != "ok"],
            )
    except (sqlite3.Error, OSError) as error:
        return str(error)


def _one(connection: sqlite3.Connection, question: str) -> object:
    row = connection.execute(question).fetchone()
    return row[0] if row is not None else None


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
