"""How stores answer real orders: whether they take them, and how soon.

The relay knows; it hands in one fact for each order that was offered to a store. Nothing here asks a clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Protocol

import trio


@dataclass(frozen=True, slots=True)
class Offer:
    """One order that a store was asked to execute, and what it said."""

    member: str
    offered_at: float
    answered_at: float | None = None
    """When it accepted or rejected; None where it never said anything."""
    is_rejected: bool = False
    is_delivered: bool = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """A store's answers over some time."""

    offered: int = 0
    rejected: int = 0
    unanswered: int = 0
    delivered: int = 0
    answer_seconds: float | None = None
    """The median; None where it never answered."""


class TrafficSource(Protocol):
    """Who knows the orders' lives: the relay."""

    async def offers(self, since: float, until: float, member: str | None = None) -> Iterable[Offer]:
        """The orders offered to stores in that time, or to one of them."""
        ...


class NoTraffic:
    """Where nobody follows orders: nothing is known, and a store's score says so."""

    async def offers(self, since: float, until: float, member: str | None = None) -> Iterable[Offer]:  # noqa: ARG002
        await trio.lowlevel.checkpoint()
        return ()


def traffic_of(offers: Iterable[Offer]) -> Mapping[str, Traffic]:
    """Each store's traffic."""
    by_member: dict[str, list[Offer]] = {}
    for offer in offers:
        by_member.setdefault(offer.member, []).append(offer)
    return {member: _sum(of_member) for member, of_member in by_member.items()}


def _sum(offers: list[Offer]) -> Traffic:
    waits = [offer.answered_at - offer.offered_at for offer in offers if offer.answered_at is not None]
    return Traffic(
        offered=len(offers),
        rejected=sum(offer.is_rejected for offer in offers),
        unanswered=sum(offer.answered_at is None and not offer.is_delivered for offer in offers),
        delivered=sum(offer.is_delivered for offer in offers),
        answer_seconds=median(waits) if waits else None,
    )
