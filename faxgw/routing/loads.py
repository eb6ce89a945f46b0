"""How many orders each florist has on each day, as they come, move and end.

An order counts once, for the florist of its newest fax that is not given up, however often it was sent: a copy of a
sheet is no second bouquet, and an order that went to another florist is no work for the first.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from faxgw.fax import FaxId


@dataclass(frozen=True, slots=True)
class Assigned:
    """An order fax, and who executes its order on which day."""

    fax_id: FaxId
    number: str
    member_id: str
    day: dt.date


class Loads:
    """Counts by day and member."""

    def __init__(self) -> None:
        self._faxes: dict[FaxId, Assigned] = {}
        self._orders: dict[str, list[FaxId]] = {}
        """By number, the newest fax last."""
        self._counts: dict[dt.date, dict[str, int]] = {}
        self._reserved: dict[dt.date, dict[str, int]] = {}

    def of(self, member_id: str, day: dt.date) -> int:
        reserved = self._reserved.get(day)
        held = reserved.get(member_id, 0) if reserved else 0
        return self._counts.get(day, {}).get(member_id, 0) + held

    def on(self, day: dt.date) -> dict[str, int]:
        """All of a day that are not 0."""
        members = self._counts.get(day, {}).keys() | self._reserved.get(day, {}).keys()
        return {member_id: load for member_id in sorted(members) if (load := self.of(member_id, day))}

    def find(self, fax_id: FaxId) -> Assigned | None:
        return self._faxes.get(fax_id)

    def of_order(self, number: str) -> Assigned | None:
        """The fax of the order that counts."""
        faxes = self._orders.get(number)
        return self._faxes[faxes[-1]] if faxes else None

    # --- orders that are being taken in ------------------------------------------------------------------

    def reserve(self, member_id: str, day: dt.date) -> None:
        """One order is about to be written; until then the florist must not be filled by others."""
        held = self._reserved.setdefault(day, {})
        held[member_id] = held.get(member_id, 0) + 1

    def let_go(self, member_id: str, day: dt.date) -> None:
        """The order was written, or was not: what was reserved for it is given back."""
        held = self._reserved[day]
        held[member_id] -= 1
        if not held[member_id]:
            del held[member_id]
        if not held:
            del self._reserved[day]

    # --- orders that are written -------------------------------------------------------------------------

    def put(self, assigned: Iterable[Assigned]) -> None:
        """These count from now on; a fax that is here already is moved."""
        for each in assigned:
            self._count(each.number, -1)
            before = self._faxes.get(each.fax_id)
            if before is None:
                self._orders.setdefault(each.number, []).append(each.fax_id)
                self._orders[each.number].sort()
            self._faxes[each.fax_id] = each
            self._count(each.number, 1)

    def drop(self, fax_id: FaxId) -> None:
        """The fax is given up: its order counts for whoever had it before, or for nobody."""
        gone = self._faxes.get(fax_id)
        if gone is None:
            return
        self._count(gone.number, -1)
        del self._faxes[fax_id]
        faxes = self._orders[gone.number]
        faxes.remove(fax_id)
        if not faxes:
            del self._orders[gone.number]
        self._count(gone.number, 1)

    def forget_before(self, day: dt.date) -> None:
        """Days that are over need no count."""
        for fax in [fax for fax in self._faxes.values() if fax.day < day]:
            self.drop(fax.fax_id)
        for each in [each for each in self._counts if each < day]:
            del self._counts[each]

    def _count(self, number: str, by: int) -> None:
        counting = self.of_order(number)
        if counting is None:
            return
        of_day = self._counts.setdefault(counting.day, {})
        of_day[counting.member_id] = of_day.get(counting.member_id, 0) + by
        if not of_day[counting.member_id]:
            del of_day[counting.member_id]
