"""Routes orders one by one, from a picture in memory of the florists and of what they have to do.

The picture is no truth of its own: loads are counted from the store at each start and follow it from then on, the
florists are the register's. Choosing touches neither disk nor network.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from faxgw.clock import Clock
from faxgw.config.routing import RoutingConfig
from faxgw.fax import GIVEN_UP, FaxId
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.order import Order
from faxgw.phone import Line
from faxgw.routing.candidates import AllAlike, Away, Reach, Scores
from faxgw.routing.choose import Chosen, Nobody, Weighed, choose, weigh_all
from faxgw.routing.days import Day, Days
from faxgw.routing.loads import Assigned, Loads
from faxgw.routing.places import Places
from faxgw.routing.refusals import Judge, Refusal
from faxgw.routing.telling import NO_FLORIST, nobody_text
from faxgw.routing.wish import Wish, wish_of
from faxgw.store.routing.port import Placed

EARLIEST = ZoneInfo("Etc/GMT+12")
"""Where a day ends last: orders of a day count until it is over everywhere."""


@dataclass(frozen=True, slots=True)
class Routed:
    """Who executes the order, and the line that reaches them."""

    member_id: str
    line: Line
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class NoRoute:
    """Nobody may execute the order."""

    reason: str
    """One sentence for a person, who looks for somebody."""
    nobody: Nobody


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a florist was chosen, or would be, and why not the others."""

    wish: Wish
    is_foreign: bool
    is_place_known: bool
    weighed: list[Weighed]


class Router:
    """See the module."""

    def __init__(
        self,
        register: Register,
        config: RoutingConfig,
        places: Places,
        clock: Clock,
        metrics: Metrics,
        away: Away | None = None,
        reach: Reach | None = None,
        scores: Scores | None = None,
    ) -> None:
        alike = AllAlike()
        self.config = config
        self.loads = Loads()
        self.reach = reach or alike
        self._register = register
        self._days = Days(register, places, config.nearest, away or alike, reach or alike, scores or alike)
        self._clock = clock
        self._metrics = metrics

    # --- choosing ----------------------------------------------------------------------------------------

    def next_florist(self, order: Order, had: Collection[str] = (), *, by_itself: bool = True) -> Routed | NoRoute:
        """The florist to give the order to, who is none of `had`. Nothing is reserved and nothing counted.

        After as many florists as the config allows it goes to nobody more `by_itself`: then a person looks.
        """
        if by_itself and len(had) > self.config.reroutes_max:
            return NoRoute(f"{NO_FLORIST}: {len(had)} had it already, and a person should look", Nobody(0, {}))
        wish = wish_of(order, had)
        day = self._days.on(wish.day)
        near = day.neighbourhood.near(wish.country, wish.postcode)
        found = choose(wish, near, day.florists, self._load_on(wish.day), self.judge(day))
        if isinstance(found, Nobody):
            return NoRoute(nobody_text(found, self._is_place_known(day, wish)), found)
        line = self.line_of(found.member_id, wish.day)
        if line is None:
            # Enrolled on the delivery day and not yet today: nobody knows a fax machine of theirs.
            return self.next_florist(order, {*had, found.member_id}, by_itself=False)
        return Routed(found.member_id, line, found)

    def explain(self, order: Order, had: Collection[str] = ()) -> Explanation:
        """Every florist near enough to come into question, with its points or its reasons why not."""
        wish = wish_of(order, had)
        day = self._days.on(wish.day)
        around = day.neighbourhood.around(wish.country, wish.postcode)
        weighed = weigh_all(wish, around, day.florists, self._load_on(wish.day), self.judge(day))
        is_foreign = day.neighbourhood.is_foreign(wish.country)
        return Explanation(wish, is_foreign, self._is_place_known(day, wish), weighed)

    def may_keep(self, order: Order, member_id: str) -> bool:
        """Whether the florist stands so that an order can stay there: a member, executing, there and reachable."""
        shop = self._days.on(order.delivery.date).florists.get(member_id)
        return shop is not None and shop.is_member and shop.executes and not shop.is_away and shop.is_reachable

    def line_of(self, member_id: str, day: dt.date) -> Line | None:
        """Where the member is reached now; on its first days the register of the delivery day knows it alone."""
        member = self._register.find(member_id)
        if member is not None:
            return self._register.line_of(member)
        then = self._register.as_of(day)
        later = then.find(member_id)
        return then.line_of(later) if later is not None else None

    def other_line_of(self, member_id: str, used: Collection[Line]) -> Line | None:
        """Another fax machine of the same florist."""
        member = self._register.find(member_id)
        lines = self._register.lines_of(member) if member is not None else ()
        return next((line for line in lines if line not in used), None)

    def judge(self, day: Day) -> Judge:
        return Judge(self.config, day.own_products, self._clock.now())

    def day(self, day: dt.date) -> Day:
        return self._days.on(day)

    @property
    def places(self) -> Places:
        return self._days.places

    # --- the picture follows -----------------------------------------------------------------------------

    def first_day(self) -> dt.date:
        """The earliest delivery day that is not over everywhere."""
        return dt.datetime.fromtimestamp(self._clock.now(), EARLIEST).date()

    def note(self, placed: Iterable[Placed]) -> None:
        """Order faxes as the store has them now."""
        for fax in placed:
            if fax.member is None or fax.state in GIVEN_UP:
                self.loads.drop(fax.fax_id)
            else:
                self.loads.put([Assigned(fax.fax_id, fax.number, fax.member, fax.day)])

    def move(self, fax_id: FaxId, member_id: str) -> None:
        """The order goes to another florist from now on."""
        before = self.loads.find(fax_id)
        if before is not None:
            self.loads.put([replace(before, member_id=member_id)])

    def refresh(self, places: Places | None = None) -> None:
        """The register, or the map of postcodes, is another one."""
        self._days.forget(places)
        self.loads.forget_before(self.first_day())

    def count_routed(self, found: Routed | NoRoute) -> None:
        """For the metrics, once a choice was made use of."""
        match found:
            case Routed(chosen=chosen):
                how = "area" if chosen.near.in_area else "unit" if chosen.near.metres is None else "distance"
                self._metrics.routed.labels(how).inc()
            case NoRoute(nobody=nobody):
                self._metrics.not_routed.labels(main_reason(nobody)).inc()

    def _load_on(self, day: dt.date) -> "_LoadOf":
        return _LoadOf(self.loads, day)

    @staticmethod
    def _is_place_known(day: Day, wish: Wish) -> bool:
        return day.neighbourhood.knows(wish.country, wish.postcode)


class _LoadOf:
    __slots__ = ("_day", "_loads")

    def __init__(self, loads: Loads, day: dt.date) -> None:
        self._loads = loads
        self._day = day

    def __call__(self, member_id: str) -> int:
        return self._loads.of(member_id, self._day)


def main_reason(nobody: Nobody) -> str:
    """What refused most of the florists, as one word."""
    if not nobody.refused:
        return "nobody_near"
    most = max(nobody.refused.values())
    # In the order of the rules, so that the same counts always give the same word.
    return next(reason for reason in Refusal if nobody.refused.get(reason) == most).value
