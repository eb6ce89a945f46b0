"""A document that somebody hands in, the bounds it must keep, and how it is refused."""

import datetime as dt
import enum

import msgspec

from faxgw.order import Language
from faxgw.render.sheet import Resolution

DOCUMENT_REVISION = "handed-in/2"
"""Change it with every change of how a document comes to look: it is kept with each attempt."""


class Kind(enum.StrEnum):
    """What we take."""

    TEXT = "text"
    TIFF = "tiff"
    PNG = "png"
    JPEG = "jpeg"
    PDF = "pdf"


class HandedIn(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One document to be faxed as it is. The same document and revision give the same bytes."""

    kind: Kind
    """As `recognise` found it at the door; a document that is something else is refused as damaged."""
    content: bytes
    header_name: str
    """Who sends, as shown in the header line that fax rules ask for."""
    sent_at: dt.datetime
    """Aware, in the time zone of whoever reads it: the header line shows it, with its zone."""
    language: Language = "en"
    """Of the header line."""
    resolution: Resolution = Resolution.FINE
    photo: bool = False
    """Greys become dots instead of black or white. Costs many times the line time."""
    possible_duplicate: bool = False
    """Marks the header line of every page."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a document may cost at most. Declared sizes are held against it before anything is decoded."""

    bytes_max: int = 32 * 1024 * 1024
    pages_max: int = 50
    """Half an hour on the line, at 30 to 40 seconds a page."""
    pixels_max: int = 72_000_000
    """Of one page: A3 at 600 dpi has 70 million."""
    cpu_seconds_max: float = 20.0
    """For the whole document. Looked at between pages; a single page is bounded by the process's own timer."""


class RefusedError(Exception):
    """The document cannot become a fax. The message says why, and what whoever sent it can do about it."""
