"""All addresses of the register."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import randbits

from litestar.handlers import HTTPRouteHandler

from faxgw.api.members.changes import change_routes
from faxgw.api.members.files import file_routes
from faxgw.api.members.quality import quality_routes
from faxgw.api.members.reading import reading_routes
from faxgw.members.keeper import Keeper
from faxgw.members.traffic import NoTraffic, TrafficSource
from faxgw.store.port import Store

SEED_BITS = 53
"""As many as a number in JSON carries everywhere."""


def new_seed() -> int:
    """For a round's lot: nobody can tell beforehand whom it draws."""
    return randbits(SEED_BITS)


@dataclass(frozen=True, slots=True)
class RegisterDesk:
    """What the register's face stands on."""

    keeper: Keeper
    traffic: TrafficSource = field(default_factory=NoTraffic)
    new_seed: Callable[[], int] = new_seed


def member_routes(desk: RegisterDesk, store: Store) -> list[HTTPRouteHandler]:
    return [
        *reading_routes(desk.keeper),
        *change_routes(desk.keeper),
        *file_routes(desk.keeper, store),
        *quality_routes(desk.keeper, desk.traffic, desk.new_seed),
    ]
