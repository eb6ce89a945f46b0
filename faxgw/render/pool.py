"""The drawing processes. A document that somebody handed in goes alone: what it breaks or delays is itself."""

import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import trio

from faxgw.render.frames import Bounds, DrawnBatch
from faxgw.render.handed_in.handed import HandedIn, Limits
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from faxgw.workers.pool import Craft, WorkerPool

MEMORY_BYTES_MAX = 2 * 1024 * 1024 * 1024

# As JSON, because MessagePack has no time zones and would print every florist's header in UTC.
encode_drawings = msgspec.json.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(DrawnBatch).decode


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one batch cost, for those who watch the pool."""

    pages: int
    cpu_seconds: float
    wall_seconds: float


def _fatal(cause: str) -> Document | Unrenderable:
    return Unrenderable(f"drawing it took the process down: {cause}")


_DRAWING = Craft(name="drawing", encode=encode_drawings, decode=decode_batch, fatal=_fatal)


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
        self._pool = WorkerPool(_DRAWING, bounded, workers=workers, timeout_seconds=timeout_seconds)

    @property
    def processes(self) -> list[trio.Process]:
        return self._pool.processes

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        if not drawings:
            await trio.lowlevel.checkpoint()
            return []
        return await self._pool.do(_apart(drawings), self._note)

    async def warm_up(self) -> None:
        """So that the first order does not wait for it."""
        await self._pool.warm_up()

    async def aclose(self) -> None:
        await self._pool.aclose()

    def _note(self, batch: DrawnBatch, wall_seconds: float) -> None:
        pages = sum(result.pages for result in batch.results if isinstance(result, Document))
        self._watch(Drawn(pages, batch.cpu_seconds, wall_seconds))


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
