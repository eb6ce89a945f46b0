"""Plans over invented networks: no hard rule is broken, greed is never cheaper, and the same plan comes again."""

import datetime as dt
from collections import Counter

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxgw.config.routing import RoutingConfig
from faxgw.routing.choose import Chosen, choose
from faxgw.routing.near import Neighbourhood
from faxgw.routing.places import Places
from faxgw.routing.plan import UNSERVED_POINTS, Plan, PlanOrder, PlanTask
from faxgw.routing.refusals import Judge
from faxgw.routing.replan import replan
from faxgw.routing.wish import Wish
from tools.bench.network import DAY, Network, make_network, make_wishes

EVE = dt.datetime(2027, 5, 28, 8, 0, tzinfo=dt.UTC).timestamp()
CONFIG = RoutingConfig(nearest=6)
seeds = st.integers(0, 10_000)
plans = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def task_of(network: Network, orders: list[PlanOrder], loads: dict[str, int] | None = None) -> PlanTask:
    places = [(country, code, place) for (country, code), place in network.places.items()]
    return PlanTask(
        day=DAY,
        now=EVE,
        orders=orders,
        candidates=network.florists,
        loads=loads or {},
        places=places,
        config=CONFIG,
    )


def orders_of(network: Network, seed: int, count: int, current: dict[int, str] | None = None) -> list[PlanOrder]:
    held = current or {}
    wishes = make_wishes(network, seed, count)
    return [PlanOrder(key, each, held.get(key)) for key, each in enumerate(wishes, start=1)]


def check_rules(task: PlanTask, plan: Plan) -> None:
    """Every assignment by itself, judged by the rules, and every florist's day by its capacity."""
    shops = {each.id: each for each in task.candidates}
    where = Places({(country, code): place for country, code, place in task.places})
    around = Neighbourhood(task.candidates, where, task.config.nearest)
    rules = Judge(task.config, frozenset(), task.now)
    by_key = {order.key: order for order in task.orders}
    for key, member_id in plan.florists.items():
        asked = by_key[key].wish
        [seen] = [each for each in around.near(asked.country, asked.postcode) if each.member_id == member_id]
        assert list(rules.refusals(asked, shops[member_id], seen, 0)) == []
    for member_id, count in Counter(plan.florists.values()).items():
        capacity = shops[member_id].capacity
        assert capacity is None or task.loads.get(member_id, 0) + count <= capacity
    assert sorted([*plan.florists, *plan.unserved]) == sorted(by_key)


@plans
@given(seed=seeds, florists=st.integers(1, 25), count=st.integers(0, 120), slack=st.floats(0.4, 1.5))
def test_a_plan_breaks_no_rule_and_is_never_dearer_than_greed(
    seed: int, florists: int, count: int, slack: float
) -> None:
    """Whether there is room for all or not; and serving more is worth any distance."""
    network = make_network(seed, florists=florists, postcodes=40, capacity_total=max(1, round(count * slack)))
    task = task_of(network, orders_of(network, seed, count))
    plan = replan(task)
    check_rules(task, plan)
    assert plan.points <= plan.greedy_points
    assert plan.points // UNSERVED_POINTS == len(plan.unserved)


@plans
@given(seed=seeds, count=st.integers(1, 80))
def test_the_same_plan_comes_again(seed: int, count: int) -> None:
    """From the same task in any order, and, once carried out, from its own result."""
    network = make_network(seed, florists=12, postcodes=30, capacity_total=count)
    orders = orders_of(network, seed, count)
    plan = replan(task_of(network, orders))
    assert replan(task_of(network, orders[::-1])) == plan
    again = replan(task_of(network, orders_of(network, seed, count, plan.florists)))
    assert (again.florists, again.moves, again.points) == (plan.florists, 0, plan.points)


@plans
@given(seed=seeds, count=st.integers(1, 60))
def test_who_had_an_order_does_not_get_it_again(seed: int, count: int) -> None:
    """Every order has been rejected by whoever a first plan gave it to."""
    network = make_network(seed, florists=12, postcodes=30, capacity_total=2 * count)
    first = replan(task_of(network, orders_of(network, seed, count)))
    rejected = [
        PlanOrder(key, with_had(each, first.florists.get(key)), first.florists.get(key))
        for key, each in enumerate(make_wishes(network, seed, count), start=1)
    ]
    task = task_of(network, rejected)
    second = replan(task)
    check_rules(task, second)
    assert all(second.florists[key] != first.florists.get(key) for key in second.florists)


def with_had(asked: Wish, member_id: str | None) -> Wish:
    return msgspec.structs.replace(asked, had=frozenset({member_id} if member_id else ()))


@plans
@given(seed=seeds, count=st.integers(1, 150), fixed=st.integers(0, 5))
def test_one_after_the_other_no_rule_is_broken_either(seed: int, count: int, fixed: int) -> None:
    """The online choice, with its loads growing: capacity, area, hours, product and label hold for each."""
    network = make_network(seed, florists=15, postcodes=30, capacity_total=count)
    shops = {each.id: each for each in network.florists}
    around = Neighbourhood(network.florists, Places(network.places), CONFIG.nearest)
    rules = Judge(CONFIG, frozenset(), EVE)
    loads = Counter(dict.fromkeys(shops, fixed))
    for asked in make_wishes(network, seed, count):
        seen = around.near(asked.country, asked.postcode)
        found = choose(asked, seen, shops, loads.__getitem__, rules)
        if isinstance(found, Chosen):
            assert list(rules.refusals(asked, shops[found.member_id], found.near, loads[found.member_id])) == []
            loads[found.member_id] += 1
        else:
            assert all(rules.refusal(asked, shops[each.member_id], each, loads[each.member_id]) for each in seen)
    for member_id, load in loads.items():
        capacity = shops[member_id].capacity
        assert capacity is None or load <= max(capacity, fixed)
