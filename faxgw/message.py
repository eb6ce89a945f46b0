"""A relay message: what florists and the network say to each other about an order, by the codes of the field.

Who may say what and when is decided by `relay/rules.py`; what is wrong with a message in itself stands here.
The codes are those of the FTD Mercury network (floristwiki.ftdi.com, Mercury_Message_Overview); ACK is ours.
"""

import datetime as dt
import enum
from collections.abc import Iterator
from typing import Annotated

import msgspec

from faxgw.faults import Fault
from faxgw.money import MINOR_DIGITS, Money
from faxgw.order import Key, MemberId, OrderNumber

TEXT_CHARS_MAX = 2_000
Text = Annotated[str, msgspec.Meta(max_length=TEXT_CHARS_MAX)]


Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
"""By which an answer names a request."""


class Kind(enum.StrEnum):
    """What is said."""

    ORDER = "ORDER"
    """The order goes to a florist: from the order system at first, from the sending member after a rejection."""
    ACK = "ACK"
    """The executing florist has it and will make it (the sheet's ACCEPTED box); Mercury has no code for it."""
    REJ = "REJ"
    FOR = "FOR"
    """Order and billing go to another florist."""
    CAN = "CAN"
    CON = "CON"
    """The cancellation is confirmed: the claim is void."""
    DEN = "DEN"
    ASK = "ASK"
    ANS = "ANS"
    ASKP = "ASKP"
    """Another execution price is asked for; `amount` is the whole price, not the difference."""
    ANSP = "ANSP"
    DCON = "DCON"
    """Delivered."""
    ADJ = "ADJ"
    """The report of the month is wrong; `amount` is the right price, not the difference."""
    GEN = "GEN"
    SUS = "SUS"
    """The florist is away from `first_day` to `last_day`; the network forwards its orders."""
    RES = "RES"


class RejectReason(enum.StrEnum):
    """Why a florist rejects an order."""

    CLOSED = "closed"
    """Not open on the day of delivery, or too late for it."""
    NO_FLOWERS = "no_flowers"
    """What was ordered cannot be had."""
    PRICE = "price"
    """It cannot be made for the execution price."""
    AREA = "area"
    """The address is out of reach."""
    ADDRESS = "address"
    """The address or the recipient cannot be found."""
    CAPACITY = "capacity"
    """Too many orders that day."""
    OTHER = "other"
    """As the text says, or as somebody wrote by hand."""


class Channel(enum.StrEnum):
    """Which way a message came to us."""

    API = "api"
    FAX = "fax"
    OPERATOR = "operator"
    NETWORK = "network"
    """Nobody sent it: the gateway speaks for the network, as when it forwards the orders of a florist who is away."""


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where a message came from; keys are the source's own, so that two sources never clash."""

    channel: Channel
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """The submitter, the id of the inbound fax, the operator's name, or the part of the gateway."""


class RelayMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One message. `key` makes repeating it harmless."""

    key: Key
    kind: Kind
    at: float
    """When it reached the network, in seconds since 1970: for a fax when it came in, not when it was read."""
    source: Source
    order_number: OrderNumber | None = None
    """Missing only in GEN, SUS and RES."""
    from_member: MemberId | None = None
    """Who says it; None is the network itself."""
    to_member: MemberId | None = None
    """Whom it is for, where the kind and the order do not tell: FOR, ORDER, GEN, and whose absence SUS and RES tell."""
    text: Text = ""
    amount: Money | None = None
    reason: RejectReason | None = None
    in_answer_to: Reference | None = None
    """What was asked, as a ticked sheet or its sender names it: it answers that and nothing that was asked later."""
    agrees: bool | None = None
    """ANSP as a ticked box says it: yes to the amount that was asked for, or no, in place of an amount."""
    first_day: dt.date | None = None
    """SUS: the first delivery day that the florist does not make; today where missing."""
    last_day: dt.date | None = None
    """SUS: the last such day; until a RES where missing."""


WITHOUT_ORDER = frozenset({Kind.GEN, Kind.SUS, Kind.RES})
WITH_AMOUNT = frozenset({Kind.ASKP, Kind.ANSP, Kind.ADJ})
WITH_TEXT = frozenset({Kind.ASK, Kind.ANS, Kind.GEN})
ANSWERS = frozenset({Kind.CON, Kind.DEN, Kind.ANSP})
"""May name what they answer."""
ASKED = frozenset({Kind.CAN, Kind.ASKP})
"""What they may name."""
WITH_MEMBER = frozenset({Kind.ORDER, Kind.FOR})


def faults_of(message: RelayMessage) -> Iterator[Fault]:
    """What a well-formed message may still get wrong in itself, whatever the order's story."""
    kind = message.kind
    if message.order_number is None and kind not in WITHOUT_ORDER:
        yield Fault("/order_number", f"{kind} is about an order: give its number")
    if message.order_number is not None and kind in {Kind.SUS, Kind.RES}:
        yield Fault("/order_number", f"{kind} is about a florist and no order")
    if kind in WITH_MEMBER and message.to_member is None:
        yield Fault("/to_member", f"{kind} needs the member the order goes to")
    if kind in WITH_TEXT and not message.text.strip():
        yield Fault("/text", f"{kind} needs a text")
    if kind is not Kind.REJ and message.reason is not None:
        yield Fault("/reason", "only REJ has a reason")
    if message.in_answer_to is not None and kind not in ANSWERS:
        yield Fault("/in_answer_to", f"{kind} answers nothing")
    if message.agrees is not None and not _is_ticked(message):
        yield Fault("/agrees", "only ANSP has it, and only with in_answer_to")
    if message.agrees is not None and message.amount is not None:
        yield Fault("/agrees", "stands in place of an amount: give one of the two")
    yield from _amount_faults(message)
    yield from _period_faults(message)


def _amount_faults(message: RelayMessage) -> Iterator[Fault]:
    if message.amount is None:
        if message.kind in WITH_AMOUNT and not _is_ticked(message):
            yield Fault("/amount", f"{message.kind} needs the whole amount, not the difference")
    elif message.kind not in WITH_AMOUNT:
        yield Fault("/amount", f"{message.kind} has no amount; ask for another price with ASKP")
    elif message.amount.currency not in MINOR_DIGITS:
        yield Fault("/amount/currency", f"{message.amount.currency} is not a currency we know")


def _is_ticked(message: RelayMessage) -> bool:
    return message.kind is Kind.ANSP and message.agrees is not None and message.in_answer_to is not None


def _period_faults(message: RelayMessage) -> Iterator[Fault]:
    first, last = message.first_day, message.last_day
    if message.kind is not Kind.SUS and (first is not None or last is not None):
        yield Fault("/first_day" if first else "/last_day", "only SUS has days")
    if first is not None and last is not None and last < first:
        yield Fault("/last_day", "the last day comes before the first")
    if message.kind in {Kind.SUS, Kind.RES} and message.from_member is None and message.to_member is None:
        yield Fault("/to_member", f"the network says in to_member whose {message.kind} it is")
