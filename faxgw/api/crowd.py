"""Who gives way when the house is full and others wait outside: pure.

First those who were answered and are only kept; then whoever takes long over a request, and of those the peer with the
most: one client that opens all places and says nothing, or a byte a second, keeps nobody else out.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slow:
    """A connection whose request is not whole."""

    peer: Hashable
    """Who it is: a process of this machine, a host of the net."""
    since: float
    """When it connected, or its request began."""


def who_gives_way(slow: Sequence[Slow], now: float, patience_seconds: float) -> int | None:
    """The index of the one to close, or None while all have taken less than `patience_seconds`."""
    held = Counter(each.peer for each in slow)
    late = (index for index, each in enumerate(slow) if now - each.since >= patience_seconds)
    return min(late, key=lambda index: (-held[slow[index].peer], slow[index].since), default=None)
