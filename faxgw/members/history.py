"""What was said of members, and what follows for any day, as it was known at any time.

Somebody says that some fields have some values from one day to another. Where two such words meet on a day, the one
that was recorded later counts, field by field. Nothing is ever taken back, only overruled; so whoever asks what was
known before gets the same answer for ever (the two times are valid time and transaction time: R. Snodgrass,
"Developing Time-Oriented Database Applications in SQL", 1999, chapter 10).
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from faxgw.members.entries import Act, FieldsSet
from faxgw.members.member import Member, Standing
from faxgw.store.register.port import Entry

A_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Statement:
    """Fields of one member, said of some days."""

    seq: int
    first_day: dt.date
    last_day: dt.date
    fields: Mapping[str, Any]
    act: Act
    who: str
    why: str
    at: float

    def covers(self, day: dt.date) -> bool:
        return self.first_day <= day <= self.last_day


class Span(NamedTuple):
    """From this day on, until the next span begins, the member is so; None where there is none."""

    first_day: dt.date
    member: Member | None


@dataclass(slots=True)
class Timeline:
    """All that was said of one member, in the order in which it was recorded."""

    member_id: str
    statements: list[Statement] = field(default_factory=list[Statement])
    _spans: list[Span] | None = None

    def add(self, statement: Statement) -> None:
        self.statements.append(statement)
        self._spans = None

    def known(self, seq: int) -> "Timeline":
        """The same as it was when `seq` was the newest entry."""
        return Timeline(self.member_id, [each for each in self.statements if each.seq <= seq])

    def with_(self, statement: Statement) -> "Timeline":
        """The same as it would be after this."""
        return Timeline(self.member_id, [*self.statements, statement])

    def on(self, day: dt.date) -> Member | None:
        spans = self.spans()
        return spans[bisect_right(spans, day, key=lambda span: span.first_day) - 1].member

    def day_from(self, day: dt.date) -> dt.date | None:
        """From when on a file of `day` speaks of it: not before the day for which it applied; None where it is new."""
        if self.on(day) is not None:
            return day
        applied = (each.first_day for each in self.statements if each.act is Act.APPLIED and each.first_day > day)
        return min(applied, default=None)

    def spans(self) -> list[Span]:
        """One after the other from the beginning of days; neighbours differ."""
        if self._spans is None:
            self._spans = list(_spans(self.member_id, self.statements))
        return self._spans

    def last_day_after(self, day: dt.date) -> dt.date | None:
        """The last day of the membership that holds on `day`, where an end is known."""
        for span in self.spans():
            if span.first_day > day and (span.member is None or span.member.standing is Standing.WITHDRAWN):
                return span.first_day - A_DAY
        return None


def _spans(member_id: str, statements: Sequence[Statement]) -> Iterator[Span]:
    changes = {dt.date.min, *(each.first_day for each in statements)}
    changes |= {each.last_day + A_DAY for each in statements if each.last_day < dt.date.max}
    before: Member | None = None
    for first_day in sorted(changes):
        member = _fold(member_id, statements, first_day)
        if member != before or first_day == dt.date.min:
            yield Span(first_day, member)
        before = member


def _fold(member_id: str, statements: Sequence[Statement], day: dt.date) -> Member | None:
    fields: dict[str, Any] = {}
    for statement in statements:
        if statement.covers(day):
            fields.update(statement.fields)
    said = {name: value for name, value in fields.items() if value is not None}
    # Whoever records sees to it that a member is whole from its first day on; before that day it is none.
    return msgspec.convert({"id": member_id, **said}, Member) if "name" in said else None


class History:
    """All members, those included who apply or have left."""

    def __init__(self) -> None:
        self._timelines: dict[str, Timeline] = {}
        self._ats: list[float] = []
        self._seqs: list[int] = []

    def note(self, entry: Entry) -> None:
        """Every entry of the book in its order, for the book's clock, which the store never lets go back."""
        self._ats.append(entry.at)
        self._seqs.append(entry.seq)

    def add(self, member_id: str, entry: Entry, said: FieldsSet) -> None:
        timeline = self._timelines.setdefault(member_id, Timeline(member_id))
        timeline.add(statement_of(entry, said))

    def find(self, member_id: str) -> Timeline | None:
        return self._timelines.get(member_id)

    def known_seq(self, at: float) -> int:
        """The newest entry that was recorded by `at`; 0 where the book was empty."""
        number = bisect_right(self._ats, at)
        return self._seqs[number - 1] if number else 0

    def __iter__(self) -> Iterator[Timeline]:
        return iter(self._timelines.values())

    def __len__(self) -> int:
        return len(self._timelines)


def statement_of(entry: Entry, said: FieldsSet) -> Statement:
    return Statement(
        seq=entry.seq,
        first_day=entry.first_day or dt.date.min,
        last_day=entry.last_day or dt.date.max,
        fields=said.fields,
        act=said.act,
        who=entry.who,
        why=entry.why,
        at=entry.at,
    )
