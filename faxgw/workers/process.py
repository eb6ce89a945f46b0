"""One process, started when first needed: a request in, an answer out, and what it died of if there is none."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from typing import TypeVar

import trio

from faxgw.workers.frames import HEADER_BYTES, READY

REPLY_BYTES_MAX = 256 * 1024 * 1024
START_SECONDS_MAX = 30.0
END_SECONDS_MAX = 2.0

Answer = TypeVar("Answer")


class WorkerDiedError(Exception):
    """The process ended, hung or talked nonsense before it answered."""


class NonsenseError(Exception):
    """What the process sent is no answer to what it was asked, and what comes after it would be none either."""


class WorkerNotStartedError(OSError):
    """The process did not come up: the machine's trouble or the installation's, and no task's fault."""


class Worker:
    """One process. `name` is what it does, for messages (`drawing`)."""

    def __init__(self, name: str, command: Sequence[str], timeout_seconds: float) -> None:
        self._name = name
        self._command = command
        self._timeout_seconds = timeout_seconds
        self.process: trio.Process | None = None

    async def ask(self, request: bytes, read_answer: Callable[[bytes], Answer]) -> Answer:
        """Send a request and read its answer, of which `read_answer` makes sense or raises NonsenseError.

        Raises:
            WorkerDiedError: the process did not answer; the next call starts another.
            WorkerNotStartedError: there is no process to ask.
        """
        finished = False
        try:
            process = await self._running()
            with trio.move_on_after(self._timeout_seconds):
                answer = read_answer(await _exchange(process, request))
                finished = True
                return answer
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
        process, self.process = self.process, None
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
            if self.process is not None:
                return _cause(await self.process.wait())
        return "the process closed its pipe"

    async def _running(self) -> trio.Process:
        """The process, once it has said that it is ready: what it dies of before that no task is to blame for."""
        if self.process is None:
            self.process = await trio.lowlevel.open_process(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | _ONE_THREAD
            )
            with trio.move_on_after(START_SECONDS_MAX), contextlib.suppress(EOFError, NonsenseError):
                if await _receive(self.process) == READY:
                    return self.process
            raise WorkerNotStartedError(f"the {self._name} process does not start: {await self._cause_of_death()}")
        return self.process


_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's linear algebra, which nothing here uses, would reserve 32 MB of bounded memory for each processor."""


def _cause(exit_code: int) -> str:
    match -exit_code:
        case signal.SIGPROF:
            return "it used up its computing time"
        case number if number in signal.valid_signals():
            return f"the process ended by {signal.Signals(number).name}"
    return f"the process ended with {exit_code}"


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
