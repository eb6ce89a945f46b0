"""A month is printed by several processes: the same bytes as by one, in order, and what breaks is told alone."""

import sys

import msgspec
import structlog
import trio

from faxgw.settlement.month.statement import Statement
from faxgw.settlement.statements.frames import NotPrinted
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.settlement.statements.printing import BATCH_MAX, PrintingPool, open_printing_pool
from tests.settlement.statements.test_statements import NETWORK, statement


def month(count: int) -> list[Statement]:
    """Each with an opening balance of its own."""
    return [statement(opening_minor=number) for number in range(count)]


async def test_a_month_is_printed_in_order_by_all_processes() -> None:
    """Three batches by two processes; one statement in an unknown currency has a reason, and the bytes are the same."""
    stores = month(2 * BATCH_MAX + 1)
    stores[3] = msgspec.structs.replace(stores[3], currency="XTS")
    with trio.fail_after(120):
        async with open_printing_pool(processes=2) as printer:
            printed = await printer.print_all(stores, NETWORK)
    assert printed.pop(3) == NotPrinted("printing it broke: KeyError")
    del stores[3]
    assert printed == [write_pdf(each, NETWORK) for each in stores]


async def test_a_process_that_does_not_start_is_each_statements_reason() -> None:
    """Nothing is lost by it: whoever asks again has them printed then."""
    pool = PrintingPool(processes=1, command=(sys.executable, "-c", "raise SystemExit(3)"))
    with trio.fail_after(120), structlog.testing.capture_logs():
        printed = await pool.print_all(month(2), NETWORK)
        await pool.aclose()
    reason = "the printing process does not start: the process ended with 3; ask again"
    assert printed == [NotPrinted(reason), NotPrinted(reason)]
