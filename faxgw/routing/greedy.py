"""Serves a day's orders one after the other, each as well as can be: what a plan must not be worse than."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from faxgw.config.routing import RoutingConfig
from faxgw.routing.candidate import Candidate
from faxgw.routing.cost import next_price
from faxgw.routing.groups import Group
from faxgw.routing.plan import UNSERVED_POINTS


@dataclass(frozen=True, slots=True)
class Greedy:
    """Who serves how many orders of each group (by its place in the list), and what that costs."""

    served: list[dict[str, int]]
    points: int


def serve_greedily(
    groups: Sequence[Group], candidates: Mapping[str, Candidate], loads: Mapping[str, int], config: RoutingConfig
) -> Greedy:
    load = dict(loads)
    served: list[dict[str, int]] = [{} for _ in groups]
    points = 0
    for _, index in sorted((order.key, index) for index, group in enumerate(groups) for order in group.orders):
        found = _cheapest(groups[index], candidates, load, config)
        if found is None:
            points += UNSERVED_POINTS
            continue
        price, member_id = found
        points += price
        load[member_id] = load.get(member_id, 0) + 1
        served[index][member_id] = served[index].get(member_id, 0) + 1
    return Greedy(served, points)


def _cheapest(
    group: Group, candidates: Mapping[str, Candidate], load: Mapping[str, int], config: RoutingConfig
) -> tuple[int, str] | None:
    best: tuple[int, str] | None = None
    for member_id, price in group.prices.items():
        if best is not None and price > best[0]:
            # The others cost more before their load is looked at.
            break
        shop, now = candidates[member_id], load.get(member_id, 0)
        if shop.capacity is not None and now >= shop.capacity:
            continue
        offer = (price + next_price(shop, now, config), member_id)
        if best is None or offer < best:
            best = offer
    return best
