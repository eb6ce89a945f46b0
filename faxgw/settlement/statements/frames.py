"""What the daemon and the processes that print say to each other; apart, for the daemon itself needs no reportlab."""

import msgspec

from faxgw.settlement.month.statement import Statement
from faxgw.workers.frames import Batch

MEMORY_BYTES_MAX = 1024 * 1024 * 1024


class Print(msgspec.Struct, frozen=True):
    """One statement to be printed."""

    statement: Statement
    network: str
    """Who sends it."""


class NotPrinted(msgspec.Struct, frozen=True):
    """A statement that cannot be printed; the others of its month are."""

    reason: str


Printed = bytes | NotPrinted
"""The PDF, or why there is none."""

PrintedBatch = Batch[Printed]
