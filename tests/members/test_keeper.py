"""The register changes by what people say of days; the live one follows at once, and at midnight."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.config.members import Members
from faxgw.errors import ConfigError
from faxgw.members import changing, enrolment
from faxgw.members.decisions import Decided, Faulty, Forbidden, NotThere
from faxgw.members.keeper import Keeper
from faxgw.members.people import Person
from faxgw.ops.metrics import Metrics
from tests.members.florists import ASTRID, RULES, TODAY, Office, florist, open_office, write_file

A_DAY = dt.timedelta(days=1)
NEXT_WEEK = TODAY + 7 * A_DAY


async def test_what_was_known_at_a_moment_stays_so_though_the_clock_is_set_back() -> None:
    """Entries that come later, by a clock that was wrong before, are no part of what was known then."""
    office = await open_office(florist())
    asked_at = office.clock.now() - 3_600
    known = office.keeper.books.history.known_seq(asked_at)
    office.clock.at = asked_at - 60
    for city in ("Bergen", "Voss", "Molde"):
        await office.change("NO-1", city=city)
    assert office.keeper.books.history.known_seq(asked_at) == known == 0


async def test_a_change_holds_from_its_day_on() -> None:
    """Before it the member is as it was; what was known before it was said stays to be asked for."""
    office = await open_office(florist())
    before = office.keeper.books.seq
    done = await office.change("NO-1", NEXT_WEEK, city="Bergen")
    assert isinstance(done, Decided)
    assert [(each.field, each.first_day, each.before, each.after) for each in done.came_of_it] == [
        ("city", NEXT_WEEK, "Oslo", "Bergen")
    ]
    cities = [office.keeper.live.as_of(day).find("NO-1") for day in (TODAY, NEXT_WEEK - A_DAY, NEXT_WEEK)]
    assert [each.city if each else None for each in cities] == ["Oslo", "Oslo", "Bergen"]
    known_before = office.keeper.register_of(NEXT_WEEK, before).find("NO-1")
    assert known_before is not None
    assert known_before.city == "Oslo"


async def test_another_capacity_for_one_day() -> None:
    """Valentine's day has its own number; the days around it keep theirs."""
    office = await open_office(florist(capacity_per_day=20))
    valentine = dt.date(2027, 2, 14)
    await office.change("NO-1", valentine, valentine, capacity_per_day=80)
    days = (valentine - A_DAY, valentine, valentine + A_DAY)
    found = [office.keeper.live.as_of(day).find("NO-1") for day in days]
    assert [each.capacity_per_day if each else None for each in found] == [20, 80, 20]


async def test_a_word_for_good_overrules_one_for_a_day_and_says_so() -> None:
    """The later word counts on all its days; the answer lists the day that loses its own number."""
    office = await open_office(florist(capacity_per_day=20))
    valentine = dt.date(2027, 2, 14)
    await office.change("NO-1", valentine, valentine, capacity_per_day=80)
    done = await office.change("NO-1", TODAY, capacity_per_day=30)
    assert [(each.first_day, each.last_day, each.before, each.after) for each in done.came_of_it] == [
        (TODAY, valentine - A_DAY, 20, 30),
        (valentine, valentine, 80, 30),
        (valentine + A_DAY, dt.date.max, 20, 30),
    ]


async def test_a_field_is_taken_back() -> None:
    """None makes it as if nobody had said it; what was said stays in the history."""
    office = await open_office(florist(contact="Turid"))
    await office.change("NO-1", contact=None)
    member = office.keeper.live.find("NO-1")
    assert member is not None
    assert member.contact is None
    assert len(office.keeper.books.trail["NO-1"]) == 2


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"fax": "000"}, "/fields/fax"),
        ({"opening_hours": "whenever"}, "/fields/opening_hours"),
        ({"langage": "fr"}, "/fields/langage"),
        ({"standing": "withdrawn"}, "/fields/standing"),
        ({"id": "NO-2"}, "/fields/id"),
        ({"name": None}, "/fields/name"),
        ({"areas": [{"first": "0199", "last": "0150"}]}, "/fields/areas/0/last"),
        ({"organisation_number": "988077918"}, "/fields/organisation_number"),
        ({}, "/fields"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(fields: dict[str, Any], pointer: str) -> None:
    """And nothing is written."""
    office = await open_office(florist())
    seq = office.keeper.books.seq
    refused = await office.change("NO-1", **fields)
    assert isinstance(refused, Faulty)
    assert [fault.pointer for fault in refused.faults] == [pointer]
    assert await office.store.register.entries(seq, 10) == []


async def test_a_stranger_and_a_day_before_the_first_are_refused() -> None:
    """A change needs somebody to change on all its days."""
    office = await open_office(florist())
    assert isinstance(await office.change("NO-9", city="Bergen"), NotThere)
    assert isinstance(await office.change("NO-1", TODAY - A_DAY, city="Bergen"), Forbidden)


async def test_saying_the_same_again_writes_nothing() -> None:
    """The history tells of changes."""
    office = await open_office(florist())
    seq = office.keeper.books.seq
    done = await office.change("NO-1", city="Oslo")
    assert isinstance(done, Decided)
    assert (done.came_of_it, office.keeper.books.seq) == ([], seq)


async def test_two_who_keep_one_register_see_each_others_changes() -> None:
    """Whoever decided over old books decides anew; nothing of the other's word is lost."""
    office = await open_office(florist())
    other = Office(store=office.store, clock=office.clock)
    await other.keeper.load()
    await office.change("NO-1", city="Bergen")
    await other.change("NO-1", street="2 Torget")
    member = other.keeper.live.find("NO-1")
    assert member is not None
    assert (member.city, member.street) == ("Bergen", "2 Torget")


async def test_a_restart_finds_the_register_as_it_was() -> None:
    """All is in the store."""
    office = await open_office(florist(), florist("NO-2"))
    await office.change("NO-2", NEXT_WEEK, name="Roser")
    again = Office(store=office.store)
    await again.keeper.load()
    for day in (TODAY, NEXT_WEEK):
        assert list(again.keeper.live.as_of(day)) == list(office.keeper.live.as_of(day))
    assert again.metrics.registry.get_sample_value("faxgw_members", {"standing": "full"}) == 2


async def test_a_day_begins_with_what_was_said_of_it(autojump_clock: MockClock) -> None:
    """At midnight in Oslo, and not before, the new number is the one that is dialled."""
    office = await open_office(florist())
    await office.change("NO-1", TODAY + A_DAY, fax="+33 1 99 00 00 09")
    noon = dt.datetime.combine(TODAY, dt.time(11), dt.UTC).timestamp()
    keeper = Keeper(office.store.register, RULES, TrioClock(noon - trio.current_time()), Metrics())
    await keeper.load()
    swaps: list[float] = []
    keeper.followers.append(lambda _: swaps.append(trio.current_time()))
    start = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keeper.run)
        await trio.sleep(11 * 3_600 + 59 * 60)
        before = keeper.live.find("NO-1")
        await trio.sleep(120)
        after = keeper.live.find("NO-1")
        nursery.cancel_scope.cancel()
    assert before is not None
    assert after is not None
    # It began at noon in Oslo.
    assert [round(at - start) for at in swaps] == [12 * 3_600]
    assert keeper.live.line_of(before) == keeper.live.line_of(after) == "+33199000009"
    assert (before.fax, after.fax) == ("+33 1 99 00 00 00", "+33 1 99 00 00 09")


# --- enrolment and withdrawal ------------------------------------------------------------------------


async def enrol(office: Office, first_day: dt.date, probation_days: int = 30) -> None:
    keeper, checks = office.keeper, ("floral_designer",)
    await keeper.change(ASTRID, "", lambda b, a: enrolment.apply(b, a, florist(), TODAY))
    await keeper.change(ASTRID, "", lambda b, a: enrolment.pass_check(b, a, "NO-1", "floral_designer", checks))
    done = await keeper.change(
        ASTRID, "", lambda b, a: enrolment.admit(b, a, "NO-1", first_day, probation_days, checks)
    )
    assert isinstance(done, Decided)


async def test_an_applicant_becomes_a_member_on_probation_then_in_full() -> None:
    """Only a member is found by orders."""
    office = await open_office()
    await enrol(office, NEXT_WEEK)
    standings = {
        days: office.on("NO-1", TODAY + days * A_DAY).standing.value  # type: ignore[union-attr]
        for days in (0, 6, 7, 36, 37, 400)
    }
    assert standings == {0: "applicant", 6: "applicant", 7: "probation", 36: "probation", 37: "full", 400: "full"}
    assert [office.keeper.live.as_of(day).find("NO-1") is not None for day in (TODAY, NEXT_WEEK)] == [False, True]


async def test_nobody_is_admitted_unchecked() -> None:
    """The refusal names what is missing."""
    office = await open_office()
    keeper, checks = office.keeper, ("floral_designer", "premises")
    await keeper.change(ASTRID, "", lambda b, a: enrolment.apply(b, a, florist(), TODAY))
    await keeper.change(ASTRID, "", lambda b, a: enrolment.pass_check(b, a, "NO-1", "premises", checks))
    refused = await keeper.change(ASTRID, "", lambda b, a: enrolment.admit(b, a, "NO-1", TODAY, 0, checks))
    assert isinstance(refused, Forbidden)
    assert refused.detail.endswith("floral_designer")
    unknown = await keeper.change(ASTRID, "", lambda b, a: enrolment.pass_check(b, a, "NO-1", "luck", checks))
    assert isinstance(unknown, Faulty)


async def test_who_withdraws_gets_orders_up_to_the_last_day_and_stays_in_the_books() -> None:
    """The day after, orders do not find it; its data and accounts do not go."""
    office = await open_office(florist(), florist("NO-2"))
    done = await office.keeper.change(ASTRID, "", lambda b, a: enrolment.withdraw(b, a, "NO-1", NEXT_WEEK))
    assert isinstance(done, Decided)
    live = office.keeper.live
    assert live.find("NO-1") is not None
    assert live.last_day_of("NO-1") == NEXT_WEEK
    after = live.as_of(NEXT_WEEK + A_DAY)
    assert after.find("NO-1") is None
    former = after.find_former("NO-1")
    assert former is not None
    assert former.name == "Blomster NO-1"
    assert [member.id for member in after] == ["NO-2"]
    assert len(office.keeper.books.trail["NO-1"]) == 2


async def test_who_left_may_come_again_and_brings_all_anew() -> None:
    """What was said before shines through nowhere, and is still known of the days before."""
    office = await open_office(florist(contact="Turid"))
    keeper = office.keeper
    await keeper.change(ASTRID, "", lambda b, a: enrolment.withdraw(b, a, "NO-1", TODAY))
    busy = await keeper.change(ASTRID, "", lambda b, a: enrolment.apply(b, a, florist(), TODAY))
    assert isinstance(busy, Forbidden)
    again = await keeper.change(ASTRID, "", lambda b, a: enrolment.apply(b, a, florist(city="Moss"), NEXT_WEEK))
    assert isinstance(again, Decided)
    before, after = office.on("NO-1", TODAY), office.on("NO-1", NEXT_WEEK)
    assert before is not None
    assert after is not None
    assert (before.contact, after.contact, after.city, after.standing) == ("Turid", None, "Moss", "applicant")


async def test_a_last_day_long_past_is_refused() -> None:
    """Orders went there since."""
    office = await open_office(florist())
    refused = await office.keeper.change(ASTRID, "", lambda b, a: enrolment.withdraw(b, a, "NO-1", TODAY - 2 * A_DAY))
    assert isinstance(refused, Faulty)


# --- the config's file -------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "members.ndjson"


async def start(office: Office, path: Path) -> Office:
    again = Office(Members(file=str(path), timezone="Europe/Oslo"), office.store, office.clock)
    await again.keeper.load()
    return again


async def test_the_same_file_again_changes_nothing(path: Path) -> None:
    """A start is no event."""
    write_file(path, florist(), florist("NO-2", labels=["miljofyrtarn"]))
    office = await start(Office(), path)
    seq = office.keeper.books.seq
    again = await start(office, path)
    assert again.keeper.books.seq == seq == 2
    assert {entry.who for entry in await office.store.register.entries(0, 10)} == {"config"}
    ever = again.keeper.live.as_of(dt.date(1999, 1, 1)).find("NO-1")
    assert ever is not None


async def test_a_persons_change_outlives_a_start_and_the_files_next_change(path: Path) -> None:
    """Only what changed in the file since the last start is taken over."""
    write_file(path, florist(), florist("NO-2"))
    office = await start(Office(), path)
    await office.change("NO-1", city="Bergen")
    office = await start(office, path)
    write_file(path, florist(street="2 Torget"), florist("NO-2"))
    office = await start(office, path)
    member = office.keeper.live.find("NO-1")
    assert member is not None
    assert (member.city, member.street) == ("Bergen", "2 Torget")


async def test_who_is_no_more_in_the_file_leaves_and_may_come_back(path: Path) -> None:
    """Members whom a person enrolled are none of the file's business."""
    write_file(path, florist(), florist("NO-2"))
    office = await start(Office(), path)
    await office.import_(florist("NO-3"))
    write_file(path, florist("NO-2"))
    office = await start(office, path)
    assert sorted(member.id for member in office.keeper.live) == ["NO-2", "NO-3"]
    assert office.keeper.live.find_former("NO-1") is not None
    office = await start(office, path)
    write_file(path, florist(), florist("NO-2"))
    office = await start(office, path)
    assert sorted(member.id for member in office.keeper.live) == ["NO-1", "NO-2", "NO-3"]


async def test_a_bad_file_stops_the_start_and_changes_nothing(path: Path) -> None:
    """All its faults are named."""
    write_file(path, florist(), lines_before=b"{}\n")
    office = Office()
    with pytest.raises(ConfigError, match=r"members.ndjson:1: /name: missing"):
        await start(office, path)
    assert await office.store.register.entries(0, 10) == []


async def test_a_preview_writes_nothing() -> None:
    """It says what a change would say."""
    office = await open_office(florist())
    shown = await office.keeper.preview(
        Person("x"), "", lambda b, a: changing.change(b, a, "NO-1", {"city": "Moss"}, TODAY, dt.date.max)
    )
    assert isinstance(shown, Decided)
    assert [each.after for each in shown.came_of_it] == ["Moss"]
    assert len(await office.store.register.entries(0, 10)) == 1
