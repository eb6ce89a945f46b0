"""Copies the database while a daemon writes to it: one moment of it, through a connection that can only read.

The connection holds one read transaction from the first page to the last, so the copy is of that moment, and SQLite's
backup has no reason to begin anew (https://www.sqlite.org/c3ref/backup_finish.html). It never writes and never
checkpoints: SQLite before 3.51.3 can corrupt a write-ahead log that two connections do that to. What it costs the
writer is that the log is not folded back meanwhile; see docs/adr/0029.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from faxgw.errors import OperatorError
from faxgw.store.backup.folder import FILE_MODE
from faxgw.store.database import SQLITE_BUSY
from faxgw.store.examining import open_read_only, wal_of

STEP_PAGES = 1_024
"""4 MiB a step: between two of them progress is told and bounds are looked at."""
SYNCED_BYTES = 32 * 1024 * 1024
"""So much is left to the disk at once: a whole database written back in one go would hold up the daemon's commits."""


@dataclass(frozen=True, slots=True)
class Copied:
    """How far the copy is."""

    pages: int
    pages_in_all: int
    page_bytes: int


def copy_database(source: Path, target: Path, watch: Callable[[Copied], None]) -> None:
    """Copy the database at `source` to `target`, durably. What `watch` raises ends it.

    Raises:
        OperatorError: it cannot be read, or the copy cannot be written.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    at_rest = _look_at_rest(source)
    try:
        with open_read_only(source) as store, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # It is synced here; a copy that is cut off is thrown away.
            copy.execute("PRAGMA journal_mode = OFF")
            copy.execute("PRAGMA synchronous = OFF")
            page_bytes: int = store.execute("PRAGMA page_size").fetchone()[0]
            store.execute("BEGIN")
            store.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            with _Syncing(target, page_bytes, watch) as syncing:
                store.backup(copy, pages=STEP_PAGES, progress=syncing.step)
            store.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise OperatorError(f"the database {source} cannot be copied: {error}") from error
    if at_rest is not None and _look_of(source) != at_rest:
        raise OperatorError(f"a daemon started on {source} and changed it while it was copied; make the backup again")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _look_at_rest(database: Path) -> tuple[int, int] | None:
    """What it looks like where nobody writes: it is read without a lock then. None where a lock sees to it."""
    return None if wal_of(database).exists() else _look_of(database)


def _look_of(database: Path) -> tuple[int, int]:
    seen = database.stat()
    return seen.st_size, seen.st_mtime_ns


class _Syncing:
    """Between two steps: gives the disk a little at a time, and tells how far the copy is."""

    def __init__(self, target: Path, page_bytes: int, watch: Callable[[Copied], None]) -> None:
        self._target = target
        self._page_bytes = page_bytes
        self._watch = watch
        self._synced_pages = 0

    def __enter__(self) -> "_Syncing":
        self._descriptor = os.open(self._target, os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def step(self, status: int, pages_left: int, pages_in_all: int) -> None:
        if status == SQLITE_BUSY:
            return
        pages = pages_in_all - pages_left
        if (pages - self._synced_pages) * self._page_bytes >= SYNCED_BYTES:
            os.fdatasync(self._descriptor)
            self._synced_pages = pages
        self._watch(Copied(pages, pages_in_all, self._page_bytes))
