"""The process that draws: reads batches of sheets from standard input, writes documents to standard output.

A frame is four bytes of length (big-endian) and that many bytes of MessagePack. The process ends when its
input ends, so that none outlives a killed daemon. A sheet that breaks the drawing is answered as
`Unrenderable`; one that ends the process (memory, a crash in C) is found out by `pool.py`.
"""

import signal
import sys
import time
from typing import BinaryIO

import msgspec

from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, Sheet, Unrenderable

HEADER_BYTES = 4


class Batch(msgspec.Struct, frozen=True):
    """What a worker answers: one result a sheet, and the CPU it took."""

    results: list[Document | Unrenderable]
    cpu_seconds: float


encode_batch = msgspec.msgpack.Encoder().encode
decode_sheets = msgspec.msgpack.Decoder(list[Sheet]).decode


def main() -> None:
    # A Ctrl-C in the terminal reaches the whole process group; the daemon decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sheets_in, batches_out = sys.stdin.buffer, sys.stdout.buffer
    while frame := _read_frame(sheets_in):
        answer = encode_batch(draw_batch(decode_sheets(frame)))
        batches_out.write(len(answer).to_bytes(HEADER_BYTES, "big") + answer)
        batches_out.flush()


def draw_batch(sheets: list[Sheet]) -> Batch:
    started = time.process_time()
    results = [_draw(sheet) for sheet in sheets]
    return Batch(results, time.process_time() - started)


def _draw(sheet: Sheet) -> Document | Unrenderable:
    try:
        return render_sheet(sheet)
    except Exception as error:  # noqa: BLE001 - the barrier of one page: whatever breaks, the others are drawn
        return Unrenderable(f"drawing broke: {type(error).__name__}")


def _read_frame(stream: BinaryIO) -> bytes:
    header = stream.read(HEADER_BYTES)
    return stream.read(int.from_bytes(header, "big")) if len(header) == HEADER_BYTES else b""


if __name__ == "__main__":
    main()
