"""Where postcodes lie. What is not known is estimated from the codes that begin alike, where these lie close together.

An estimate is for codes that no map has, as those of French firms with a CEDEX; it is told as one wherever it counts.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

EARTH_RADIUS_METRES = 6_371_008.8
SPREAD_METRES_MAX = 15_000.0
"""Codes that lie further apart tell nothing of one between them."""
ESTIMATES_KEPT_MAX = 100_000


class Place(NamedTuple):
    """Degrees, as on the map (WGS 84)."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Located:
    place: Place
    is_estimate: bool


class Places:
    """The places of all postcodes that were imported. It never changes; another import makes another."""

    def __init__(self, places: Mapping[tuple[str, str], Place], *, estimates: bool = True) -> None:
        """`places` are by country and folded postcode; without `estimates` what is not among them is not known."""
        self._places = dict(places)
        self._estimates: dict[tuple[str, str], Located | None] = {}
        self._by_start: dict[tuple[str, str], list[Place]] = {}
        for (country, code), place in self._places.items() if estimates else ():
            for length in range(max(1, (len(code) + 1) // 3), len(code)):
                self._by_start.setdefault((country, code[:length]), []).append(place)

    def find(self, country: str, postcode: str) -> Located | None:
        """Where the (folded) postcode lies, or None where nothing near it is known."""
        known = self._places.get((country, postcode))
        if known is not None:
            return Located(known, is_estimate=False)
        key = (country, postcode)
        if key not in self._estimates:
            if len(self._estimates) >= ESTIMATES_KEPT_MAX:
                self._estimates.clear()
            self._estimates[key] = self._estimate(country, postcode)
        return self._estimates[key]

    def counts(self) -> dict[str, int]:
        """Known postcodes by country."""
        countries: dict[str, int] = {}
        for country, _ in self._places:
            countries[country] = countries.get(country, 0) + 1
        return dict(sorted(countries.items()))

    def __len__(self) -> int:
        return len(self._places)

    def _estimate(self, country: str, postcode: str) -> Located | None:
        for length in range(len(postcode) - 1, 0, -1):
            alike = self._by_start.get((country, postcode[:length]))
            if alike:
                middle = middle_of(alike)
                is_close = all(metres_between(middle, place) <= SPREAD_METRES_MAX for place in alike)
                return Located(middle, is_estimate=True) if is_close else None
        return None


def middle_of(places: Iterable[Place]) -> Place:
    """The median on each axis: one place that is far off, by a slip in the source, does not move it."""
    latitudes, longitudes = zip(*((place.latitude, place.longitude) for place in places), strict=True)
    middle = len(latitudes) // 2
    return Place(sorted(latitudes)[middle], sorted(longitudes)[middle])


def metres_between(one: Place, other: Place) -> float:
    """Along the great circle (haversine); florists drive further, but all alike."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_METRES * math.asin(min(1.0, math.sqrt(chord)))


NOWHERE = Places({})
"""Before any postcodes were imported: delivery areas alone decide."""
