"""What a well-formed member may still get wrong: numbers, time zone, hours, areas, what its country asks."""

import re
import zoneinfo
from collections.abc import Iterator

import msgspec
from opening_hours import ParserError  # type: ignore[attr-defined]  # Its stub leaves errors out.
from stdnum.fr import siren, siret
from stdnum.no import orgnr

from faxgw.faults import Fault
from faxgw.members.member import Member
from faxgw.members.opening import read_opening_hours
from faxgw.phone import number_fault

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""C0 and C1 with tab and newline, separators of lines, and what turns the direction of writing around."""


def faults_of(member: Member) -> Iterator[Fault]:
    """What is wrong with each field, none for a good member."""
    yield from _text_faults(member)
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


def _text_faults(member: Member) -> Iterator[Fault]:
    """Characters that cannot be seen: on a page they are gaps, in a terminal or a bank's file they do harm."""
    for name, value in zip(member.__struct_fields__, msgspec.structs.astuple(member), strict=True):
        if isinstance(value, str) and (unseen := _UNSEEN.search(value)):
            which = f"character {unseen.start() + 1} (U+{ord(unseen[0]):04X})"
            yield Fault(f"/{name}", f"{which} cannot be seen: take it out")


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
