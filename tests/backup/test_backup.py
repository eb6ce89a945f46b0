"""A backup is whole or not there, whatever happens meanwhile, and says so when it is asked."""

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from faxgw.crashpoint import EXIT_CRASHED
from faxgw.errors import OperatorError
from faxgw.fax import State
from faxgw.store.backup.checking import check_backup
from faxgw.store.backup.making import Progress, Wish, make_backup
from tests.backup.shop import BACKUP_AT, DOCUMENT, back_up, fill, opened
from tests.store.faxes import new_fax


async def test_a_backup_of_a_store_that_is_open_has_all_of_it_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """The database with its newest commits, which are in the log only, and the documents; the counts agree."""
    async with opened(tmp_path / "state") as store:
        await fill(store)
        name = await store.keep_document(DOCUMENT)
        assert (tmp_path / "state" / "faxgw.db-wal").stat().st_size
        made = back_up(tmp_path / "state", tmp_path / "backups" / "one")
    checked = check_backup(tmp_path / "backups" / "one")
    assert checked.faults == []
    assert checked.manifest == made.manifest
    assert made.manifest.faxes == dict.fromkeys(("queued", "held", "sending", "submitted", "unknown", "delivered"), 1)
    assert (tmp_path / "backups" / "one" / "documents" / name[:2] / name).read_bytes() == DOCUMENT
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "backups").rglob("*")}
    assert modes == {0o600, 0o700}


async def test_commits_go_on_while_a_backup_is_made_and_it_is_of_one_moment(tmp_path: Path) -> None:
    """Faxes come in between its steps; what is in the copy is what there was at its beginning."""
    async with opened(tmp_path / "state") as store:
        await store.admit([new_fax(f"before-{number}", words="x" * 2_000) for number in range(3_000)])
        writer = sqlite3.connect(tmp_path / "state" / "faxgw.db")
        steps = 0

        def commit_between(_: Progress) -> None:
            nonlocal steps
            steps += 1
            writer.execute("INSERT INTO meta VALUES (?, 'later')", (f"step {steps}",))
            writer.commit()

        made = back_up(tmp_path / "state", tmp_path / "one", commit_between)
        writer.close()
    copy = sqlite3.connect(f"file:{tmp_path / 'one' / 'faxgw.db'}?immutable=1", uri=True)
    [(later,)] = copy.execute("SELECT count(*) FROM meta WHERE value = 'later'").fetchall()
    copy.close()
    assert steps > 3
    assert later == 0
    assert made.manifest.faxes == {"queued": 3_000}


async def test_a_daemon_that_starts_on_a_store_at_rest_while_it_is_copied_ends_the_backup(tmp_path: Path) -> None:
    """At rest it is read without a lock; pages from before and after a checkpoint may fit together and be wrong."""
    async with opened(tmp_path / "state") as store:
        await store.admit([new_fax(f"before-{number}", words="x" * 2_000) for number in range(3_000)])
    assert not (tmp_path / "state" / "faxgw.db-wal").exists()
    steps = 0

    def start_between(progress: Progress) -> None:
        nonlocal steps
        steps += progress.step == "copying"
        if steps == 2:
            daemon = sqlite3.connect(tmp_path / "state" / "faxgw.db")
            daemon.execute("INSERT INTO meta VALUES ('started', 'meanwhile')")
            daemon.commit()
            daemon.close()

    with pytest.raises(OperatorError, match="a daemon started"):
        back_up(tmp_path / "state", tmp_path / "one", start_between)
    assert _names_in(tmp_path) == ["state"]
    back_up(tmp_path / "state", tmp_path / "one")


async def test_what_is_not_the_stores_is_left_out_and_named(tmp_path: Path) -> None:
    """A folder that somebody put into the state directory is not copied."""
    async with opened(tmp_path / "state"):
        pass
    (tmp_path / "state" / "holiday-pictures").mkdir()
    assert back_up(tmp_path / "state", tmp_path / "one").manifest.left_out == ["holiday-pictures"]
    assert not (tmp_path / "one" / "holiday-pictures").exists()
    # What a backup itself leaves there, for the doctor, is no stranger to the next.
    assert (tmp_path / "state" / "last-backup").read_text().strip() == str(tmp_path / "one")
    assert back_up(tmp_path / "state", tmp_path / "two").manifest.left_out == ["holiday-pictures"]


async def test_a_target_that_is_empty_is_filled_and_any_other_is_refused(tmp_path: Path) -> None:
    """Nothing is ever written over."""
    async with opened(tmp_path / "state"):
        pass
    (tmp_path / "empty").mkdir()
    back_up(tmp_path / "state", tmp_path / "empty")
    before = _names_in(tmp_path)
    for target, reason in (
        (tmp_path / "empty", "not empty"),
        (tmp_path / "state" / "backup", "lies in the state directory"),
    ):
        with pytest.raises(OperatorError, match=reason):
            back_up(tmp_path / "state", target)
    with pytest.raises(OperatorError, match="holds no store"):
        back_up(tmp_path / "elsewhere", tmp_path / "two")
    assert _names_in(tmp_path) == before


async def test_a_disk_without_room_is_found_before_anything_is_written(tmp_path: Path) -> None:
    """On the disk of the store, what the gateway needs free counts, too."""
    async with opened(tmp_path / "state"):
        pass
    wish = Wish(
        state_dir=tmp_path / "state",
        target=tmp_path / "backups" / "one",
        made_at=BACKUP_AT,
        free_bytes_min=shutil.disk_usage(tmp_path).total,
    )
    with pytest.raises(OperatorError, match="make room"):
        make_backup(wish, lambda _: None)
    assert not (tmp_path / "backups").exists()


async def test_a_backup_that_fails_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    """An error at any step, and the next one has a clear field."""
    async with opened(tmp_path / "state") as store:
        await fill(store)

    def fail(_: Progress) -> None:
        raise OperatorError("the cable was pulled")

    with pytest.raises(OperatorError, match="cable"):
        back_up(tmp_path / "state", tmp_path / "backups" / "one", fail)
    assert _names_in(tmp_path / "backups") == []
    assert back_up(tmp_path / "state", tmp_path / "backups" / "one").files


@pytest.mark.parametrize("step", [2, 3])
async def test_a_crash_in_the_middle_leaves_nothing_that_verifies(tmp_path: Path, step: int) -> None:
    """The process ends at one of its steps as by a power cut; the next backup replaces what it left."""
    async with opened(tmp_path / "state") as store:
        await fill(store)
        await store.keep_document(DOCUMENT)
    target = tmp_path / "backups" / "one"
    command = [sys.executable, "-m", "tests.backup.crash", str(tmp_path / "state"), str(target), str(step)]
    assert (await trio.run_process(command, check=False)).returncode == EXIT_CRASHED
    [left] = _names_in(target.parent)
    assert left == ".one.partial"
    assert not check_backup(target).is_whole
    is_before_reading_back = step < 3
    assert check_backup(target.with_name(left)).is_whole is not is_before_reading_back
    back_up(tmp_path / "state", target)
    assert check_backup(target).is_whole
    assert _names_in(target.parent) == ["one"]


def _names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.iterdir())


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 10)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "name", "told"),
    [
        (Path.unlink, "SHA256SUMS", "cut off"),
        (Path.unlink, "manifest.json", "manifest.json"),
        (Path.unlink, "faxgw.db", "faxgw.db"),
        (_cut, "SHA256SUMS", "is not part of the backup"),
        (_cut, "faxgw.db", "not as it was written"),
        (_flip, "faxgw.db", "not as it was written"),
        (_flip, "manifest.json", "manifest.json"),
    ],
)
async def test_a_damaged_backup_is_found_out(
    tmp_path: Path, damage: Callable[[Path], None], name: str, told: str
) -> None:
    """Whatever is missing, cut or changed by one bit."""
    async with opened(tmp_path / "state") as store:
        await fill(store)
    back_up(tmp_path / "state", tmp_path / "one")
    damage(tmp_path / "one" / name)
    checked = check_backup(tmp_path / "one")
    assert not checked.is_whole
    assert any(told in fault for fault in checked.faults)


async def test_a_log_beside_the_copy_is_no_part_of_it(tmp_path: Path) -> None:
    """Somebody opened it with an SQL shell: a log of another moment would be taken for the newest commits."""
    async with opened(tmp_path / "state") as store:
        await fill(store)
    back_up(tmp_path / "state", tmp_path / "one")
    (tmp_path / "one" / "faxgw.db-wal").write_bytes(b"frames")
    assert check_backup(tmp_path / "one").faults == ["faxgw.db-wal is not part of the backup: move it away"]


async def test_a_store_that_sqlite_finds_fault_with_gives_no_backup(tmp_path: Path) -> None:
    """Its copy would be as damaged, and somebody would trust it."""
    async with opened(tmp_path / "state") as store:
        faxes = await fill(store)
    database = sqlite3.connect(tmp_path / "state" / "faxgw.db")
    database.execute("DELETE FROM fax WHERE id = ?", (faxes[State.QUEUED],))
    database.commit()
    database.close()
    with pytest.raises(OperatorError, match="belongs to a row of fax that is missing"):
        back_up(tmp_path / "state", tmp_path / "backups" / "one")
    assert _names_in(tmp_path / "backups") == []
