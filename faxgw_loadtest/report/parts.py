"""What several parts of the report are made of: rows of charts, and how figures and times are written."""

from collections.abc import Sequence

from faxgw_loadtest.profile import DAY_SECONDS, HOUR_SECONDS


def charts(figures: Sequence[str]) -> str:
    return f"<div class=grid2>{''.join(figures)}</div>"


def time_of_day(seconds: float) -> str:
    day, within = divmod(seconds, DAY_SECONDS)
    clock = f"{int(within // HOUR_SECONDS):02d}:{int(within % HOUR_SECONDS // 60):02d}"
    return f"day {int(day) + 1} {clock}" if day else clock


def short(value: float) -> str:
    return f"{value / 1_000:g}k" if value >= 10_000 else f"{value:g}"


def wait(seconds: float) -> str:
    if not seconds:
        return "0"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 1_000 else f"{seconds / 60:,.0f} min"


def span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / HOUR_SECONDS:.1f} h"
