"""How cost grows: what a fax and a look cost while faxes wait by the thousand or the million, over few lanes or many,
to one line or to thousands.

Each size is measured in a process of its own. Run: `python -m tools.bench growth [--quick]`.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tools.bench.growth import queued, sending, stored
from tools.bench.growth.figure import Figure, as_rows, as_series, as_table
from tools.bench.row import Row

Measure = Callable[[int], list[Figure]]

WAITING = (1_000, 10_000, 100_000, 1_000_000)
LANES = (10, 100, 500, 2_000)
LINES = (1, 60, 360, 5_200)

GROWING: Sequence[tuple[str, Sequence[Measure], Sequence[int]]] = (
    ("waiting faxes", (queued.measure_faxes, stored.measure), WAITING),
    ("lanes", (sending.measure_lanes,), LANES),
    ("lines", (sending.measure_lines, queued.measure_lines), LINES),
)


def rows(*, quick: bool = False) -> list[Row]:
    """Prints a table for each thing that grows; a row is the largest size against the smallest.

    A short run leaves out the largest.
    """
    found: list[Row] = []
    for growing, measures, sizes in GROWING:
        measured = sizes[:-1] if quick else sizes
        series = as_series(_measure_each(measures, measured))
        print(as_table(growing, series), end="\n\n", flush=True)
        found += as_rows(growing, series)
    return found


def _measure_each(measures: Iterable[Measure], sizes: Sequence[int]) -> list[Figure]:
    return [figure for measure in measures for size in sizes for figure in _apart(measure, size)]


def _apart(measure: Measure, size: int) -> list[Figure]:
    """In a new process: what another size left in memory would count."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, size).result()
