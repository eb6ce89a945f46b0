"""What can come of a wish to change the register: entries for its book, or a refusal that says why.

The decisions themselves are pure functions of the books (`enrolment.py`, `changing.py`, `importing.py`, `paying.py`,
`certifying.py`, `testing.py`); the keeper writes what they decide.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from faxgw.faults import Fault
from faxgw.members.books import Books
from faxgw.members.entries import Body, kind_of, write_body
from faxgw.members.history import Timeline
from faxgw.members.people import Person
from faxgw.store.register.port import NewEntry, Telling


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants it, why, and when that is."""

    by: Person
    why: str
    at: float
    today: dt.date
    """By the network's calendar."""


@dataclass(frozen=True, slots=True)
class Decided:
    """It is to be written; nothing, where all is so already."""

    entries: Sequence[NewEntry]
    tells: Sequence[Telling] = ()
    came_of_it: Any = None
    """What whoever asked wants to hear of it."""


@dataclass(frozen=True, slots=True)
class NotThere:
    """There is no such member, proposal, round or complaint."""

    detail: str


@dataclass(frozen=True, slots=True)
class Faulty:
    """What was asked cannot be so."""

    faults: list[Fault]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A rule of the network stands against it as things are."""

    detail: str


Refusal = NotThere | Faulty | Forbidden
Decision = Decided | Refusal


def find_member(books: Books, member_id: str) -> Timeline | NotThere:
    return books.history.find(member_id) or NotThere(f"no member {member_id} was ever in the register")


def new_entry(
    asked: Asked,
    subject: str,
    body: Body,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
) -> NewEntry:
    return NewEntry(
        subject=subject,
        kind=kind_of(body),
        body=write_body(body),
        who=asked.by.name,
        login=asked.by.login,
        why=asked.why,
        at=asked.at,
        first_day=None if first_day == dt.date.min else first_day,
        last_day=None if last_day == dt.date.max else last_day,
    )


def tell_of(asked: Asked, kind: str, **data: object) -> Telling:
    """The event; it names members, fields and staff, and none of the values."""
    return Telling(kind, {**data, "who": asked.by.name, "why": asked.why})
