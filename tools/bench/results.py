"""What one run of the bench found: the JSON file, and what the table and the page are made of."""

import msgspec

from tools.bench.machine import Machine
from tools.bench.part import Measured
from tools.bench.row import Row


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Figures that were not measured are null in the JSON."""

    machine: Machine
    quick: bool
    began_at: str
    """UTC, to the minute."""
    took_seconds: float
    figures: list[Row]
    """The table of what is promised."""
    parts: list[Measured]

    @property
    def missing(self) -> list[Measured]:
        """Parts that could not be measured, each with its reason."""
        return [measured for measured in self.parts if measured.trouble]

    @property
    def is_whole(self) -> bool:
        """Whether nothing failed but what was not there."""
        return all(measured.is_missing for measured in self.missing)
