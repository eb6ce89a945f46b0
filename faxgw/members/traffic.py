"""How stores answer real orders: whether they take them, and how soon.

The relay knows, and counts. Nothing here asks a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import trio


@dataclass(frozen=True, slots=True)
class Traffic:
    """A store's answers over some time. What was cancelled, or never reached the store, is no offer."""

    offered: int = 0
    rejected: int = 0
    unanswered: int = 0
    """A word was awaited and did not come; where none is awaited, none is missing."""
    delivered: int = 0
    answered: int = 0
    """Accepted, rejected or forwarded, by a word of its own."""
    answer_seconds: float | None = None
    """From the fax's arrival, the median; None where it never answered."""


class TrafficSource(Protocol):
    """Who knows the orders' lives: the relay."""

    async def traffic(self, since: float, until: float, member: str | None = None) -> Mapping[str, Traffic]:
        """Of each store that orders were offered to in that time, or of one of them."""
        ...


class NoTraffic:
    """Where nobody follows orders: nothing is known, and a store's score says so."""

    async def traffic(self, since: float, until: float, member: str | None = None) -> Mapping[str, Traffic]:  # noqa: ARG002
        await trio.lowlevel.checkpoint()
        return {}
