"""Complaints: linked to an order and the store that executed it, upheld or not, made good or not."""

import dataclasses
import datetime as dt
from dataclasses import dataclass

from faxgw.members.entries import ComplaintDecided, ComplaintRaised, subject_name
from faxgw.money import Money
from faxgw.store.register.port import Entry


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint as it stands."""

    number: int
    member: str
    order_number: str
    delivered_on: dt.date
    received_on: dt.date
    category: str
    in_time: bool
    """It came within the days that the network gives after a delivery."""
    is_upheld: bool | None = None
    """None until it is decided."""
    compensation: Money | None = None
    at: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether it says something of the store."""
        return self.in_time and self.is_upheld is True


class Complaints:
    """All of them, by number."""

    def __init__(self) -> None:
        self._all: dict[int, Complaint] = {}
        self._of: dict[str, list[int]] = {}
        """Numbers by member: scores ask for each member's every hour."""

    def add(self, entry: Entry, said: ComplaintRaised | ComplaintDecided) -> None:
        number = int(subject_name(entry.subject))
        match said:
            case ComplaintRaised():
                self._of.setdefault(said.member, []).append(number)
                self._all[number] = Complaint(
                    number=number,
                    member=said.member,
                    order_number=said.order_number,
                    delivered_on=said.delivered_on,
                    received_on=said.received_on,
                    category=said.category,
                    in_time=said.in_time,
                    at=entry.at,
                )
            case ComplaintDecided():
                raised = self._all[number]
                self._all[number] = dataclasses.replace(
                    raised, is_upheld=said.is_upheld, compensation=said.compensation
                )

    def find(self, number: int) -> Complaint | None:
        return self._all.get(number)

    def next_number(self) -> int:
        return max(self._all, default=0) + 1

    def all(self) -> list[Complaint]:
        return list(self._all.values())

    def of(self, member: str) -> list[Complaint]:
        return [self._all[number] for number in self._of.get(member, ())]

    def about(self, order_number: str, member: str) -> list[Complaint]:
        return [each for each in self.of(member) if each.order_number == order_number]


def is_in_time(delivered_on: dt.date, received_on: dt.date, days: int) -> bool:
    """Whether it came within `days` after the delivery, the day of the delivery not counted."""
    return received_on <= delivered_on + dt.timedelta(days=days)
