"""What is unfinished, counted for a person to look at."""

from dataclasses import dataclass

from faxgw.fax import State
from faxgw.phone import Line


@dataclass(frozen=True, slots=True)
class LineAges:
    """The waiting faxes of one line, by how long ago they were accepted."""

    line: Line
    waiting: int
    oldest_accepted_at: float
    states: dict[State, int]
    ages: tuple[int, ...] = ()
    """How many there are of each of the ages asked for, and last how many are older than all of them."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is unfinished, for a person to look at."""

    lines: list[LineAges]
    """Those with the oldest faxes."""
    lines_total: int
    ages: tuple[int, ...]
    classes: dict[int, dict[State, int]]
    """By rank and state."""
    reasons: dict[str, int]
    """What queued faxes came back for: failure classes, "" for those that were never tried."""
