"""What a reading process saw on a fax: codes, boxes to tick, fields and text, each with how sure it is.

Seeing only; what it means is decided in `decide.py`, by the daemon, which knows the orders.
"""

import enum

import msgspec


class TickState(enum.StrEnum):
    """What a box to tick says."""

    MARKED = "marked"
    CLEAR = "clear"
    UNSURE = "unsure"
    """Between the two thresholds, crossed out, or its neighbour's mark reaches in: a person looks."""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """One box to tick of a form of ours."""

    name: str
    """As the form's file calls it: `accept`, `reject`, `delivered`, `question`."""
    state: TickState
    darkness: float
    """The share of the box's inside that is black and is not on the blank form."""
    note_png: bytes = b""
    """What stands on the line behind the box, as a picture; empty where nothing does, or the box is clear."""


class TextLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of text and its box in pixels of the upright page."""

    text: str
    confidence: float
    """0 to 1, as the recogniser gives it: the mean over the letters."""
    left: int
    top: int
    right: int
    bottom: int


class FieldRead(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in one field of our order form."""

    name: str
    text: str
    confidence: float
    printed: bool = True
    """Typed or printed; handwriting is never read into an order."""


class PageRead(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a fax, turned upright."""

    number: int
    """In the file, from 1."""
    code: str = ""
    """What our QR code on it says; "" where none was found."""
    rung: str = ""
    """Which try of the cascade read the code."""
    form: str = ""
    """The form whose boxes were found and measured, with its revision; "" where there are none."""
    ticks: list[Tick] = []
    fields: list[FieldRead] = []
    lines: list[TextLine] = []
    """Only where text was asked for, from top to bottom."""
    turned_degrees: int = 0
    """How far the page lay turned: 0, 90, 180 or 270."""
    skew_degrees: float = 0.0
    bad_rows: int = 0
    """Rows that could not be decoded, or that the receiving machine says it lost."""


class FaxRead(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A whole fax."""

    pages: list[PageRead]
    text_read: bool = False
    """Whether the recogniser has looked at it."""


class UnreadableReason(enum.StrEnum):
    """Why nothing could be seen on a fax."""

    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    NOT_A_FAX = "not_a_fax"
    ENCRYPTED = "encrypted"
    ENDED_ITS_PROCESS = "ended_its_process"


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Reading it again will not help; a person must look at it, or ask for it again."""

    reason: UnreadableReason
    detail: str
    """A sentence for the person: what is the matter and what can be done."""
