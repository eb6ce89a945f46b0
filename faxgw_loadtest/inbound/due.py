"""Which order is answered when, and how: fixed before the run, from its arrivals and a seed."""

import enum
import random
from collections.abc import Sequence

import msgspec

from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.profile import Profile

AGAIN_SECONDS = (30.0, 300.0)
"""Then a machine whose call broke off has dialled once more."""


class Kind(enum.StrEnum):
    """What a florist faxes back."""

    ACCEPT = "accept"
    """The sheet with `accept` ticked."""
    AGAIN = "again"
    """The same sheet a second time."""
    UNCLEAR = "unclear"
    LETTER = "letter"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One fax that comes in."""

    at_seconds: float
    """Of the day that is played, as its order's."""
    order: int
    """By index of the arrivals."""
    kind: Kind


def answers_of(arrivals: Sequence[Arrival], profile: Profile, seed: int) -> list[Answer]:
    """In the order of time; as large a part of the profile's as the arrivals are of its orders."""
    size = profile.inbound
    count = min(len(arrivals), round(size.faxes * len(arrivals) / profile.time.faxes))
    dice = random.Random(f"{seed} answers")
    again = round(count * size.again)
    orders = dice.sample(range(len(arrivals)), count - again)
    letters, unclear = round(count * size.letter), round(count * size.unclear)
    kinds = [Kind.LETTER] * letters + [Kind.UNCLEAR] * unclear
    kinds += [Kind.ACCEPT] * (len(orders) - len(kinds))
    first = [
        Answer(arrivals[order].at_seconds + _wait_seconds(profile, dice), order, kind)
        for order, kind in zip(orders, kinds, strict=False)
    ]
    accepted = [each for each in first if each.kind is Kind.ACCEPT]
    repeats = [
        Answer(each.at_seconds + dice.uniform(*AGAIN_SECONDS), each.order, Kind.AGAIN)
        for each in dice.sample(accepted, min(again, len(accepted)))
    ]
    return sorted([*first, *repeats], key=lambda each: each.at_seconds)


def _wait_seconds(profile: Profile, dice: random.Random) -> float:
    return 60.0 * dice.uniform(*profile.inbound.after_minutes)
