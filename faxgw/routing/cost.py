"""The soft rules: what it costs to give an order to a florist, in whole points, part by part.

What depends on the order and the florist is added to what the florist's next order of the day costs. The latter
never falls as the day fills, so that a plan over all orders can be the cheapest and not merely a good one.
"""

from typing import NamedTuple

from faxgw.config.routing import RoutingConfig
from faxgw.routing.candidate import Candidate, Kind
from faxgw.routing.near import Near

QUALITY_MAX = 100
LOAD_BANDS = 4
"""The day's capacity in quarters: each costs more than the one before."""


class Cost(NamedTuple):
    """Points; the sum decides."""

    area: int = 0
    """It names no delivery area that has the address."""
    distance: int = 0
    quality: int = 0
    load: int = 0
    quota: int = 0

    @property
    def total(self) -> int:
        return sum(self)


def price_of(shop: Candidate, near: Near, load: int, config: RoutingConfig) -> Cost:
    """What the florist's next order costs, if it is this one."""
    weights = config.weights
    return Cost(
        area=0 if near.in_area or shop.kind is Kind.UNIT else weights.outside_area,
        distance=_bands(near, config) * weights.distance_band,
        quality=(QUALITY_MAX - shop.quality) * weights.quality // QUALITY_MAX,
        load=_load_price(shop, load, config),
        quota=_quota_price(shop, load, config),
    )


def pair_price(shop: Candidate, near: Near, config: RoutingConfig) -> int:
    """The part that does not depend on how much the florist has to do."""
    cost = price_of(shop, near, 0, config)
    return cost.area + cost.distance + cost.quality


def next_price(shop: Candidate, load: int, config: RoutingConfig) -> int:
    """The part that does: what the order after `load` others costs. Never falls as `load` grows."""
    return _load_price(shop, load, config) + _quota_price(shop, load, config)


def price_steps(shop: Candidate) -> list[int]:
    """The loads from which on `next_price` may be another one, growing."""
    steps = {0}
    if shop.capacity is not None:
        steps |= {-(-shop.capacity * band // LOAD_BANDS) for band in range(1, LOAD_BANDS)}
    if shop.quota is not None:
        steps.add(shop.quota)
    return sorted(steps)


def _bands(near: Near, config: RoutingConfig) -> int:
    return 0 if near.metres is None else int(near.metres // (config.distance_band_km * 1_000))


def _load_price(shop: Candidate, load: int, config: RoutingConfig) -> int:
    if not shop.capacity:
        return 0
    band = min(load * LOAD_BANDS // shop.capacity, LOAD_BANDS - 1)
    return band * config.weights.load // (LOAD_BANDS - 1)


def _quota_price(shop: Candidate, load: int, config: RoutingConfig) -> int:
    return config.weights.over_quota if shop.quota is not None and load >= shop.quota else 0
