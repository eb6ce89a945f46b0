"""What a change or a file would do to the register, before it does it: member by member, field by field, day by day."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from faxgw.members.history import A_DAY, Span, Timeline
from faxgw.members.member import Member

FIELDS = tuple(name for name in Member.__struct_fields__ if name != "id")
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Member)}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that is otherwise on some days than it would have been; None is nothing at all."""

    field: str
    first_day: dt.date
    last_day: dt.date
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Added:
    member: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    member: str
    changes: tuple[FieldChange, ...]
    fields: Mapping[str, Any]
    """What has to be recorded; None takes a field back."""
    first_day: dt.date
    """From when on: the file's day, or the day for which the member applied where that is later."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A member that a whole register's file names no more."""

    member: str


Difference = Added | Changed | Withdrawn


def fields_of(member: Member) -> dict[str, Any]:
    """What has to be said of a member to make it so: what is as always is left out."""
    # As the book gives it back: lists, where `to_builtins` leaves tuples, which equal no list.
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(member))
    del said["id"]
    return said


def fields_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be said so that `before` becomes `after`."""
    names = [*after, *(name for name in before if name not in after)]
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def changes_between(before: Timeline, after: Timeline) -> list[FieldChange]:
    """How two timelines of a member differ, each field's neighbouring days put together."""
    changes: list[FieldChange] = []
    for first_day, last_day, old, new in _side_by_side(before.spans(), after.spans()):
        for name in FIELDS:
            pair = _value(old, name), _value(new, name)
            if pair[0] != pair[1]:
                _join(changes, FieldChange(name, first_day, last_day, *pair))
    return changes


def compare_with_file(
    timelines: Iterable[Timeline], members: Iterable[Member], day: dt.date, *, is_whole: bool
) -> Iterator[Difference]:
    """What a file of members changes in the register from `day` on; those it does not name leave if it `is_whole`."""
    known = {timeline.member_id: timeline for timeline in timelines}
    named: set[str] = set()
    for member in members:
        named.add(member.id)
        first_day = known[member.id].day_from(day) if member.id in known else None
        before = known[member.id].on(first_day) if first_day is not None else None
        if first_day is None or before is None:
            yield Added(member.id, fields_of(member))
        elif changed := _changed(before, member, first_day):
            yield changed
    if is_whole:
        on_day = ((member_id, timeline.on(day)) for member_id, timeline in known.items() if member_id not in named)
        yield from (Withdrawn(member_id) for member_id, before in on_day if before and before.standing.is_in)


def _changed(before: Member, after: Member, first_day: dt.date) -> Changed | None:
    fields = fields_between(fields_of(before), fields_of(after))
    if not fields:
        return None
    changes = [FieldChange(name, first_day, dt.date.max, _value(before, name), _value(after, name)) for name in fields]
    return Changed(after.id, tuple(changes), fields, first_day)


def _side_by_side(
    before: list[Span], after: list[Span]
) -> Iterator[tuple[dt.date, dt.date, Member | None, Member | None]]:
    days = sorted({span.first_day for span in [*before, *after]})
    old, new = dict(before), dict(after)
    was: Member | None = None
    is_now: Member | None = None
    for first_day, next_day in zip(days, [*days[1:], None], strict=True):
        was, is_now = old.get(first_day, was), new.get(first_day, is_now)
        yield first_day, dt.date.max if next_day is None else next_day - A_DAY, was, is_now


def _join(changes: list[FieldChange], change: FieldChange) -> None:
    for index, earlier in enumerate(changes):
        touches = earlier.last_day < dt.date.max and earlier.last_day + A_DAY == change.first_day
        if touches and (earlier.field, earlier.before, earlier.after) == (change.field, change.before, change.after):
            changes[index] = FieldChange(change.field, earlier.first_day, change.last_day, change.before, change.after)
            return
    changes.append(change)


def _value(member: Member | None, name: str) -> object:
    """As JSON has it; None where there is no member, or the field says nothing."""
    if member is None:
        return None
    value = getattr(member, name)
    default = _DEFAULTS[name]
    if value is None or value == () or (value == default and name in {"role", "kind"}):
        return None
    return msgspec.to_builtins(value)
