"""Routing: single orders as they come in, and a peak day planned anew over all florists.

CPU seconds of this process: the machine may be busy with others. A plan's cost is set beside greed's, an order on no
florist counting as `UNSERVED_POINTS`; every plan is made twice, the second time from its own result.
"""

import datetime as dt
import time
from dataclasses import dataclass

from faxgw.config.routing import RoutingConfig
from faxgw.fax import FaxId
from faxgw.members.member import Area, Member
from faxgw.members.register import Register
from faxgw.money import Money
from faxgw.ops.metrics import Metrics
from faxgw.order import Delivery, Order, ProductLine, Recipient, Window
from faxgw.routing.candidate import Candidate
from faxgw.routing.loads import Assigned
from faxgw.routing.places import Places
from faxgw.routing.plan import Plan, PlanOrder, PlanTask
from faxgw.routing.replan import replan
from faxgw.routing.router import Routed, Router
from faxgw.routing.wish import Wish
from tools.bench.network import DAY, Network, make_network, make_wishes
from tools.bench.row import Row

EVE = dt.datetime(2027, 5, 28, 8, 0, tzinfo=dt.UTC).timestamp()
SLACK = 1.25
"""How many orders the florists take together, to how many there are."""
ONLINE_SECONDS_MAX = 10.0


@dataclass(frozen=True)
class Size:
    """A network and its peak day."""

    florists: int
    postcodes: int
    orders: int
    plan_seconds_max: float

    @property
    def name(self) -> str:
        return f"{self.orders:,} orders over {self.florists:,} florists"


NORWAY = Size(360, 1_500, 10_000, 1.0)
FRANCE = Size(5_200, 6_000, 110_000, 30.0)


class _Clock:
    def now(self) -> float:
        return EVE


def rows(*, quick: bool = False) -> list[Row]:
    sizes = [NORWAY] if quick else [NORWAY, FRANCE]
    return [_online(NORWAY), *(row for size in sizes for row in _planned(size))]


def _online(size: Size) -> Row:
    """Each order through the router that the gateway asks, loads growing as they go."""
    network, wishes = _network(size)
    orders = [_order(number, wish) for number, wish in enumerate(wishes, start=1)]
    members = Register([_member(index, shop) for index, shop in enumerate(network.florists)])
    router = Router(members, RoutingConfig(), Places(network.places), _Clock(), Metrics())
    started = time.process_time()
    for number, order in enumerate(orders, start=1):
        found = router.next_florist(order)
        if isinstance(found, Routed):
            router.loads.put([Assigned(FaxId(number), order.number, found.member_id, DAY)])
    seconds = time.process_time() - started
    return Row(part="routing", what=f"{size.name}, one by one", value=seconds, unit="s", at_most=ONLINE_SECONDS_MAX)


def _planned(size: Size) -> list[Row]:
    network, wishes = _network(size)
    orders = [PlanOrder(key, wish, None) for key, wish in enumerate(wishes, start=1)]
    started = time.process_time()
    plan = replan(_task(network, orders))
    seconds = time.process_time() - started
    kept = [PlanOrder(order.key, order.wish, plan.florists.get(order.key)) for order in orders]
    again = replan(_task(network, kept))
    return [
        Row(part="routing", what=f"{size.name}, planned", value=seconds, unit="s", at_most=size.plan_seconds_max),
        Row(
            part="routing",
            what=f"{size.name}, cost of the plan",
            value=plan.points,
            unit="points",
            against=f"{plan.greedy_points:,} one by one",
            ratio=plan.points / plan.greedy_points,
            at_most=1.0,
        ),
        Row(part="routing", what=f"{size.name}, without a florist", value=len(plan.unserved), unit="orders"),
        Row(
            part="routing",
            what=f"{size.name}, moved by the same plan again",
            value=_differences(plan, again),
            unit="orders",
            at_most=0,
        ),
    ]


def _differences(plan: Plan, again: Plan) -> int:
    keys = plan.florists.keys() | again.florists.keys()
    return sum(plan.florists.get(key) != again.florists.get(key) for key in keys)


def _network(size: Size) -> tuple[Network, list[Wish]]:
    capacity_total = round(size.orders * SLACK)
    network = make_network(1, florists=size.florists, postcodes=size.postcodes, capacity_total=capacity_total)
    return network, make_wishes(network, 2, size.orders)


def _task(network: Network, orders: list[PlanOrder]) -> PlanTask:
    return PlanTask(
        day=DAY,
        now=EVE,
        orders=orders,
        candidates=network.florists,
        loads={},
        places=[(country, code, place) for (country, code), place in network.places.items()],
        config=RoutingConfig(),
    )


def _order(number: int, wish: Wish) -> Order:
    start, end = wish.window
    window = Window(dt.time(start // 60, start % 60), dt.time(end // 60, end % 60)) if end < 1_440 else None
    return Order(
        key=f"o{number}",
        number=f"o{number}",
        delivery=Delivery(wish.day, window),
        recipient=Recipient(name="Zoé", street=["2 quai des Iris"], postcode=wish.postcode, city="V", country="FR"),
        lines=[ProductLine(description="Bouquet", quantity=1, unit_price=Money(4500, "EUR"), code=wish.products[0])],
        customer_price=Money(4500, "EUR"),
        execution_price=Money(3600, "EUR"),
        sending_member="HQ",
        required_labels=wish.labels,
    )


def _member(index: int, shop: Candidate) -> Member:
    return Member(
        id=shop.id,
        name="Fleurs",
        street="1 rue des Lilas",
        postcode=shop.postcode,
        city="V",
        country="FR",
        phone=f"+33 3 53 01 {index // 100:02} {index % 100:02}",
        fax=f"+33 1 99 00 {index // 100:02} {index % 100:02}",
        language="fr",
        timezone=shop.timezone,
        opening_hours=shop.hours,
        labels=tuple(shop.labels),
        products=tuple(shop.products),
        capacity_per_day=shop.capacity,
        areas=tuple(Area(area.first, area.last) for area in shop.areas),
    )


def main() -> None:
    for row in rows():
        against = f"  against {row.against}" if row.against else ""
        print(f"{row.what:62} {row.value:16,.2f} {row.unit:7} {row.verdict}{against}")


if __name__ == "__main__":
    main()
