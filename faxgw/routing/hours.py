"""When a shop is open on a day, in minutes of that day by its own clock."""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import State

from faxgw.members.opening import read_hours

MINUTES_A_DAY = 24 * 60
ALL_DAY = ((0, MINUTES_A_DAY),)
SHOP_DAYS_KEPT_MAX = 65_536

Spans = tuple[tuple[int, int], ...]
"""Half-open: from the first minute, and up to but without the second."""


@lru_cache(maxsize=SHOP_DAYS_KEPT_MAX)
def open_spans(hours: str | None, timezone: str, country: str, day: dt.date) -> Spans:
    """The spans of `day` in which the shop is open, public holidays of its country included; all day without hours."""
    if hours is None:
        return ALL_DAY
    zone = ZoneInfo(timezone)
    midnight = dt.datetime.combine(day, dt.time(), zone)
    following = dt.datetime.combine(day + dt.timedelta(1), dt.time(), zone)
    intervals = read_hours(hours, timezone, country).intervals(midnight, following)
    return tuple(
        (_minute(start, day), _minute(end, day)) for start, end, state, _ in intervals if state == State.OPEN
    )  # fmt: skip


def _minute(moment: dt.datetime, day: dt.date) -> int:
    """By the clock on the wall, which on two days a year does not show every minute once."""
    return MINUTES_A_DAY if moment.date() > day else moment.hour * 60 + moment.minute


def meets(spans: Spans, start: int, end: int) -> bool:
    """Whether any of the spans has a minute in [start, end)."""
    return any(max(opens, start) < min(closes, end) for opens, closes in spans)
