"""Prints a month's statements in processes of their own, which live as long as there is something to print.

A statement that cannot be printed is answered with its reason, and so is one whose process did not start; the others
are printed.
"""

import itertools
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import msgspec
import structlog
import trio

from faxgw.settlement.month.statement import Statement
from faxgw.settlement.statements.frames import NotPrinted, Print, Printed, PrintedBatch
from faxgw.workers.pool import Craft, WorkerPool
from faxgw.workers.process import WorkerNotStartedError

log = structlog.get_logger(__name__)

COMMAND = (sys.executable, "-m", "faxgw.settlement.statements.worker")
BATCH_MAX = 16
BATCH_SECONDS_MAX = 60
"""Sixteen statements take 0.1 s, one of ten thousand lines 1 s."""

encode_tasks = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(PrintedBatch).decode


def _fatal(cause: str) -> Printed:
    return NotPrinted(f"printing it took the process down: {cause}")


_PRINTING: Craft[Print, Printed] = Craft(name="printing", encode=encode_tasks, decode=decode_batch, fatal=_fatal)


class Printer(Protocol):
    """Makes PDFs of statements."""

    async def print_all(self, statements: Sequence[Statement], network: str) -> list[Printed]:
        """One answer a statement, in order; `network` is who sends them."""
        ...


OpenPrinter = Callable[[], AbstractAsyncContextManager[Printer]]


class PrintingPool:
    """Batches of a month are printed at once, one a process."""

    def __init__(self, *, processes: int, command: Sequence[str] = COMMAND) -> None:
        self._pool = WorkerPool(_PRINTING, command, workers=processes, timeout_seconds=BATCH_SECONDS_MAX)

    async def print_all(self, statements: Sequence[Statement], network: str) -> list[Printed]:
        tasks = [Print(each, network) for each in statements]
        batches = [tasks[start : start + BATCH_MAX] for start in range(0, len(tasks), BATCH_MAX)]
        printed: list[list[Printed]] = [[] for _ in batches]

        async def print_one(index: int) -> None:
            printed[index] = await self._print(batches[index])

        async with trio.open_nursery() as nursery:
            for index in range(len(batches)):
                nursery.start_soon(print_one, index)
        return list(itertools.chain.from_iterable(printed))

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _print(self, batch: Sequence[Print]) -> list[Printed]:
        try:
            return await self._pool.do([batch], _unwatched)
        except WorkerNotStartedError as error:
            log.error("statements_not_printed", count=len(batch), reason=str(error))
            return [NotPrinted(f"{error}; ask again") for _ in batch]


def _unwatched(_: PrintedBatch, __: float) -> None:
    """Nobody waits for a fax while statements are printed: there is no figure of it."""


@asynccontextmanager
async def open_printing_pool(*, processes: int) -> AsyncIterator[Printer]:
    """The pool, whose processes start with the first statement and end with the block."""
    pool = PrintingPool(processes=processes)
    try:
        yield pool
    finally:
        await pool.aclose()
