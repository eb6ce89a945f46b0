"""A plan as a flow of orders: from groups to florists to the day's end, at the least cost.

What a florist's next order costs never falls as its day fills, so each florist is a few pipes side by side, the
cheap ones narrow; the flow fills them in their order by itself. Costs are whole numbers. They are scaled so that
one point weighs more than all moves together: among the cheapest plans the one is found that moves the fewest
orders. A plan that is carried out is therefore found again, whatever the solver does with ties.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from faxgw.config.routing import RoutingConfig
from faxgw.errors import BugError, OperatorError
from faxgw.routing.candidate import Candidate
from faxgw.routing.cost import next_price, price_steps
from faxgw.routing.groups import Group
from faxgw.routing.plan import UNSERVED_POINTS

ARCS_MAX = 16
"""The cheapest florists of each group that the plan looks at, beside those it is with and those greed would choose."""
ADVICE = "planning a day needs the extra `replan`: pip install 'faxgw[replan]'; single orders are routed without it"


class SolverMissingError(OperatorError):
    """The extra is not installed."""


@dataclass(slots=True)
class _Arcs:
    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    rooms: list[int] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)

    def add(self, tail: int, head: int, room: int, cost: int) -> None:
        if room > 0:
            self.tails.append(tail)
            self.heads.append(head)
            self.rooms.append(room)
            self.costs.append(cost)


def cheapest_flow(
    groups: Sequence[Group],
    candidates: Mapping[str, Candidate],
    loads: Mapping[str, int],
    config: RoutingConfig,
    also: Sequence[Mapping[str, int]],
) -> list[dict[str, int]]:
    """How many orders of each group go to each florist. `also` names florists per group that must be looked at.

    Raises:
        SolverMissingError: the extra `replan` is not installed.
    """
    try:
        from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - an extra: only a plan needs it.
    except ImportError as missing:
        raise SolverMissingError(ADVICE) from missing
    members = sorted({member_id for group in groups for member_id in group.prices})
    node_of = {member_id: len(groups) + index for index, member_id in enumerate(members)}
    end = len(groups) + len(members)
    orders = sum(len(group.orders) for group in groups)
    point = orders + 1
    arcs = _Arcs()
    pairs: list[tuple[int, str]] = []
    for index, group in enumerate(groups):
        for member_id in _looked_at(group, also[index]):
            _add_pair(arcs, pairs, index, group, member_id, node_of[member_id], point)
    for member_id in members:
        _add_day(arcs, candidates[member_id], loads.get(member_id, 0), orders, node_of[member_id], end, config, point)
    for index, group in enumerate(groups):
        arcs.add(index, end, len(group.orders), UNSERVED_POINTS * point)
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        *(np.array(each, dtype=np.int64) for each in (arcs.tails, arcs.heads, arcs.rooms, arcs.costs))
    )
    supplies = [len(group.orders) for group in groups] + [0] * len(members) + [-orders]
    solver.set_nodes_supplies(np.arange(end + 1), np.array(supplies, dtype=np.int64))
    status = solver.solve()
    if status != solver.OPTIMAL:
        # An order can always go unserved, so there is a flow.
        raise BugError(f"no plan of {orders} orders: the solver says {status}")
    flows = solver.flows(np.arange(len(pairs)))
    served: list[dict[str, int]] = [{} for _ in groups]
    for (index, member_id), flow in zip(pairs, flows.tolist(), strict=True):
        if flow:
            served[index][member_id] = served[index].get(member_id, 0) + flow
    return served


def _looked_at(group: Group, also: Mapping[str, int]) -> list[str]:
    stays = (order.current for order in group.orders if order.current is not None)
    at_home = [member_id for member_id in stays if member_id in group.prices]
    return list(dict.fromkeys([*list(group.prices)[:ARCS_MAX], *also, *at_home]))


def _add_pair(
    arcs: _Arcs, pairs: list[tuple[int, str]], index: int, group: Group, member_id: str, node: int, point: int
) -> None:
    """Two pipes: orders that are with the florist already flow a little cheaper."""
    stay = group.count_at(member_id)
    cost = group.prices[member_id] * point
    for room, extra in ((stay, 0), (len(group.orders) - stay, 1)):
        if room:
            arcs.add(index, node, room, cost + extra)
            pairs.append((index, member_id))


def _add_day(
    arcs: _Arcs, shop: Candidate, load: int, orders: int, node: int, end: int, config: RoutingConfig, point: int
) -> None:
    """What the florist can still take, in steps of equal price."""
    last = shop.capacity if shop.capacity is not None else load + orders
    edges = sorted({load, last, *(step for step in price_steps(shop) if load < step < last)})
    for start, stop in pairwise(edges):
        if start >= load:
            arcs.add(node, end, stop - start, next_price(shop, start, config) * point)
