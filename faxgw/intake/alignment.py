"""Lays a form over a page: from the code's corners roughly, from the boxes' own frames exactly.

A fax machine shifts a page by centimeters, scales it by some percent and skews it by a degree or two; a page may also
lie upside down. The code's four corners tell all of that to about 30 pixels at the other end of the page. There the
frames of all boxes together are looked for, which no text and no ruled line looks like.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faxgw.intake.blank import Blank, Box, code_side
from faxgw.intake.pages.page import Ink
from faxgw.intake.qr import Corners

Affine = NDArray[np.float64]
"""Shape (2, 3): a form's (x, y, 1) to the page's (x, y)."""

Points = NDArray[np.float64]


def turned_degrees(corners: Corners) -> int:
    """By how much the page must be turned against the clock to stand upright."""
    (left, top), (right, bottom) = corners[0], corners[1]
    across, down = right - left, bottom - top
    if abs(across) >= abs(down):
        return 0 if across > 0 else 180
    return 90 if down > 0 else 270


def turn(ink: Ink, degrees: int) -> Ink:
    return np.ascontiguousarray(np.rot90(ink, degrees // 90))


def turn_corners(corners: Corners, degrees: int, rows: int, columns: int) -> Corners:
    """Where the corners of a page of `rows` x `columns` go when it is turned."""
    match degrees:
        case 90:
            first, second, third, fourth = ((y, columns - 1 - x) for x, y in corners)
        case 180:
            first, second, third, fourth = ((columns - 1 - x, rows - 1 - y) for x, y in corners)
        case 270:
            first, second, third, fourth = ((rows - 1 - y, x) for x, y in corners)
        case _:
            return corners
    return first, second, third, fourth


def skew_degrees(affine: Affine) -> float:
    return float(np.degrees(np.arctan2(affine[1, 0], affine[0, 0])))


def guesses_by_code(corners: Corners, code: str, blank: Blank) -> list[Affine]:
    """One for each place where the form may have its code."""
    page = np.array(corners)
    guesses = []
    for place in blank.codes:
        side = code_side(code, place.module)
        left, right, top, bottom = place.right - side, place.right, place.top, place.top + side
        guesses.append(_similar(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]), page))
    return guesses


def guess_of_page(columns: int) -> Affine:
    """Without a code: the form as wide as the page."""
    return np.array([[columns / 1728, 0.0, 0.0], [0.0, 1.0, 0.0]])


def _similar(form: Points, page: Points) -> Affine:
    """Turn and shift by least squares, with a scale of its own for rows and for columns.

    A general affine fit would take the corners' noise for shear and carry it over the page tenfold.
    """
    form_middle, page_middle = form.mean(axis=0), page.mean(axis=0)
    f, p = form - form_middle, page - page_middle
    angle = np.arctan2((f[:, 0] * p[:, 1] - f[:, 1] * p[:, 0]).sum(), (f * p).sum())
    cos, sin = np.cos(angle), np.sin(angle)
    upright = p @ np.array([[cos, -sin], [sin, cos]])
    scale = (upright * f).sum(axis=0) / (f * f).sum(axis=0)
    matrix = np.array([[cos, -sin], [sin, cos]]) * scale
    return np.column_stack((matrix, page_middle - matrix @ form_middle))


def sample(ink: Ink, affine: Affine, left: int, top: int, width: int, height: int) -> Ink:
    """A rectangle of the form as it stands on the page; white where it reaches beyond."""
    x, y = np.arange(left, left + width) + 0.5, np.arange(top, top + height)[:, None] + 0.5
    columns = (affine[0, 0] * x + affine[0, 1] * y + affine[0, 2]).astype(np.intp)
    rows = (affine[1, 0] * x + affine[1, 1] * y + affine[1, 2]).astype(np.intp)
    inside = (rows >= 0) & (rows < ink.shape[0]) & (columns >= 0) & (columns < ink.shape[1])
    picked = ink[np.clip(rows, 0, ink.shape[0] - 1), np.clip(columns, 0, ink.shape[1] - 1)]
    return np.asarray(picked & inside)


class Laid(NamedTuple):
    """A form laid over a page."""

    affine: Affine
    score: float
    """How much of the boxes' frames is there, 0 to 1."""
    worst: float
    """The same of the frame of which there is least."""

    @property
    def found(self) -> bool:
        return self.score >= _FOUND_FROM and self.worst >= _EACH_FROM


_FOUND_FROM, _EACH_FROM = 0.72, 0.5
"""Of a form's frames: noise and torn strokes leave 0.85 and more, text comes to 0.5. Each box must be there, or a page
whose last box is cut off could be taken for one that lies a box higher."""

_WORTH_FROM, _PLAIN_FROM = 0.45, 0.85
"""Between the two another scale may fit better; below there are no boxes on the page."""

_REACH = 64
"""How far from the guess the frames are looked for; less than would take one box for the next."""
_REACH_BLIND = 200
_SCALES = (0.985, 1.015, 0.97, 1.03)


def lay_over(ink: Ink, blank: Blank, guesses: list[Affine], *, blind: bool = False) -> Laid | None:
    """The form where its frames fit best; None where none do, as on a page without boxes."""
    reach = _REACH_BLIND if blind else _REACH
    best = _best((_fit(ink, blank, guess, reach) for guess in guesses), None)
    if best is not None and _WORTH_FROM < best.score < _PLAIN_FROM:
        rescaled = (_rescaled(guess, scale) for scale in _SCALES for guess in guesses)
        best = _best((_fit(ink, blank, guess, reach) for guess in rescaled), best)
    return best if best is not None and best.found else None


def _best(laids: Iterator[Laid], best: Laid | None) -> Laid | None:
    """The one that fits best; after one that fits plainly none is tried."""
    for laid in laids:
        if best is None or laid.score > best.score:
            best = laid
        if laid.found and laid.score >= _PLAIN_FROM:
            return laid
    return best


def _rescaled(affine: Affine, scale: float) -> Affine:
    scaled = affine.copy()
    scaled[:, :2] *= scale
    return scaled


def _fit(ink: Ink, blank: Blank, guess: Affine, reach: int) -> Laid:
    """Shift the guess to where all frames together fit, then let each frame say where it is."""
    boxes, margin = blank.boxes, reach + _NEAR + _WHITE_OUTSIDE
    left, top = min(box.x for box in boxes) - margin, min(box.y for box in boxes) - margin
    width = max(box.x for box in boxes) + blank.side + margin - left
    height = max(box.y for box in boxes) + blank.side + margin - top
    sums = _sums(sample(ink, guess, left, top, width, height))
    places = [(box.x - left - reach, box.y - top - reach) for box in boxes]
    scores = np.sum([_frame_scores(sums, x, y, blank, reach, _STEP) for x, y in places], axis=0)
    down, across = np.unravel_index(int(np.argmax(scores)), scores.shape)
    shift = np.array([_STEP * across - reach, _STEP * down - reach], float)
    placed = [_refine(sums, box, shift, left, top, blank) for box in boxes]
    form = np.array([(box.x, box.y) for box in boxes], float)
    there = form + [offset for offset, _ in placed]
    scores_there = [score for _, score in placed]
    return Laid(_adjusted(guess, form, there), sum(scores_there) / len(scores_there), min(scores_there))


_NEAR = 6
"""How far a single frame may stand from where all together say it is: what skew and scale leave."""


def _refine(
    sums: NDArray[np.int32], box: Box, shift: Points, left: int, top: int, blank: Blank
) -> tuple[Points, float]:
    x, y = box.x - left + int(shift[0]) - _NEAR, box.y - top + int(shift[1]) - _NEAR
    scores = _frame_scores(sums, x, y, blank, _NEAR)
    down, across = np.unravel_index(int(np.argmax(scores)), scores.shape)
    best = scores[down, across]
    # Strokes are wider than the template, so that several places fit as well: the middle one is meant.
    rows, columns = np.nonzero(scores >= best - 1e-9)
    return shift + np.array([columns.mean() - _NEAR, rows.mean() - _NEAR]), float(best)


def _adjusted(guess: Affine, form: Points, there: Points) -> Affine:
    """The guess with what the frames say: shift, lean, and stretch along the row or column of boxes."""
    offsets = there - form
    middle = form.mean(axis=0)
    spread = form - middle
    matrix = np.eye(2)
    for axis in (0, 1):
        length = float((spread[:, axis] ** 2).sum())
        if length:
            slope = (offsets - offsets.mean(axis=0)).T @ spread[:, axis] / length
            matrix[:, axis] += slope
            if not spread[:, 1 - axis].any():
                # Boxes in one row or column say nothing of the other; a page that leans, leans in both.
                matrix[axis, 1 - axis] -= slope[1 - axis]
    moved = np.column_stack((matrix, middle + offsets.mean(axis=0) - matrix @ middle))
    return np.column_stack((guess[:, :2] @ moved[:, :2], guess[:, :2] @ moved[:, 2] + guess[:, 2]))


def _sums(ink: Ink) -> NDArray[np.int32]:
    """Integral image with a row and a column of noughts in front."""
    sums = np.zeros((ink.shape[0] + 1, ink.shape[1] + 1), np.int32)
    np.cumsum(ink, axis=0, dtype=np.int32, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


_WHITE_OUTSIDE = 6


_STEP = 2
"""Strokes are four pixels wide: every second place is enough to find a frame by."""


def _frame_scores(
    sums: NDArray[np.int32], x: int, y: int, blank: Blank, reach: int, step: int = 1
) -> NDArray[np.float64]:
    """For every `step`th of (2 reach + 1) squared places from (x, y) on: how much of the frame is ink there, less what
    is ink right outside of it, where a frame has white."""
    side, stroke = blank.side, blank.stroke - 2
    span = 2 * reach + 1

    def share(left: int, top: int, width: int, height: int) -> NDArray[np.float64]:
        def corner(at_x: int, at_y: int) -> NDArray[np.int32]:
            return sums[y + at_y : y + at_y + span : step, x + at_x : x + at_x + span : step]

        ink = corner(left + width, top + height) - corner(left, top + height) - corner(left + width, top)
        return (ink + corner(left, top)) / (width * height)

    edges = (
        share(1, 1, side - 2, stroke),
        share(1, side - 1 - stroke, side - 2, stroke),
        share(1, 1, stroke, side - 2),
        share(side - 1 - stroke, 1, stroke, side - 2),
    )
    white = (
        share(4, -5, side - 8, 3),
        share(4, side + 2, side - 8, 3),
        share(-5, 4, 3, side - 8),
        share(side + 2, 4, 3, side - 8),
    )
    return sum(edges) / 4 - sum(white) / 12  # type: ignore[return-value]  # `sum` of arrays is no int.
