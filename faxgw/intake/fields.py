"""Reads the fields of our order form: typed text with its confidence, and whether it is machine print at all."""

import itertools

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
_GAP_SHARE = 0.4
"""Of a capital's height: a space in print is wider, a gap between two letters is not."""
_SPACED = {"recipient_name", "company", "street", "city", "product", "card", "instructions"}
"""Fields in which spaces matter; a number means the same without."""
_LETTER_INK_MIN = 8
"""Less is a speck; a comma has twenty pixels."""
_SPACES_LOST = 0.8
"""The confidence of a line whose words were read as one."""
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
    read = [_read_line(_cut(inside, rows), recogniser, spaced=field.name in _SPACED) for rows in lines]
    texts = [text for text, _ in read if text]
    confidence = min((sure for text, sure in read if text), default=0.0)
    printed = all(is_print(inside[rows]) for rows in lines)
    return FieldRead(name=field.name, text="\n".join(texts), confidence=round(confidence, 3), printed=printed)


def _read_line(line: Ink, recogniser: Recogniser, *, spaced: bool) -> tuple[str, float]:
    """The recogniser leaves out spaces, and is sure of it; so the gaps between words are counted on the paper."""
    text, confidence = recogniser.line(line)
    lost = spaced and word_gaps(line) > text.count(" ")
    return text, min(confidence, _SPACES_LOST) if lost else confidence


def word_gaps(line: Ink) -> int:
    """How many gaps of a space's width a line of print has."""
    columns = line.sum(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], columns > 0, [0])))).reshape(-1, 2).tolist()
    letters = [(start, end) for start, end in edges if columns[start:end].sum() >= _LETTER_INK_MIN]
    if not letters:
        return 0
    capital = np.quantile([int(line[:, start:end].any(axis=1).sum()) for start, end in letters], 0.8)
    return sum(after - end > _GAP_SHARE * capital for (_, end), (after, _) in itertools.pairwise(letters))


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
