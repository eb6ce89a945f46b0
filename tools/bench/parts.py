"""The parts of the bench in the order in which they run, and how long each may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A module of this package with `rows(quick: bool) -> list[Row]`."""

    module: str
    quick_seconds_max: float
    seconds_max: float
    """Then it is ended, and the table says so. A few times what it takes on a machine at rest."""


# What is compared in the first lines of the table runs one after the other, before anything else warms the machine.
PARTS = (
    Part("whole_way", 300, 1_200),
    Part("postfix", 120, 400),
    Part("hylafax", 180, 500),
    Part("store", 120, 300),
    Part("huey", 60, 120),
    Part("durable_accept", 90, 180),
    Part("lanes", 90, 180),
    Part("schedule", 120, 300),
    Part("growth", 600, 1_800),
    Part("inbound", 180, 1_200),
    Part("inbox", 120, 300),
    Part("render", 180, 600),
    Part("routing", 120, 600),
    Part("settlement", 240, 900),
)


def select(names: list[str]) -> list[Part]:
    """Those that are named, or all; the order stays. Raises KeyError with the name that is none."""
    known = {part.module for part in PARTS}
    if unknown := [name for name in names if name not in known]:
        raise KeyError(unknown[0])
    return [part for part in PARTS if not names or part.module in names]
