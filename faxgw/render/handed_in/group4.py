"""Reads group-4 codes (ITU-T T.6) strictly, to tell whether they make sense to their end.

libtiff reads over damaged codes without a word, and what it makes of the rows below is noise. In Python a page takes
0.04 to 0.2 s; so this is asked only where `codes.py` has no quicker proof.
"""

import bisect
import functools

import numpy as np

from faxgw.render import libtiff

_PASS, _HORIZONTAL = "0001", "001"
_VERTICAL = {
    "1": 0, "011": 1, "000011": 2, "0000011": 3, "010": -1, "000010": -2, "0000010": -3,
}  # fmt: skip
"""Where a row's edge lies against the edge above."""

_MODES = frozenset((_PASS, _HORIZONTAL, *_VERTICAL))
_MODE_BITS_MAX, _RUN_BITS_MAX = 7, 13

_END_OF_LINE = "000000000001"

_MAKE_UP = 64
_RUN_MAX = 2560
"""The longest run that one code stands for; longer ones are several, and a shorter one than 64 closes each."""

_WHITE_0, _BLACK_0 = "00110101", "0000110111"
"""T.4 table 2, runs of nothing: a row that begins black has the first, and no row that libtiff writes the second."""


class _DamagedError(Exception):
    """The codes are none of T.6's, or lead out of the row."""


def are_whole(codes: bytes, columns: int, rows: int) -> bool:
    """Whether the codes (most significant bit first) describe as many rows, and then end."""
    reader = _Reader(codes)
    above: list[int] = []
    try:
        for _ in range(rows):
            above = reader.row(above, columns)
    except _DamagedError:
        return False
    return reader.at_end()


class _Reader:
    def __init__(self, codes: bytes) -> None:
        self._bits = _bits(codes)
        self._at = 0

    def row(self, above: list[int], columns: int) -> list[int]:
        """The columns where the row's colour changes, from white to black first; `above` has those of the row above."""
        edges: list[int] = []
        reached, black = 0, False
        while reached < columns:
            mode = self._code(_MODES, _MODE_BITS_MAX)
            first, second = _edges_above(above, reached if edges or reached else -1, columns, black=black)
            if mode == _PASS:
                reached = second
            elif mode == _HORIZONTAL:
                for colour in (black, not black):
                    reached += self._run(black=colour)
                    edges.append(reached)
            else:
                edge = first + _VERTICAL[mode]
                if edge < reached:
                    raise _DamagedError
                reached, black = edge, not black
                edges.append(edge)
            if reached > columns:
                raise _DamagedError
        return _changes(edges, columns)

    def at_end(self) -> bool:
        """Some writers leave the end of facsimile block out, or half of it."""
        return self._bits.startswith(_END_OF_LINE, self._at) or "1" not in self._bits[self._at :]

    def _run(self, *, black: bool) -> int:
        length = 0
        runs = _run_lengths(black=black)
        while True:
            part = runs[self._code(runs, _RUN_BITS_MAX)]
            length += part
            if part < _MAKE_UP:
                return length

    def _code(self, known: frozenset[str] | dict[str, int], bits_max: int) -> str:
        for end in range(self._at + 1, self._at + bits_max + 1):
            code = self._bits[self._at : end]
            if code in known:
                self._at = end
                return code
        raise _DamagedError


def _edges_above(above: list[int], reached: int, columns: int, *, black: bool) -> tuple[int, int]:
    """T.6's b1 and b2: the next edge above to the colour that the row does not have, and the one after it."""
    index = bisect.bisect_right(above, reached)
    index += (index + black) % 2
    first = above[index] if index < len(above) else columns
    return first, above[index + 1] if index + 1 < len(above) else columns


def _changes(edges: list[int], columns: int) -> list[int]:
    """The edges without those that a run of nothing puts on top of each other, and without the paper's own."""
    changes: list[int] = []
    for edge in edges:
        if changes and changes[-1] == edge:
            changes.pop()
        else:
            changes.append(edge)
    return [edge for edge in changes if edge < columns]


@functools.cache
def _run_lengths(*, black: bool) -> dict[str, int]:
    """T.4's codes of one colour, out of what libtiff writes for rows with one such run and white above."""
    runs = (*range(_MAKE_UP), *range(_MAKE_UP, _RUN_MAX + 1, _MAKE_UP))
    pixels = np.zeros((len(runs), 2 * _RUN_MAX), np.uint8)
    for row, run in zip(pixels, runs, strict=True):
        row[slice(run) if black else run] = 1
    strips = libtiff.encode(np.packbits(pixels, axis=1), 1)
    rows = [_bits(strip)[: libtiff.bits_before_end(strip)] for strip in strips]
    # Horizontal, the white run, the black run, and "vertical 0" to the end of the row. A black run of 1 is 010.
    before, after = (_HORIZONTAL + _WHITE_0, "1") if black else (_HORIZONTAL, "010" + "1")
    codes = dict(zip(runs, (row.removeprefix(before).removesuffix(after) for row in rows), strict=True))
    zero = codes[0] = _BLACK_0 if black else _WHITE_0
    return {code.removesuffix(zero) if run >= _MAKE_UP else code: run for run, code in codes.items()}


def _bits(codes: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in codes)
