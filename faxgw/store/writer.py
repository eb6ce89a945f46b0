"""The one that writes: takes all writes that wait, makes them in one transaction, commits once, wakes all.

Without load a commit goes at once; under load the batch grows by itself while the disk is busy with the
one before. An operation that breaks is tried alone, so that it fails without its neighbours.

Refuses writes beyond its bound (`StoreBusyError`). After a failed fsync or I/O error it stops for good
(`StoreFailedError`): what is durable then is known only to the next start.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import structlog
import trio
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from faxgw.crashpoint import reach
from faxgw.errors import BugError, FaxgwError, StoreBusyError, StoreFailedError
from faxgw.store.database import disk_error, is_locked

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Operation = Callable[[Connection, Sequence[Item]], list[Answer]]
"""Writes many items inside the transaction it is given and answers each, in order."""

CLOSE_SECONDS_MAX = 10.0


@dataclass(slots=True, eq=False)
class Request:
    """One caller's write, and its answer once that is durable."""

    operation: Operation[Any, Any]
    items: Sequence[Any]
    done: trio.Event = field(default_factory=trio.Event)
    answers: list[Any] = field(default_factory=list)
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """What one commit did, for those who watch the store."""

    items: int
    seconds: float
    broken: int = 0
    """Writes that were not made: the disk was full, or the operation broke."""


class Writer(Protocol):
    @property
    def waiting_items(self) -> int:
        """How much is handed in and not yet taken up."""
        ...

    @property
    def waiting_since(self) -> float | None:
        """By trio's clock, since when the oldest write waits that is not durable yet; None where none does."""
        ...

    async def write(
        self, operation: Operation[Item, Answer], items: Sequence[Item], *, bounded: bool = False
    ) -> list[Answer]:
        """Return the answers once they are durable. `bounded` writes are refused when too many wait."""
        ...


class InlineWriter:
    """Writes on the caller's own thread, for journeys whose mock clock cannot wait for another."""

    def __init__(self, engine: Engine, watch: Callable[[Committed], None]) -> None:
        self._connection = engine.connect()
        self._watch = watch

    @property
    def waiting_items(self) -> int:
        return 0

    @property
    def waiting_since(self) -> float | None:
        return None

    async def write(
        self, operation: Operation[Item, Answer], items: Sequence[Item], *, bounded: bool = False
    ) -> list[Answer]:
        del bounded
        request = Request(operation, items)
        commit_together(self._connection, [request])
        self._watch(Committed(len(items), 0.0))
        await trio.lowlevel.checkpoint()
        if request.error is not None:
            raise request.error
        return request.answers


class GroupWriter:
    """Writes on a thread of its own."""

    def __init__(self, engine: Engine, watch: Callable[[Committed], None], *, batch_max: int, waiting_max: int) -> None:
        self._engine = engine
        self._watch = watch
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._gathered: list[Request] = []
        """Handed in during this turn of the loop; the thread is told of them together."""
        self._has_gathered = trio.Event()
        self._waiting: deque[Request] = deque()
        self._waiting_items = 0
        self._handed_in: deque[float] = deque()
        """When each write was handed in that nobody was woken for yet; they are written in that order."""
        self._changed = threading.Condition()
        self._closing = False
        self._failed: Exception | None = None
        self._ended = trio.Event()

    async def write(
        self, operation: Operation[Item, Answer], items: Sequence[Item], *, bounded: bool = False
    ) -> list[Answer]:
        if not items:
            await trio.lowlevel.checkpoint()
            return []
        request = Request(operation, items)
        with self._changed:
            if self._failed is not None or self._closing:
                raise self._failed or StoreFailedError("the store is closed")
            # One request longer than the bound is let in when nothing waits: refused, it could never be written.
            if bounded and self._waiting_items and self._waiting_items + len(items) > self._waiting_max:
                raise StoreBusyError(f"{self._waiting_items} writes wait already")
            self._waiting_items += len(items)
        self._handed_in.append(trio.current_time())
        self._gathered.append(request)
        self._has_gathered.set()
        await request.done.wait()
        if request.error is not None:
            raise request.error
        return request.answers

    @property
    def waiting_items(self) -> int:
        return self._waiting_items

    @property
    def waiting_since(self) -> float | None:
        return self._handed_in[0] if self._handed_in else None

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled; then finish what waits and stop.

        Raises:
            StoreFailedError: the disk failed; the process must end.
        """
        token = trio.lowlevel.current_trio_token()
        threading.Thread(target=self._work, args=(token,), name="store-writer", daemon=True).start()
        task_status.started()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pass_on_each_turn)
                await self._ended.wait()
                nursery.cancel_scope.cancel()
        finally:
            with self._changed:
                self._closing = True
                self._pass_on()
            with trio.move_on_after(CLOSE_SECONDS_MAX, shield=True):
                await self._ended.wait()
        if self._failed is not None:
            raise self._failed

    async def _pass_on_each_turn(self) -> None:
        """For ever. Woken by a turn's first write, the thread would make a commit of that one alone."""
        while True:
            await self._has_gathered.wait()
            self._has_gathered = trio.Event()
            self._pass_on()

    def _pass_on(self) -> None:
        with self._changed:
            self._waiting.extend(self._gathered)
            self._gathered.clear()
            self._changed.notify()

    def _work(self, token: trio.lowlevel.TrioToken) -> None:
        requests: list[Request] = []
        try:
            with self._engine.connect() as connection:
                while requests := self._take():
                    reach("writer-took-batch")
                    started = time.perf_counter()
                    commit_together(connection, requests)
                    seconds = time.perf_counter() - started
                    broken = sum(request.error is not None for request in requests)
                    committed = Committed(sum(len(request.items) for request in requests), seconds, broken)
                    token.run_sync_soon(self._wake, requests, committed)
        except Exception as error:  # noqa: BLE001 - the thread's barrier: whatever it was, everyone who waits must hear of it
            self._fail(error, requests)
        # The loop may be gone already if the process is being torn down.
        with contextlib.suppress(trio.RunFinishedError):
            token.run_sync_soon(self._end, requests)

    def _take(self) -> list[Request]:
        """Wait for work; an empty list means that it is time to stop."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            batch: list[Request] = []
            items = 0
            while self._waiting and (not batch or items + len(self._waiting[0].items) <= self._batch_max):
                request = self._waiting.popleft()
                items += len(request.items)
                batch.append(request)
            self._waiting_items -= items
            return batch

    def _fail(self, error: Exception, requests: list[Request]) -> None:
        with self._changed:
            self._failed = error if isinstance(error, FaxgwError) else BugError(f"the writer broke: {error!r}")
            for request in [*requests, *self._waiting]:
                request.error = self._failed
            requests.extend(self._waiting)
            self._waiting.clear()

    def _wake(self, requests: list[Request], committed: Committed) -> None:
        reach("writer-before-waking")
        self._watch(committed)
        for request in requests:
            self._handed_in.popleft()
            request.done.set()

    def _end(self, requests: list[Request]) -> None:
        # Handed in since the thread failed, which told all the others.
        late = [*self._waiting, *self._gathered]
        for request in late:
            request.error = self._failed
        for request in (*requests, *late):
            request.done.set()
        self._ended.set()


def commit_together(connection: Connection, requests: Sequence[Request]) -> None:
    """Make all requests in one commit; if one breaks, each in a commit of its own.

    Raises:
        StoreFailedError: the disk failed, and nobody knows what is durable.
    """
    try:
        _commit_once_unlocked(connection, requests)
    except Exception as error:
        # The crash barrier of a write: one that breaks must not take the others along.
        refusal = disk_error(error)
        if isinstance(refusal, StoreFailedError):
            raise refusal from error
        if refusal is not None or len(requests) == 1:
            for request in requests:
                request.error = refusal or error
            if refusal is None:
                log.exception("write_broke", operation=requests[0].operation.__name__)
            return
        for request in requests:
            commit_together(connection, [request])


def _commit_once_unlocked(connection: Connection, requests: Sequence[Request]) -> None:
    """Another program may hold the file's lock (an operator's SQL shell): wait, as nothing is lost by waiting."""
    while True:
        try:
            return _commit(connection, requests)
        except OperationalError as error:
            if not is_locked(error):
                raise
            # Each round has waited out `busy_timeout` already.
            log.warning("store_locked_by_another_program", writes_waiting=len(requests))


def _commit(connection: Connection, requests: Sequence[Request]) -> None:
    groups: dict[Operation[Any, Any], list[Request]] = {}
    for request in requests:
        groups.setdefault(request.operation, []).append(request)
    answers: dict[Operation[Any, Any], list[Any]] = {}
    with connection.begin():
        for operation, group in groups.items():
            answers[operation] = operation(connection, [item for request in group for item in request.items])
        reach("writer-before-commit")
    reach("writer-after-commit")
    for operation, group in groups.items():
        start = 0
        for request in group:
            request.answers = answers[operation][start : start + len(request.items)]
            start += len(request.items)
