"""What florists do to a box: strokes of a pen on a printed sheet, never twice the same."""

import itertools
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from faxgw.render.orderform import REPLY_TICKS, TICK_SIDE

Point = tuple[float, float]


class Pen:
    """Draws on a page in mode L with strokes of one width, in columns."""

    def __init__(self, page: Image.Image, rng: random.Random, width: float) -> None:
        self._draw = ImageDraw.Draw(page)
        self._rng = rng
        self._width = width

    def stroke(self, *points: Point, tremor: float = 0.8) -> None:
        """A line through the points as a hand draws it, with round ends."""
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            steps = max(2, int(max(abs(x1 - x0), abs(y1 - y0)) / 2))
            for step in range(steps + 1):
                at = step / steps
                x = x0 + (x1 - x0) * at + self._rng.gauss(0, tremor * 0.4)
                y = y0 + (y1 - y0) * at + self._rng.gauss(0, tremor * 0.4)
                half = self._width / 2
                self._draw.ellipse((x - half, y - half, x + half, y + half), fill=self._rng.randrange(0, 60))

    def wobble(self, point: Point, by: float) -> Point:
        return point[0] + self._rng.uniform(-by, by), point[1] + self._rng.uniform(-by, by)


def box_of(name: str) -> tuple[int, int, int]:
    """Left, top and side."""
    return (*REPLY_TICKS[name], TICK_SIDE)


def cross(pen: Pen, rng: random.Random, name: str) -> None:
    x, y, side = box_of(name)
    out = rng.uniform(-8, 7)
    pen.stroke(pen.wobble((x - out, y - out), 4), pen.wobble((x + side + out, y + side + out), 4))
    pen.stroke(pen.wobble((x + side + out, y - out), 4), pen.wobble((x - out, y + side + out), 4))


def tick(pen: Pen, rng: random.Random, name: str) -> None:
    x, y, side = box_of(name)
    long = rng.uniform(0, 22)
    pen.stroke(
        pen.wobble((x + 0.12 * side, y + 0.5 * side), 4),
        pen.wobble((x + 0.4 * side, y + 0.88 * side), 4),
        pen.wobble((x + side + long * 0.6, y - long), 5),
    )


def fill(pen: Pen, rng: random.Random, name: str) -> None:
    x, y, side = box_of(name)
    for row in range(4, side - 3, 3):
        pen.stroke(pen.wobble((x + 4, y + row), 2), pen.wobble((x + side - 5, y + row + 1), 2))


def slash(pen: Pen, rng: random.Random, name: str) -> None:
    x, y, side = box_of(name)
    pen.stroke(pen.wobble((x + 2, y + side - 2), 5), pen.wobble((x + side - 2, y + 2), 5))


def wild_cross(pen: Pen, rng: random.Random, name: str) -> None:
    """Overshoots far: into the neighbour's box where it goes down."""
    x, y, side = box_of(name)
    out = rng.uniform(26, 44)
    pen.stroke(pen.wobble((x - 10, y - 6), 4), pen.wobble((x + side + 4, y + side + out), 5))
    pen.stroke(pen.wobble((x + side + 10, y - 6), 4), pen.wobble((x + 4, y + side + out), 5))


def circle(pen: Pen, rng: random.Random, name: str) -> None:
    """Around the box."""
    x, y, side = box_of(name)
    middle_x, middle_y, radius = x + side / 2, y + side / 2, side * rng.uniform(0.78, 0.95)
    around = [(1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7), (1, 0.1)]
    pen.stroke(*(pen.wobble((middle_x + radius * cos, middle_y + radius * sin), 3) for cos, sin in around))


def dot(pen: Pen, rng: random.Random, name: str) -> None:
    """A pen put down and lifted again."""
    x, y, side = box_of(name)
    at = pen.wobble((x + side / 2, y + side / 2), 8)
    pen.stroke(at, (at[0] + 2, at[1] + 1))


def crossed_out(pen: Pen, rng: random.Random, name: str) -> None:
    """A tick, scribbled over."""
    tick(pen, rng, name)
    x, y, side = box_of(name)
    for _ in range(3):
        zigzag = [(x - 12 + (side + 24) * (step % 2), y - 8 + (side + 16) * step / 9) for step in range(10)]
        pen.stroke(*(pen.wobble(point, 5) for point in zigzag))


def struck_out(pen: Pen, rng: random.Random, name: str) -> None:
    """A cross, and a line through it and its label."""
    cross(pen, rng, name)
    x, y, side = box_of(name)
    pen.stroke(pen.wobble((x - 30, y + side / 2), 4), pen.wobble((x + side + 170, y + side / 2), 6))


Stroke = Callable[[Pen, random.Random, str], None]

CLEAR_MARKS: dict[str, Stroke] = {"cross": cross, "tick": tick, "fill": fill, "slash": slash}
"""What everybody would take for a mark."""

DOUBTFUL_MARKS: dict[str, Stroke] = {
    "wild cross": wild_cross,
    "circle": circle,
    "dot": dot,
    "crossed out": crossed_out,
    "struck out": struck_out,
}
"""What a person must look at, or what a machine may read if it reads it right."""
