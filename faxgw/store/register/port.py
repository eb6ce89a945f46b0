"""What the book of the register promises to those who keep it.

An entry is never changed and never removed; a database trigger refuses both. Whoever writes says which entries
were known when the decision was taken: one that was recorded meanwhile of the same subject makes the decision
`Outdated`, and nothing of it is written. So rules are decided outside, over what is known, and still hold against
races, over any number of writers.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """Something that somebody says of a subject, from one day to another."""

    subject: str
    """Whom or what it is about, such as `member/FR-75-001`."""
    kind: str
    body: bytes
    """As JSON; the store does not look into it."""
    who: str
    why: str
    at: float
    login: str | None = None
    """The account on this machine that asked, where the socket told."""
    first_day: dt.date | None = None
    """None is since ever."""
    last_day: dt.date | None = None
    """Included; None is for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(NewEntry):
    """The same, recorded. `seq` grows in the order of commits, and `at` never falls along with it."""

    seq: int


@dataclass(frozen=True, slots=True)
class Telling:
    """The event that tells of the entries; it names no person's data."""

    kind: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Append:
    """Entries that are written together or not at all."""

    entries: Sequence[NewEntry]
    known_seq: int
    """The newest entry that was known when they were decided on."""
    tells: Sequence[Telling] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Outdated:
    """Something was recorded meanwhile of one of the subjects; nothing was written."""

    subject: str


Written = Appended | Outdated


@dataclass(frozen=True, slots=True)
class Addressed:
    """A fax that is not over, and to whom it goes."""

    fax_id: FaxId
    line: Line
    state: State
    member: str | None
    """Who executes instead of the member that the order names."""
    content: Content
    order: bytes


class RegisterStore(Protocol):
    """The durable book."""

    async def append(self, wishes: Sequence[Append]) -> list[Written]: ...

    async def entries(self, after: int, limit: int) -> list[Entry]:
        """The entries after the one of that `seq`, in order."""
        ...

    async def addressed_to(self, lines: Sequence[Line]) -> list[Addressed]:
        """The unfinished faxes that go to one of these lines."""
        ...
