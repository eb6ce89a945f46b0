"""Reads the fields of our order form: typed text with its confidence, and whether it is machine print at all."""

import numpy as np

from faxgw.intake.alignment import Affine, sample
from faxgw.intake.blank import Blank, Field
from faxgw.intake.faxread import FieldRead
from faxgw.intake.ocr import Recogniser
from faxgw.intake.pages.page import Ink
from faxgw.intake.print import is_print

_REACH = 26
"""Rows around a field in which its frame is looked for: what the alignment may be off by at the page's foot."""

_FRAME_SHARE = 0.6
_LINE_GAP = 5
"""White rows between two lines of text."""
_LINE_ROWS_MIN = 12
"""Less is no line of text: dots of i's on their own, specks."""
_PAD = 8
_INK_MIN = 0.0015
"""Of a row's or a field's pixels: less is specks."""


def read_fields(ink: Ink, affine: Affine, blank: Blank, recogniser: Recogniser) -> list[FieldRead]:
    """Every field of the form, an empty one with an empty text."""
    return [_read(field, _inside(ink, affine, field), recogniser) for field in blank.fields]


def _inside(ink: Ink, affine: Affine, field: Field) -> Ink:
    """The field's inside without its frame, which is looked for where it should be."""
    patch = sample(ink, affine, field.x, field.y - _REACH, field.width, field.height + 2 * _REACH)
    black = patch[:, : min(field.width, 400)].mean(axis=1) > _FRAME_SHARE
    above = np.flatnonzero(black[: 2 * _REACH])
    below = np.flatnonzero(black[-2 * _REACH :])
    top = int(above[-1]) + 2 if len(above) else _REACH
    bottom = len(patch) - 2 * _REACH + int(below[0]) - 1 if len(below) else len(patch) - _REACH
    return patch[top:bottom, 6:-6]


def _read(field: Field, inside: Ink, recogniser: Recogniser) -> FieldRead:
    lines = text_rows(inside)
    if not lines:
        return FieldRead(name=field.name, text="", confidence=1.0)
    read = [recogniser.line(_cut(inside, rows)) for rows in lines]
    texts = [text for text, _ in read if text]
    confidence = min((sure for text, sure in read if text), default=0.0)
    printed = all(is_print(inside[rows]) for rows in lines)
    return FieldRead(name=field.name, text="\n".join(texts), confidence=round(confidence, 3), printed=printed)


def text_rows(inside: Ink) -> list[slice]:
    """The rows of each line of text."""
    inked = inside.mean(axis=1) > _INK_MIN
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked, [False])).astype(np.int8)))
    runs: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if runs and start - runs[-1][1] <= _LINE_GAP:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return [slice(start, end) for start, end in runs if end - start >= _LINE_ROWS_MIN]


def _cut(inside: Ink, rows: slice) -> Ink:
    """The line with white around it, as the recogniser was taught."""
    columns = np.flatnonzero(inside[rows].sum(axis=0) > 1)
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, inside.shape[1])
    return np.pad(inside[rows, left:right], _PAD)
