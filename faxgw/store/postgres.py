"""PostgreSQL in SQLite's place: a queue that outlives its machine, with one daemon at work and others standing by.

Whoever holds the lock may write. The lock belongs to the session that writes, so that a daemon that lost its connection
has lost the right to write in the same moment; it ends then (`StoreFailedError`), for what its last commit did is known
only to the server. Refuses a server that would lose commits in a power cut.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, String, column, create_engine, event, func, make_url, select, table
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, NotSupportedError, ProgrammingError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool, StaticPool

from faxgw.errors import OperatorError, StoreFailedError, StoreFullError

CONNECT_SECONDS_MAX = 10
_LOCK = 0x6661_7867
"""Of advisory locks: "faxg". They are each database's own."""

_LOCKS = table("pg_locks", column("locktype"), column("objid"))

_FULL = frozenset({"53100", "53200", "25006"})
"""disk_full, out_of_memory, read_only_sql_transaction (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
_LOCKED = frozenset({"55P03", "40P01"})
"""lock_not_available, deadlock_detected."""
_GONE = ("08", "57P", "58", "XX")
"""Connection lost, server stopped, I/O error, damaged: with the session went the lock."""

_NEEDED = {
    "fsync": "a power cut would lose orders that were accepted",
    "full_page_writes": "a power cut could damage the store",
}
_SESSION = {
    "application_name": "faxgw",
    "connect_timeout": CONNECT_SECONDS_MAX,
    # A server that vanished without a word is noticed after half a minute, not after two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_WRITER_OPTIONS = " ".join(
    [
        "-c synchronous_commit=on",
        # A plan kept from when the tables were empty scans them whole: a quarter of the rate after 20,000 faxes.
        "-c plan_cache_mode=force_custom_plan",
        "-c lock_timeout=5s",
        "-c idle_in_transaction_session_timeout=0",
    ]
)
_READER_OPTIONS = "-c default_transaction_read_only=on -c lock_timeout=5s -c statement_timeout=60s"


@compiles(String, "postgresql")
def _without_length(_type: String, _compiler: object, **_: object) -> str:
    """SQLite takes a text of any length, and the doors see to lengths: here neither costs nor refuses any."""
    return "TEXT"


def open_writer(url: str, password: str | None) -> Engine:
    """The engine whose single session writes. It connects once: the lock would not come along to another session."""
    engine = _engine(url, password, _WRITER_OPTIONS, poolclass=StaticPool)
    sessions = 0

    @event.listens_for(engine, "do_connect")
    def _connecting(*_: object) -> None:
        nonlocal sessions
        sessions += 1
        if sessions > 1:
            raise StoreFailedError("the session that held the store is lost")

    return engine


def open_reader(url: str, password: str | None, connections: int) -> Engine:
    """Sessions that only read; each question sees one moment."""
    pool = {"poolclass": QueuePool, "pool_size": connections, "max_overflow": 0}
    return _engine(url, password, _READER_OPTIONS, isolation_level="REPEATABLE READ", **pool)


def _engine(url: str, password: str | None, options: str, **how: Any) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    if password is not None:
        address = address.set(password=password)
    session = {**_SESSION, "options": options}
    try:
        # Parameters are orders, which an error's text must not show. `format`: rows go to the driver as they are.
        engine = create_engine(address, connect_args=session, hide_parameters=True, paramstyle="format", **how)
    except ModuleNotFoundError as error:
        raise OperatorError("[store] url names PostgreSQL, whose driver is missing: install faxgw[postgres]") from error
    event.listen(engine, "handle_error", _without_details)
    return engine


def _without_details(context: ExceptionContext) -> None:
    """Below its first line the server shows the row itself (DETAIL, CONTEXT): an order, which must not reach a log."""
    if getattr(context.original_exception, "sqlstate", None) is None:
        return
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def take_lock(engine: Engine) -> bool:
    """Whether this session may write from now on, until it ends; no when another daemon may.

    Raises:
        OperatorError: the server is one that must not hold orders.
    """
    with engine.connect() as session:
        _check_server(session)
        return bool(session.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar_one())


@dataclass(frozen=True, slots=True)
class Examined:
    server: str
    """Its version."""
    schema: str | None
    """None where no daemon made its tables yet."""
    is_held: bool
    """By a daemon."""


def examine(url: str, password: str | None) -> Examined | str:
    """What the database is like, or why no daemon can use it."""
    engine = open_reader(url, password, connections=1)
    try:
        with engine.connect() as session:
            _check_server(session)
            # Of a key of 64 bits the upper half stands in `classid`; ours has none.
            held = (
                select(func.count()).select_from(_LOCKS).where(_LOCKS.c.locktype == "advisory", _LOCKS.c.objid == _LOCK)
            )
            return Examined(
                server=str(session.execute(select(func.current_setting("server_version"))).scalar_one()),
                schema=_schema_of(session),
                is_held=session.execute(held).scalar_one() > 0,
            )
    except (DBAPIError, OperatorError) as error:
        return str(error.orig).strip() if isinstance(error, DBAPIError) else str(error)
    finally:
        engine.dispose()


def _schema_of(session: Connection) -> str | None:
    if session.execute(select(func.to_regclass("alembic_version"))).scalar() is None:
        return None
    return str(session.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar_one())


def _check_server(session: Connection) -> None:
    """Refuse a server on which a commit is no promise."""
    if session.execute(select(func.pg_is_in_recovery())).scalar_one():
        raise OperatorError("this PostgreSQL is a standby server: name the one that writes in [store] url")
    for setting, why in _NEEDED.items():
        if session.execute(select(func.current_setting(setting))).scalar_one() != "on":
            raise OperatorError(f"this PostgreSQL runs with {setting} = off, and {why}: set it to on")
    encoding = session.execute(select(func.current_setting("server_encoding"))).scalar_one()
    if encoding != "UTF8":
        raise OperatorError(f"this database is encoded in {encoding}: make it anew with ENCODING 'UTF8'")


def disk_error(error: DBAPIError) -> StoreFullError | StoreFailedError | None:
    """What an error says of the server's disk or of the session, if it does."""
    state = _state_of(error)
    if state in _FULL:
        return StoreFullError("PostgreSQL's disk is full or read-only; nothing was written")
    if error.connection_invalidated or (state or "").startswith(_GONE) or _is_of_nobody(error):
        return StoreFailedError(f"PostgreSQL is lost: {str(error.orig).strip() or type(error.orig).__name__}")
    return None


def is_locked(error: DBAPIError) -> bool:
    """Whether another program holds a lock on a table."""
    return _state_of(error) in _LOCKED


def _is_of_nobody(error: DBAPIError) -> bool:
    """Whether no server spoke, for there was none to speak to. What the driver refuses itself is none of its sayings:
    a caller may ask for a number with a zero byte in it, and that must end no daemon."""
    return _state_of(error) is None and not isinstance(error, DataError | ProgrammingError | NotSupportedError)


def _state_of(error: DBAPIError) -> str | None:
    """None where the server did not speak."""
    return getattr(error.orig, "sqlstate", None)
