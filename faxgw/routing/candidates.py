"""From members as the register has them on a day to candidates: the only file of routing that knows a `Member`."""

import datetime as dt
from collections.abc import Callable
from typing import Protocol

from faxgw.members.member import Area, Member
from faxgw.members.member import Kind as MemberKind
from faxgw.phone import Line
from faxgw.routing.candidate import Candidate, Kind, Range

NEUTRAL_SCORE = 50


class Scores(Protocol):
    """How well a florist works, as sample orders, complaints and answers tell."""

    def score(self, member_id: str) -> int:
        """From 0 to 100, the best."""
        ...


class Away(Protocol):
    """Who told the network to be away."""

    def is_away(self, member_id: str, day: dt.date) -> bool: ...


class Reach(Protocol):
    """Whether fax machines can be called at all: a line that is dead or stopped cannot."""

    def is_reachable(self, member_id: str) -> bool:
        """At least one of the member's lines can."""
        ...

    def is_line_alive(self, line: Line) -> bool: ...


class AwayLater:
    """For who is made before the one that knows who is away."""

    def __init__(self, find: Callable[[], Away]) -> None:
        self._find = find

    def is_away(self, member_id: str, day: dt.date) -> bool:
        return self._find().is_away(member_id, day)


class AllAlike:
    """Where nobody keeps scores, is away or out of reach."""

    def score(self, member_id: str) -> int:
        del member_id
        return NEUTRAL_SCORE

    def is_away(self, member_id: str, day: dt.date) -> bool:
        del member_id, day
        return False

    def is_reachable(self, member_id: str) -> bool:
        del member_id
        return True

    def is_line_alive(self, line: Line) -> bool:
        del line
        return True


def candidate_of(
    member: Member, *, score: int = NEUTRAL_SCORE, is_away: bool = False, is_reachable: bool = True
) -> Candidate:
    """The member as routing weighs it; `member` is as of the delivery day, its labels valid on it."""
    return Candidate(
        id=member.id,
        country=member.country,
        postcode=member.postcode,
        timezone=member.timezone,
        kind=Kind.UNIT if member.kind is MemberKind.UNIT else Kind.SHOP,
        is_member=member.standing.is_in,
        executes=member.executes,
        is_away=is_away,
        is_reachable=is_reachable,
        areas=tuple(_range(area, member.country) for area in member.areas),
        capacity=member.capacity_per_day,
        products=frozenset(member.products),
        own_products=frozenset(member.own_products),
        languages=member.spoken,
        labels=frozenset(member.labels),
        hours=member.opening_hours,
        quality=score,
    )


def _range(area: Area, home: str) -> Range:
    return Range(area.country or home, area.first, area.last)
