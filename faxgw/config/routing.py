"""The config's `[routing]`: how the florist is chosen who executes an order. Without it no order is routed."""

import datetime as dt
from typing import Annotated

import msgspec

from faxgw.config.section import Section
from faxgw.order import LocalTime

Points = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Weights(Section, frozen=True, kw_only=True):
    """Points: the florist with the fewest gets the order."""

    outside_area: Points = 5_000
    """No delivery area of the florist has the address: by default more than all else together."""
    distance_band: Points = 10
    """For each full band of `distance_band_km`."""
    quality: Points = 50
    """For the worst score; in between in proportion."""
    load: Points = 40
    """For the last quarter of a florist's day; the first costs nothing."""
    over_quota: Points = 60
    """For orders of a day beyond the florist's quota."""


class RoutingConfig(Section, frozen=True, kw_only=True):
    """Chooses the executing florist of orders that name none, and of those that must go to another."""

    nearest: Annotated[int, msgspec.Meta(ge=1, le=200)] = 24
    """Florists without delivery areas of their own that are looked at, the nearest first; those with the address in
    their area are looked at however many they are."""
    reach_km: Annotated[float, msgspec.Meta(gt=0)] = 40.0
    """How far a florist without delivery areas drives."""
    distance_band_km: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    cut_off: LocalTime = dt.time(14, 30)
    """Orders for the same day are given to a florist until then, Monday to Friday, by the florist's clock. These three
    are the practice of flower brokers."""
    cut_off_saturday: LocalTime = dt.time(13)
    cut_off_sunday: LocalTime = dt.time(11, 30)
    reroutes_max: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    """How often one order goes to another florist by itself; 0 leaves that to people."""
    weights: Weights = Weights()
    replan_seconds_max: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    """After that long a plan of a day is given up; nothing was changed then."""
