"""How many lanes, carrier channels and cores a day needs, and what binds first: often a single florist's line.

Channels and lines come from playing the day without mishaps (`lines.py`), the rest from what was measured:
CPU a fax, and how long a carrier takes to answer.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.lines import Played, is_met, play_lines
from faxgw_loadtest.profile import HOUR_SECONDS, Lines

LANE_USE_MAX = 0.7
CORE_USE_MAX = 0.7
"""Above this share of its time what serves random arrivals makes them wait for long (M/M/1: 2.3 services at 0.7)."""
SHARED = 5
"""Faxes a call that are advised: most of what sharing saves is won with five."""
PATIENCE_SECONDS = 300.0
LATE_SHARE_MAX = 0.01
"""Enough channels are there when at most this share of faxes waits for one longer than the patience."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What one fax costs here; measured, see docs/loadtest.md."""

    cpu_ms: float = 8.5
    """Of all our processes, from the order to its receipt."""
    answer_seconds: float = 0.25
    """How long the carrier takes to answer to a fax that is handed in: so long a lane is held."""
    faxes_a_call: int = 1


class BusiestLine(msgspec.Struct, frozen=True, kw_only=True):
    """A florist whose line is the narrow place."""

    florist: int
    faxes: int
    line_hours: float
    missed: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the day needs, and what is missed whatever is bought."""

    faxes: int
    calls: int
    peak_minute_faxes: int
    lanes: int
    channels: int
    channels_peak: int
    """With as many no fax ever waits for a channel; `channels` meets the same deadlines."""
    cores: int
    cores_used_peak: float
    promised: int
    missed_by_lines: int
    """Deadlines that the lines do not allow, with any number of channels."""
    longest_wait_hours: float
    """Of a fax for its line, with any number of channels."""
    busiest: list[BusiestLine]
    binds: str
    advice: list[str]


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What there is; 0 is as much as needed."""

    channels: int = 0
    cores: int = 0


def plan_day(arrivals: Sequence[Arrival], lines: Lines, costs: Costs, means: Means) -> Plan:
    free = play_lines(arrivals, lines, faxes_a_call=costs.faxes_a_call)
    missed_by_lines = _missed(arrivals, free)
    peak_minute = max(Counter(int(each.at_seconds // 60) for each in arrivals).values(), default=0)
    channels = _channels_needed(arrivals, lines, costs, free, missed_by_lines)
    cores_used = peak_minute / 60 * costs.cpu_ms / 1_000
    busiest = _busiest(arrivals, free)
    waited = _longest_wait(arrivals, free)
    short = _short_of_channels(arrivals, lines, costs, means, missed_by_lines)
    return Plan(
        faxes=len(arrivals),
        calls=free.calls,
        peak_minute_faxes=peak_minute,
        lanes=max(1, math.ceil(free.calls_begun_a_minute_max / 60 * costs.answer_seconds / LANE_USE_MAX)),
        channels=channels,
        channels_peak=free.channels_used_max,
        cores=max(1, math.ceil(cores_used / CORE_USE_MAX)),
        cores_used_peak=round(cores_used, 3),
        promised=sum(each.deadline_seconds is not None for each in arrivals),
        missed_by_lines=missed_by_lines,
        longest_wait_hours=round(waited / HOUR_SECONDS, 2),
        busiest=busiest,
        binds=_binds(busiest, missed_by_lines, short, cores_used, means, channels, waited),
        advice=list(_advice(arrivals, lines, costs, busiest, missed_by_lines, waited)),
    )


def _missed(arrivals: Sequence[Arrival], played: Played) -> int:
    return sum(not is_met(each, at) for each, at in zip(arrivals, played.finished, strict=True))


def _longest_wait(arrivals: Sequence[Arrival], played: Played) -> float:
    return max((at - each.at_seconds for each, at in zip(arrivals, played.finished, strict=True)), default=0.0)


def _channels_needed(
    arrivals: Sequence[Arrival], lines: Lines, costs: Costs, free: Played, missed_by_lines: int
) -> int:
    """The fewest with which the day meets what it meets without a limit, and hardly a fax waits for a channel."""
    fewest, most = 1, max(1, free.channels_used_max)
    while fewest < most:
        middle = (fewest + most) // 2
        played = play_lines(arrivals, lines, channels=middle, faxes_a_call=costs.faxes_a_call)
        late = sum(at - best > PATIENCE_SECONDS for at, best in zip(played.finished, free.finished, strict=True))
        if _missed(arrivals, played) <= missed_by_lines and late <= LATE_SHARE_MAX * len(arrivals):
            most = middle
        else:
            fewest = middle + 1
    return most


def _short_of_channels(
    arrivals: Sequence[Arrival], lines: Lines, costs: Costs, means: Means, missed_by_lines: int
) -> int:
    """Deadlines that more channels would meet."""
    if not means.channels:
        return 0
    played = play_lines(arrivals, lines, channels=means.channels, faxes_a_call=costs.faxes_a_call)
    return max(0, _missed(arrivals, played) - missed_by_lines)


def _busiest(arrivals: Sequence[Arrival], played: Played) -> list[BusiestLine]:
    missed = Counter(each.florist for each, at in zip(arrivals, played.finished, strict=True) if not is_met(each, at))
    faxes = Counter(each.florist for each in arrivals)
    worst = sorted(faxes, key=lambda florist: (-missed[florist], -played.line_seconds.get(florist, 0.0), florist))[:5]
    return [
        BusiestLine(
            florist=florist,
            faxes=faxes[florist],
            line_hours=round(played.line_seconds.get(florist, 0.0) / HOUR_SECONDS, 2),
            missed=missed[florist],
        )
        for florist in worst
    ]


def _binds(
    busiest: Sequence[BusiestLine],
    missed_by_lines: int,
    short: int,
    cores_used: float,
    means: Means,
    channels: int,
    waited_seconds: float,
) -> str:
    if means.cores and cores_used > means.cores * CORE_USE_MAX:
        return f"the cores: the peak minute needs {cores_used:.1f} of them at work, {means.cores} are there"
    if short:
        return f"the carrier: with {means.channels} channels {short:,} deadlines more are missed than with {channels}"
    if not busiest:
        return "nothing: no order comes in"
    worst = busiest[0]
    named = f"florist {worst.florist} with {worst.faxes:,} faxes, {worst.line_hours:.1f} hours on one line"
    if missed_by_lines:
        return f"florists' lines: {missed_by_lines:,} deadlines cannot be met by any gateway. The worst is {named}"
    if waited_seconds > HOUR_SECONDS:
        hours = waited_seconds / HOUR_SECONDS
        return f"a florist's line: every deadline can be met, but other faxes wait up to {hours:.1f} hours: {named}"
    return f"nothing: every deadline can be met. The narrowest place is {named}"


def _advice(
    arrivals: Sequence[Arrival],
    lines: Lines,
    costs: Costs,
    busiest: Sequence[BusiestLine],
    missed_by_lines: int,
    waited_seconds: float,
) -> Iterator[str]:
    if not missed_by_lines and waited_seconds <= HOUR_SECONDS:
        return
    if costs.faxes_a_call == 1:
        shared = play_lines(arrivals, lines, faxes_a_call=SHARED)
        missed = f"{_missed(arrivals, shared):,} deadlines missed instead of {missed_by_lines:,}, "
        yield (
            f"[call] faxes_max = {SHARED} lets order sheets share calls: {missed if missed_by_lines else ''}"
            f"no wait above {_longest_wait(arrivals, shared) / 60:,.0f} minutes instead of {waited_seconds / 60:,.0f}"
        )
    named = ", ".join(str(line.florist) for line in busiest)
    yield f"a second line for florists {named} (fax_calls_max, fax_second), or fewer orders for them ([routing])"
