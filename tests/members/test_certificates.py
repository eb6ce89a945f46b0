"""A certificate counts within its dates, for its own store, and for no other."""

import datetime as dt

from faxgw.members.certifying import state_certificate
from faxgw.members.decisions import Decided, Decision, Faulty
from faxgw.members.entries import CertificateStated
from tests.members.florists import ASTRID, TODAY, Office, florist, open_office

FROM, UNTIL = dt.date(2027, 1, 10), dt.date(2030, 1, 9)
A_DAY = dt.timedelta(days=1)


async def certify(office: Office, member: str, number: str = "M-1", until: dt.date = UNTIL, **more: bool) -> Decision:
    said = CertificateStated("miljofyrtarn", number, **more)  # type: ignore[arg-type]
    return await office.keeper.change(ASTRID, "", lambda b, a: state_certificate(b, a, member, said, FROM, until))


def certified(office: Office, day: dt.date, country: str | None = None, postcode: str | None = None) -> list[str]:
    register = office.keeper.live.as_of(day)
    found = office.keeper.books.certificates.in_area(register, "miljofyrtarn", day, country, postcode)
    return [member.id for member, _ in found]


def has_label(office: Office, member_id: str, day: dt.date) -> bool:
    member = office.keeper.live.as_of(day).find(member_id)
    return member is not None and "miljofyrtarn" in member.labels


async def test_it_counts_from_its_first_day_to_its_last() -> None:
    """On both of them, and not on the days around; the store must be a member on the day."""
    office = await open_office()
    await office.import_(florist(), florist("NO-2"), day=FROM - 30 * A_DAY)
    await certify(office, "NO-1")
    days = (FROM - A_DAY, FROM, UNTIL, UNTIL + A_DAY)
    assert [certified(office, day) for day in days] == [[], ["NO-1"], ["NO-1"], []]
    assert [has_label(office, "NO-1", day) for day in days] == [False, True, True, False]
    assert not has_label(office, "NO-2", TODAY)


async def test_a_label_that_needs_a_certificate_does_not_count_without_one() -> None:
    """Whatever the file says; other labels do."""
    office = await open_office(florist(labels=["miljofyrtarn", "roses"]))
    member = office.keeper.live.find("NO-1")
    assert member is not None
    assert member.labels == ("roses",)
    assert certified(office, TODAY) == []


async def test_anothers_certificate_is_refused() -> None:
    """A store shows its own, and not its network's or its neighbour's."""
    office = await open_office(florist(), florist("NO-2"))
    assert isinstance(await certify(office, "NO-1"), Decided)
    refused = await certify(office, "NO-2")
    assert isinstance(refused, Faulty)
    assert "NO-1" in refused.faults[0].detail
    assert certified(office, TODAY) == ["NO-1"]


async def test_a_later_word_of_the_same_certificate_counts() -> None:
    """Void it is nothing; what was known before stays to be asked for."""
    office = await open_office(florist())
    await certify(office, "NO-1")
    seq = office.keeper.books.seq
    await certify(office, "NO-1", is_void=True)
    assert certified(office, TODAY) == []
    assert len(office.keeper.books.certificates.on("NO-1", TODAY, seq)) == 1
    await certify(office, "NO-1", until=dt.date(2031, 1, 1))
    assert certified(office, dt.date(2030, 6, 1)) == ["NO-1"]


async def test_who_is_certified_in_an_area_on_a_day() -> None:
    """Those who deliver there, or have their shop there."""
    office = await open_office(
        florist(areas=[{"first": "0150", "last": "0199"}]),
        florist("NO-2", postcode="5003", city="Bergen"),
        florist("NO-3", areas=[{"first": "50", "last": "52"}]),
    )
    for number, member in enumerate(("NO-1", "NO-2", "NO-3")):
        await certify(office, member, f"M-{number}")
    assert certified(office, TODAY, "NO", "0170") == ["NO-1"]
    assert certified(office, TODAY, "NO", "5003") == ["NO-2", "NO-3"]
    assert certified(office, TODAY, "NO", "50") == ["NO-2", "NO-3"]
    assert certified(office, TODAY, "SE") == []
    assert certified(office, TODAY) == ["NO-1", "NO-2", "NO-3"]
