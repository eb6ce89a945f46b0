"""The drawing processes: fed in batches, replaced when they die or hang, bounded in memory.

A batch that takes its process down is drawn again sheet by sheet, so that the one sheet that kills is found
out and answered as `Unrenderable` while its neighbours are drawn. A document that somebody handed in goes alone
from the start: what it breaks or delays is itself.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import structlog
import trio

from faxgw.render.frames import HEADER_BYTES, READY, Batch, Bounds
from faxgw.render.handed_in.handed import HandedIn, Limits
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable

log = structlog.get_logger(__name__)

REPLY_BYTES_MAX = 256 * 1024 * 1024
START_SECONDS_MAX = 30.0
END_SECONDS_MAX = 2.0

MEMORY_BYTES_MAX = 2 * 1024 * 1024 * 1024

encode_drawings = msgspec.json.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one batch cost, for those who watch the pool."""

    pages: int
    cpu_seconds: float
    wall_seconds: float


class WorkerDiedError(Exception):
    """The process ended, hung or talked nonsense before it answered."""


class NonsenseError(Exception):
    """What the process sent is no answer to what it was asked, and what comes after it would be none either."""


class WorkerNotStartedError(OSError):
    """The process did not come up: the machine's trouble or the installation's, and no drawing's fault."""


class Worker:
    """One drawing process, started when first needed."""

    def __init__(self, command: Sequence[str], timeout_seconds: float) -> None:
        self._command = command
        self._timeout_seconds = timeout_seconds
        self._process: trio.Process | None = None

    async def draw(self, drawings: Sequence[Drawing]) -> Batch:
        """Draw a batch.

        Raises:
            WorkerDiedError: the process did not answer; the next call starts another.
            WorkerNotStartedError: there is no process to ask.
        """
        request = encode_drawings(drawings)
        finished = False
        try:
            process = await self._running()
            with trio.move_on_after(self._timeout_seconds):
                batch = _read_batch(await _exchange(process, request), len(drawings))
                finished = True
                return batch
        except NonsenseError as error:
            raise WorkerDiedError("the process answered nonsense") from error
        except (trio.BrokenResourceError, trio.ClosedResourceError, EOFError) as error:
            raise WorkerDiedError(await self._cause_of_death()) from error
        finally:
            # Also when cancelled: a process in the middle of an answer cannot be spoken to again.
            if not finished:
                await self.end()
        raise WorkerDiedError(f"no answer in {self._timeout_seconds:g} s")

    async def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with trio.move_on_after(END_SECONDS_MAX, shield=True):
            process.kill()
            await process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                await trio.aclose_forcefully(pipe)

    async def _cause_of_death(self) -> str:
        """For people; a process whose pipe has broken ends in a moment, or is ended later."""
        with trio.move_on_after(END_SECONDS_MAX):
            if self._process is not None:
                return _cause(await self._process.wait())
        return "the process closed its pipe"

    async def _running(self) -> trio.Process:
        """The process, once it has said that it is ready: what it dies of before that no drawing is to blame for."""
        if self._process is None:
            self._process = await trio.lowlevel.open_process(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | _ONE_THREAD
            )
            with trio.move_on_after(START_SECONDS_MAX), contextlib.suppress(EOFError, NonsenseError):
                if await _receive(self._process) == READY:
                    return self._process
            raise WorkerNotStartedError(f"the drawing process does not start: {await self._cause_of_death()}")
        return self._process


_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's linear algebra, which nothing here uses, would reserve 32 MB of bounded memory for each processor."""


def _cause(exit_code: int) -> str:
    match -exit_code:
        case signal.SIGPROF:
            return "it used up its computing time"
        case number if number in signal.valid_signals():
            return f"the process ended by {signal.Signals(number).name}"
    return f"the process ended with {exit_code}"


def _read_batch(reply: bytes, count: int) -> Batch:
    try:
        batch = decode_batch(reply)
    except msgspec.MsgspecError as error:
        raise NonsenseError from error
    if len(batch.results) != count:
        raise NonsenseError
    return batch


async def _exchange(process: trio.Process, request: bytes) -> bytes:
    if process.stdin is None:
        raise EOFError
    await process.stdin.send_all(len(request).to_bytes(HEADER_BYTES, "big") + request)
    return await _receive(process)


async def _receive(process: trio.Process) -> bytes:
    if process.stdout is None:
        raise EOFError
    count = int.from_bytes(await _receive_exactly(process.stdout, HEADER_BYTES), "big")
    if count > REPLY_BYTES_MAX:
        raise NonsenseError
    return await _receive_exactly(process.stdout, count)


async def _receive_exactly(stream: trio.abc.ReceiveStream, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        chunk = await stream.receive_some(min(count - len(received), 1024 * 1024))
        if not chunk:
            raise EOFError
        received += chunk
    return bytes(received)


class RenderPool:
    """See `port.Renderer`. Batches of different callers are drawn at once, one a process."""

    def __init__(
        self,
        watch: Callable[[Drawn], None],
        *,
        workers: int,
        timeout_seconds: float,
        command: Sequence[str] = (sys.executable, "-m", "faxgw.render.worker"),
        memory_bytes_max: int = MEMORY_BYTES_MAX,
        limits: Limits | None = None,
    ) -> None:
        bounds = Bounds(memory_bytes_max=memory_bytes_max, limits=limits or Limits())
        bounded = (*command, msgspec.json.encode(bounds).decode())
        self._watch = watch
        self._workers = [Worker(bounded, timeout_seconds) for _ in range(workers)]
        self._give_back, self._free = trio.open_memory_channel[Worker](workers)
        for worker in self._workers:
            self._give_back.send_nowait(worker)

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        if not drawings:
            await trio.lowlevel.checkpoint()
            return []
        worker = await self._free.receive()
        try:
            return [result for part in _apart(drawings) for result in await self._draw_part(worker, part)]
        finally:
            self._give_back.send_nowait(worker)

    async def warm_up(self) -> None:
        """Start every process and let it fill its memories, so that the first order does not wait for that."""
        async with trio.open_nursery() as nursery:
            for _ in self._workers:
                nursery.start_soon(self._warm_one_up)

    async def _warm_one_up(self) -> None:
        worker = await self._free.receive()
        try:
            await worker.draw([])
        except (WorkerDiedError, OSError) as error:
            # The first batch will start it again, and say so if that fails too.
            log.error("render_worker_not_warm", reason=str(error))
        finally:
            self._give_back.send_nowait(worker)

    async def aclose(self) -> None:
        for worker in self._workers:
            await worker.end()

    async def _draw_part(self, worker: Worker, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        started = trio.current_time()
        batch = await self._draw(worker, drawings)
        pages = sum(result.pages for result in batch.results if isinstance(result, Document))
        self._watch(Drawn(pages, batch.cpu_seconds, trio.current_time() - started))
        return batch.results

    async def _draw(self, worker: Worker, drawings: Sequence[Drawing]) -> Batch:
        try:
            return await worker.draw(drawings)
        except WorkerDiedError as died:
            log.error("render_worker_died", drawings=len(drawings), reason=str(died))
            if len(drawings) == 1:
                return Batch([Unrenderable(f"drawing it took the process down: {died}")], 0.0)
            single = [await self._draw(worker, [drawing]) for drawing in drawings]
            results = [result for batch in single for result in batch.results]
            return Batch(results, sum(batch.cpu_seconds for batch in single))


def _apart(drawings: Sequence[Drawing]) -> Iterator[list[Drawing]]:
    """Sheets that follow each other together, each document that was handed in alone; in order."""
    for handed_in, run in itertools.groupby(drawings, key=lambda drawing: isinstance(drawing, HandedIn)):
        if handed_in:
            yield from ([drawing] for drawing in run)
        else:
            yield list(run)


@asynccontextmanager
async def open_pool(
    watch: Callable[[Drawn], None],
    *,
    workers: int,
    timeout_seconds: float,
    memory_bytes_max: int = MEMORY_BYTES_MAX,
    limits: Limits | None = None,
) -> AsyncIterator[RenderPool]:
    pool = RenderPool(
        watch, workers=workers, timeout_seconds=timeout_seconds, memory_bytes_max=memory_bytes_max, limits=limits
    )
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.warm_up)
            yield pool
            nursery.cancel_scope.cancel()
    finally:
        await pool.aclose()


class InlineRenderer:
    """Draws on the caller's thread: for journeys, whose mock clock cannot wait for a process."""

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        await trio.lowlevel.checkpoint()
        from faxgw.render.worker import draw_batch  # noqa: PLC0415 See `frames.py`.

        return draw_batch(list(drawings)).results
