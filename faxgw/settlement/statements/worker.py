"""The process that prints statements: batches come in, PDFs go back; one that breaks is answered with its reason."""

import time
from collections.abc import Sequence

import msgspec

from faxgw.settlement.statements.fonts import register_fonts
from faxgw.settlement.statements.frames import MEMORY_BYTES_MAX, NotPrinted, Print, Printed, PrintedBatch
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.workers.serve import serve

encode_batch = msgspec.msgpack.Encoder().encode
decode_tasks = msgspec.msgpack.Decoder(list[Print]).decode


def main() -> None:
    register_fonts()
    serve(lambda frame: encode_batch(print_batch(decode_tasks(frame))), memory_bytes_max=MEMORY_BYTES_MAX)


def print_batch(tasks: Sequence[Print]) -> PrintedBatch:
    started = time.process_time()
    return PrintedBatch([_print(task) for task in tasks], time.process_time() - started)


def _print(task: Print) -> Printed:
    try:
        return write_pdf(task.statement, task.network)
    except Exception as error:  # noqa: BLE001 - the barrier of one statement: whatever breaks, the others are printed
        return NotPrinted(f"printing it broke: {type(error).__name__}")


if __name__ == "__main__":
    main()
