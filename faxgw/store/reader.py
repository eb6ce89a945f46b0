"""Questions to the store: on the caller's own thread for journeys, else on a few threads of their own."""

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import trio
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from faxgw.errors import StoreBusyError
from faxgw.store.database import disk_error, is_locked

READERS = 2
FILE_THREADS = 4

P = ParamSpec("P")
T = TypeVar("T")


class Reader(Protocol):
    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def work(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Change files, and no database; whoever is cancelled waits for its end."""
        ...

    async def look(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read files; whoever is cancelled goes at once, however long the disk takes."""
        ...


class InlineReader:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await trio.lowlevel.checkpoint()
        with self._engine.connect() as connection:
            return question(connection, *args, **kwargs)

    async def work(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        await trio.lowlevel.checkpoint()
        return job(*args, **kwargs)

    look = work


class ThreadReader:
    """Reads on at most `READERS` threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._limiter = trio.CapacityLimiter(READERS)
        self._files = trio.CapacityLimiter(FILE_THREADS)

    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def ask() -> T:
            try:
                with self._engine.connect() as connection:
                    return question(connection, *args, **kwargs)
            except DBAPIError as error:
                if is_locked(error):
                    raise StoreBusyError("another program holds the store") from error
                raise disk_error(error) or error from error

        return await trio.to_thread.run_sync(ask, limiter=self._limiter)

    async def work(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await trio.to_thread.run_sync(partial(job, *args, **kwargs), limiter=self._files)

    async def look(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await trio.to_thread.run_sync(partial(job, *args, **kwargs), limiter=self._files, abandon_on_cancel=True)
