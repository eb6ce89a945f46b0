"""The store of the contract suite: in memory, on the disk and in PostgreSQL, the same promises."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import trio
from sqlalchemy import Engine

from faxgw.store import postgres
from faxgw.store.database import bring_up_to_date, open_in_memory
from faxgw.store.sql import SqlStore
from tests.postgres_server import Server, running_server
from tests.store.faxes import opened


@pytest.fixture(params=["memory", "disk", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    kind = request.getfixturevalue("make_database")() if request.param == "postgres" else request.param
    with trio.fail_after(20):
        async with opened(kind, tmp_path) as store:
            yield store


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Of each database, with its tables."""
    if request.param == "postgres":
        engine = postgres.open_writer(request.getfixturevalue("make_database")(), None)
    else:
        engine = open_in_memory()
        bring_up_to_date(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def make_database(postgres_server: Server) -> Callable[[], str]:
    """Makes a database that has its tables, and tells its address."""
    postgres_server.execute("CREATE DATABASE template")
    engine = postgres.open_writer(postgres_server.url("template"), None)
    bring_up_to_date(engine)
    engine.dispose()
    numbers = count()

    def make() -> str:
        name = f"store_{next(numbers)}"
        postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE template")
        return postgres_server.url(name)

    return make
