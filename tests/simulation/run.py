"""Plays many days at once, one process a processor, and adds their accounts up."""

import multiprocessing
import os
import signal
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from tests.simulation.day import play_day
from tests.simulation.oracle import Judged

CHUNK = 5
DAY_CPU_SECONDS_MAX = 60
"""A day takes a few seconds to play; one that never ends has failed, and its trace tells where it stood.

Of the processor: other work on the machine is no fault of the day. One that waits for ever runs out of its own time.
"""


@dataclass(frozen=True, slots=True)
class Failed:
    """A day on which a promise was broken."""

    seed: int
    trace: str


def play_days(seeds: Iterable[int]) -> list[Judged | Failed]:
    """Every day in the order of its seed; one that fails does not stop the others."""
    wanted = list(seeds)
    if len(wanted) == 1:
        return [play_or_fail(wanted[0])]
    # Not forked: a fresh interpreter has no state that another test left behind.
    context = multiprocessing.get_context("spawn")
    # The order of a set of texts differs from process to process unless it is fixed.
    os.environ["PYTHONHASHSEED"] = "0"
    with context.Pool(min(os.cpu_count() or 1, len(wanted))) as pool:
        return pool.map(play_or_fail, wanted, CHUNK)


def play_or_fail(seed: int) -> Judged | Failed:
    before = signal.signal(signal.SIGPROF, _give_up)
    signal.setitimer(signal.ITIMER_PROF, DAY_CPU_SECONDS_MAX)
    try:
        return play_day(seed)
    except Exception:  # noqa: BLE001 - the barrier of one day: whatever broke is told with its seed
        return Failed(seed, traceback.format_exc())
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _give_up(_number: int, frame: FrameType | None) -> NoReturn:
    raise TimeoutError(f"the day did not end in {DAY_CPU_SECONDS_MAX} s of CPU")


def account_of(days: Sequence[Judged | Failed]) -> str:
    """One line. A fax lost or sent twice also fails its day, which is then told with its seed."""
    judged = [day for day in days if isinstance(day, Judged)]
    states: Counter[str] = Counter()
    for day in judged:
        states.update(day.states)
    figures = [
        f"seeds {len(days)}",
        f"failed {len(days) - len(judged)}",
        f"faxes {sum(day.faxes for day in judged)}",
        f"sends {sum(day.sends for day in judged)}",
        f"of several faxes {sum(day.shared for day in judged)}",
        f"in doubt {sum(day.in_doubt for day in judged)}",
        f"crashes {sum(day.deaths for day in judged)}",
        *(f"{state} {count}" for state, count in sorted(states.items())),
        f"lost {sum(day.lost for day in judged)}",
        f"twice {sum(day.twice for day in judged)}",
        f"line overlap max {max((day.line_overlap_max for day in judged), default=0)}",
    ]
    return ", ".join(figures)
