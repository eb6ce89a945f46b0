"""What a pool and its processes say to each other.

A frame is four bytes of length (big-endian) and that many bytes. Apart from the process itself, so that the daemon
needs nothing of what its processes import: without numpy and Pillow it starts sooner and stays smaller.
"""

from typing import Generic, TypeVar

import msgspec

HEADER_BYTES = 4
READY = b"ready"
"""The first frame, sent once everything is imported and bounded."""

Result = TypeVar("Result")


class Batch(msgspec.Struct, Generic[Result], frozen=True):
    """What a process answers: one result a task, and the CPU they took."""

    results: list[Result]
    cpu_seconds: float
