"""Opens the database: one connection that writes, a few that only read, and the tables brought up to date.

SQLite before 3.51.3 can corrupt a WAL when two connections write or checkpoint at once
(https://www.sqlite.org/wal.html#walresetbug), hence readers are `query_only` and never checkpoint.
"""

import sqlite3
from importlib import resources
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeGuard

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from faxgw.errors import ConfigError, StoreFailedError, StoreFullError
from faxgw.store import postgres
from faxgw.store.schema import meta, sequence

log = structlog.get_logger(__name__)

STORE_FILE = "faxgw.db"
"""The database, in the state directory."""

SCHEMA_VERSION = "0007"
"""The newest file in `migrations/versions`; a test holds the two together."""

SQLITE_BUSY = 5
SQLITE_FULL = frozenset({8, 13})
"""READONLY, FULL (https://www.sqlite.org/rescode.html)."""
SQLITE_FATAL = frozenset({10, 11, 14, 26})
"""IOERR, CORRUPT, CANTOPEN, NOTADB."""

WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # In WAL mode NORMAL would lose the last commits on a power cut; with group commit FULL costs 21 %.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA busy_timeout = 5000",
)
READER_PRAGMAS = (
    "PRAGMA query_only = ON",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA busy_timeout = 5000",
)


def open_writer(path: Path) -> Engine:
    """The engine whose single connection writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE takes the write lock at once: a second writer is found out here, not at the commit.
    return _sqlite_engine(f"/{path}", WRITER_PRAGMAS, begin="BEGIN IMMEDIATE", static=True)


def open_reader(path: Path, connections: int) -> Engine:
    return _sqlite_engine(f"/{path}", READER_PRAGMAS, pool_size=connections)


def open_in_memory() -> Engine:
    """A store without a disk, for journeys under a mock clock: the same SQL, one connection for all."""
    return _sqlite_engine("", ("PRAGMA foreign_keys = ON",), static=True)


class BeginsItself(SQLiteDialect_pysqlite):
    """SQLite, each transaction begun by a statement: without BEGIN every question would see another moment.

    A listener to the event "begin" could say it, but where one listens SQLAlchemy tells of every statement: that
    took a fifth of the instructions of a small commit.
    """

    supports_statement_cache = True

    def __init__(self, begin: str = "BEGIN", **options: Any) -> None:
        super().__init__(**options)
        self._begin = begin

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.execute(self._begin)


registry.register("sqlite.begins_itself", __name__, BeginsItself.__name__)


def _sqlite_engine(
    place: str, pragmas: tuple[str, ...], *, begin: str = "BEGIN", static: bool = False, pool_size: int = 1
) -> Engine:
    # `check_same_thread`: each connection is used by one thread at a time, which sqlite3 cannot know.
    pool = {"poolclass": StaticPool} if static else {"poolclass": QueuePool, "pool_size": pool_size, "max_overflow": 0}
    # Parameters are orders: an error's text goes to the log, and there no customer's name may stand.
    engine = create_engine(
        f"sqlite+begins_itself://{place}",
        begin=begin,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # Else Python's sqlite3 begins transactions behind our back.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma)

    return engine


def disk_error(error: Exception) -> StoreFullError | StoreFailedError | None:
    """What a database error says of the disk, if it does."""
    if is_of_postgres(error):
        return postgres.disk_error(error)
    code = _sqlite_code(error)
    if code in SQLITE_FULL:
        return StoreFullError("the disk is full or read-only; nothing was written")
    if code in SQLITE_FATAL and isinstance(error, DBAPIError):
        return StoreFailedError(f"the disk failed: {error.orig}")
    return None


def is_locked(error: Exception) -> bool:
    """Whether another program holds the file's lock, or a table's."""
    if is_of_postgres(error):
        return postgres.is_locked(error)
    return _sqlite_code(error) == SQLITE_BUSY


def is_of_postgres(error: Exception) -> TypeGuard[DBAPIError]:
    return isinstance(error, DBAPIError) and not isinstance(error.orig, sqlite3.Error)


def _sqlite_code(error: Exception) -> int:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF if isinstance(error, DBAPIError) else 0


def bring_up_to_date(engine: Engine) -> str:
    """Make or migrate the tables, and return the store's id.

    Raises:
        ConfigError: the store was written by a newer faxgw.
    """
    with engine.connect() as connection:
        version = _version_of(connection)
        connection.rollback()
    if version != SCHEMA_VERSION:
        if version is not None and version > SCHEMA_VERSION:
            raise ConfigError(f"the store has schema {version}, this faxgw knows up to {SCHEMA_VERSION}: upgrade faxgw")
        _migrate(engine)
    with engine.begin() as connection:
        return _store_id(connection)


def bring_up_to_date_unlocked(engine: Engine) -> str:
    """The same, however long another program (an operator's SQL shell) holds the lock: nothing is lost by waiting.

    To end the start instead would leave the gateway down, where a supervisor takes that for a fault of the config.
    """
    while True:
        try:
            return bring_up_to_date(engine)
        except OperationalError as error:
            if not is_locked(error):
                raise
            # Each round has waited out `busy_timeout` already.
            log.warning("store_locked_by_another_program", waits_to="start")


def _version_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    # Imported only when needed: it takes longer than all the rest of a start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    with engine.begin() as connection, resources.as_file(resources.files("faxgw.store.migrations")) as folder:
        config = AlembicConfig()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _store_id(connection: Connection) -> str:
    known = connection.execute(select(meta.c.value).where(meta.c.name == "store_id")).scalar()
    if known is not None:
        return str(known)
    store_id = token_hex(4)
    connection.execute(insert(meta), [{"name": "store_id", "value": store_id}])
    connection.execute(
        insert(sequence), [{"name": name, "next": 1} for name in ("fax", "inbound", "receipt", "review")]
    )
    return store_id
