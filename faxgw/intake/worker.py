"""The process that reads faxes. One that breaks is answered as `Unreadable`; one that ends it the pool finds out."""

import functools
import os
import sys
import time

import msgspec

from faxgw.intake import ocr
from faxgw.intake.pages.page import RefusedError
from faxgw.intake.read import draw_page, read_fax
from faxgw.intake.tasks import Bounds, Draw, Picture, Read, Result, ResultBatch, Task
from faxgw.workers.serve import cpu_seconds_at_most, serve

_NICER = 10
"""A page of text takes seconds, which sending and the reading of codes shall not wait for."""

encode_batch = msgspec.msgpack.Encoder().encode
decode_tasks = msgspec.msgpack.Decoder(list[Task]).decode


def main() -> None:
    bounds = msgspec.json.decode(sys.argv[1], type=Bounds)
    limits = bounds.limits
    if bounds.text:
        os.nice(_NICER)
    serve(
        lambda frame: encode_batch(do_batch(decode_tasks(frame), bounds)),
        memory_bytes_max=limits.text_memory_bytes_max if bounds.text else limits.memory_bytes_max,
    )


def do_batch(tasks: list[Task], bounds: Bounds) -> ResultBatch:
    """Do everything, in order."""
    started = time.process_time()
    limits = bounds.limits
    results: list[Result] = []
    for task in tasks:
        with cpu_seconds_at_most(limits.text_cpu_seconds_max if bounds.text else limits.cpu_seconds_max):
            results.append(_do(task, bounds))
    return ResultBatch(results, time.process_time() - started)


def _do(task: Task, bounds: Bounds) -> Result:
    match task:
        case Read(content):
            return read_fax(content, bounds.limits, _recogniser() if bounds.text else None)
        case Draw(content, page):
            return _draw(content, page, bounds)


def _draw(content: bytes, page: int, bounds: Bounds) -> Picture:
    try:
        return Picture(draw_page(content, page, bounds.limits))
    except (RefusedError, MemoryError):
        return Picture(b"")
    except Exception:  # noqa: BLE001 - as in `read_fax`: what cannot be decoded cannot be shown
        return Picture(b"")


@functools.cache
def _recogniser() -> ocr.Recogniser | None:
    return ocr.Recogniser() if ocr.is_installed() else None


if __name__ == "__main__":
    main()
