"""The process's side: it answers frames from standard input on standard output, within bounds.

It ends when its input ends, so that none outlives a killed daemon. More memory than it may have it does not get,
which most decoders survive; a task that takes too much time ends it, for code in C heeds no deadline.
"""

import contextlib
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

from faxgw.workers.frames import HEADER_BYTES, READY


def serve(answer: Callable[[bytes], bytes], *, memory_bytes_max: int) -> None:
    """Answer every frame until there are no more. Call it when everything is imported."""
    # A Ctrl-C in the terminal reaches the whole process group; the daemon decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound(memory_bytes_max)
    tasks_in, answers_out = sys.stdin.buffer, sys.stdout.buffer
    _write_frame(answers_out, READY)
    # Who fed us may be gone before it has our answer; then there is nobody left to tell.
    with contextlib.suppress(BrokenPipeError):
        while frame := _read_frame(tasks_in):
            _write_frame(answers_out, answer(frame))


@contextlib.contextmanager
def cpu_seconds_at_most(seconds: float) -> Iterator[None]:
    """The kernel ends the process (SIGPROF) once it has used that much computing time inside."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _bound(memory_bytes_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    # A core file would hold people's orders.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A stranger's document that takes the process over shall not write files; pipes are not bounded by this.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _write_frame(stream: BinaryIO, content: bytes) -> None:
    stream.write(len(content).to_bytes(HEADER_BYTES, "big") + content)
    stream.flush()


def _read_frame(stream: BinaryIO) -> bytes:
    header = stream.read(HEADER_BYTES)
    return stream.read(int.from_bytes(header, "big")) if len(header) == HEADER_BYTES else b""
