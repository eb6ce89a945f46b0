"""What lies in a state directory, and what a backup of it looks like: a folder that only its owner may read.

    SHA256SUMS       written last, as `sha256sum --check` reads it; a folder without it is no backup
    manifest.json    when it was made, from which store, what it holds
    faxgw.db         the database at one moment, with no write-ahead log beside it
    documents/ inbound/ postcodes/    the files that the database names, and where postcodes lie

Configs and secrets are not in it: they are the operator's own, and are kept where he keeps those.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from faxgw.store.database import STORE_FILE

DATABASE = STORE_FILE
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
FOLDERS = ("documents", "inbound", "postcodes")
"""What is kept in files beside the database and cannot be made anew."""
MADE_ANEW = frozenset({"lock", f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"})
UNFINISHED = ".part"
"""Ends the names of documents that are being written: no row names them yet."""
RECONCILE = "to-reconcile.csv"
"""In a restored state directory: what a person asks carriers and florists about."""
RESTORING = "restore.partial"
"""In a state directory: where a restore works. A daemon does not start beside it."""

LAST_BACKUP = "last-backup"
"""In a state directory: its time is that of the last backup, and its line says where that lies."""

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def files_in(state_dir: Path) -> Iterator[Path]:
    """Every file beside the database that a backup copies, as paths below `state_dir`."""
    for folder in FOLDERS:
        # A folder may be a link to another disk; inside there are none.
        for place, _, names in os.walk(state_dir / folder):
            for name in sorted(names):
                path = Path(place) / name
                if not name.endswith(UNFINISHED) and path.is_file():
                    yield path.relative_to(state_dir)


def strangers_in(state_dir: Path) -> list[str]:
    """What lies there and is none of ours: no backup takes it along."""
    ours = {DATABASE, RECONCILE, LAST_BACKUP, *FOLDERS, *MADE_ANEW}
    return sorted(entry.name for entry in state_dir.iterdir() if entry.name not in ours and not is_door(entry))


def is_door(path: Path) -> bool:
    """A socket: it may lie in a state directory, is made anew at each start, and stays behind after a crash."""
    return stat.S_ISSOCK(path.lstat().st_mode)


def make_folder(path: Path) -> None:
    """With all that are missing above it, as a backup's folders are."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=FOLDER_MODE)


def sync_tree(root: Path) -> None:
    """A name survives a power cut once its folder is synced (fsync(2)); files are synced by who wrote them."""
    for place, _, _ in os.walk(root, topdown=False):
        sync_folder(Path(place))


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(path: Path) -> int:
    """On the disk of `path`, or of what there is above it."""
    there = next(each for each in (path, *path.parents) if each.exists())
    return shutil.disk_usage(there).free
