"""When a line may be called: a florist's opening hours, and the nights in which a country wants its peace.

A line that several members share is open while one of them is. A number of no member follows its country's
clock. Opening hours are OpenStreetMap's (https://wiki.openstreetmap.org/wiki/Key:opening_hours), public
holidays included.
"""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

from faxgw.config.sending import CallingRules, calling_rules_of
from faxgw.members.opening import read_opening_hours
from faxgw.members.register import Register
from faxgw.phone import Line

LOOKED_AHEAD_MAX = 64
"""Changes that are looked through for the next opening; a shop shut for longer is looked at again then."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a line may be called, and until when that holds (seconds since 1970, or infinity)."""

    is_open: bool
    until: float


@dataclass(frozen=True, slots=True)
class _Shop:
    hours: OpeningHours | None
    timezone: ZoneInfo


class CallingHours:
    """Answers for every line, from the register and the config."""

    def __init__(self, register: Register, rules: Sequence[CallingRules]) -> None:
        self._rules = rules
        self._shops: dict[Line, list[_Shop]] = {}
        self.follow(register)

    def follow(self, register: Register) -> None:
        """Answer from this register from now on."""
        shops: dict[Line, list[_Shop]] = {}
        for member in register:
            shop = _Shop(read_opening_hours(member), ZoneInfo(member.timezone))
            for line in register.lines_of(member):
                shops.setdefault(line, []).append(shop)
        self._shops = shops

    def at(self, line: Line, now: float) -> Opening:
        """Open until the next change, or shut until it opens."""
        opening = self._at(line, now)
        for _ in range(LOOKED_AHEAD_MAX):
            if opening.is_open or opening.until == math.inf:
                return opening
            following = self._at(line, opening.until)
            if following.is_open:
                return opening
            opening = following
        return opening

    def _at(self, line: Line, now: float) -> Opening:
        shops = self._shops.get(line, [])
        night = self._night(line, shops, now)
        known = [_shop_at(shop.hours, shop.timezone, now) for shop in shops if shop.hours is not None]
        any_open = not known or any(shop.is_open for shop in known)
        until = min([night.until, *(shop.until for shop in known)])
        return Opening(night.is_open and any_open, until)

    def _night(self, line: Line, shops: Sequence[_Shop], now: float) -> Opening:
        rules = calling_rules_of(self._rules, line)
        if rules.quiet_from is None or rules.quiet_until is None:
            return Opening(is_open=True, until=math.inf)
        timezone = shops[0].timezone if shops else ZoneInfo(rules.timezone or "UTC")
        local = dt.datetime.fromtimestamp(now, timezone)
        is_quiet = _is_between(local.time(), rules.quiet_from, rules.quiet_until)
        return Opening(not is_quiet, min(_next_times(local, (rules.quiet_from, rules.quiet_until))))


def _shop_at(hours: OpeningHours, timezone: ZoneInfo, now: float) -> Opening:
    local = dt.datetime.fromtimestamp(now, timezone)
    change = hours.next_change(local)
    return Opening(not hours.is_closed(local), math.inf if change is None else change.timestamp())


def _is_between(time: dt.time, start: dt.time, end: dt.time) -> bool:
    """Whether `time` lies in [start, end), which may go over midnight."""
    return start <= time < end if start < end else time >= start or time < end


def _next_times(local: dt.datetime, times: Sequence[dt.time]) -> Iterator[float]:
    """When the clock on the wall next shows each of these times, daylight saving included."""
    for time in times:
        for days in range(3):
            then = dt.datetime.combine(local.date() + dt.timedelta(days), time, local.tzinfo).timestamp()
            if then > local.timestamp():
                yield then
                break
