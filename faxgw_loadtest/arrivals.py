"""When which order comes in: fixed before the run, from a profile and a seed, so that nothing can slow it down.

The same profile and seed give the same day on every machine.
"""

import bisect
import datetime as dt
import itertools
import math
import random
from collections.abc import Iterator, Sequence

import msgspec

from faxgw.order import Priority
from faxgw_loadtest.profile import DAY_SECONDS, HOUR_SECONDS, Profile, Promise


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One order. Seconds are of the day that is played, from its first midnight on, not yet compressed."""

    at_seconds: float
    florist: int
    priority: Priority
    pages: int
    deadline_seconds: float | None = None
    upload: int | None = None
    """Orders with the same number come in one file; without one an order comes by itself."""


def arrivals_of(profile: Profile, seed: int) -> list[Arrival]:
    """Every order of the profile, in the order of time."""
    dice = random.Random(f"{seed} arrivals")
    times = sorted(_times(profile, dice))
    florists = _florists(profile, dice)
    uploads = _uploads(profile, len(times), dice)
    arrivals = [
        _arrival(profile, dice, at, florist, upload)
        for at, florist, upload in zip(times, florists, uploads, strict=True)
    ]
    return _whole_uploads(arrivals)


def between(arrivals: Sequence[Arrival], from_hour: float, to_hour: float) -> list[Arrival]:
    """What comes in between two hours, counted from the first midnight on."""
    first, last = from_hour * HOUR_SECONDS, to_hour * HOUR_SECONDS
    return [each for each in arrivals if first <= each.at_seconds < last]


def thinned(arrivals: Sequence[Arrival], limit: int, seed: int) -> list[Arrival]:
    """At most `limit` of them, drawn evenly, so that the day keeps its course."""
    if len(arrivals) <= limit:
        return list(arrivals)
    kept = sorted(random.Random(f"{seed} thinned").sample(range(len(arrivals)), limit))
    return [arrivals[index] for index in kept]


def _times(profile: Profile, dice: random.Random) -> Iterator[float]:
    """Moments drawn from the course of the days: the inverse of its integral, at even chances."""
    knots = [(hour * HOUR_SECONDS, rate) for hour, rate in profile.time.rate]
    areas = [(later - at) * (rate + other) / 2 for (at, rate), (later, other) in itertools.pairwise(knots)]
    ends = list(itertools.accumulate(areas))
    days = list(itertools.accumulate(profile.time.days))
    for _ in range(profile.time.faxes):
        day = bisect.bisect_left(days, dice.random() * days[-1])
        drawn = dice.random() * ends[-1]
        part = min(bisect.bisect_left(ends, drawn), len(areas) - 1)
        within = drawn - (ends[part - 1] if part else 0.0)
        yield day * DAY_SECONDS + _within(knots[part], knots[part + 1], within)


def _within(first: tuple[float, float], last: tuple[float, float], area: float) -> float:
    """Where the area under the straight line from `first` on has grown to `area`."""
    (at, rate), (later, other) = first, last
    slope = (other - rate) / (later - at)
    if abs(slope) < 1e-12:
        return at + area / rate
    return at + (math.sqrt(max(0.0, rate * rate + 2 * slope * area)) - rate) / slope


def _florists(profile: Profile, dice: random.Random) -> list[int]:
    sizes = [dice.lognormvariate(0.0, profile.florists.skew) for _ in range(profile.florists.count)]
    return dice.choices(range(len(sizes)), weights=sizes, k=profile.time.faxes)


def _uploads(profile: Profile, count: int, dice: random.Random) -> Iterator[int | None]:
    """For each order the file it comes in; files hold orders that follow each other."""
    share, lines = profile.orders.ndjson, profile.orders.ndjson_lines
    begins = share / (lines * (1 - share) + share)
    upload, left = 0, 0
    for _ in range(count):
        if not left and share and dice.random() < begins:
            upload, left = upload + 1, lines
        yield upload if left else None
        left = max(0, left - 1)


def _arrival(profile: Profile, dice: random.Random, at: float, florist: int, upload: int | None) -> Arrival:
    wanted, wants_promise = dice.random(), dice.random()
    pages = 1 + dice.choices(range(len(profile.orders.pages)), weights=profile.orders.pages)[0]
    priority = Priority.STANDARD
    if wanted < profile.orders.express:
        priority = Priority.EXPRESS
    elif wanted > 1 - profile.orders.bulk:
        priority = Priority.BULK
    promise = next((each for each in profile.promise if _fits(each, at % DAY_SECONDS)), None)
    if promise is None or wants_promise >= promise.share:
        return Arrival(at, florist, priority, pages, None, upload)
    deadline = at // DAY_SECONDS * DAY_SECONDS + _seconds(promise.deadline)
    return Arrival(at, florist, promise.priority or priority, pages, deadline, upload)


def _fits(promise: Promise, at: float) -> bool:
    in_time = _seconds(promise.ordered_after) <= at < _seconds(promise.ordered_before)
    return in_time and at < _seconds(promise.deadline)


def _seconds(time: dt.time) -> float:
    return float(time.hour * 3600 + time.minute * 60 + time.second)


def _whole_uploads(arrivals: list[Arrival]) -> list[Arrival]:
    """A file is handed in when its last order is there."""
    last = {each.upload: each.at_seconds for each in arrivals if each.upload is not None}
    moved = [
        each if each.upload is None else msgspec.structs.replace(each, at_seconds=last[each.upload])
        for each in arrivals
    ]
    return sorted(moved, key=lambda each: each.at_seconds)
