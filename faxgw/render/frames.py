"""What the daemon and its drawing processes tell each other.

Apart from the process itself, so that the daemon, which draws nothing, needs neither numpy nor Pillow: without
them it starts sooner and stays smaller.
"""

import msgspec

from faxgw.render.handed_in.handed import Limits
from faxgw.render.sheet import Document, Unrenderable

HEADER_BYTES = 4
READY = b"ready"
"""The first frame, sent once everything is imported and bounded."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What the process and the documents in it may use; its only argument, as JSON."""

    memory_bytes_max: int
    """Of address space. Drawing sheets takes 0.2 GB of it, a picture of 72 million pixels 1.0 GB."""
    limits: Limits = Limits()


class Batch(msgspec.Struct, frozen=True):
    """What a worker answers: one result a drawing, and the CPU it took."""

    results: list[Document | Unrenderable]
    cpu_seconds: float
