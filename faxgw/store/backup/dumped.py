"""Marks a PostgreSQL that was restored by its own means, as `restoring` marks a store of ours.

Refuses a database that a daemon holds, and one that was marked as restored from the same moment: a daemon may have
worked on it since. The list of what is in doubt is on the disk before the marks are durable.
"""

from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from faxgw.config.secret import read_secret
from faxgw.config.store import StoreConfig
from faxgw.errors import OperatorError
from faxgw.ops.logs import moment_text
from faxgw.store import postgres
from faxgw.store.backup.folder import make_folder
from faxgw.store.backup.marking import mark_restored
from faxgw.store.backup.restoring import Restored, as_csv
from faxgw.store.backup.sums import write_new
from faxgw.store.database import bring_up_to_date
from faxgw.store.schema import meta


def mark_dumped(config: StoreConfig, state_dir: Path, made_at: float, now: float) -> Restored:
    """`made_at` is when the copy that was restored was made, in seconds since 1970.

    Raises:
        OperatorError: the database cannot be reached or may not be marked.
    """
    password = read_secret(config.password_file) if config.password_file else None
    engine = postgres.open_writer(config.url, password)
    try:
        if not postgres.take_lock(engine):
            raise OperatorError("a daemon holds this database: stop it, restore, and mark before one starts again")
        bring_up_to_date(engine)
        with engine.begin() as connection:
            _refuse_marked(connection, made_at)
            marked, doubtful = mark_restored(connection, made_at, now)
            reconcile = state_dir / f"to-reconcile-{marked.store_id}.csv"
            make_folder(state_dir)
            write_new(reconcile, as_csv(doubtful))
        return Restored(marked, reconcile)
    except DBAPIError as error:
        raise OperatorError(f"the database cannot be marked: {error.orig}") from error
    finally:
        engine.dispose()


def _refuse_marked(connection: Connection, made_at: float) -> None:
    before = connection.execute(select(meta.c.value).where(meta.c.name == "restored_from")).scalar()
    if before == moment_text(made_at):
        raise OperatorError(f"this database is marked as restored from {before} already: the daemon may start")
