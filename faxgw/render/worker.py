"""The process that draws: batches as JSON come in, documents go back as MessagePack.

A drawing that breaks is answered as `Unrenderable`; one that ends the process is found out by the pool: a crash in C,
or a document that takes more time than it may.
"""

import functools
import sys
import time
from collections.abc import Callable

import msgspec

from faxgw.render.frames import Bounds, DrawnBatch
from faxgw.render.handed_in.draw import draw_handed_in
from faxgw.render.handed_in.handed import HandedIn, Limits
from faxgw.render.page import render_sheet, render_sheets
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, RelaySheet, Sheet, Unrenderable
from faxgw.render.warm import warm_up
from faxgw.workers.serve import cpu_seconds_at_most, serve

LATE_SHARE = 1.25
"""A document that has not ended itself by then, between two pages, is stuck in one of them."""


DrawDocument = Callable[[HandedIn], Document | Unrenderable]

encode_batch = msgspec.msgpack.Encoder().encode
decode_drawings = msgspec.json.Decoder(list[Drawing]).decode


def main() -> None:
    bounds = msgspec.json.decode(sys.argv[1], type=Bounds)
    draw_document = functools.partial(_draw_in_time, limits=bounds.limits)
    serve(
        lambda frame: encode_batch(draw_batch(decode_drawings(frame), draw_document)),
        memory_bytes_max=bounds.memory_bytes_max,
    )


def draw_batch(drawings: list[Drawing], draw_document: DrawDocument = draw_handed_in) -> DrawnBatch:
    """Draw everything; a batch with nothing in it is time to warm up in."""
    started = time.process_time()
    if not drawings:
        warm_up()
    results = _draw_sheets(drawings) or [_draw(drawing, draw_document) for drawing in drawings]
    return DrawnBatch(results, time.process_time() - started)


def _draw_sheets(drawings: list[Drawing]) -> list[Document | Unrenderable]:
    """Sheets together cost a third less than one by one; nothing where that does not go."""
    sheets = [drawing for drawing in drawings if isinstance(drawing, Sheet | RelaySheet)]
    if len(sheets) < len(drawings):
        return []
    try:
        return render_sheets(sheets)
    except Exception:  # noqa: BLE001 - drawn one by one, it shows which of them it is
        return []


def _draw(drawing: Drawing, draw_document: DrawDocument) -> Document | Unrenderable:
    try:
        match drawing:
            case Sheet() | RelaySheet():
                return render_sheet(drawing)
            case HandedIn():
                return draw_document(drawing)
    except Exception as error:  # noqa: BLE001 - the barrier of one page: whatever breaks, the others are drawn
        return Unrenderable(f"drawing broke: {type(error).__name__}")


def _draw_in_time(handed: HandedIn, limits: Limits) -> Document | Unrenderable:
    with cpu_seconds_at_most(limits.cpu_seconds_max * LATE_SHARE):
        return draw_handed_in(handed, limits)


if __name__ == "__main__":
    main()
