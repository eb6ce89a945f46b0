"""What is PostgreSQL's own: who holds the store, what a lost session means, which servers are refused."""

import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import trio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from structlog.testing import capture_logs

from faxgw.config.store import StoreConfig, store_faults
from faxgw.errors import OperatorError, StoreFailedError
from faxgw.fax import FaxId, State
from faxgw.store import postgres
from faxgw.store.admission import Admitted, Drained
from faxgw.store.backup.dumped import mark_dumped
from faxgw.store.database import SCHEMA_VERSION, disk_error, is_locked
from faxgw.store.schema import metadata
from faxgw.store.sql import open_store
from faxgw.store.views import Sought
from tests.postgres_server import Server, running_server
from tests.store.faxes import LINE, admit_one, begin_one, new_fax, nobody_watches, opened

MakeDatabase = Callable[[], str]
FILE = "a-file"


def outside(url: str) -> Engine:
    """Somebody else's sessions: an operator's shell, or a test."""
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


def end_sessions(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'faxgw'")


# --- who holds it ----------------------------------------------------------------------------------


def test_the_store_is_held_by_one_session(make_database: MakeDatabase) -> None:
    """The second has it as soon as the first is gone."""
    url = make_database()
    first, second = postgres.open_writer(url, None), postgres.open_writer(url, None)
    assert postgres.take_lock(first)
    assert not postgres.take_lock(second)
    first.dispose()
    assert postgres.take_lock(second)
    second.dispose()


async def test_who_finds_it_held_stands_by_and_takes_over(make_database: MakeDatabase, tmp_path: Path) -> None:
    """It says both, and finds what the other wrote."""
    url = make_database()
    kept: list[State] = []

    async def stand_by() -> None:
        async with opened(url, tmp_path) as second:
            view = await second.fax(FaxId(1))
            assert view is not None
            kept.append(view.state)

    with capture_logs() as logs, trio.fail_after(20):
        async with trio.open_nursery() as nursery, opened(url, tmp_path) as first:
            nursery.start_soon(stand_by)
            while not any(entry["event"] == "standing_by" for entry in logs):  # noqa: ASYNC110 - a thread finds it.
                await trio.sleep(0.01)
            await admit_one(first)
            assert kept == []
    assert kept == [State.QUEUED]
    assert [entry["event"] for entry in logs if entry["event"] in {"standing_by", "taking_over"}] == [
        "standing_by",
        "taking_over",
    ]


async def test_a_lost_session_ends_the_store(make_database: MakeDatabase, tmp_path: Path) -> None:
    """Another daemon may write already: whoever writes next hears that the store failed, and nothing connects anew."""
    url = make_database()
    with pytest.RaisesGroup(StoreFailedError, flatten_subgroups=True), trio.fail_after(20):
        async with opened(url, tmp_path) as store:
            await admit_one(store, "a")
            end_sessions(url)
            with pytest.raises(StoreFailedError, match="PostgreSQL is lost"):
                await admit_one(store, "b")
            await trio.sleep_forever()
    engine = outside(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT key FROM fax")).scalars().all() == ["a"]


async def test_a_session_that_is_lost_while_nobody_writes_ends_the_store_too(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    """Its doors would stay open beside those of the daemon that has taken over."""
    url = make_database()
    with pytest.RaisesGroup(StoreFailedError, flatten_subgroups=True), trio.fail_after(20):
        async with opened(url, tmp_path):
            end_sessions(url)
            await trio.sleep_forever()


def test_the_writer_connects_once(make_database: MakeDatabase) -> None:
    """A pool that mends a broken connection by itself would write without the lock."""
    url = make_database()
    writer = postgres.open_writer(url, None)
    assert postgres.take_lock(writer)
    end_sessions(url)
    with pytest.raises(DBAPIError) as lost, writer.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert isinstance(disk_error(lost.value), StoreFailedError)
    with pytest.raises(StoreFailedError, match="session"):
        writer.connect()
    writer.dispose()


def test_another_programs_lock_is_waited_for(make_database: MakeDatabase) -> None:
    """An operator's shell that holds a table is no failure of the store."""
    url = make_database()
    writer = postgres.open_writer(url, None)
    with outside(url).begin() as shell, writer.connect() as connection:
        shell.execute(text("LOCK TABLE fax IN ACCESS EXCLUSIVE MODE"))
        connection.execute(text("SET lock_timeout = '20ms'"))
        with pytest.raises(DBAPIError) as locked:
            connection.execute(text("SELECT count(*) FROM fax"))
        assert is_locked(locked.value)
        assert disk_error(locked.value) is None
    writer.dispose()


async def test_a_look_from_outside_tells_whether_it_is_held(
    make_database: MakeDatabase, postgres_server: Server, tmp_path: Path
) -> None:
    """And changes nothing: a database without tables stays so."""
    url = make_database()
    async with opened(url, tmp_path):
        found = postgres.examine(url, None)
    assert isinstance(found, postgres.Examined)
    assert (found.schema, found.is_held) == (SCHEMA_VERSION, True)
    postgres_server.execute("CREATE DATABASE empty TEMPLATE template0")
    for _ in range(2):
        found = postgres.examine(postgres_server.url("empty"), None)
        assert isinstance(found, postgres.Examined)
        assert (found.schema, found.is_held) == (None, False)
    assert "does not exist" in str(postgres.examine(postgres_server.url("nowhere"), None))


# --- which servers and addresses are refused ---------------------------------------------------------


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_loses_commits_is_refused(setting: str) -> None:
    """Its operator hears which setting it is and why."""
    with running_server({setting: "off"}) as server:
        engine = postgres.open_writer(server.url("postgres"), None)
        with pytest.raises(OperatorError, match=rf"{setting} = off.*power cut"):
            postgres.take_lock(engine)
        engine.dispose()


def test_a_database_that_cannot_hold_every_name_is_refused(postgres_server: Server) -> None:
    """In LATIN1 there is no bouquet."""
    postgres_server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    engine = postgres.open_writer(postgres_server.url("latin"), None)
    with pytest.raises(OperatorError, match=r"LATIN1.*UTF8"):
        postgres.take_lock(engine)
    engine.dispose()


async def test_a_server_that_is_not_there_is_tried_again_by_the_supervisor(tmp_path: Path) -> None:
    """It may only be starting: the daemon ends as with a failed disk, and is started anew."""
    url = f"postgresql://nobody@/faxgw?host={tmp_path}"
    with pytest.raises(StoreFailedError, match="PostgreSQL is lost"):
        async with open_store(tmp_path / "faxgw.db", StoreConfig(url=url, documents_dir="x"), nobody_watches):
            pytest.fail("there is no server")


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        (StoreConfig(url="mysql://here/faxgw", documents_dir="d"), "/store/url"),
        (StoreConfig(url="postgresql://host", documents_dir="d"), "/store/url"),
        (StoreConfig(url="postgresql://[half", documents_dir="d"), "/store/url"),
        (StoreConfig(url="postgresql://faxgw:secret@host/faxgw", documents_dir="d"), "/store/url"),
        (StoreConfig(url="postgresql://faxgw@host/faxgw?password=secret", documents_dir="d"), "/store/url"),
        (StoreConfig(url="postgresql://faxgw@host/faxgw"), "/store/documents_dir"),
        (StoreConfig(password_file=FILE), "/store/password_file"),
    ],
)
def test_an_address_that_cannot_be_meant_is_a_fault_of_the_config(config: StoreConfig, pointer: str) -> None:
    """Passwords stand in files, and whoever takes over needs the documents."""
    [fault] = store_faults(config)
    assert fault.pointer == pointer
    assert "secret" not in fault.detail


def test_a_whole_address_is_no_fault() -> None:
    """And neither is none."""
    assert list(store_faults(StoreConfig())) == []
    url = "postgresql://faxgw@db.example/faxgw"
    assert list(store_faults(StoreConfig(url=url, password_file=FILE, documents_dir="d"))) == []


# --- the same tables --------------------------------------------------------------------------------


def test_the_migrations_make_what_the_schema_says(make_database: MakeDatabase) -> None:
    """Texts have no length here, else Alembic finds nothing to change."""
    with outside(make_database()).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


async def test_a_text_may_be_longer_than_its_column_says(make_database: MakeDatabase, tmp_path: Path) -> None:
    """SQLite counts no letters, and neither may the other engine: the doors do."""
    async with opened(make_database(), tmp_path) as store:
        [admitted] = await store.admit([new_fax("k" * 500)])
        assert isinstance(admitted, Admitted)


async def test_a_text_that_postgresql_cannot_hold_ends_nothing(make_database: MakeDatabase, tmp_path: Path) -> None:
    """A zero byte in a question or in a key is refused by itself; the store was not lost, and goes on."""
    async with opened(make_database(), tmp_path) as store:
        with pytest.raises(DBAPIError, match="NUL"):
            await store.find(Sought(number="1\0"), limit=10)
        with pytest.raises(DBAPIError, match="NUL"):
            await store.attempt_of(None, "a-carrier", "ref\0")
        with pytest.raises(DBAPIError):
            await admit_one(store, "key\0")
        await admit_one(store, "whole")
        assert await store.counts() == {State.QUEUED: 1}


def test_an_error_shows_no_row(make_database: MakeDatabase) -> None:
    """The server tells the values of a row that it refuses, and an error stands in the log."""
    engine = postgres.open_writer(make_database(), None)
    name = "Rosa Example"
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        connection.execute(text("INSERT INTO meta (name) VALUES (:name)"), {"name": name})
    engine.dispose()
    shown = "".join(traceback.format_exception(refused.value))
    assert "violates not-null constraint" in shown
    assert name not in shown


# --- restored by its own means ------------------------------------------------------------------------


async def test_what_was_on_its_way_in_a_restored_database_is_held(make_database: MakeDatabase, tmp_path: Path) -> None:
    """It may have gone out since; its state directory lists what to ask carriers about, and nothing is marked twice."""
    url = make_database()
    config = StoreConfig(url=url, documents_dir=str(tmp_path))
    async with opened(url, tmp_path) as store:
        await begin_one(store, "sent", LINE)
        with pytest.raises(OperatorError, match="a daemon holds"):
            mark_dumped(config, tmp_path / "new", 1_000.0, 2_000.0)
    restored = mark_dumped(config, tmp_path / "new", 1_000.0, 2_000.0)
    assert restored.marked.faxes == {"sending": 1}
    assert "sent,sending,1" in restored.reconcile.read_text()
    with pytest.raises(OperatorError, match="already"):
        mark_dumped(config, tmp_path / "new", 1_000.0, 3_000.0)
    async with opened(url, tmp_path) as store:
        assert await store.counts() == {State.HELD: 1}
        assert await store.admit([new_fax("new")]) == [Drained()]
        assert await store.last_event() > 10_000_000
