"""What a ruling rests on: the message, the order as it stands, and the calendar and members of the network."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from faxgw.fax import GIVEN_UP, WITH_NOBODY
from faxgw.message import RelayMessage
from faxgw.relay.step import Refused
from faxgw.store.relay.port import Absence, GivenBack, Page, Refusal, RelayOrder, Stage


class Members(Protocol):
    """What the relay asks of the register."""

    def is_member(self, member_id: str) -> bool: ...

    def executes(self, member_id: str, day: dt.date) -> bool:
        """Whether the member makes bouquets at all on that day: a member that only sends does not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days and months are the network's, whoever speaks: its statements are made by them."""

    zone: ZoneInfo
    answer_seconds: float
    """How long a store has for a word before it is reminded; 0 awaits none."""

    def day_of(self, at: float) -> dt.date:
        return dt.datetime.fromtimestamp(at, self.zone).date()

    def next_look(self, at: float) -> float | None:
        return at + self.answer_seconds if self.answer_seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One message about one order."""

    message: RelayMessage
    order: RelayOrder
    page: Page | None
    absences: Sequence[Absence]
    members: Members
    calendar: Calendar

    @property
    def is_by_filler(self) -> bool:
        return self.message.from_member is not None and self.message.from_member == self.order.executing

    @property
    def is_by_sender(self) -> bool:
        """The network speaks for the sending side: a customer may call it."""
        return self.message.from_member in {None, self.order.sending}

    @property
    def today(self) -> dt.date:
        return self.calendar.day_of(self.message.at)

    @property
    def page_never_left(self) -> bool:
        """The store cannot have the page: it waits here, and no earlier try of it may have arrived."""
        return self.page is not None and self.page.state in WITH_NOBODY and not self.page.marked

    @property
    def page_may_be_there(self) -> bool:
        page = self.page
        return page is not None and (page.marked or page.state not in WITH_NOBODY | GIVEN_UP)

    def is_away(self, member: str) -> bool:
        return any(each.member == member and each.covers(self.order.delivery_date) for each in self.absences)

    def over(self) -> Refused | None:
        """Why nothing can be changed about the order any more."""
        match self.order.stage:
            case Stage.CANCELLED:
                return self.refuse(Refusal.CANCELLED)
            case Stage.DELIVERED:
                return self.refuse(Refusal.DELIVERED)
            case _:
                return None

    def only_filler(self) -> Refused | None:
        """Why the one who says it is not the store that the order is with."""
        if self.is_by_filler:
            return None
        return self.refuse(Refusal.NOT_EXECUTING)

    def only_sender(self) -> Refused | None:
        return None if self.is_by_sender else self.refuse(Refusal.NOT_SENDING)

    def only_open(self, ref: str | None) -> Refused | None:
        """Why the message answers something else than what is open, `ref`."""
        answered = self.message.in_answer_to
        return None if answered in {None, ref} else self.refuse(Refusal.NOT_OPEN)

    def refuse(self, refusal: Refusal, **facts: object) -> Refused:
        told: dict[str, object] = {
            "number": self.order.number,
            "kind": self.message.kind.value,
            "member": self.message.from_member or "the network",
            "delivery_date": self.order.delivery_date.isoformat(),
        }
        return Refused(refusal, told | facts)


def given_to(order: RelayOrder, member: str, *, said_at: float | None = None) -> RelayOrder:
    """The order with another store; what was open with the one before has lapsed.

    `said_at` is when the one before gave it on by its own word.
    """
    left = _left(order, said_at)
    given_back = tuple(each for each in left.given_back if each.member != member)
    return msgspec.structs.replace(left, executing=member, stage=Stage.OFFERED, given_back=given_back)


def given_up(order: RelayOrder, *, said_at: float | None = None) -> RelayOrder:
    """The order with nobody; `said_at` as above."""
    return msgspec.structs.replace(_left(order, said_at), executing=None, stage=Stage.UNPLACED)


def _left(order: RelayOrder, said_at: float | None) -> RelayOrder:
    left, store = withdrawn(order), order.executing
    if store is None:
        return left
    given_back = order.given_back if said_at is None else (*order.given_back, GivenBack(store, said_at))
    return msgspec.structs.replace(left, tried=(*order.tried, store), given_back=given_back)


def withdrawn(order: RelayOrder) -> RelayOrder:
    """Without what was open between the sender and the store.

    A price that the store asked for goes with it; one that the sender asked for is what the next store is offered.
    """
    asked = order.price_asked
    price = asked.before if asked is not None and asked.by_filler else order.price
    return msgspec.structs.replace(
        order,
        price=price,
        price_asked=None,
        cancel=None,
        questions=(),
        waiting_since=None,
        reminders=0,
        next_at=None,
    )


def answered(order: RelayOrder) -> RelayOrder:
    """The store gave a word: nobody reminds it."""
    return msgspec.structs.replace(order, waiting_since=None, reminders=0, next_at=None)
