"""One asyncio loop in a thread, for what exists for asyncio only; started where an inbox is configured, and not else.

trio-asyncio would put both on one thread, and does not import on Python 3.14. A hop to the thread and back costs about
150 us, so a hop does the work of many files.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

import trio

Result = TypeVar("Result")

CANCEL_SECONDS = 5.0
"""How long a task that was cancelled may take to end."""


class AsyncioThread:
    """Runs coroutines for trio tasks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Await `work` on the other loop; cancelled here, it is cancelled there."""
        job = _Job(work)
        self._loop.call_soon_threadsafe(job.start)
        try:
            await job.ended.wait()
        finally:
            if not job.ended.is_set():
                self._loop.call_soon_threadsafe(job.cancel)
                with trio.move_on_after(CANCEL_SECONDS, shield=True):
                    await job.ended.wait()
        return job.result()

    def tell(self, do: Callable[[], object]) -> None:
        """Have `do` called there, and wait for nothing."""
        self._loop.call_soon_threadsafe(do)


class _Job(Generic[Result]):
    """Made on trio's side; `start` and `cancel` are called on asyncio's."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> None:
        self.ended = trio.Event()
        self._work = work
        self._token = trio.lowlevel.current_trio_token()
        self._task: asyncio.Task[Result] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work())
        self._task.add_done_callback(self._end)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: "asyncio.Task[Result]") -> None:
        if not task.cancelled():
            # Nobody may ask for it any more; asyncio would complain that nobody did.
            task.exception()
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self.ended.set)

    def result(self) -> Result:
        assert self._task is not None  # noqa: S101 - it has ended
        return self._task.result()


@asynccontextmanager
async def open_asyncio_thread() -> AsyncIterator[AsyncioThread]:
    """The thread ends with the block, and what still runs there is cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_run, args=(loop,), name="faxgw-ftp", daemon=True)
    thread.start()
    try:
        yield AsyncioThread(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        with trio.move_on_after(CANCEL_SECONDS, shield=True):
            await trio.to_thread.run_sync(thread.join, abandon_on_cancel=True)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
