"""What the daemon tells a drawing process about its bounds, and what it gets back.

Apart from the process itself, so that the daemon, which draws nothing, needs neither numpy nor Pillow.
"""

import msgspec

from faxgw.render.handed_in.handed import Limits
from faxgw.render.sheet import Document, Unrenderable
from faxgw.workers.frames import Batch


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What the process and the documents in it may use; its only argument, as JSON."""

    memory_bytes_max: int
    """Of address space. Drawing sheets takes 0.2 GB of it, a picture of 72 million pixels 1.0 GB."""
    limits: Limits = Limits()


DrawnBatch = Batch[Document | Unrenderable]
