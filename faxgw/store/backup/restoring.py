"""Makes a state directory from a backup, with everything marked that the lost store may have done since.

Refuses a backup that is not whole and a state directory that is not empty. The work is done in a folder of its own
there, beside which no daemon starts; the database gets its place last.
"""

import csv
import datetime as dt
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from faxgw.errors import OperatorError
from faxgw.store.backup.checking import Checked, check_backup
from faxgw.store.backup.folder import (
    DATABASE,
    FOLDERS,
    RECONCILE,
    RESTORING,
    SUMS,
    free_bytes,
    is_door,
    make_folder,
    sync_folder,
    sync_tree,
)
from faxgw.store.backup.making import ROOM_BYTES, Progress, Watch
from faxgw.store.backup.marking import Doubtful, Marked, mark_restored
from faxgw.store.backup.sums import copy_file, read_sums, write_new
from faxgw.store.database import bring_up_to_date, open_writer


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreWish:
    backup: Path
    state_dir: Path
    now: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Restored:
    marked: Marked
    reconcile: Path


def restore(wish: RestoreWish, watch: Watch) -> Restored:
    """The caller sees to it that no daemon runs on the state directory.

    Raises:
        OperatorError: it cannot be restored; no daemon starts on half of it.
    """
    _refuse_what_is_there(wish.state_dir)
    checked = check_backup(wish.backup)
    if not checked.is_whole or checked.manifest is None:
        raise OperatorError(f"{wish.backup} is not whole: " + "; ".join(checked.faults))
    _refuse_full_disk(wish.state_dir, checked)
    made_at = dt.datetime.fromisoformat(checked.manifest.made_at).timestamp()
    part = wish.state_dir / RESTORING
    make_folder(part)
    sync_folder(wish.state_dir)
    _copy(wish.backup, part, checked.size_bytes, watch)
    marked, doubtful = _mark(part / DATABASE, made_at, wish.now)
    write_new(part / RECONCILE, as_csv(doubtful))
    sync_tree(part)
    _move_into_place(part, wish.state_dir)
    return Restored(marked, wish.state_dir / RECONCILE)


def _refuse_what_is_there(state_dir: Path) -> None:
    if not state_dir.exists():
        make_folder(state_dir)
    there = sorted(entry.name for entry in state_dir.iterdir() if entry.name != "lock" and not is_door(entry))
    if there:
        names = ", ".join(there[:5]) + (", ..." if len(there) > 5 else "")
        raise OperatorError(
            f"{state_dir} is not empty ({names}): move it away as a whole and keep it, then restore into an empty one"
        )


def _refuse_full_disk(state_dir: Path, checked: Checked) -> None:
    needed_bytes = checked.size_bytes + ROOM_BYTES
    if (there_bytes := free_bytes(state_dir)) < needed_bytes:
        raise OperatorError(
            f"the store needs {needed_bytes // 2**20} MiB in {state_dir}, and {there_bytes // 2**20} MiB are free"
        )


def _copy(backup: Path, part: Path, all_bytes: int, watch: Watch) -> None:
    done_bytes = 0

    def more(count: int) -> None:
        nonlocal done_bytes
        done_bytes += count
        watch(Progress("restoring", done_bytes, all_bytes))

    for name in read_sums(backup / SUMS):
        if name == Path(DATABASE) or name.parts[0] in FOLDERS:
            make_folder((part / name).parent)
            copy_file(backup / name, part / name, more)


def _mark(database: Path, made_at: float, now: float) -> tuple[Marked, Sequence[Doubtful]]:
    engine = open_writer(database)
    try:
        bring_up_to_date(engine)
        with engine.begin() as connection:
            return mark_restored(connection, made_at, now)
    except DBAPIError as error:
        raise OperatorError(f"the copy of the store cannot be written: {error.orig}") from error
    finally:
        # Closing the only connection folds its write-ahead log back.
        engine.dispose()


def as_csv(doubtful: Sequence[Doubtful]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    names = [field.name for field in fields(Doubtful)]
    writer.writerow(names)
    writer.writerows([getattr(each, name) for name in names] for each in doubtful)
    return text.getvalue().encode()


def _move_into_place(part: Path, state_dir: Path) -> None:
    database = part / DATABASE
    for entry in sorted(part.iterdir()):
        if entry != database:
            entry.rename(state_dir / entry.name)
    sync_folder(state_dir)
    database.rename(state_dir / DATABASE)
    sync_folder(state_dir)
    shutil.rmtree(part)
    sync_folder(state_dir)
