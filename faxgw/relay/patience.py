"""How long the network waits for a florist's word, and what it does then: remind, and at last ask another florist."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from faxgw.relay.ground import Calendar
from faxgw.store.relay.port import Absence, RelayOrder, Stage


class Next(enum.Enum):
    """What is due about an order."""

    REMIND = "remind"
    PLACE = "place"
    """It is with nobody: find a florist."""
    FORWARD = "forward"
    """Its store is silent or away: find another."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    calendar: Calendar
    reminders_max: int
    search_seconds: float

    def next_of(self, order: RelayOrder, absences: Sequence[Absence], now: float) -> Next:
        """What to do about `order` at `now`, once its `next_at` has come."""
        if order.by_hand:
            return Next.NOTHING
        match order.stage:
            case Stage.UNPLACED:
                return Next.PLACE
            case Stage.OFFERED if order.cancel is not None:
                # Whoever is asked to cancel is not replaced by somebody else.
                return Next.NOTHING
            case Stage.OFFERED if is_away(order, absences):
                return Next.FORWARD
            case Stage.OFFERED if order.waiting_since is None or self._is_past(order, now):
                return Next.NOTHING
            case Stage.OFFERED:
                return Next.REMIND if order.reminders < self.reminders_max else Next.FORWARD
            case Stage.ACCEPTED | Stage.DELIVERED | Stage.CANCELLED:
                return Next.NOTHING

    def reminded(self, order: RelayOrder, at: float) -> RelayOrder:
        next_at = self.calendar.next_look(at)
        return msgspec.structs.replace(order, reminders=order.reminders + 1, next_at=next_at)

    def look_again_at(self, order: RelayOrder, at: float) -> float | None:
        """None once the day of delivery is over: then only people can mend it."""
        return None if self._is_past(order, at) else at + self.search_seconds

    def _is_past(self, order: RelayOrder, now: float) -> bool:
        return self.calendar.day_of(now) > order.delivery_date


def is_away(order: RelayOrder, absences: Sequence[Absence]) -> bool:
    return any(each.member == order.executing and each.covers(order.delivery_date) for each in absences)
