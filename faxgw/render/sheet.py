"""All that an order sheet shows, gathered before anything is drawn; drawing needs nothing else."""

import datetime as dt
import enum

import msgspec

from faxgw.order import Language, Order


class Resolution(enum.StrEnum):
    """How many rows an inch has; columns are always 1728 at 204 dpi (ITU-T T.4 table 1)."""

    STANDARD = "standard"
    FINE = "fine"
    SUPERFINE = "superfine"


class RelayKind(enum.StrEnum):
    """What a relay message that goes on paper is about, by the relay's codes."""

    ASK = "ASK"
    ANS = "ANS"
    CAN = "CAN"
    CON = "CON"
    DEN = "DEN"
    REJ = "REJ"
    ASKP = "ASKP"
    ANSP = "ANSP"
    ADJ = "ADJ"
    GEN = "GEN"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A florist as printed: where the order comes from, or who executes it."""

    name: str
    member_id: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    phone: str = ""
    fax: str = ""


class Sheet(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One order sheet. The same sheet and form version give the same bytes."""

    order: Order
    sender: Party
    executor: Party
    language: Language
    sent_at: dt.datetime
    """Aware, in the executing florist's time zone: the header line shows it."""
    header_name: str
    """Who sends, as shown in the header line that fax rules ask for."""
    possible_duplicate: bool = False
    """Marks the page as a possible duplicate of the same order."""


class RelaySheet(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One message of the relay about an order, from florist to florist: a question, a change, a cancellation."""

    kind: RelayKind
    order_number: str
    delivery_date: dt.date
    recipient: str
    """Name and town, so that the florist finds the order without its number."""
    text: str
    sender: Party
    executor: Party
    language: Language
    sent_at: dt.datetime
    """Aware, in the reading florist's time zone."""
    header_name: str
    asks: str = ""
    """What its boxes answer, for whoever reads the sheet when it comes back: it stands in the code."""


class RequestSheet(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A blank order form for one member, to be filled in and faxed back."""

    member: Party
    serial: str
    """Tells its copies apart; letters, digits and dashes."""
    language: Language
    sent_at: dt.datetime
    """Aware, in the member's time zone."""
    header_name: str


AnySheet = Sheet | RelaySheet | RequestSheet
"""Whatever one of our forms is filled with."""


class Document(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rendered fax, ready for the line."""

    tiff: bytes
    pages: int
    sha256: str
    form_version: str
    unprintable: str = ""
    """The characters that the font does not have, each once; they print as a visible box."""


class Unrenderable(msgspec.Struct, frozen=True, tag=True):
    """The sheet cannot be drawn; sending it again will not help, a person must look."""

    reason: str
