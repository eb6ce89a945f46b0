"""The florists of each delivery day, as the register has them on it, kept for the days that orders come for."""

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Mapping

import msgspec

from faxgw.members.register import Register
from faxgw.routing.candidate import Candidate, Range
from faxgw.routing.candidates import Away, Reach, Scores, candidate_of
from faxgw.routing.near import Neighbourhood
from faxgw.routing.places import Places

DAYS_KEPT_MAX = 16
MAPS_KEPT_MAX = 4


class Florists(Mapping[str, Candidate]):
    """The candidates of one day by id. What changes from hour to hour (who is away, whose lines are dead, how well
    each works) is looked up whenever one is asked for."""

    def __init__(self, day: dt.date, shops: dict[str, Candidate], away: Away, reach: Reach, scores: Scores) -> None:
        self.day = day
        self._shops = shops
        self._away = away
        self._reach = reach
        self._scores = scores

    def __getitem__(self, member_id: str) -> Candidate:
        shop = self._shops[member_id]
        is_away = self._away.is_away(member_id, self.day)
        is_reachable = self._reach.is_reachable(member_id)
        quality = self._scores.score(member_id)
        if (shop.is_away, shop.is_reachable, shop.quality) != (is_away, is_reachable, quality):
            changes = {"is_away": is_away, "is_reachable": is_reachable, "quality": quality}
            shop = self._shops[member_id] = msgspec.structs.replace(shop, **changes)
        return shop

    def __iter__(self) -> Iterator[str]:
        return iter(self._shops)

    def __len__(self) -> int:
        return len(self._shops)


class Day:
    """Everything about one delivery day that orders do not change."""

    def __init__(self, florists: Florists, neighbourhood: Neighbourhood) -> None:
        self.florists = florists
        self.neighbourhood = neighbourhood
        self.own_products = frozenset(code for shop in florists.values() for code in shop.own_products)


class Days:
    """Makes and keeps days. A map of florists is shared by all days on which they stand in the same places."""

    def __init__(
        self, register: Register, places: Places, nearest: int, away: Away, reach: Reach, scores: Scores
    ) -> None:
        self._register = register
        self._places = places
        self._nearest = nearest
        self._dynamic = (away, reach, scores)
        self._days: OrderedDict[dt.date, Day] = OrderedDict()
        self._maps: OrderedDict[tuple[tuple[str, str, str, tuple[Range, ...]], ...], Neighbourhood] = OrderedDict()

    def on(self, day: dt.date) -> Day:
        kept = self._days.get(day)
        if kept is None:
            kept = self._days[day] = self._make(day)
            if len(self._days) > DAYS_KEPT_MAX:
                self._days.popitem(last=False)
        return kept

    def forget(self, places: Places | None = None) -> None:
        """The register or the map changed: what was made of it is made anew."""
        if places is not None:
            self._places = places
            self._maps.clear()
        self._days.clear()

    @property
    def places(self) -> Places:
        return self._places

    def _make(self, day: dt.date) -> Day:
        shops = {member.id: candidate_of(member) for member in self._register.as_of(day)}
        return Day(Florists(day, shops, *self._dynamic), self._map_of(shops))

    def _map_of(self, shops: Mapping[str, Candidate]) -> Neighbourhood:
        key = tuple(sorted((each.id, each.kind + each.country, each.postcode, each.areas) for each in shops.values()))
        kept = self._maps.get(key)
        if kept is None:
            kept = self._maps[key] = Neighbourhood(shops.values(), self._places, self._nearest)
            if len(self._maps) > MAPS_KEPT_MAX:
                self._maps.popitem(last=False)
        return kept
