"""Opening a store: made, brought up to date, refused when it is not ours."""

import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest
import trio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from faxgw.errors import ConfigError, OperatorError, StoreFailedError
from faxgw.store.database import (
    SCHEMA_VERSION,
    bring_up_to_date,
    bring_up_to_date_unlocked,
    open_in_memory,
    open_writer,
)
from faxgw.store.reader import ThreadReader
from faxgw.store.schema import metadata
from faxgw.store.sql import open_store
from tests.store.faxes import BOUNDS, LINE, admit_one, nobody_watches


def test_the_migrations_make_what_the_schema_says() -> None:
    """Alembic finds nothing to add to a store made by the migrations."""
    engine = open_in_memory()
    bring_up_to_date(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_indexes_that_hold_a_promise_are_there() -> None:
    """Alembic does not compare conditions of indexes: the line's lock is unique, and only over open attempts."""
    engine = open_in_memory()
    bring_up_to_date(engine)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index'"))
        made: dict[str, str] = {row.name: row.sql for row in rows}
    assert made["attempt_open_call"] == (
        "CREATE UNIQUE INDEX attempt_open_call ON attempt (line, slot) WHERE ended_at IS NULL"
    )
    assert made["fax_state_undelivered"].endswith("WHERE state <> 'delivered'")
    assert made["receipt_unsettled"].endswith("WHERE settled = 0")


def test_the_version_is_the_newest_file() -> None:
    """A migration without its version would never be run on a store that is there."""
    files = resources.files("faxgw.store.migrations.versions").iterdir()
    versions = sorted(file.name.split("_")[0] for file in files if file.name[0].isdigit())
    assert versions[-1] == SCHEMA_VERSION


def test_a_store_keeps_its_id(tmp_path: Path) -> None:
    """Opened again it is the same store; another one has another id."""
    ids = []
    for name in ("a.db", "a.db", "b.db"):
        engine = open_writer(tmp_path / name)
        ids.append(bring_up_to_date(engine))
        engine.dispose()
    assert ids[0] == ids[1] != ids[2]


def test_a_store_of_a_newer_faxgw_is_refused(tmp_path: Path) -> None:
    """And left as it is."""
    engine = open_writer(tmp_path / "a.db")
    bring_up_to_date(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match=r"9999.*upgrade faxgw"):
        bring_up_to_date(engine)
    engine.dispose()


def test_a_migration_that_breaks_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """Tables are made in one transaction: half a schema would be worse than none."""
    engine = open_writer(tmp_path / "a.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE sequence (stray TEXT)"))
    with pytest.raises(Exception, match="already exists"):
        bring_up_to_date(engine)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    assert tables == ["sequence"]
    engine.dispose()


async def open_and_close(path: Path) -> None:
    async with open_store(path, BOUNDS, nobody_watches):
        pass


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 4_000])
async def test_a_file_that_is_no_store_is_the_operators_to_mend(tmp_path: Path, content: bytes) -> None:
    """The message names the file."""
    path = tmp_path / "faxgw.db"
    path.write_bytes(content)
    with pytest.raises(OperatorError, match=r"faxgw\.db"):
        await open_and_close(path)


async def test_a_newer_store_is_refused_by_the_daemon_too(tmp_path: Path) -> None:
    """Through the door that the daemon uses."""
    path = tmp_path / "faxgw.db"
    await open_and_close(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match="9999"):
        await open_and_close(path)


async def test_a_start_waits_for_another_programs_lock(tmp_path: Path) -> None:
    """A forgotten SQL shell: ended with an operator's error, the daemon would not be started again by systemd."""
    path = tmp_path / "faxgw.db"
    engine = open_writer(path)
    store_id = bring_up_to_date(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        connection.rollback()
    opened = []

    def open_again() -> None:
        opened.append(bring_up_to_date_unlocked(engine))

    with capture_logs() as logged:
        async with trio.open_nursery() as nursery:
            with closing(sqlite3.connect(path, isolation_level=None)) as shell:
                shell.execute("BEGIN IMMEDIATE")
                nursery.start_soon(trio.to_thread.run_sync, open_again)
                while len(logged) < 2:  # noqa: ASYNC110 - only its log tells
                    await trio.sleep(0.01)
                assert opened == []
    assert opened == [store_id]
    assert {line["event"] for line in logged} == {"store_locked_by_another_program"}
    engine.dispose()


async def test_what_was_written_is_there_after_the_next_start(tmp_path: Path) -> None:
    """And ids go on where they stopped."""
    path = tmp_path / "deep" / "down" / "faxgw.db"
    async with open_store(path, BOUNDS, nobody_watches) as store:
        first = await admit_one(store, "a")
    async with open_store(path, BOUNDS, nobody_watches) as store:
        assert [queued.fax_id for queued in (await store.load()).queued] == [first]
        assert await admit_one(store, "b") > first


async def test_a_read_sees_one_moment(tmp_path: Path) -> None:
    """A question of several statements is not answered from two different moments."""
    path = tmp_path / "faxgw.db"
    async with open_store(path, BOUNDS, nobody_watches) as store:
        await admit_one(store, "a")

        def ask_twice(connection: object) -> list[int]:
            counts = []
            for round_number in range(2):
                counts.append(connection.execute(text("SELECT count(*) FROM fax")).scalar_one())  # type: ignore[attr-defined]
                if round_number == 0:
                    trio.from_thread.run(admit_one, store, "b", LINE)
            return counts

        assert await store._reader.read(ask_twice) == [1, 1]
        assert await store._reader.read(ask_twice_plainly) == [2, 2]


def ask_twice_plainly(connection: object) -> list[int]:
    return [connection.execute(text("SELECT count(*) FROM fax")).scalar_one() for _ in range(2)]  # type: ignore[attr-defined]


async def test_a_damaged_page_ends_the_process(tmp_path: Path) -> None:
    """A read that finds the file corrupt is no error of one question: nobody may go on."""
    path = tmp_path / "faxgw.db"
    async with open_store(path, BOUNDS, nobody_watches) as store:
        for number in range(40):
            await admit_one(store, str(number))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    reader = ThreadReader(create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False}))
    with pytest.raises(StoreFailedError):
        await reader.read(lambda connection: connection.execute(text("SELECT * FROM fax")).all())
    reader._engine.dispose()
