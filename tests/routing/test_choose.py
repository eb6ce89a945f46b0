"""One order, some florists: who may execute it, who gets it, and what is said of the others."""

import datetime as dt
from typing import Any

import pytest

from faxgw.config.routing import RoutingConfig, Weights
from faxgw.routing.candidate import Candidate, Kind
from faxgw.routing.choose import Chosen, Nobody, choose, weigh_all
from faxgw.routing.near import Near
from faxgw.routing.refusals import Refusal
from faxgw.routing.telling import REFUSAL_TEXTS, chosen_data, nobody_text
from faxgw.routing.wish import Wish
from tests.routing.shops import DAY, EVE, area, judge, near, shop, wish

NOON = dt.datetime(2027, 5, 29, 10, 0, tzinfo=dt.UTC).timestamp()
"""Twelve o'clock in Paris on the delivery day."""


def refusals(
    candidate: Candidate, asked: Wish, seen: Near | None = None, *, load: int = 0, now: float = EVE
) -> list[Refusal]:
    return list(judge(now, own_products=frozenset({"FR-XX-1"})).refusals(asked, candidate, seen or near("A"), load))


@pytest.mark.parametrize(
    ("changes", "asked", "reason"),
    [
        ({}, {"had": frozenset({"A"})}, Refusal.HAD_IT),
        ({}, {"sender": "A"}, Refusal.SENDS_IT),
        ({"is_member": False}, {}, Refusal.NO_MEMBER),
        ({"executes": False}, {}, Refusal.DOES_NOT_EXECUTE),
        ({"is_away": True}, {}, Refusal.AWAY),
        ({"is_reachable": False}, {}, Refusal.UNREACHABLE),
        ({"areas": (area("13"),)}, {}, Refusal.NOT_ITS_AREA),
        ({"hours": "Mo-Fr 09:00-18:00"}, {}, Refusal.CLOSED_THAT_DAY),
        ({"hours": "Sa 09:00-12:00"}, {"window": (840, 1_080)}, Refusal.CLOSED_IN_WINDOW),
        ({"capacity": 0}, {}, Refusal.FULL),
        ({"products": frozenset({"FR-BQ"})}, {"products": ("FR-MM-101",)}, Refusal.NOT_ITS_PRODUCT),
        ({}, {"products": ("FR-XX-1",)}, Refusal.NOT_ITS_PRODUCT),
        ({}, {"language": "nb"}, Refusal.NOT_ITS_LANGUAGE),
        ({"labels": frozenset({"other"})}, {"labels": ("miljofyrtarn",)}, Refusal.NO_LABEL),
    ],
)
def test_each_rule_rules_out(changes: dict[str, Any], asked: dict[str, Any], reason: Refusal) -> None:
    """By itself, and nothing else stands against the florist."""
    assert refusals(shop("A", **changes), wish(**asked)) == [reason]
    assert REFUSAL_TEXTS[reason]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, {}),
        ({"hours": None}, {"window": (0, 1)}),
        ({"hours": "Sa 09:00-12:00"}, {"window": (719, 1_080)}),
        ({"products": frozenset({"FR-MM"})}, {"products": ("FR-MM-101",)}),
        ({"own_products": frozenset({"FR-XX-1"})}, {"products": ("FR-XX-1", "FR-MM-101")}),
        ({"labels": frozenset({"miljofyrtarn", "b"})}, {"labels": ("miljofyrtarn",)}),
        ({"languages": frozenset({"fr", "nb"})}, {"language": "nb"}),
        ({"kind": Kind.UNIT, "hours": "Mo-Fr 09:00-17:00"}, {}),
    ],
)
def test_what_is_no_reason(changes: dict[str, Any], asked: dict[str, Any]) -> None:
    """The edges of the rules."""
    assert refusals(shop("A", **changes), wish(**asked)) == []


def test_an_area_is_a_promise_and_distance_is_none() -> None:
    """In its area a florist drives as far as it says; without areas as far as the config says."""
    assert refusals(shop("A", areas=(area("75"),)), wish(), near("A", 90_000, in_area=True)) == []
    assert refusals(shop("A"), wish(), near("A", 40_000)) == []
    assert refusals(shop("A"), wish(), near("A", 40_001)) == [Refusal.TOO_FAR]
    assert refusals(shop("A"), wish(), near("A", None)) == [Refusal.TOO_FAR]


@pytest.mark.parametrize(
    ("day", "now", "window", "expected"),
    [
        (DAY, EVE, (0, 1_440), []),
        (DAY, NOON, (0, 1_440), []),
        (DAY, NOON + 3_600, (0, 1_440), [Refusal.PAST_CUT_OFF]),
        (DAY, NOON, (540, 720), [Refusal.PAST_CUT_OFF]),
        (DAY, NOON, (540, 721), []),
        (DAY - dt.timedelta(2), EVE, (0, 1_440), [Refusal.PAST_CUT_OFF]),
    ],
)
def test_orders_for_today_must_come_in_time(
    day: dt.date, now: float, window: tuple[int, int], expected: list[Refusal]
) -> None:
    """By the florist's clock: before its cut-off, and before the window is over."""
    assert refusals(shop("A"), wish(day=day, window=window), now=now) == expected


def test_public_holidays_are_closed_where_the_shop_says_so() -> None:
    """17 May in Norway, and a Monday like any other in France."""
    national_day = dt.date(2027, 5, 17)
    norwegian = shop("A", country="NO", timezone="Europe/Oslo")
    assert refusals(norwegian, wish(day=national_day)) == [Refusal.CLOSED_THAT_DAY, Refusal.PAST_CUT_OFF]
    before = dt.datetime(2027, 5, 10, tzinfo=dt.UTC).timestamp()
    assert refusals(norwegian, wish(day=national_day), now=before) == [Refusal.CLOSED_THAT_DAY]
    assert refusals(shop("A", hours="Mo-Sa 09:00-19:00"), wish(day=national_day), now=before) == []


def chosen_of(
    shops: list[Candidate], seen: list[Near], load: dict[str, int] | None = None, **weights: int
) -> Chosen | Nobody:
    loads = load or {}
    rules = judge(config=RoutingConfig(weights=Weights(**weights)))
    return choose(wish(), seen, {each.id: each for each in shops}, lambda member: loads.get(member, 0), rules)


def test_an_explicit_area_wins_over_distance() -> None:
    """The florist who named the postcode gets it, though another is next door."""
    shops = [shop("far", areas=(area("75"),)), shop("next-door")]
    found = chosen_of(shops, [near("next-door", 100), near("far", 30_000, in_area=True)])
    assert isinstance(found, Chosen)
    assert (found.member_id, found.rivals, found.cost.area) == ("far", 1, 0)
    assert chosen_data(found) == {"member": "far", "points": found.cost.total, "rivals": 1, "km": 30.0, "in_area": True}


def test_the_nearer_wins_until_its_day_is_full() -> None:
    """Load pushes orders on, quality pulls them, and a quota shares them."""
    shops = [shop("A", capacity=4), shop("B", capacity=4)]
    seen = [near("A", 100), near("B", 4_100)]
    assert [who(chosen_of(shops, seen, {"A": load})) for load in range(5)] == ["A", "A", "B", "B", "B"]
    good = [shop("A", quality=0), shop("B", quality=100)]
    assert who(chosen_of(good, seen)) == "B"
    assert who(chosen_of([shop("A", quota=1), shop("B")], seen, {"A": 1})) == "B"


def who(found: Chosen | Nobody) -> str:
    assert isinstance(found, Chosen)
    return found.member_id


def test_a_tie_is_broken_by_the_id() -> None:
    """Whatever order the florists come in."""
    shops = [shop("B"), shop("A")]
    for seen in ([near("A"), near("B")], [near("B"), near("A")]):
        assert who(chosen_of(shops, seen)) == "A"


def test_where_nobody_may_it_is_said_why() -> None:
    """Counted by the first reason of each."""
    shops = [shop("A", is_away=True), shop("B", hours="Su 09:00-12:00"), shop("C", hours="Su 09:00-12:00")]
    found = chosen_of(shops, [near("A"), near("B"), near("C")])
    assert isinstance(found, Nobody)
    assert nobody_text(found, is_place_known=True) == (
        "no florist: of 3 near enough, 2 is closed on that day, 1 is away on that day"
    )
    assert nobody_text(Nobody(0, {}), is_place_known=False).endswith("on no map and in no delivery area")


def test_an_explanation_has_everybody_the_cheapest_first() -> None:
    """With all reasons of those who may not."""
    shops = {each.id: each for each in (shop("A", is_away=True, capacity=0), shop("B"), shop("C"))}
    seen = [near("A", 10), near("B", 9_000), near("C", 2_000)]
    weighed = weigh_all(wish(), seen, shops, lambda _: 0, judge())
    assert [each.near.member_id for each in weighed] == ["C", "B", "A"]
    assert weighed[2].refusals == (Refusal.AWAY, Refusal.FULL)
    assert [each.cost is None for each in weighed] == [False, False, True]
