"""The process that draws: reads batches from standard input, writes documents to standard output.

A frame is four bytes of length (big-endian) and that many bytes: a batch comes as JSON, because MessagePack has no
time zones and would print every florist's header in UTC; documents go back as MessagePack. The process ends when its
input ends, so that none outlives a killed daemon. A drawing that breaks is answered as `Unrenderable`; one that
ends the process is found out by `pool.py`: a crash in C, or a document that takes more time than it may. More memory
than it may have the process does not get, which most decoders survive.
"""

import contextlib
import functools
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from faxgw.render.frames import HEADER_BYTES, READY, Batch, Bounds
from faxgw.render.handed_in.draw import draw_handed_in
from faxgw.render.handed_in.handed import HandedIn, Limits
from faxgw.render.page import render_sheet, render_sheets
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Sheet, Unrenderable
from faxgw.render.warm import warm_up

LATE_SHARE = 1.25
"""A document that has not ended itself by then, between two pages, is stuck in one of them."""


DrawDocument = Callable[[HandedIn], Document | Unrenderable]

encode_batch = msgspec.msgpack.Encoder().encode
decode_drawings = msgspec.json.Decoder(list[Drawing]).decode


def main() -> None:
    bounds = msgspec.json.decode(sys.argv[1], type=Bounds)
    # A Ctrl-C in the terminal reaches the whole process group; the daemon decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound(bounds.memory_bytes_max)
    draw_document = functools.partial(_draw_in_time, limits=bounds.limits)
    drawings_in, batches_out = sys.stdin.buffer, sys.stdout.buffer
    _write_frame(batches_out, READY)
    # Who fed us may be gone before it has our answer; then there is nobody left to tell.
    with contextlib.suppress(BrokenPipeError):
        while frame := _read_frame(drawings_in):
            _write_frame(batches_out, encode_batch(draw_batch(decode_drawings(frame), draw_document)))


def draw_batch(drawings: list[Drawing], draw_document: DrawDocument = draw_handed_in) -> Batch:
    """Draw everything; a batch with nothing in it is time to warm up in."""
    started = time.process_time()
    if not drawings:
        warm_up()
    results = _draw_sheets(drawings) or [_draw(drawing, draw_document) for drawing in drawings]
    return Batch(results, time.process_time() - started)


def _bound(memory_bytes_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    # A core file would hold people's orders.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A stranger's document that takes the process over shall not write files; pipes are not bounded by this.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _draw_sheets(drawings: list[Drawing]) -> list[Document | Unrenderable]:
    """Sheets together cost a third less than one by one; nothing where that does not go."""
    sheets = [drawing for drawing in drawings if isinstance(drawing, Sheet)]
    if len(sheets) < len(drawings):
        return []
    try:
        return render_sheets(sheets)
    except Exception:  # noqa: BLE001 - drawn one by one, it shows which of them it is
        return []


def _draw(drawing: Drawing, draw_document: DrawDocument) -> Document | Unrenderable:
    try:
        match drawing:
            case Sheet():
                return render_sheet(drawing)
            case HandedIn():
                return draw_document(drawing)
    except Exception as error:  # noqa: BLE001 - the barrier of one page: whatever breaks, the others are drawn
        return Unrenderable(f"drawing broke: {type(error).__name__}")


def _draw_in_time(handed: HandedIn, limits: Limits) -> Document | Unrenderable:
    """Decoders in C heed no deadline, so the kernel ends the process (SIGPROF) once the CPU time is used up."""
    signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds_max * LATE_SHARE)
    try:
        return draw_handed_in(handed, limits)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _write_frame(stream: BinaryIO, content: bytes) -> None:
    stream.write(len(content).to_bytes(HEADER_BYTES, "big") + content)
    stream.flush()


def _read_frame(stream: BinaryIO) -> bytes:
    header = stream.read(HEADER_BYTES)
    return stream.read(int.from_bytes(header, "big")) if len(header) == HEADER_BYTES else b""


if __name__ == "__main__":
    main()
