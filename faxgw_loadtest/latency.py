"""Histograms of waiting times (HDR: three digits from a microsecond to an hour), and what is told of them."""

from collections.abc import Iterable

import msgspec
from hdrh.histogram import HdrHistogram

_MICROSECONDS_MAX = 24 * 3_600 * 1_000_000
_DIGITS = 3
_PERCENTILES = (0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100)


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. `points` are (percentile, seconds) for a curve."""

    count: int
    mean: float
    p50: float
    p90: float
    p99: float
    p999: float
    longest: float
    points: list[tuple[float, float]]


def latency_of(seconds: Iterable[float]) -> Latency | None:
    """Nothing where nothing was measured. Clocks that were set back count as no wait at all."""
    histogram = HdrHistogram(1, _MICROSECONDS_MAX, _DIGITS)
    total, count = 0.0, 0
    for each in seconds:
        histogram.record_value(max(1, round(each * 1e6)))
        total += max(0.0, each)
        count += 1
    if not count:
        return None
    points = [(percent, histogram.get_value_at_percentile(percent) / 1e6) for percent in _PERCENTILES]
    told = dict(points)
    return Latency(
        count=count,
        mean=total / count,
        p50=told[50],
        p90=told[90],
        p99=told[99],
        p999=told[99.9],
        longest=histogram.get_max_value() / 1e6,
        points=points,
    )
