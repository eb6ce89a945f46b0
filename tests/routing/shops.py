"""Florists and wishes for tests of routing: invented, near an invented square."""

import datetime as dt
from typing import Any

import msgspec

from faxgw.config.routing import RoutingConfig
from faxgw.routing.candidate import Candidate, Range
from faxgw.routing.near import Near
from faxgw.routing.places import Place
from faxgw.routing.refusals import Judge
from faxgw.routing.wish import Wish

DAY = dt.date(2027, 5, 29)
"""A Saturday."""
EVE = dt.datetime(2027, 5, 28, 8, 0, tzinfo=dt.UTC).timestamp()
CONFIG = RoutingConfig()
SQUARE = Place(48.86, 2.35)
DEGREE_KM = 111.2


def shop(member_id: str, **changes: Any) -> Candidate:
    own = Candidate(
        id=member_id,
        country="FR",
        postcode="75011",
        timezone="Europe/Paris",
        languages=frozenset({"fr"}),
        hours="Mo-Sa 09:00-19:00; PH off",
    )
    return msgspec.structs.replace(own, **changes)


def wish(**changes: Any) -> Wish:
    return msgspec.structs.replace(Wish(country="FR", postcode="75011", day=DAY, sender="HQ"), **changes)


def near(member_id: str, metres: int | None = 1_000, *, in_area: bool = False) -> Near:
    return Near(member_id, metres, in_area)


def judge(now: float = EVE, config: RoutingConfig = CONFIG, own_products: frozenset[str] = frozenset()) -> Judge:
    return Judge(config, own_products, now)


def area(first: str, last: str | None = None, country: str = "FR") -> Range:
    return Range(country, first, last or first)


def north_of(place: Place, km: float) -> Place:
    return Place(place.latitude + km / DEGREE_KM, place.longitude)
