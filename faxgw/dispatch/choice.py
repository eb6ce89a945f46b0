"""Which carrier takes the next fax, among those that may take one now: pure.

One that just failed this fax is left out while another may go; then the cheapest counts; carriers that cost the
same share by weight, whoever has carried least for its weight being next.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A carrier that may take a fax now."""

    name: str
    cost: int
    weight: int
    carried: float
    """Faxes given to it, in shares: see `Shares`."""


def choose(candidates: Sequence[Candidate], avoided: str | None = None) -> str | None:
    """The name of the carrier that takes the fax, or None where nobody can."""
    best = min(candidates, key=lambda one: (one.name == avoided, one.cost, one.carried, one.name), default=None)
    return None if best is None else best.name


class Shares:
    """Counts what each carrier was given, in units of its weight (stride scheduling).

    A carrier that was away does not get all that it missed when it is back: it starts level with those that worked.
    """

    def __init__(self, weights: dict[str, int]) -> None:
        self._strides = {name: 1 / weight for name, weight in weights.items()}
        self._carried = dict.fromkeys(weights, 0.0)
        self._level = 0.0

    def reweigh(self, weights: dict[str, int]) -> None:
        """Share by these from now on; what was given before stays given."""
        self._strides = {name: 1 / weight for name, weight in weights.items()}

    def carried(self, name: str) -> float:
        return max(self._carried[name], self._level)

    def give(self, name: str) -> None:
        # Where the next one begins is what all that work have reached.
        self._level = self.carried(name)
        self._carried[name] = self._level + self._strides[name]
