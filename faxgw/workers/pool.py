"""Processes of one kind, fed in batches.

A batch that takes its process down is done again task by task, so that the one task that kills is found out and
answered by `fatal` while its neighbours are done.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
import structlog
import trio

from faxgw.workers.frames import Batch
from faxgw.workers.process import NonsenseError, Worker, WorkerDiedError

log = structlog.get_logger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Craft(Generic[Task, Result]):
    """What processes of one kind do, and how they are spoken to."""

    name: str
    """For logs and messages: `drawing`."""
    encode: Callable[[Sequence[Task]], bytes]
    decode: Callable[[bytes], Batch[Result]]
    """Raises MsgspecError."""
    fatal: Callable[[str], Result]
    """The result of a task that ended its process, from what the process died of."""


class WorkerPool(Generic[Task, Result]):
    """Batches of different callers are done at once, one a process; a caller without a process waits for one."""

    def __init__(
        self, craft: Craft[Task, Result], command: Sequence[str], *, workers: int, timeout_seconds: float
    ) -> None:
        self._craft = craft
        self._workers = [Worker(craft.name, command, timeout_seconds) for _ in range(workers)]
        self._give_back, self._free = trio.open_memory_channel[Worker](workers)
        for worker in self._workers:
            self._give_back.send_nowait(worker)

    @property
    def processes(self) -> list[trio.Process]:
        """Those that run."""
        return [worker.process for worker in self._workers if worker.process is not None]

    async def do(self, parts: Iterable[Sequence[Task]], watch: Callable[[Batch[Result], float], None]) -> list[Result]:
        """Do the parts one after the other in one process; `watch` gets each part's batch and its wall seconds.

        Raises:
            WorkerNotStartedError: there is no process to ask.
        """
        worker = await self._free.receive()
        results: list[Result] = []
        try:
            for part in parts:
                started = trio.current_time()
                batch = await self._do(worker, part)
                watch(batch, trio.current_time() - started)
                results += batch.results
        finally:
            self._give_back.send_nowait(worker)
        return results

    async def warm_up(self) -> None:
        """Start every process and let it fill its memories: an empty batch is time to warm up in."""
        async with trio.open_nursery() as nursery:
            for _ in self._workers:
                nursery.start_soon(self._warm_one_up)

    async def aclose(self) -> None:
        for worker in self._workers:
            await worker.end()

    async def _warm_one_up(self) -> None:
        worker = await self._free.receive()
        try:
            await self._ask(worker, [])
        except (WorkerDiedError, OSError) as error:
            # The first batch will start it again, and say so if that fails too.
            log.error("worker_not_warm", craft=self._craft.name, reason=str(error))
        finally:
            self._give_back.send_nowait(worker)

    async def _do(self, worker: Worker, tasks: Sequence[Task]) -> Batch[Result]:
        try:
            return await self._ask(worker, tasks)
        except WorkerDiedError as died:
            log.error("worker_died", craft=self._craft.name, tasks=len(tasks), reason=str(died))
            if len(tasks) == 1:
                return Batch([self._craft.fatal(str(died))], 0.0)
            single = [await self._do(worker, [task]) for task in tasks]
            results = [result for batch in single for result in batch.results]
            return Batch(results, sum(batch.cpu_seconds for batch in single))

    async def _ask(self, worker: Worker, tasks: Sequence[Task]) -> Batch[Result]:
        return await worker.ask(self._craft.encode(tasks), lambda reply: self._read(reply, len(tasks)))

    def _read(self, reply: bytes, count: int) -> Batch[Result]:
        try:
            batch = self._craft.decode(reply)
        except msgspec.MsgspecError as error:
            raise NonsenseError from error
        if len(batch.results) != count:
            raise NonsenseError
        return batch
