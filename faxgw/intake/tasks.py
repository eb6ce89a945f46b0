"""What the daemon and its reading processes tell each other, as MessagePack."""

import msgspec

from faxgw.config.intake import ReadingLimits
from faxgw.intake.faxread import FaxRead, Unreadable
from faxgw.workers.frames import Batch


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """A process's only argument, as JSON."""

    limits: ReadingLimits
    text: bool
    """Whether it reads text: a slow process, at lower priority."""


class Read(msgspec.Struct, frozen=True, tag=True):
    """Read the fax in this file."""

    content: bytes


class Draw(msgspec.Struct, frozen=True, tag=True):
    """Draw one page of it for a person."""

    content: bytes
    page: int


class Picture(msgspec.Struct, frozen=True, tag=True):
    """A page as PNG; empty if the fax has no such page, or none that can be shown."""

    png: bytes


Task = Read | Draw
Result = FaxRead | Unreadable | Picture
ResultBatch = Batch[Result]
