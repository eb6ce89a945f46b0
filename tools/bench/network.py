"""A flower network on an invented map: towns of many sizes, postcodes around them, florists where people live.

Seeded, so that a bench or a test is played again by its number. Shops keep French or Norwegian hours, some deliver
in areas of their own, some have labels, and their days are as full as on the Saturday before Mother's Day.
"""

import datetime as dt
import random
from dataclasses import dataclass

from faxgw.routing.candidate import Candidate, Range
from faxgw.routing.places import Place
from faxgw.routing.wish import Wish

DAY = dt.date(2027, 5, 29)
"""The Saturday before Mother's Day in France."""
HOURS = (
    "Mo-Sa 09:00-19:00",
    "Mo-Sa 09:00-19:00; Su 09:00-12:30",
    "Tu-Sa 09:30-12:30,14:30-19:00; Su 09:00-12:30; PH off",
    "Mo-Fr 09:00-18:00; Sa 09:00-16:00; PH off",
    "Mo-Fr 09:00-17:00; PH off",
)
WINDOWS = ((0, 1_440), (540, 720), (720, 960), (960, 1_140))
PRODUCTS = ("FR-MM-101", "FR-MM-102", "FR-BQ-201", "FR-DE-301")
LABEL = "fleurs-de-france"
DEGREE_KM = 111.2


@dataclass(frozen=True)
class Network:
    """Postcodes with their places, and the florists."""

    places: dict[tuple[str, str], Place]
    people: dict[str, float]
    """How many live behind each postcode, in any unit."""
    florists: list[Candidate]


def make_network(seed: int, *, florists: int, postcodes: int, capacity_total: int, country: str = "FR") -> Network:
    """`florists` shops that take about `capacity_total` orders a day together."""
    dice = random.Random(seed)
    places, people = _map(dice, postcodes, country)
    codes = list(people)
    homes = dice.choices(codes, weights=[people[code] for code in codes], k=florists)
    sizes = [dice.lognormvariate(0.0, 0.6) for _ in homes]
    scale = capacity_total / sum(sizes)
    shops = [
        _florist(dice, index, code, country, max(1, round(size * scale)))
        for index, (code, size) in enumerate(zip(homes, sizes, strict=True))
    ]
    return Network(places, people, shops)


def make_wishes(network: Network, seed: int, count: int, day: dt.date = DAY, country: str = "FR") -> list[Wish]:
    """What a peak day's customers ask for."""
    dice = random.Random(seed)
    codes = list(network.people)
    weights = [network.people[code] for code in codes]
    return [_wish(dice, code, day, country) for code in dice.choices(codes, weights=weights, k=count)]


def _wish(dice: random.Random, code: str, day: dt.date, country: str) -> Wish:
    return Wish(
        country=country,
        postcode=code,
        day=day,
        window=dice.choices(WINDOWS, weights=(6, 2, 1, 1))[0],
        products=(dice.choices(PRODUCTS, weights=(6, 3, 3, 1))[0],),
        labels=(LABEL,) if dice.random() < 0.02 else (),
        sender="HQ",
    )


def _map(dice: random.Random, postcodes: int, country: str) -> tuple[dict[tuple[str, str], Place], dict[str, float]]:
    """Departments with a chief town each, whose size falls by rank as towns' sizes do."""
    departments = min(95, max(1, postcodes // 20))
    places: dict[tuple[str, str], Place] = {}
    people: dict[str, float] = {}
    for number in range(postcodes):
        department, within = number % departments + 1, number // departments
        if not within:
            chief = Place(dice.uniform(42.5, 50.5), dice.uniform(-4.0, 7.5))
        else:
            chief = places[country, f"{department:02}000"]
        code = f"{department:02}{within * 10:03}"
        away_km = dice.expovariate(1 / 18) if within else 0.0
        east = dice.uniform(-1, 1)
        north = dice.choice((-1, 1)) * (1 - east * east) ** 0.5
        places[country, code] = Place(
            chief.latitude + north * away_km / DEGREE_KM, chief.longitude + east * away_km / (DEGREE_KM * 0.69)
        )
        people[code] = 100.0 / department / (1 + away_km / 6)
    return places, people


def _florist(dice: random.Random, index: int, code: str, country: str, capacity: int) -> Candidate:
    has_areas = dice.random() < 0.4
    near = [each for each in (code, f"{code[:3]}") if each]
    return Candidate(
        id=f"{country}-{index:05}",
        country=country,
        postcode=code,
        timezone="Europe/Paris",
        areas=tuple(Range(country, each, each) for each in near) if has_areas else (),
        capacity=capacity,
        products=frozenset({"FR-MM", "FR-BQ"}) if dice.random() < 0.3 else frozenset(),
        languages=frozenset({"fr"}),
        labels=frozenset({LABEL}) if dice.random() < 0.25 else frozenset(),
        hours=dice.choice(HOURS[:4]) if dice.random() < 0.95 else HOURS[4],
        quality=dice.randint(20, 100),
        quota=max(1, capacity * 2 // 3) if dice.random() < 0.1 else None,
    )
