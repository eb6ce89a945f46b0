"""What the store promises of the relay: orders between florists, messages about them, and florists who are away.

A message is decided inside the transaction that keeps it, by a pure function handed in, so that of two messages
that come at once the second is judged by what the first did. An order's row is made from its faxes when it is
first needed: by a message, or by the follower of events.
"""

import datetime as dt
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from faxgw.fax import FaxId, State
from faxgw.message import RelayMessage
from faxgw.money import Money
from faxgw.order import Order
from faxgw.phone import Line
from faxgw.store.admission import NewFax

# --- an order between florists ------------------------------------------------------------------------


class Stage(enum.StrEnum):
    """Where an order stands between the florists."""

    OFFERED = "offered"
    """With its executing store, which has not said that it will make it."""
    ACCEPTED = "accepted"
    UNPLACED = "unplaced"
    """With nobody: it was rejected, or no fax of it arrived. The network looks for another florist."""
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


OWED = frozenset({Stage.OFFERED, Stage.ACCEPTED})
"""In these the executing store owes the bouquet."""


class Question(msgspec.Struct, frozen=True, gc=False):
    """Somebody waits for an answer; None is the network."""

    asked_by: str | None
    asked_of: str | None
    at: float


class PriceAsked(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Another execution price is asked for and not settled."""

    asked_by: str | None
    by_filler: bool
    """Asked for by the executing store, so that it needs the sender's word; else it stands unless rejected."""
    amount: Money
    before: Money
    """The price that holds where the two do not agree."""
    at: float
    ref: str = ""
    """By which an answer names it."""


class CancelAsked(msgspec.Struct, frozen=True, gc=False):
    """The sender wants to cancel; the executing store has not answered."""

    asked_by: str | None
    at: float
    ref: str = ""
    """By which an answer names it."""


class GivenBack(msgspec.Struct, frozen=True, gc=False):
    """A store gave the order back, or on, by its own word."""

    member: str
    at: float


class RelayOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order as it stands between the florists."""

    number: str
    fax_id: FaxId
    """The fax by which its executing store has it, or was to have it."""
    earlier: tuple[FaxId, ...] = ()
    """Faxes of the order before that one."""
    sending: str
    executing: str | None
    """The one store it is with; None while it is unplaced, or went to a bare number. Who delivered it stays."""
    stage: Stage
    ordered_at: float
    delivery_date: dt.date
    price: Money
    """The execution price as agreed so far."""
    tried: tuple[str, ...] = ()
    """Stores that had it and gave it back, or did not answer; the newest last."""
    given_back: tuple[GivenBack, ...] = ()
    """Which of them said so themselves: what arrived there before need not be taken back in writing."""
    cancel: CancelAsked | None = None
    price_asked: PriceAsked | None = None
    questions: tuple[Question, ...] = ()
    agreed: Money | None = None
    """The right price that both agreed on after the delivery; ADJ may put it on record."""
    waiting_since: float | None = None
    """Since when the store has the page without a word, where an answer is awaited."""
    reminders: int = 0
    next_at: float | None = None
    """When the network does something about it by itself: reminds, or looks for another store."""
    changed_at: float = 0.0
    by_hand: bool = False
    """The network does nothing about it by itself: it was restored from a backup, and may have gone on since."""


@dataclass(frozen=True, slots=True)
class Page:
    """A fax of the order, as it stands now."""

    fax_id: FaxId
    state: State
    marked: bool
    line: Line
    member: str | None
    """Whom it goes to; None where it goes to a bare number."""
    origin_id: FaxId | None
    order: bytes
    """The order as JSON."""
    rank: int
    deadline_at: float | None
    submitter: str


@dataclass(frozen=True, slots=True)
class Absence:
    """The delivery days that a florist does not make; the network forwards what comes for them."""

    member: str
    first_day: dt.date
    last_day: dt.date | None
    """None until a RES."""
    seq: int = 0
    """Of the SUS that told of it."""
    resumed_at: float | None = None

    def covers(self, day: dt.date) -> bool:
        return (
            self.resumed_at is None
            and self.first_day <= day
            and (self.last_day is None or day <= self.last_day)
        )  # fmt: skip


class OfferResult(enum.StrEnum):
    """What came of offering an order to a store."""

    OPEN = "open"
    """Nothing so far. Where no word is awaited it may stay so."""
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    FORWARDED = "forwarded"
    """The store gave it to another one by its own word."""
    SILENT = "silent"
    """A word was awaited and did not come."""
    VOID = "void"
    """Taken from the store through no doing of its own: cancelled, never arrived, moved by people, or it is away."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An order offered to a store, and what it said."""

    number: str
    nth: int
    """How many stores had the order before."""
    member: str
    offered_at: float
    result: OfferResult
    arrived_at: float | None = None
    """When the fax was there."""
    answered_at: float | None = None
    """When the store accepted, rejected or forwarded it."""


@dataclass(frozen=True, slots=True)
class OfferSums:
    """How a store answered what was offered to it; void offers are left out."""

    member: str
    offered: int
    rejected: int
    silent: int
    delivered: int
    answered: int
    answer_seconds: float | None
    """From the arrival to the answer, the median; None without answers."""


# --- what is decided ------------------------------------------------------------------------------------


class Refusal(enum.StrEnum):
    """Why a message is not carried out."""

    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_MEMBER = "unknown_member"
    NOT_EXECUTING = "not_executing"
    """Only the store that the order is with may say this."""
    NOT_SENDING = "not_sending"
    NOT_A_PARTY = "not_a_party"
    WITHOUT_FLORIST = "without_florist"
    WITH_A_FLORIST = "with_a_florist"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    ACCEPTED = "accepted"
    MONTH_OVER = "month_over"
    TOO_EARLY = "too_early"
    CANCEL_OPEN = "cancel_open"
    PRICE_OPEN = "price_open"
    NOTHING_ASKED = "nothing_asked"
    NOT_OPEN = "not_open"
    """What a sheet asked is not open any more."""
    OTHER_CURRENCY = "other_currency"
    NOT_AGREED = "not_agreed"
    NOT_THE_AGREED_PRICE = "not_the_agreed_price"
    SAME_MEMBER = "same_member"
    SENDER_ITSELF = "sender_itself"
    """Nobody executes an order of its own: there would be nothing to share."""
    DOES_NOT_EXECUTE = "does_not_execute"
    AWAY = "away"
    NOT_AWAY = "not_away"
    OTHER_MEMBER = "other_member"
    ALREADY_SAID = "already_said"
    INVALID = "invalid"
    """The message is wrong in itself; nothing was kept."""
    KEY_TAKEN = "key_taken"
    """The key belongs to another message; nothing was kept."""
    BROKE = "broke"
    """Deciding it broke something of ours; nothing was kept."""
    DRAINING = "draining"
    """The gateway takes nothing in; nothing was kept."""


@dataclass(frozen=True, slots=True)
class RelayTaken:
    """The message is kept and carried out."""

    seq: int
    stage: Stage | None = None
    """Of the order after it."""
    note: str = ""
    """What it came to where that is not plain, as one sentence: a price that was not agreed stays as it was."""


@dataclass(frozen=True, slots=True)
class RelayRefused:
    """The message is not carried out; `sentence` says why and what to do instead."""

    refusal: Refusal
    sentence: str
    seq: int | None = None
    """Under which it is kept; None where it is not."""


@dataclass(frozen=True, slots=True)
class RelayRepeated:
    """The message came before under its key: what was answered then. Nothing was changed."""

    answer: RelayTaken | RelayRefused


Answer = RelayTaken | RelayRefused | RelayRepeated


@dataclass(frozen=True, slots=True)
class Known:
    """All that a decision may rest on, read in the transaction that keeps it."""

    order: RelayOrder | None
    """None where no order fax has its number."""
    page: Page | None = None
    """Of the order's current fax."""
    changed: Page | None = None
    """The fax that the matter is about."""
    absences: tuple[Absence, ...] = ()
    """Those that are not over, of all members."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event for those who follow `/v1/events`."""

    kind: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision changes; all of it is kept in one commit."""

    answer: RelayTaken | RelayRefused | None = None
    """None where nobody asked: time passed, or a fax ended."""
    order: RelayOrder | None = None
    """As it stands from now on; None leaves it. Its fax is the first of `faxes` that shows an order, if any."""
    faxes: tuple[NewFax, ...] = ()
    stops: tuple[FaxId, ...] = ()
    """Faxes taken out of the queue, where they wait; what a carrier has is left alone."""
    told: tuple[Told, ...] = ()
    absence: Absence | None = None
    resumed: str | None = None
    """The member whose absences are over."""
    offers: tuple[Offer, ...] = ()
    """As they stand after it; what was known of one before stays known."""


Decide = Callable[[Known], Decision]
"""Pure, and quick: it runs on the thread that writes."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to decide."""

    decide: Decide
    at: float
    order_number: str | None
    message: RelayMessage | None = None
    """Kept with its answer; a message that came before is not decided again."""
    fax_id: FaxId | None = None
    """The fax of the order that something happened to."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a matter."""

    answer: Answer | None
    order: RelayOrder | None = None
    admitted: tuple[tuple[NewFax, FaxId], ...] = ()
    """New faxes, which memory must put in line."""
    stopped: tuple[FaxId, ...] = ()
    """Faxes that left the queue, which memory must take out of line."""


# --- reading ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message with its answer."""

    seq: int
    message: RelayMessage
    answer: RelayTaken | RelayRefused


@dataclass(frozen=True, slots=True)
class FaxChanged:
    """An event of an order's fax that may mean something between the florists."""

    seq: int
    fax_id: FaxId
    number: str
    at: float
    kind: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Orders whose store has the page and says nothing."""

    orders: int
    waiting_since: float | None
    """Of the one that waits longest."""


@dataclass(frozen=True, slots=True)
class OrderStory:
    """An order with all that was said about it."""

    order: RelayOrder
    messages: tuple[MessageView, ...] = field(default=())


class RelayStore(Protocol):
    """The durable truth of the relay."""

    async def settle(self, matters: Sequence[Matter]) -> list[Settled]:
        """Decide each in order, and keep what was decided; matters of one order see each other."""
        ...

    async def story(self, number: str) -> OrderStory | None:
        """The order and its messages, the oldest first; its faxes tell of one that nothing was said about."""
        ...

    async def order_json(self, number: str) -> Order | None:
        """The order as it was handed in, for whoever looks for another florist."""
        ...

    async def messages(self, after: int, limit: int) -> list[MessageView]: ...

    async def due(self, now: float, limit: int) -> list[RelayOrder]:
        """Orders whose `next_at` has come, the longest overdue first."""
        ...

    async def next_due_at(self) -> float | None: ...

    async def offered_to(self, member: str, first: dt.date, last: dt.date | None, after: str, limit: int) -> list[str]:
        """Numbers of orders offered to the member for these delivery days, growing, from `after` on."""
        ...

    async def absences(self) -> list[Absence]:
        """Those that are not over."""
        ...

    async def unanswered(self) -> Unanswered: ...

    async def offer_sums(self, since: float, until: float, member: str | None = None) -> list[OfferSums]:
        """How stores answered the orders offered to them in that time, each store or one."""
        ...

    async def fax_changes(self, after: int, limit: int, kinds: Sequence[str]) -> tuple[list[FaxChanged], int]:
        """What happened to order faxes after an event, and how far was looked."""
        ...

    async def cursor(self) -> int: ...

    async def keep_cursor(self, seq: int) -> None: ...


RELAY_SUBMITTER = "relay"
"""In whose name the faxes of the relay wait for their turn."""
