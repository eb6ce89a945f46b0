"""What a fax that came in turns out to be: a reply to an order, a new order, or a case for a person."""

import enum
from collections.abc import Mapping

import msgspec

from faxgw.intake.code import Asked


class ReplyKind(enum.StrEnum):
    """What a florist can tell with our order sheet."""

    ACCEPT = "accept"
    REJECT = "reject"
    DELIVERED = "delivered"
    QUESTION = "question"


class KnownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway knows of an order that a fax names."""

    number: str
    executing_member: str = ""
    """Empty where the order went to a number of no member."""
    sender_numbers: frozenset[str] = frozenset()
    """In E.164: from where the order may be answered: the lines it was sent to, the executing member's own lines."""
    earlier: Mapping[str, str] = {}
    """Those of them that are lines of florists who had the order before, with whose they are."""
    lines: Mapping[str, frozenset[str]] = {}
    """Of each member that has or had to do with the order, its sender included."""
    forms: frozenset[str] = frozenset()
    """The form versions of the sheets that were sent, as attempts keep them (`order-sheet/2+...`): a box may stand for
    something else on another one."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A florist's answer to an order we know."""

    order_number: str
    kinds: tuple[ReplyKind, ...]
    """More than one where they agree: accepted, and delivered later on the same sheet."""
    page: int
    """In the fax, from 1: where the boxes stand."""
    speaker: str = ""
    """The member who says it; empty where the order went to a number of no member."""
    note_png: bytes = b""
    """The reason, date or question written behind the box, as a picture."""


class RelayReply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A florist's yes or no to what a message between florists asked."""

    order_number: str
    asks: Asked
    is_agreed: bool
    page: int


class OrderDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A new order as far as it was read; every field as the API's JSON has it, "" or empty where nothing was read."""

    sending_member: str = ""
    serial: str = ""
    """Of the order form's copy, from its QR code: the same form faxed twice has the same one."""
    number: str = ""
    delivery_date: str = ""
    window: tuple[str, str] | None = None
    priority: str = "standard"
    recipient_name: str = ""
    company: str = ""
    street: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""
    product_code: str = ""
    product: str = ""
    quantity: int = 1
    customer_price_minor: int | None = None
    execution_price_minor: int | None = None
    currency: str = ""
    card_message: str = ""
    instructions: str = ""


class NewOrderRead(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A new order, every field of it above the config's confidence."""

    draft: OrderDraft
    confidences: dict[str, float]
    pages: tuple[int, ...]


class ReviewReason(enum.StrEnum):
    """Why a person must look; the names are the review queue's and the metrics' words."""

    NOTHING_RECOGNISED = "nothing_recognised"
    """Neither a code of ours nor an order number."""
    UNKNOWN_ORDER = "unknown_order"
    WRONG_SENDER = "wrong_sender"
    """It came from a number that is not the executing florist's."""
    NO_BOXES = "no_boxes"
    """An order of ours, but no page shows its boxes to tick."""
    OTHER_FORM = "other_form"
    """The sheet is of another revision than the boxes were looked for by."""
    NO_TICK = "no_tick"
    UNSURE_TICK = "unsure_tick"
    CONTRADICTION = "contradiction"
    READ_FROM_TEXT = "read_from_text"
    """The code was not readable; the order number was read as text."""
    RELAY_ANSWER = "relay_answer"
    """A florist's answer to a message of another florist."""
    FIELDS_MISSING = "fields_missing"
    LOW_CONFIDENCE = "low_confidence"
    HANDWRITTEN = "handwritten"
    UNREADABLE = "unreadable"


class NeedsReview(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A case for a person, with the best guess to start from."""

    reason: ReviewReason
    detail: str
    """A sentence for the person, without names and numbers of people."""
    pages: tuple[int, ...] = ()
    """In the fax, from 1; empty: all of it. Their pictures are drawn when somebody looks (`ReadingPool.picture`)."""
    order_number: str = ""
    kinds: tuple[ReplyKind, ...] = ()
    draft: OrderDraft | None = None
    confidences: dict[str, float] = {}


Decision = Reply | RelayReply | NewOrderRead | NeedsReview
