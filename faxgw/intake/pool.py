"""The reading processes: some for codes and boxes, which take milliseconds, others for text, which takes seconds."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import trio

from faxgw.config.intake import ReadingLimits
from faxgw.intake.faxread import FaxRead, Unreadable, UnreadableReason
from faxgw.intake.tasks import Bounds, Draw, Picture, Read, Result, ResultBatch, Task
from faxgw.workers.pool import Craft, WorkerPool

COMMAND = (sys.executable, "-m", "faxgw.intake.worker")

_LATE_SECONDS = 10.0
"""What a process gets beyond the computing time of its fax before it is ended: it may have to wait for a processor."""

encode_tasks = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(ResultBatch).decode


@dataclass(frozen=True, slots=True)
class FaxesRead:
    """What one batch cost, for those who watch the pool."""

    faxes: int
    text: bool
    cpu_seconds: float
    wall_seconds: float


def _fatal(cause: str) -> Result:
    return Unreadable(reason=UnreadableReason.ENDED_ITS_PROCESS, detail=f"reading it took the process down: {cause}")


_READING: Craft[Task, Result] = Craft(name="reading", encode=encode_tasks, decode=decode_batch, fatal=_fatal)


class ReadingPool:
    """Batches of different callers are read at once, one a process."""

    def __init__(
        self,
        watch: Callable[[FaxesRead], None],
        limits: ReadingLimits,
        *,
        workers: int,
        text_workers: int,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._watch = watch
        self._readers = _processes(command, limits, workers, text=False)
        self._text_readers = _processes(command, limits, text_workers, text=True) if text_workers else None

    @property
    def reads_text(self) -> bool:
        return self._text_readers is not None

    async def read(self, contents: Sequence[bytes]) -> list[FaxRead | Unreadable]:
        """Codes and boxes of every fax, in order, one after the other in one process: some 20 ms each.

        Raises:
            WorkerNotStartedError: an OSError, and no fax's fault: the faxes wait.
        """
        if not contents:
            await trio.lowlevel.checkpoint()
            return []
        results = await self._readers.do([[Read(content) for content in contents]], self._note(text=False))
        return [_read(result) for result in results]

    async def read_text(self, content: bytes) -> FaxRead | Unreadable:
        """The same with text: seconds. Without processes for text, or the extra `[ocr]`, `text_read` stays false.

        Raises:
            WorkerNotStartedError: as above.
        """
        readers = self._text_readers or self._readers
        (result,) = await readers.do([[Read(content)]], self._note(text=True))
        return _read(result)

    async def picture(self, content: bytes, page: int) -> bytes:
        """Page `page` (from 1) as PNG; empty if it cannot be shown.

        Raises:
            WorkerNotStartedError: as above.
        """
        (result,) = await self._readers.do([[Draw(content, page)]], _unwatched)
        return result.png if isinstance(result, Picture) else b""

    async def warm_up(self) -> None:
        """So that the first fax does not wait for imports. Text's processes start when they are needed."""
        await self._readers.warm_up()

    async def aclose(self) -> None:
        await self._readers.aclose()
        if self._text_readers is not None:
            await self._text_readers.aclose()

    def _note(self, *, text: bool) -> Callable[[ResultBatch, float], None]:
        def note(batch: ResultBatch, wall_seconds: float) -> None:
            self._watch(FaxesRead(len(batch.results), text, batch.cpu_seconds, wall_seconds))

        return note


def _processes(command: Sequence[str], limits: ReadingLimits, workers: int, *, text: bool) -> WorkerPool[Task, Result]:
    bounded = (*command, msgspec.json.encode(Bounds(limits=limits, text=text)).decode())
    seconds = limits.text_cpu_seconds_max if text else limits.cpu_seconds_max
    return WorkerPool(_READING, bounded, workers=workers, timeout_seconds=2 * seconds + _LATE_SECONDS)


def _unwatched(_: ResultBatch, __: float) -> None:
    """Pictures are for people, and not counted among faxes."""


def _read(result: Result) -> FaxRead | Unreadable:
    if isinstance(result, Picture):
        return Unreadable(reason=UnreadableReason.DAMAGED, detail="the process answered with a picture")
    return result


@asynccontextmanager
async def open_reading_pool(
    watch: Callable[[FaxesRead], None], limits: ReadingLimits, *, workers: int, text_workers: int
) -> AsyncIterator[ReadingPool]:
    """The pool, whose processes end with the block."""
    pool = ReadingPool(watch, limits, workers=workers, text_workers=text_workers)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.warm_up)
            yield pool
            nursery.cancel_scope.cancel()
    finally:
        await pool.aclose()
