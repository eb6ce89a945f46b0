"""Orders with equal wishes, taken together: on a peak day most share their postcode, day and product with others."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from faxgw.routing.candidate import Candidate
from faxgw.routing.cost import pair_price
from faxgw.routing.near import Near, Neighbourhood
from faxgw.routing.plan import PlanOrder
from faxgw.routing.refusals import Judge
from faxgw.routing.wish import Wish


@dataclass(slots=True)
class Group:
    """Orders that differ in nothing but their keys, and where they are now."""

    wish: Wish
    orders: list[PlanOrder] = field(default_factory=list)
    prices: dict[str, int] = field(default_factory=dict)
    """Points of each florist that may execute them, the cheapest first; without what depends on its load."""

    def count_at(self, member_id: str) -> int:
        return sum(order.current == member_id for order in self.orders)


def group_orders(orders: Iterable[PlanOrder]) -> list[Group]:
    """Groups by their first order's key, their orders by key: whatever order they came in."""
    groups: dict[Wish, Group] = {}
    for order in sorted(orders, key=lambda order: order.key):
        groups.setdefault(order.wish, Group(order.wish)).orders.append(order)
    return list(groups.values())


class Pricer:
    """Finds for each group the florists that may execute it, with their prices."""

    def __init__(self, candidates: Mapping[str, Candidate], neighbourhood: Neighbourhood, judge: Judge) -> None:
        self._candidates = candidates
        self._neighbourhood = neighbourhood
        self._judge = judge
        self._able: dict[Wish, dict[str, bool]] = {}

    def price(self, group: Group) -> None:
        wish = group.wish
        # Whatever the address: hours, products, labels are judged once for all places.
        able = self._able.setdefault(msgspec.structs.replace(wish, country="", postcode="", had=frozenset()), {})
        priced = sorted(self._prices(wish, able), key=lambda price: (price[1], price[0]))
        group.prices = dict(priced)

    def _prices(self, wish: Wish, able: dict[str, bool]) -> Iterator[tuple[str, int]]:
        for near in self._neighbourhood.near(wish.country, wish.postcode):
            shop = self._candidates[near.member_id]
            if self._may(wish, shop, near, able):
                yield shop.id, pair_price(shop, near, self._judge.config)

    def _may(self, wish: Wish, shop: Candidate, near: Near, able: dict[str, bool]) -> bool:
        if shop.id in wish.had or shop.id == wish.sender:
            return False
        if next(self._judge.place_refusals(shop, near), None) is not None:
            return False
        known = able.get(shop.id)
        if known is None:
            # Capacity is the plan's own business; only a florist that takes none at all is out from the start.
            known = able[shop.id] = next(self._judge.shop_refusals(wish, shop, 0), None) is None
        return known
