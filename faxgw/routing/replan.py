"""Plans all open orders of a day over all florists at the least total cost. Pure; see `planner.py` for who calls it."""

from collections.abc import Mapping, Sequence

from faxgw.config.routing import RoutingConfig
from faxgw.routing.candidate import Candidate
from faxgw.routing.cost import next_price
from faxgw.routing.flow import cheapest_flow
from faxgw.routing.greedy import serve_greedily
from faxgw.routing.groups import Group, Pricer, group_orders
from faxgw.routing.near import Neighbourhood
from faxgw.routing.places import Places
from faxgw.routing.plan import UNSERVED_POINTS, Plan, PlanTask
from faxgw.routing.refusals import Judge


def replan(task: PlanTask) -> Plan:
    """The cheapest plan; among equally cheap ones that which moves the fewest orders. No hard rule is broken.

    Raises:
        SolverMissingError: the extra `replan` is not installed.
    """
    candidates = {each.id: each for each in task.candidates}
    groups = _priced_groups(task, candidates)
    greedy = serve_greedily(groups, candidates, task.loads, task.config)
    # Greed's own choices are among those the plan may make, so that it can only be cheaper.
    served = cheapest_flow(groups, candidates, task.loads, task.config, greedy.served)
    florists = {
        key: member_id for group, shares in zip(groups, served, strict=True) for key, member_id in _deal(group, shares)
    }
    return Plan(
        florists=florists,
        moves=sum(florists.get(order.key, order.current) != order.current for order in task.orders),
        unserved=sorted(order.key for order in task.orders if order.key not in florists),
        points=points_of(groups, served, candidates, task.loads, task.config),
        greedy_points=greedy.points,
    )


def _priced_groups(task: PlanTask, candidates: Mapping[str, Candidate]) -> list[Group]:
    places = Places({(country, code): place for country, code, place in task.places}, estimates=False)
    neighbourhood = Neighbourhood(task.candidates, places, task.config.nearest)
    own_products = frozenset(code for shop in task.candidates for code in shop.own_products)
    pricer = Pricer(candidates, neighbourhood, Judge(task.config, own_products, task.now))
    groups = group_orders(task.orders)
    for group in groups:
        pricer.price(group)
    return groups


def _deal(group: Group, shares: Mapping[str, int]) -> list[tuple[int, str]]:
    """Which orders of a group go to whom: those that are there stay, the others follow by their keys."""
    left = dict(shares)
    dealt: list[tuple[int, str]] = []
    rest: list[int] = []
    for order in group.orders:
        if order.current is not None and left.get(order.current, 0):
            left[order.current] -= 1
            dealt.append((order.key, order.current))
        else:
            rest.append(order.key)
    florists = [member_id for member_id in sorted(left) for _ in range(left[member_id])]
    return dealt + list(zip(rest, florists, strict=False))


def points_of(
    groups: Sequence[Group],
    served: Sequence[Mapping[str, int]],
    candidates: Mapping[str, Candidate],
    loads: Mapping[str, int],
    config: RoutingConfig,
) -> int:
    """What it costs to serve the groups so, counted order by order."""
    points = 0
    taken: dict[str, int] = {}
    for group, shares in zip(groups, served, strict=True):
        points += (len(group.orders) - sum(shares.values())) * UNSERVED_POINTS
        for member_id, count in shares.items():
            points += group.prices[member_id] * count
            taken[member_id] = taken.get(member_id, 0) + count
    for member_id, count in taken.items():
        load = loads.get(member_id, 0)
        points += sum(next_price(candidates[member_id], load + index, config) for index in range(count))
    return points
