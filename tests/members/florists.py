"""Invented florists, a keeper over a store without a disk, and the people who change the register."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from faxgw.config.members import Members
from faxgw.members import changing, importing
from faxgw.members.decisions import Asked, Decided
from faxgw.members.keeper import Keeper
from faxgw.members.member import Member
from faxgw.members.people import Person
from faxgw.ops.metrics import Metrics
from faxgw.store.sql import SqlStore, open_memory_store

TODAY = dt.date(2027, 2, 1)
ASTRID, BJORN = Person("Astrid", "astrid"), Person("Bjørn", "bjorn")
RULES = Members(timezone="Europe/Oslo")


def florist(member_id: str = "NO-1", **changes: Any) -> Member:
    """One in Oslo, but for what is told."""
    return msgspec.convert(
        {
            "id": member_id,
            "name": f"Blomster {member_id}",
            "street": "1 Bygata",
            "postcode": "0150",
            "city": "Oslo",
            "country": "NO",
            "phone": "+33 1 99 00 00 01",
            "fax": "+33 1 99 00 00 00",
            "language": "nb",
            "timezone": "Europe/Oslo",
            **changes,
        },
        Member,
    )


class SetClock:
    """A clock that stands where it is set, at noon in Oslo."""

    def __init__(self, today: dt.date = TODAY) -> None:
        self.set(today)

    def set(self, today: dt.date) -> None:
        self.at = dt.datetime.combine(today, dt.time(11), dt.UTC).timestamp()

    def now(self) -> float:
        return self.at


class Office:
    """A keeper and its clock."""

    def __init__(self, rules: Members = RULES, store: SqlStore | None = None, clock: SetClock | None = None) -> None:
        self.store = store or open_memory_store()
        self.clock = clock or SetClock()
        self.metrics = Metrics()
        self.keeper = Keeper(self.store.register, rules, self.clock, self.metrics)

    async def import_(self, *members: Member, day: dt.date = TODAY, is_whole: bool = False) -> list[Any]:
        """Members from a file, by Astrid."""
        done = await self.keeper.change(
            ASTRID, "", lambda books, asked: importing.take_over(books, asked, members, day, is_whole=is_whole)
        )
        assert isinstance(done, Decided)
        return list(done.came_of_it)

    async def change(
        self, member_id: str, first_day: dt.date = TODAY, last_day: dt.date = dt.date.max, **fields: Any
    ) -> Any:
        return await self.keeper.change(
            ASTRID, "asked", lambda books, asked: changing.change(books, asked, member_id, fields, first_day, last_day)
        )

    def on(self, member_id: str, day: dt.date) -> Member | None:
        """The member as the register has it on that day, whatever its standing."""
        timeline = self.keeper.books.history.find(member_id)
        return timeline.on(day) if timeline is not None else None


async def open_office(*members: Member, rules: Members = RULES) -> Office:
    office = Office(rules)
    await office.keeper.load()
    if members:
        await office.import_(*members)
    return office


def asked_by(person: Person, today: dt.date = TODAY) -> Asked:
    at = dt.datetime.combine(today, dt.time(11), dt.UTC).timestamp()
    return Asked(person, "", at, today)


def write_file(path: Path, *members: Member, lines_before: bytes = b"") -> None:
    path.write_bytes(lines_before + b"".join(msgspec.json.encode(member) + b"\n" for member in members))
