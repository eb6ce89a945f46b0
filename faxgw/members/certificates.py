"""Which store shows a certificate for a label on a day.

A certificate counts within its dates alone, and for its own store alone: in a tender each unit must show its own, and
not its network's or another unit's (miljofyrtarn.no, certificates in groups). Stated again under the same number, with
other dates or as void, the later word replaces the earlier one; what was known before stays to be asked for.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from faxgw.members.entries import CertificateStated, subject_name
from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.store.register.port import Entry


@dataclass(frozen=True, slots=True)
class Certificate:
    """One statement of a certificate."""

    seq: int
    member: str
    scheme: str
    number: str
    first_day: dt.date
    last_day: dt.date
    evidence: str
    is_void: bool
    who: str
    at: float

    def covers(self, day: dt.date) -> bool:
        return not self.is_void and self.first_day <= day <= self.last_day


class Certificates:
    """All that was stated."""

    def __init__(self) -> None:
        self._stated: dict[str, list[Certificate]] = {}

    def add(self, entry: Entry, said: CertificateStated) -> None:
        member = subject_name(entry.subject)
        stated = Certificate(
            seq=entry.seq,
            member=member,
            scheme=said.scheme,
            number=said.number,
            first_day=entry.first_day or dt.date.min,
            last_day=entry.last_day or dt.date.max,
            evidence=said.evidence,
            is_void=said.is_void,
            who=entry.who,
            at=entry.at,
        )
        self._stated.setdefault(member, []).append(stated)

    def of(self, member: str, known_seq: int | None = None) -> list[Certificate]:
        """Each certificate of the member as it was stated last."""
        latest: dict[tuple[str, str], Certificate] = {}
        for each in self._stated.get(member, ()):
            if known_seq is None or each.seq <= known_seq:
                latest[each.scheme, each.number] = each
        return list(latest.values())

    def on(self, member: str, day: dt.date, known_seq: int | None = None) -> list[Certificate]:
        """Those that count on that day."""
        return [each for each in self.of(member, known_seq) if each.covers(day)]

    def labels_on(self, member: Member, day: dt.date, certified: Collection[str], known_seq: int | None) -> list[str]:
        """The labels that count: those that need no certificate, and those that have one."""
        plain = [label for label in member.labels if label not in certified]
        return [*plain, *dict.fromkeys(each.scheme for each in self.on(member.id, day, known_seq))]

    def in_area(
        self, register: Register, scheme: str, day: dt.date, country: str | None, postcode: str | None
    ) -> Iterator[tuple[Member, Certificate]]:
        """Who of the register of that day is certified and delivers there, or has its shop there."""
        for member in register:
            if _is_in_area(member, country, postcode):
                yield from ((member, each) for each in self.on(member.id, day) if each.scheme == scheme)


def _is_in_area(member: Member, country: str | None, postcode: str | None) -> bool:
    if postcode is None:
        return country is None or member.country == country
    where = country or member.country
    shop = "".join(member.postcode.upper().split())
    return member.delivers_to(where, postcode) or (member.country == where and shop.startswith(postcode.upper()))
