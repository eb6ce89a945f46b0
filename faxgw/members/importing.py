"""Takes a file of members over into the register: what a person hands in, and what the config's file says at a start.

The config's file is compared with itself as it was at the last start, and only what changed in it since is recorded: a
change that a person made in between is not undone by a restart.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import assert_never

from faxgw.members.books import Books
from faxgw.members.decisions import Asked, Decided, new_entry, tell_of
from faxgw.members.difference import Added, Changed, Difference, Withdrawn, compare_with_file, fields_between, fields_of
from faxgw.members.entries import Act, FieldsSet, member_subject
from faxgw.members.history import A_DAY
from faxgw.members.member import Member, Standing
from faxgw.store.register.port import NewEntry, Telling

IN_FULL = {"standing": Standing.FULL.value}
WITHDRAWN = {"standing": Standing.WITHDRAWN.value}


def take_over(books: Books, asked: Asked, members: Sequence[Member], day: dt.date, *, is_whole: bool) -> Decided:
    """What a file changes from `day` on; `came_of_it` is the list of `Difference`."""
    differences = list(compare_with_file(books.history, members, day, is_whole=is_whole))
    entries = [_entry_of(each, asked, day) for each in differences]
    return Decided(entries, _telling(asked, differences), differences)


def take_over_config(books: Books, asked: Asked, members: Sequence[Member]) -> Decided:
    """What the config's file changes from today on; into an empty register its members come as if ever there."""
    day = asked.today if len(books.history) else dt.date.min
    entries = list(_from_config(books, asked, members, day))
    tells = [tell_of(asked, "members_imported", changed=len(entries))] if entries else []
    return Decided(entries, tells)


def _from_config(books: Books, asked: Asked, members: Sequence[Member], day: dt.date) -> Iterator[NewEntry]:
    named = {member.id for member in members}
    for member in members:
        before = books.in_file.get(member.id, {})
        known = {name: value for name, value in before.items() if value is not None}
        # The standing is said outright: one who had left the file and stands there again is in again.
        fields = fields_between(known, IN_FULL | fields_of(member))
        if fields:
            said = FieldsSet(Act.CONFIGURED, fields)
            yield new_entry(asked, member_subject(member.id), said, _since(books, member.id, day))
    for member_id in books.in_file:
        if member_id not in named:
            yield new_entry(asked, member_subject(member_id), FieldsSet(Act.LEFT_FILE, WITHDRAWN), asked.today)


def _since(books: Books, member_id: str, day: dt.date) -> dt.date:
    """A member that a person enrolled for a later day is not brought in earlier by the file."""
    timeline = books.history.find(member_id)
    if timeline is None or timeline.on(day) is not None:
        return day
    return next((span.first_day for span in timeline.spans() if span.member is not None and span.first_day > day), day)


def _entry_of(difference: Difference, asked: Asked, day: dt.date) -> NewEntry:
    subject = member_subject(difference.member)
    match difference:
        case Added(fields=fields):
            return new_entry(asked, subject, FieldsSet(Act.IMPORTED, IN_FULL | dict(fields)), day)
        case Changed(fields=fields, first_day=first_day):
            return new_entry(asked, subject, FieldsSet(Act.IMPORTED, dict(fields)), first_day)
        case Withdrawn():
            return new_entry(asked, subject, FieldsSet(Act.WITHDREW, WITHDRAWN), day + A_DAY)
        case _:
            assert_never(difference)


def _telling(asked: Asked, differences: Sequence[Difference]) -> list[Telling]:
    if not differences:
        return []
    counts = {
        kind.__name__.lower(): sum(isinstance(each, kind) for each in differences)
        for kind in (Added, Changed, Withdrawn)
    }
    return [tell_of(asked, "members_imported", **counts)]
