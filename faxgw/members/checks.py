"""What a well-formed member may still get wrong: numbers, time zone, hours, areas, what its country asks."""

import zoneinfo
from collections.abc import Iterator

from opening_hours import ParserError  # type: ignore[attr-defined]  # Its stub leaves errors out.
from stdnum.fr import siren, siret
from stdnum.no import orgnr

from faxgw.faults import Fault
from faxgw.members.member import Member
from faxgw.members.opening import read_opening_hours
from faxgw.phone import number_fault


def faults_of(member: Member) -> Iterator[Fault]:
    """One fault a field, none for a good member."""
    yield from number_fault("/fax", member.fax, member.country)
    yield from number_fault("/phone", member.phone, member.country)
    if member.fax_second is not None:
        yield from number_fault("/fax_second", member.fax_second, member.country)
    for index, machine in enumerate(member.fax_machines):
        yield from number_fault(f"/fax_machines/{index}/number", machine.number, member.country)
    for index, area in enumerate(member.areas):
        if len(area.first) == len(area.last) and area.first > area.last:
            yield Fault(f"/areas/{index}/last", f"{area.last} comes before {area.first}")
    yield from _organisation_fault(member)
    try:
        zoneinfo.ZoneInfo(member.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield Fault("/timezone", "not a time zone known here; write its IANA name, such as Europe/Paris")
    else:
        yield from _opening_hours_fault(member)


def _opening_hours_fault(member: Member) -> Iterator[Fault]:
    try:
        read_opening_hours(member)
    except ParserError:
        yield Fault("/opening_hours", "write them as OpenStreetMap does, such as Mo-Sa 09:00-19:00; Su 09:00-12:30")


def _organisation_fault(member: Member) -> Iterator[Fault]:
    number = member.organisation_number
    if number is None:
        return
    if member.country == "NO" and not orgnr.is_valid(number):
        yield Fault("/organisation_number", "not a Norwegian organisation number: nine digits, the last one checks")
    if member.country == "FR" and not (siret.is_valid(number) or siren.is_valid(number)):
        yield Fault("/organisation_number", "neither a SIRET (14 digits) nor a SIREN (9): its check digit is wrong")
