"""Dice that fall the same way on every machine and every Python."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Choices drawn from `random()` alone: of the module, only that sequence is promised to stay.

    https://docs.python.org/3/library/random.html#notes-on-reproducibility
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def below(self, bound: int) -> int:
        return int(self._random() * bound)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        """One of `choices`, each drawn as often as the number beside it says."""
        drawn = self.below(sum(weight for _, weight in choices))
        for choice, weight in choices:
            drawn -= weight
            if drawn < 0:
                return choice
        raise AssertionError("drawn is below the sum of the weights")
