"""What a database at rest says of itself: its revision, its faxes, whether SQLite finds fault with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from faxgw.errors import OperatorError
from faxgw.store.inbound.schema import inbound_document, inbound_state
from faxgw.store.schema import event, fax, fax_state, meta

FAULTS_MAX = 10


@dataclass(frozen=True, slots=True)
class Contents:
    schema: str
    store_id: str
    faxes: dict[str, int]
    last_event: int
    documents: frozenset[Path]
    """The files that rows name, below the state directory."""


class _Deposited(msgspec.Struct):
    document: str


_decode_deposited = msgspec.json.Decoder(_Deposited).decode


@contextmanager
def open_at_rest(path: Path) -> Iterator[Connection]:
    """A database that nobody writes to, read without a lock and without a file beside it.

    Raises:
        OperatorError: it is none, or is damaged.
    """
    url = f"sqlite:///file:{quote(str(path))}?mode=ro&immutable=1&uri=true"
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise OperatorError(f"{path} cannot be read: {error.orig}") from error
    finally:
        engine.dispose()


def read_contents(connection: Connection) -> Contents:
    states = select(fax_state.c.state, func.count()).group_by(fax_state.c.state)
    return Contents(
        schema=str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar()),
        store_id=str(connection.execute(select(meta.c.value).where(meta.c.name == "store_id")).scalar()),
        faxes={row[0]: row[1] for row in connection.execute(states)},
        last_event=connection.execute(select(func.max(event.c.seq))).scalar() or 0,
        documents=frozenset(_documents_named(connection)),
    )


def faults_in(connection: Connection) -> list[str]:
    """What SQLite finds: pages, indexes and rows that belong together and do not fit."""
    found = [str(row[0]) for row in connection.execute(text(f"PRAGMA integrity_check({FAULTS_MAX})"))]
    orphans = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(FAULTS_MAX)
    return [
        *(f"the database is damaged: {fault}" for fault in found if fault != "ok"),
        *(
            f"the database is damaged: a row of {row[0]} belongs to a row of {row[2]} that is missing"
            for row in orphans
        ),
    ]


def _documents_named(connection: Connection) -> Iterator[Path]:
    handed_in = select(fax.c.order).where(fax.c.content == "document")
    for (order,) in connection.execute(handed_in):
        yield _place_of("documents", _decode_deposited(order).document)
    came_in = select(inbound_document.c.name).join(
        inbound_state, inbound_state.c.inbound_id == inbound_document.c.inbound_id
    )
    for (name,) in connection.execute(came_in.where(inbound_state.c.forgotten == 0)):
        yield _place_of("inbound", name)


def _place_of(folder: str, name: str) -> Path:
    # As `documents.FileDocuments` lays them out.
    return Path(folder, name[:2], name)
