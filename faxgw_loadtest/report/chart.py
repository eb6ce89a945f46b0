"""Charts as SVG, drawn from numbers alone: lines over the day, percentile curves, bars. Colours come from the page."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 26
TICKS = 4

Format = Callable[[float], str]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart; `colour` is the number of a CSS colour. Where a value is missing the line is cut."""

    name: str
    points: Sequence[tuple[float, float | None]]
    colour: int
    is_area: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Which values an axis shows, where its marks are, and how they are written."""

    low: float
    high: float
    marks: Sequence[float]
    written: Format
    is_log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        if self.is_log:
            return math.log10(max(value, self.low) / self.low) / math.log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def line_chart(title: str, series: Sequence[Series], across: Axis, up: Axis, *, limit: float | None = None) -> str:
    """Lines with a legend; `limit` is drawn as a broken line across."""
    body = [_grid(across, up)]
    for each in series:
        for part in _parts(each.points):
            places = [(_x(across, x), _y(up, y)) for x, y in part]
            if each.is_area:
                body.append(_area(places, each.colour))
            body.append(_path(places, each.colour))
    if limit is not None and up.low <= limit <= up.high:
        y = _y(up, limit)
        body.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return _figure(title, _svg(title, body), [(each.name, each.colour) for each in series])


def bar_chart(title: str, bars: Sequence[tuple[str, float, int]], written: Format) -> str:
    """Horizontal bars: name, value, colour."""
    highest = max((value for _, value, _ in bars), default=0.0) or 1.0
    row, label = 26, 150
    height = row * len(bars) + 10
    body = []
    for number, (name, value, colour) in enumerate(bars):
        y = 5 + number * row
        width = (WIDTH - label - 90) * value / highest
        body.append(f'<text class="tick" x="{label - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        body.append(f'<rect class="fill{colour}" x="{label}" y="{y + 3}" width="{width:.1f}" height="16" rx="2"/>')
        body.append(f'<text class="value" x="{label + width + 6:.1f}" y="{y + 15}">{escape(written(value))}</text>')
    return _figure(title, _svg(title, body, height), [])


def linear(highest: float, written: Format) -> Axis:
    """From 0 to a round number above `highest`."""
    step = _round_step(max(highest, 1e-9) / TICKS)
    count = max(1, math.ceil(highest / step - 1e-9))
    return Axis(0.0, step * count, [step * number for number in range(count + 1)], written)


def logarithmic(lowest: float, highest: float, written: Format) -> Axis:
    """Whole powers of ten around both."""
    low = math.floor(math.log10(max(lowest, 1e-6)))
    high = max(low + 1, math.ceil(math.log10(max(highest, 1e-6))))
    marks = [10.0**power for power in range(low, high + 1)]
    return Axis(marks[0], marks[-1], marks, written, is_log=True)


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step - 1e-12))


def _x(across: Axis, value: float) -> float:
    return LEFT + across.place(value) * (WIDTH - LEFT - RIGHT)


def _y(up: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - up.place(value) * (HEIGHT - TOP - BOTTOM)


def _grid(across: Axis, up: Axis) -> str:
    lines = []
    for mark in up.marks:
        y = _y(up, mark)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(up.written(mark))}</text>'
        )
    for mark in across.marks:
        x = _x(across, mark)
        lines.append(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 4}"/>'
        )
        written = escape(across.written(mark))
        lines.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{written}</text>')
    return "".join(lines)


def _parts(points: Sequence[tuple[float, float | None]]) -> list[list[Point]]:
    parts: list[list[Point]] = [[]]
    for x, y in points:
        if y is None:
            parts.append([])
        else:
            parts[-1].append((x, y))
    return [part for part in parts if part]


def _path(places: Sequence[Point], colour: int) -> str:
    if len(places) == 1:
        [(x, y)] = places
        return f'<circle class="fill{colour}" cx="{x:.1f}" cy="{y:.1f}" r="1.6"/>'
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="line{colour}" points="{drawn}"/>'


def _area(places: Sequence[Point], colour: int) -> str:
    floor = HEIGHT - BOTTOM
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(places[0][0], floor), *places, (places[-1][0], floor)])
    return f'<polygon class="area{colour}" points="{drawn}"/>'


def _svg(title: str, body: Sequence[str], height: float = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(body)}</svg>'


def _figure(title: str, svg: str, legend: Sequence[tuple[str, int]]) -> str:
    keys = "".join(f'<span class="key"><i class="bg{colour}"></i>{escape(name)}</span>' for name, colour in legend)
    named = f"<span class=keys>{keys}</span>" if keys else ""
    return f"<figure><figcaption>{escape(title)}{named}</figcaption>{svg}</figure>"
