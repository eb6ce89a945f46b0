"""Tells whether a box is ticked: by what is black inside of it and is not on the blank form.

Two thresholds, and doubt in favour of a person: what lies between them, a mark that was crossed out, a circle around a
box, and a mark that reaches in from the box above are all `unsure`.
"""

import io

import numpy as np
from PIL import Image

from faxgw.config.intake import ReadingLimits
from faxgw.intake.alignment import Affine, sample
from faxgw.intake.blank import Blank, Box
from faxgw.intake.faxread import Tick, TickState
from faxgw.intake.pages.page import Ink
from faxgw.intake.streaks import find_streaks, mend

_CLEARANCE = 4
"""Between a frame and what is measured: what the alignment may be wrong by, and a torn edge."""

_RING = 14
"""How wide the ring around a frame is in which circles and scribbles leave ink. Twice that is between two boxes."""

_MARGIN = 44
"""Looked at around the boxes, to tell dirt on the scanner's glass from a mark."""

_STREAK, _STREAK_ROWS = 0.75, 160
"""A line that is black in so much of the rows around the boxes is dirt; the sides of all boxes come to a half."""

_SPAN_MIN = 0.5
"""A mark goes through half of the box, across or down; a blot of ink does not."""

_RING_INKED = 0.06
"""A circle around an empty box leaves as much ink on three sides."""

_SCRIBBLED, _RING_SCRIBBLED = 0.42, 0.2
"""So much black inside, and beside it on both sides: crossed out. A thick cross comes near the first alone."""

_STROKE_ROWS_MIN = 3
"""A stroke of a pen is as thick; a damaged row is thinner."""
_LOST_MAX = 0.3
"""With more than that of the inside lost to damaged rows nothing can be said."""


def read_ticks(ink: Ink, affine: Affine, blank: Blank, limits: ReadingLimits) -> list[Tick]:
    """Every box of the form."""
    ink = _without_streaks(ink, affine, blank)
    patches = [_Patch(ink, affine, box, blank) for box in blank.boxes]
    states = [patch.state(limits) for patch in patches]
    for index in range(len(patches) - 1):
        _blame_the_lesser(patches, states, index)
    return [_tick(ink, affine, blank, patch, state) for patch, state in zip(patches, states, strict=True)]


class _Patch:
    """A box and its surroundings, laid straight, without streaks."""

    def __init__(self, ink: Ink, affine: Affine, box: Box, blank: Blank) -> None:
        self.box = box
        side, inset = blank.side, blank.stroke + _CLEARANCE
        patch = sample(ink, affine, box.x - _MARGIN, box.y - _MARGIN, side + 2 * _MARGIN, side + 2 * _MARGIN)
        inside = slice(_MARGIN + inset, _MARGIN + side - inset)
        self._inside = patch[inside, inside][~_damaged_rows(patch, inside)]
        size = (side - 2 * inset) ** 2
        self._lost = 1 - self._inside.size / size
        self.darkness = float(self._inside.mean()) if self._inside.size else 0.0
        self._ring = _ring_share(patch, side)
        self._beside = _beside_share(patch, side)
        self._struck_out = _struck_out(patch, side)
        self.bridge_below = _bridge_below(patch, side)

    def state(self, limits: ReadingLimits) -> TickState:
        if self._lost > _LOST_MAX:
            return TickState.UNSURE
        if self.darkness < limits.clear_below:
            return TickState.UNSURE if self._ring > _RING_INKED else TickState.CLEAR
        if self.darkness < limits.marked_from or _span(self._inside) < _SPAN_MIN:
            return TickState.UNSURE
        crossed_out = self.darkness > _SCRIBBLED and self._beside > _RING_SCRIBBLED
        return TickState.UNSURE if crossed_out or self._struck_out else TickState.MARKED


def _without_streaks(ink: Ink, affine: Affine, blank: Blank) -> Ink:
    """The ink without the lines that dirt on a scanner's glass draws down a page, above and below all boxes."""
    column = np.array([(box.x, y) for box in blank.boxes for y in (box.y - _STREAK_ROWS, box.y + _STREAK_ROWS)])
    rows = column @ affine[1, :2] + affine[1, 2]
    part = ink[max(0, int(rows.min())) : max(1, int(rows.max()))]
    return mend(ink, find_streaks(part, _STREAK)) if len(part) else ink


def _damaged_rows(patch: Ink, inside: slice) -> Ink:
    """Rows of the inside that are black in the margin too. To the right stands the label, to the left nothing."""
    return np.asarray(patch[:, : _MARGIN - 6].mean(axis=1)[inside] > _STREAK)


def _ring_share(patch: Ink, side: int) -> float:
    """Ink around the frame. Each of the four sides for itself, and the second of them counts: a stroke that
    overshoots leaves one or two."""
    near, far = _MARGIN - _RING, _MARGIN - 3
    end_near, end_far = _MARGIN + side + 3, _MARGIN + side + _RING
    sides = (
        patch[near:far, near:end_far],
        patch[end_near:end_far, near:end_far],
        patch[near:end_far, near:far],
        patch[near:end_far, end_near:end_far],
    )
    return float(sorted(part.mean() for part in sides)[1])


def _beside_share(patch: Ink, side: int) -> float:
    """Ink left and right of the frame but for its corners, to which a cross reaches; of the side with less."""
    middle = slice(_MARGIN + side // 5, _MARGIN + side - side // 5)
    left, right = patch[middle, _MARGIN - 10 : _MARGIN - 3], patch[middle, _MARGIN + side + 3 : _MARGIN + side + 10]
    return float(min(left.mean(), right.mean()))


def _struck_out(patch: Ink, side: int) -> bool:
    """Whether a line runs from the left margin through the box to the label: mark and label crossed out."""
    middle = slice(_MARGIN + side // 5, _MARGIN + side - side // 5)
    gaps = patch[middle, _MARGIN - 12 : _MARGIN - 3], patch[middle, _MARGIN + side + 3 : _MARGIN + side + 20]
    return all(np.median(gap.sum(axis=0)) >= _STROKE_ROWS_MIN and gap.any(axis=0).all() for gap in gaps)


def _bridge_below(patch: Ink, side: int) -> bool:
    """Whether ink reaches down to the next box without a gap."""
    return bool(patch[_MARGIN + side + 3 : _MARGIN + side + 28, _MARGIN : _MARGIN + side].any(axis=1).all())


def _span(inside: Ink) -> float:
    """The longer side of the ink's extent, as a share of the inside's. The outermost 3 % are dirt."""
    spans = []
    for axis in (0, 1):
        places = np.nonzero(inside)[1 - axis]
        if len(places):
            low, high = np.quantile(places, (0.03, 0.97))
            spans.append((high - low) / inside.shape[1 - axis])
    return max(spans, default=0.0)


def _blame_the_lesser(patches: list[_Patch], states: list[TickState], index: int) -> None:
    """Of two boxes that ink connects, the one with less may have it from the other."""
    if not patches[index].bridge_below:
        return
    lesser = index if patches[index].darkness < patches[index + 1].darkness else index + 1
    if states[lesser] is TickState.MARKED:
        states[lesser] = TickState.UNSURE


_NOTE_ABOVE, _NOTE_BELOW = 24, 18


def _tick(ink: Ink, affine: Affine, blank: Blank, patch: _Patch, state: TickState) -> Tick:
    note = b"" if state is TickState.CLEAR or not patch.box.line else _note(ink, affine, blank, patch.box)
    return Tick(name=patch.box.name, state=state, darkness=round(patch.darkness, 3), note_png=note)


def _note(ink: Ink, affine: Affine, blank: Blank, box: Box) -> bytes:
    """The label and what is written behind it, as a picture."""
    left, top = box.x + blank.side, box.y - _NOTE_ABOVE
    height = blank.side + _NOTE_ABOVE + _NOTE_BELOW
    return png(sample(ink, affine, left, top, blank.right - left, height))


def png(ink: Ink) -> bytes:
    """A picture in black and white."""
    file = io.BytesIO()
    Image.fromarray(~ink).save(file, "PNG", compress_level=3)
    return file.getvalue()
