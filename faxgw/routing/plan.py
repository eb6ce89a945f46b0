"""What a plan of a day is made from, and what comes of it: plain data, for it goes to another process and back."""

import datetime as dt

import msgspec

from faxgw.config.routing import RoutingConfig
from faxgw.routing.candidate import Candidate
from faxgw.routing.places import Place
from faxgw.routing.wish import Wish

UNSERVED_POINTS = 1_000_000
"""What an order costs that nobody gets: far more than any chain of moves that would serve it."""


class PlanOrder(msgspec.Struct, frozen=True, gc=False):
    """An order that may still go anywhere."""

    key: int
    """Its fax; also the order in which equal orders are served."""
    wish: Wish
    current: str | None
    """Who is to execute it as things stand."""


class PlanTask(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan depends on: the same task gives the same plan."""

    day: dt.date
    now: float
    orders: list[PlanOrder]
    candidates: list[Candidate]
    loads: dict[str, int]
    """Orders of the day that are not to be moved, by florist."""
    places: list[tuple[str, str, Place]]
    """Of the orders' postcodes and the florists': country, folded postcode, place."""
    config: RoutingConfig


class Plan(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Who executes what, at the least cost over all orders."""

    florists: dict[int, str]
    """By order key; an order that is missing finds nobody."""
    moves: int
    """Orders that go to another florist than they are with."""
    unserved: list[int]
    points: int
    """`UNSERVED_POINTS` for each order without a florist included."""
    greedy_points: int
    """What serving the orders one after the other would cost, each as well as possible."""


class NoSolver(msgspec.Struct, frozen=True, tag=True):
    """The planning library is not installed; `advice` says what to do."""

    advice: str


Outcome = Plan | NoSolver
