"""Chooses the florist for one order: the hard rules rule out, the fewest points win, the id breaks a tie.

Pure: the same florists, loads and moment give the same choice, and every choice can be explained florist by florist.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from faxgw.routing.candidate import Candidate
from faxgw.routing.cost import Cost, price_of
from faxgw.routing.near import Near
from faxgw.routing.refusals import Judge, Refusal
from faxgw.routing.wish import Wish

LoadOf = Callable[[str], int]
"""How many orders a member has on the day in question."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One florist: what it would cost, or why it may not."""

    near: Near
    load: int
    capacity: int | None
    refusals: tuple[Refusal, ...] = ()
    cost: Cost | None = None
    """None where it may not."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The florist with the fewest points."""

    member_id: str
    near: Near
    cost: Cost
    rivals: int
    """Other florists that might have had it."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """No florist may execute the order; how many each rule refused first."""

    looked_at: int
    refused: Mapping[Refusal, int]


def choose(
    wish: Wish, near: Iterable[Near], candidates: Mapping[str, Candidate], load_of: LoadOf, judge: Judge
) -> Chosen | Nobody:
    """The choice among the florists in `near`."""
    best: Chosen | None = None
    refused: dict[Refusal, int] = {}
    able = looked_at = 0
    for each in near:
        looked_at += 1
        shop, load = candidates[each.member_id], load_of(each.member_id)
        refusal = judge.refusal(wish, shop, each, load)
        if refusal is not None:
            refused[refusal] = refused.get(refusal, 0) + 1
            continue
        able += 1
        cost = price_of(shop, each, load, judge.config)
        if best is None or (cost.total, each.member_id) < (best.cost.total, best.member_id):
            best = Chosen(each.member_id, each, cost, 0)
    if best is None:
        return Nobody(looked_at, refused)
    return Chosen(best.member_id, best.near, best.cost, able - 1)


def weigh_all(
    wish: Wish, near: Iterable[Near], candidates: Mapping[str, Candidate], load_of: LoadOf, judge: Judge
) -> list[Weighed]:
    """Every florist with its reason why not or its points: those that may first, the cheapest before all."""
    weighed = [_weigh(wish, each, candidates[each.member_id], load_of(each.member_id), judge) for each in near]
    return sorted(weighed, key=_rank)


def _weigh(wish: Wish, near: Near, shop: Candidate, load: int, judge: Judge) -> Weighed:
    refusals = tuple(judge.refusals(wish, shop, near, load))
    cost = None if refusals else price_of(shop, near, load, judge.config)
    return Weighed(near, load, shop.capacity, refusals, cost)


def _rank(weighed: Weighed) -> tuple[bool, int, float, str]:
    points = weighed.cost.total if weighed.cost is not None else 0
    metres = float("inf") if weighed.near.metres is None else weighed.near.metres
    return weighed.cost is None, points, metres if weighed.cost is None else 0.0, weighed.near.member_id
