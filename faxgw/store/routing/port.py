"""What the store promises of routing: nothing of its own is written, all is read from the faxes themselves."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from faxgw.fax import FaxId, State
from faxgw.phone import Line

FROM_THE_FIRST = FaxId(0)
"""Before every fax."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order fax as it stands: who executes the order, and on which day."""

    fax_id: FaxId
    number: str
    member: str | None
    """None where nobody was found yet, or the order goes to a bare number."""
    day: dt.date
    state: State


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order whose fax is with no carrier, so that it may still go to another florist."""

    fax_id: FaxId
    number: str
    order: bytes
    """As JSON."""
    member: str | None
    line: Line
    state: State
    """QUEUED or HELD."""
    rank: int
    due_at: float
    deadline_at: float | None
    may_have_arrived: bool
    """Its pages are marked, or an attempt of it ended in doubt: a florist may have it."""
    is_accepted: bool
    """Its florist said that it will make it."""


@dataclass(frozen=True, slots=True)
class Past:
    """Where an order went before."""

    had: frozenset[str]
    """Florists it was taken from, or that gave it back: not the one that has it, nor those it was only planned for."""
    is_routed: bool
    """Routing chose who has it now; else the submitter or a person did."""


NO_PAST = Past(frozenset(), is_routed=False)


@dataclass(frozen=True, slots=True)
class Florist:
    """Who could execute an order instead, and the line that reaches them."""

    member: str
    line: Line


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to order faxes after an event."""

    faxes: tuple[FaxId, ...]
    """Those that came, moved or ended, each once."""
    behind_dead_lines: tuple[FaxId, ...]
    after: int
    """How far was looked."""
    is_all: bool
    """There was no more to be read."""


class RoutingStore(Protocol):
    """The durable truth of who executes what."""

    async def placed(self, from_day: dt.date) -> list[Placed]:
        """All order faxes for that delivery day and later ones that are not given up."""
        ...

    async def placed_of(self, fax_ids: Sequence[FaxId]) -> list[Placed]:
        """Those among these that are order faxes, given up or not."""
        ...

    async def open_of_day(self, day: dt.date) -> list[OpenOrder]:
        """The orders for delivery on that day that may still go elsewhere, by id."""
        ...

    async def open_from(self, first: dt.date, after: FaxId, limit: int) -> list[OpenOrder]:
        """The same of that day and all later ones, a page at a time: those behind the fax `after`, by id."""
        ...

    async def pasts(self, numbers: Collection[str]) -> dict[str, Past]:
        """Where these orders went before, over all their faxes."""
        ...

    async def changes(self, after: int, limit: int) -> Changes: ...
