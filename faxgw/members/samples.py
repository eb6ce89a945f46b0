"""Sample orders: a round of them is drawn by lot, placed like any order, and judged on a sheet.

What the store gets is an order like all others, settled like all others: it carries no mark. That it is a sample stands
here alone.
"""

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from faxgw.faults import Fault
from faxgw.members.entries import RoundPlanned, SampleJudged, SamplePlaced, subject_name
from faxgw.members.member import Member
from faxgw.store.register.port import Entry

POINTS_MIN, POINTS_MAX = 1, 5
CATEGORIES = ("goods", "floristry", "delivery", "service")
"""The sheet: the flowers, the work, whether it came as ordered, and what the recipient met."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What became of one sample order."""

    member: str
    order_number: str = ""
    placed_at: float | None = None
    points: Mapping[str, int] = field(default_factory=dict[str, int])
    judged_at: float | None = None

    @property
    def mean(self) -> float | None:
        return sum(self.points.values()) / len(self.points) if self.points else None


@dataclass(slots=True)
class Round:
    """One round, its samples in the order in which they were drawn."""

    number: int
    first_day: dt.date
    last_day: dt.date
    seed: int
    who: str
    at: float
    samples: dict[str, Sample]


class Samples:
    """All rounds."""

    def __init__(self) -> None:
        self._rounds: dict[int, Round] = {}

    def add(self, entry: Entry, said: RoundPlanned | SamplePlaced | SampleJudged) -> None:
        number = int(subject_name(entry.subject))
        match said:
            case RoundPlanned(members=members, seed=seed):
                samples = {member: Sample(member) for member in members}
                days = (entry.first_day or dt.date.min, entry.last_day or dt.date.max)
                self._rounds[number] = Round(number, *days, seed, entry.who, entry.at, samples)
            case SamplePlaced(member=member, order_number=order_number):
                samples = self._rounds[number].samples
                before = samples[member]
                samples[member] = Sample(member, order_number, entry.at, before.points, before.judged_at)
            case SampleJudged(member=member, points=points):
                samples = self._rounds[number].samples
                before = samples[member]
                samples[member] = Sample(member, before.order_number, before.placed_at, points, entry.at)

    def rounds(self) -> list[Round]:
        return list(self._rounds.values())

    def round(self, number: int) -> Round | None:
        return self._rounds.get(number)

    def next_number(self) -> int:
        return max(self._rounds, default=0) + 1

    def is_sample(self, order_number: str) -> bool:
        """Whether an order was placed as a sample; for the headquarters alone."""
        return any(s.order_number == order_number for each in self._rounds.values() for s in each.samples.values())

    def tested_since(self, since: float) -> set[str]:
        """Whom a sample went to, or was drawn for, since then."""
        return {member for each in self._rounds.values() if each.at >= since for member in each.samples}

    def judged(self, member: str, since: float) -> list[Sample]:
        """The member's samples that were judged since then."""
        drawn = [each.samples[member] for each in self._rounds.values() if member in each.samples]
        return [each for each in drawn if each.judged_at is not None and each.judged_at >= since]


def draw_round(members: Iterable[Member], size: int, seed: int, tested: Iterable[str] = ()) -> list[str]:
    """Whom the samples of a round go to: by lot, those first who were not tested lately.

    The same members and seed draw the same round, so that nobody need wonder afterwards why a store was chosen.
    """
    drawn = random.Random(seed)  # noqa: S311 - a lot that can be drawn again, and no secret.
    lately = set(tested)
    ids = sorted(member.id for member in members if member.executes)
    drawn.shuffle(ids)
    return sorted(ids, key=lambda member_id: member_id in lately)[:size]


def points_faults(points: Mapping[str, int], categories: Sequence[str] = CATEGORIES) -> list[Fault]:
    """What is wrong with a sheet; it has all categories and no others."""
    faults = [Fault(f"/points/{name}", "missing") for name in categories if name not in points]
    for name, value in points.items():
        if name not in categories:
            faults.append(Fault(f"/points/{name}", f"no category of the sheet; it has {', '.join(categories)}"))
        elif not POINTS_MIN <= value <= POINTS_MAX:
            faults.append(Fault(f"/points/{name}", f"from {POINTS_MIN} (poor) to {POINTS_MAX} (excellent)"))
    return faults
