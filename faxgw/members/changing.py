"""Changes what is known of a member, from a day on, or for some days only."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from faxgw.faults import Fault
from faxgw.members.books import Books
from faxgw.members.decisions import (
    Asked,
    Decided,
    Decision,
    Faulty,
    Forbidden,
    NotThere,
    find_member,
    new_entry,
    tell_of,
)
from faxgw.members.difference import changes_between, fields_of
from faxgw.members.entries import Act, FieldsSet, member_subject
from faxgw.members.file import check_member
from faxgw.members.history import A_DAY, Statement, Timeline
from faxgw.members.member import Member

OTHER_DOORS = {
    "id": "a member keeps its id; another shop applies under another",
    "standing": "admit or withdraw it instead",
}


def change(
    books: Books, asked: Asked, member_id: str, fields: Mapping[str, Any], first_day: dt.date, last_day: dt.date
) -> Decision:
    """Set fields on these days, both included; None takes a field back. `came_of_it` is the list of `FieldChange`.

    A word for some days that was said before is overruled on the days that both speak of; the answer shows it.
    """
    timeline = find_member(books, member_id)
    if isinstance(timeline, NotThere):
        return timeline
    faults = [Fault(f"/fields/{name}", why) for name, why in OTHER_DOORS.items() if name in fields]
    if last_day < first_day:
        faults.append(Fault("/until", f"{last_day} comes before {first_day}"))
    if faults or not fields:
        return Faulty(faults or [Fault("/fields", "name at least one field")])
    absent = [span_day for span_day, member in _spans_within(timeline, first_day, last_day) if member is None]
    if absent:
        return Forbidden(f"{member_id} is in the register from a later day than {absent[0]}; say from when it changes")
    found = list(_faults_within(timeline, fields, first_day, last_day))
    if found:
        return Faulty(found)
    said = FieldsSet(Act.CHANGED, dict(fields))
    statement = Statement(0, first_day, last_day, fields, Act.CHANGED, "", "", 0.0)
    changes = changes_between(timeline, timeline.with_(statement))
    if not changes:
        return Decided([], came_of_it=[])
    entry = new_entry(asked, member_subject(member_id), said, first_day, last_day)
    told = {"member": member_id, "fields": sorted(fields), "day": first_day.isoformat()}
    return Decided([entry], [tell_of(asked, "member_changed", **told)], changes)


def _faults_within(
    timeline: Timeline, fields: Mapping[str, Any], first_day: dt.date, last_day: dt.date
) -> Iterator[Fault]:
    """What would be wrong with the member on any of the days; each fault once."""
    told: set[Fault] = set()
    for _, member in _spans_within(timeline, first_day, last_day):
        for fault in _faults_with(member, fields) if member is not None else ():
            if fault not in told:
                told.add(fault)
                yield fault


def _faults_with(member: Member, fields: Mapping[str, Any]) -> list[Fault]:
    said = {name: value for name, value in {**fields_of(member), **fields}.items() if value is not None}
    checked = check_member({"id": member.id, **said})
    faults = checked if isinstance(checked, list) else []
    return [Fault(f"/fields{fault.pointer}", fault.detail) for fault in faults]


def _spans_within(timeline: Timeline, first_day: dt.date, last_day: dt.date) -> Iterator[tuple[dt.date, Member | None]]:
    spans = timeline.spans()
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        span_last_day = dt.date.max if following is None else following.first_day - A_DAY
        if span.first_day <= last_day and span_last_day >= first_day:
            yield max(span.first_day, first_day), span.member
