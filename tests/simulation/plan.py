"""Everything that is going to happen on one simulated day, drawn from its seed before the day begins.

Pure: the same seed gives the same plan, whatever the gateway makes of it.
"""

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from faxgw.order import Order, Priority
from tests.journeys.town import START, order_for

DAY_SECONDS: Final = 86_400.0
FLORISTS: Final = 12
CARRIERS: Final = ("alder", "birch", "cedar")

Verb = Literal["hold", "release", "cancel"]
Plays = tuple[str, ...]

FAIR: Final[Mapping[str, float]] = {"busy": 0.05, "no_answer": 0.03}
WEATHER: Final[Sequence[Mapping[str, float]]] = (
    {},
    {"down": 1.0},
    {"down": 0.4},
    {"too_many": 0.6},
    {"unavailable": 0.3, "too_many": 0.3},
    {"lost_answer": 0.15, "closed_before": 0.1, "broken_body": 0.05},
    {"server_error_accepted": 0.1, "server_error": 0.15, "slow_before": 0.1},
    {"slow_before": 0.2, "slow_after": 0.2},
    {"late_receipt": 0.3, "missing_receipt": 0.3},
    {"doubled_receipt": 0.3, "out_of_order": 0.2, "early_receipt": 0.3},
    {"missing_receipt": 0.5, "ask_lost": 0.3, "ask_unavailable": 0.2},
    {"busy": 0.3, "no_answer": 0.15, "protocol": 0.05},
    {"network": 0.3, "page": 0.1, "rejected": 0.03, "no_fax": 0.03},
    {"in_doubt": 0.1, "bad_number": 0.05},
)
"""Each a kind of bad hour; a carrier has up to three at once."""
_GROUPS: Final = (
    {"lost_answer", "broken_body", "slow_after", "slow_before", "server_error_accepted", "closed_before"}
    | {"server_error", "too_many", "unavailable", "down"},
    {"busy", "no_answer", "bad_number", "no_fax", "rejected", "network", "protocol", "page", "in_doubt"},
    {"late_receipt", "doubled_receipt", "missing_receipt", "out_of_order", "early_receipt"},
    {"ask_lost", "ask_unavailable"},
)
"""Shares of one group exclude each other and sum to 1 at most."""

BAD_LINES: Final[Sequence[Plays]] = (
    ("busy",) * 40,
    ("no_answer",) * 60,
    ("bad_number",) * 60,
    ("busy", "busy", "lost_answer+busy", "delivered", "no_answer", "page"),
    ("protocol",) * 6,
)
"""What lines do for themselves, whatever the carrier: off the hook, dead, disconnected, moody, noisy."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Orders that come in together."""

    at: float
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Weather:
    """From now on a carrier errs like this."""

    at: float
    carrier: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Wish:
    """A person wants something of the order with this key, whatever became of it by then."""

    at: float
    verb: Verb
    key: str


@dataclass(frozen=True, slots=True)
class Death:
    """The gateway ends: in order, or cut off after so many more steps of its tasks."""

    at: float
    steps: int | None
    """None is a stop in order."""
    away_seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    carriers: tuple[str, ...]
    arrivals: tuple[Arrival, ...]
    weather: tuple[Weather, ...]
    wishes: tuple[Wish, ...]
    deaths: tuple[Death, ...]
    bad_lines: Mapping[int, Plays]
    """By florist."""
    broken: frozenset[str]
    """Order numbers whose page cannot be drawn."""

    @property
    def orders(self) -> list[Order]:
        return [order for arrival in self.arrivals for order in arrival.orders]


def draw_plan(seed: int) -> Plan:
    dice = random.Random(seed)  # noqa: S311 - the day is played again by its seed.
    carriers = CARRIERS[: dice.choice([1, 2, 2, 3])]
    arrivals = tuple(_arrivals(dice))
    keys = [order.key for arrival in arrivals for order in arrival.orders]
    return Plan(
        seed=seed,
        carriers=carriers,
        arrivals=arrivals,
        weather=tuple(sorted(_weather(dice, carriers), key=lambda weather: weather.at)),
        wishes=tuple(sorted(_wishes(dice, arrivals), key=lambda wish: wish.at)),
        deaths=tuple(sorted(_deaths(dice), key=lambda death: death.at)),
        bad_lines={florist: dice.choice(BAD_LINES) for florist in dice.sample(range(FLORISTS), dice.randint(0, 4))},
        broken=frozenset(dice.sample(keys, dice.choice([0, 0, 1, 2]))),
    )


def _arrivals(dice: random.Random) -> Iterator[Arrival]:
    """Two waves in the morning, a trickle for the rest of the day and the night."""
    number = 0
    for _ in range(dice.randint(8, 24)):
        at = _arrival_time(dice)
        orders = []
        for _ in range(dice.choice([1, 1, 1, 2, 3, 8])):
            orders.append(_order(dice, f"order-{number}", at))
            number += 1
        yield Arrival(at, tuple(orders))


def _arrival_time(dice: random.Random) -> float:
    match dice.choices(["first wave", "second wave", "day"], [4, 3, 3]):
        case ["first wave"]:
            return dice.uniform(0, 1_800)
        case ["second wave"]:
            return dice.uniform(7_200, 14_400)
        case _:
            return dice.uniform(0, DAY_SECONDS)


def _order(dice: random.Random, key: str, at: float) -> Order:
    # Half of all goes to three shops, so that lines are something to wait for.
    florist = dice.randrange(3) if dice.random() < 0.5 else dice.randrange(FLORISTS)
    deadline = START + dt.timedelta(seconds=at + dice.choice([5, 60, 600, 3_600, 21_600]))
    return order_for(
        florist,
        key,
        deadline=deadline if dice.random() < 0.3 else None,
        priority=dice.choice(list(Priority)),
        sender=f"FR-{dice.randrange(FLORISTS)}",
    )


def _weather(dice: random.Random, carriers: Sequence[str]) -> Iterator[Weather]:
    for carrier in carriers:
        at = 0.0
        while at < DAY_SECONDS:
            yield Weather(at, carrier, _shares(dice))
            at += dice.choice([60, 600, 3_600, 7_200, 14_400]) * dice.uniform(0.5, 1.5)


def _shares(dice: random.Random) -> Mapping[str, float]:
    shares = dict(FAIR)
    for bad_hour in dice.sample(WEATHER, dice.choice([0, 1, 1, 2, 3])):
        shares |= bad_hour
    for group in _GROUPS:
        total = sum(share for name, share in shares.items() if name in group)
        if total > 1:
            shares |= {name: share / total for name, share in shares.items() if name in group}
    return shares


def _wishes(dice: random.Random, arrivals: Sequence[Arrival]) -> Iterator[Wish]:
    for arrival in arrivals:
        for order in arrival.orders:
            if dice.random() < 0.15:
                at = arrival.at + dice.choice([0.0, 0.5, 10, 120, 3_600]) * dice.uniform(0.2, 1.5)
                yield Wish(at, "hold", order.key)
                if dice.random() < 0.8:
                    yield Wish(at + dice.choice([0.05, 1, 60, 7_200]), "release", order.key)
            if dice.random() < 0.08:
                yield Wish(arrival.at + dice.choice([0.0, 1, 60, 3_600]) * dice.random(), "cancel", order.key)


def _deaths(dice: random.Random) -> Iterator[Death]:
    for _ in range(dice.randint(2, 6)):
        steps = None if dice.random() < 0.3 else dice.randint(1, 600)
        # Most of them while there is something to lose.
        at = dice.uniform(0, 2_000) if dice.random() < 0.5 else dice.uniform(0, DAY_SECONDS)
        yield Death(at, steps, dice.choice([0.0, 1, 30, 600, 3_600]))
