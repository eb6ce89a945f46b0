"""Makes a backup beside its name and gives it the name once it is whole and was checked.

The files are copied before the database and once more after it, for what came in between: a document is durable before
the row that names it, and an old one may be forgotten at any moment.

Refuses a target that is there and not empty, one inside the state directory, and a disk without room. Ends, and leaves
nothing, where the disk of the store runs short meanwhile: a backup must not be what stops the gateway.
"""

import datetime as dt
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from faxgw.errors import OperatorError
from faxgw.store.backup.checking import check_backup
from faxgw.store.backup.contents import open_at_rest, read_contents
from faxgw.store.backup.folder import (
    DATABASE,
    FOLDER_MODE,
    LAST_BACKUP,
    MANIFEST,
    SUMS,
    files_in,
    free_bytes,
    make_folder,
    strangers_in,
    sync_folder,
    sync_tree,
)
from faxgw.store.backup.manifest import Manifest, write_manifest
from faxgw.store.backup.snapshot import Copied, copy_database
from faxgw.store.backup.sums import copy_file, sum_of, write_sums

ROOM_BYTES = 64 * 1024 * 1024
"""Beside what is copied: for what comes in meanwhile."""


@dataclass(frozen=True, slots=True)
class Progress:
    step: str
    done_bytes: int
    all_bytes: int


Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be backed up, where to, and what the disks must keep free meanwhile."""

    state_dir: Path
    target: Path
    made_at: float
    """Before anything is read, in seconds since 1970: what happened later may be missing."""
    free_bytes_min: int


@dataclass(frozen=True, slots=True)
class Made:
    manifest: Manifest
    files: int
    size_bytes: int


def make_backup(wish: Wish, watch: Watch) -> Made:
    """Back up; the result was read back from the disk and is whole.

    Raises:
        OperatorError: it cannot be made; nothing is left behind.
    """
    _refuse_places(wish)
    copied_bytes = _refuse_full_disk(wish)
    parent = wish.target.parent
    make_folder(parent)
    with _folder_beside(wish.target) as part:
        manifest = _fill(part, wish, copied_bytes, watch)
        seen = _Seen("reading it back", _bytes_in(part), watch)
        checked = check_backup(part, seen.more)
        if not checked.is_whole:
            raise OperatorError("the copy is not whole: " + "; ".join(checked.faults) + _ADVICE)
        # An empty folder of that name is replaced, and nothing else is.
        part.rename(wish.target)
        sync_folder(parent)
    # For the doctor; by whose hand a backup is made, its folder may be where the daemon's user cannot look.
    (wish.state_dir / LAST_BACKUP).write_text(f"{wish.target}\n", encoding="utf-8")
    return Made(manifest, checked.files, checked.size_bytes)


_ADVICE = (
    ". If the database is damaged, its copy is: run `faxgw doctor --deep`, and keep the whole state directory before "
    "anything else is tried"
)


def _refuse_places(wish: Wish) -> None:
    state_dir, target = wish.state_dir.resolve(), wish.target.resolve()
    if not (state_dir / DATABASE).is_file():
        raise OperatorError(f"{state_dir} holds no store; -c names the config of the daemon")
    if target == state_dir or state_dir in target.parents:
        raise OperatorError(f"{target} lies in the state directory, and would be lost with it; name another place")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise OperatorError(f"{target} is there already and not empty; name a new folder")


def _refuse_full_disk(wish: Wish) -> int:
    """How much will be copied."""
    state_dir = wish.state_dir
    size_bytes = sum(_size_of(state_dir / name) for name in files_in(state_dir))
    size_bytes += sum(_size_of(state_dir / f"{DATABASE}{suffix}") for suffix in ("", "-wal"))
    needed_bytes = size_bytes + ROOM_BYTES
    if _is_on_one_disk(state_dir, wish.target):
        needed_bytes += wish.free_bytes_min
    if (there_bytes := free_bytes(wish.target)) < needed_bytes:
        raise OperatorError(
            f"the backup needs {needed_bytes // 2**20} MiB on the disk of {wish.target}, and "
            f"{there_bytes // 2**20} MiB are free; make room or name another disk"
        )
    return size_bytes


def _is_on_one_disk(state_dir: Path, target: Path) -> bool:
    there = next(each for each in (target, *target.parents) if each.exists())
    return there.stat().st_dev == state_dir.stat().st_dev


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A folder to work in that is gone afterwards, unless it got another name; one that a crash left is replaced."""
    part = target.with_name(f".{target.name}.partial")
    if part.exists():
        with _held(part):
            shutil.rmtree(part)
    part.mkdir(mode=FOLDER_MODE)
    try:
        with _held(part):
            yield part
    finally:
        if part.exists():
            shutil.rmtree(part)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OperatorError(f"another backup works in {folder}; wait for it") from None


def _fill(part: Path, wish: Wish, all_bytes: int, watch: Watch) -> Manifest:
    seen = _Seen("copying", all_bytes, watch)
    sums = _Files(wish.state_dir, part, seen)
    sums.copy_new()
    copied_before = seen.done_bytes

    def copied(far: Copied) -> None:
        if free_bytes(wish.state_dir) < wish.free_bytes_min:
            raise OperatorError(
                "the disk of the store runs short; the backup was given up, so that the gateway goes on"
            )
        seen.at(copied_before + far.pages * far.page_bytes)

    copy_database(wish.state_dir / DATABASE, part / DATABASE, copied)
    sums.copy_new()
    with open_at_rest(part / DATABASE) as connection:
        contents = read_contents(connection)
    manifest = Manifest(
        made_at=dt.datetime.fromtimestamp(wish.made_at, dt.UTC).isoformat(timespec="seconds"),
        faxgw=version("faxgw"),
        schema=contents.schema,
        store_id=contents.store_id,
        faxes=contents.faxes,
        last_event=contents.last_event,
        documents_missing=len(contents.documents - sums.known.keys()),
        left_out=strangers_in(wish.state_dir),
    )
    write_manifest(part / MANIFEST, manifest)
    for name in (DATABASE, MANIFEST):
        sums.known[Path(name)] = sum_of(part / name, lambda _: None)
    sync_tree(part)
    write_sums(part / SUMS, sums.known)
    sync_folder(part)
    return manifest


class _Files:
    """Copies what it has not copied yet."""

    def __init__(self, state_dir: Path, part: Path, seen: "_Seen") -> None:
        self._state_dir = state_dir
        self._part = part
        self._seen = seen
        self._looks: dict[Path, tuple[int, int]] = {}
        self.known: dict[Path, str] = {}

    def copy_new(self) -> None:
        for name in files_in(self._state_dir):
            try:
                now = (self._state_dir / name).stat()
                look = (now.st_size, now.st_mtime_ns)
                if self._looks.get(name) != look:
                    make_folder((self._part / name).parent)
                    self.known[name] = copy_file(self._state_dir / name, self._part / name, self._seen.more)
                    self._looks[name] = look
            except FileNotFoundError:
                # Forgotten this very moment: its time was over.
                continue


class _Seen:
    """Counts bytes, for whoever watches."""

    def __init__(self, step: str, all_bytes: int, watch: Watch) -> None:
        self._step = step
        self._all_bytes = all_bytes
        self._watch = watch
        self.done_bytes = 0

    def more(self, count: int) -> None:
        self.at(self.done_bytes + count)

    def at(self, done_bytes: int) -> None:
        self.done_bytes = done_bytes
        self._watch(Progress(self._step, done_bytes, max(self._all_bytes, done_bytes)))


def _bytes_in(folder: Path) -> int:
    return sum(_size_of(path) for path in folder.rglob("*"))


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
