"""Which florists come into question for an address by where they are: those with it in their area, and the nearest.

Distances of one postcode are computed to all florists at once and kept, for postcodes come again and again.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faxgw.routing.areas import AreaIndex
from faxgw.routing.candidate import Candidate, Kind, fold_postcode
from faxgw.routing.places import EARTH_RADIUS_METRES, Place, Places, metres_between

POSTCODES_KEPT_MAX = 50_000
Vectors = NDArray[np.float64]


class Near(NamedTuple):
    """A florist seen from an address."""

    member_id: str
    metres: int | None
    """None where one of the two places is not known, and for the unit of a country."""
    in_area: bool
    """One of its delivery areas has the address."""


class _Spots(NamedTuple):
    ids: list[str]
    vectors: Vectors
    """Points on the unit sphere, one a row."""


class Neighbourhood:
    """The florists on the map. It never changes: other florists make another."""

    def __init__(self, candidates: Iterable[Candidate], places: Places, nearest: int) -> None:
        known = sorted(candidates, key=lambda candidate: candidate.id)
        shops = [each for each in known if each.kind is Kind.SHOP]
        self._places = places
        self._nearest = nearest
        self._areas = AreaIndex((each.id, area) for each in shops for area in each.areas)
        self._home = {each.country for each in shops}
        self._units: dict[str, list[str]] = {}
        for each in known:
            if each.kind is Kind.UNIT:
                self._units.setdefault(each.country, []).append(each.id)
        self._where = {each.id: place for each in shops if (place := _place_of(each, places)) is not None}
        self._free = {country: self._spots_of(shops, country) for country in sorted(self._home)}
        self._all = _spots(self._where)
        self._kept: dict[tuple[str, str], tuple[Near, ...]] = {}

    def near(self, country: str, postcode: str) -> tuple[Near, ...]:
        """Who comes into question: first by area, then by distance, then by id."""
        key = (country, postcode)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= POSTCODES_KEPT_MAX:
                self._kept.clear()
            found = self._kept[key] = self._find(country, postcode)
        return found

    def around(self, country: str, postcode: str) -> tuple[Near, ...]:
        """The same and the nearest florists with other areas, for a person who asks why not those."""
        near = self.near(country, postcode)
        place = self._place(country, postcode)
        if place is None:
            return near
        known = {each.member_id for each in near}
        others = [each for each in _nearest(self._all, place, self._nearest) if each.member_id not in known]
        return (*near, *others)

    def is_foreign(self, country: str) -> bool:
        """Whether no florist of the network has a shop there."""
        return country not in self._home

    def knows(self, country: str, postcode: str) -> bool:
        return self._place(country, postcode) is not None

    def _find(self, country: str, postcode: str) -> tuple[Near, ...]:
        place = self._place(country, postcode)
        covering = [Near(each, self._metres(each, place), True) for each in self._areas.covering(country, postcode)]
        units = [Near(each, None, False) for each in self._units.get(country, ())] if self.is_foreign(country) else []
        # Another country's florist may be nearer, but delivers over the border only where it says so by an area.
        free = (
            _nearest(self._free[country], place, self._nearest) if place is not None and country in self._free else []
        )
        return (*sorted(covering, key=_by_distance), *free, *units)

    def _spots_of(self, shops: Iterable[Candidate], country: str) -> _Spots:
        own = (each.id for each in shops if each.country == country and not each.areas)
        return _spots({member_id: self._where[member_id] for member_id in own if member_id in self._where})

    def _place(self, country: str, postcode: str) -> Place | None:
        located = self._places.find(country, postcode)
        return located.place if located is not None else None

    def _metres(self, member_id: str, place: Place | None) -> int | None:
        where = self._where.get(member_id)
        return None if place is None or where is None else round(metres_between(where, place))


def _by_distance(near: Near) -> tuple[float, str]:
    return (float("inf") if near.metres is None else near.metres), near.member_id


def _place_of(candidate: Candidate, places: Places) -> Place | None:
    located = places.find(candidate.country, fold_postcode(candidate.postcode))
    return located.place if located is not None else None


def _spots(where: dict[str, Place]) -> _Spots:
    return _Spots(list(where), _vectors(list(where.values())))


def _vectors(places: Sequence[Place]) -> Vectors:
    degrees = np.array(places, dtype=np.float64).reshape(-1, 2)
    latitudes, longitudes = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    cosines = np.cos(latitudes)
    return np.column_stack((cosines * np.cos(longitudes), cosines * np.sin(longitudes), np.sin(latitudes)))


def _nearest(spots: _Spots, place: Place, count: int) -> list[Near]:
    """The nearest `count` florists; among equally far ones those with the smaller ids."""
    if not spots.ids:
        return []
    chords = np.linalg.norm(spots.vectors - _vectors([place])[0], axis=1)
    metres = np.rint(2 * EARTH_RADIUS_METRES * np.arcsin(np.minimum(chords / 2, 1.0))).astype(np.int64)
    # Ids are sorted, so a stable sort leaves ties in their order.
    first = np.argsort(metres, kind="stable")[:count]
    return [Near(spots.ids[index], int(metres[index]), False) for index in first]
