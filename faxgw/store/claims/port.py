"""What the store promises to who books the claims of orders: nothing changed is missed, nothing is half kept.

The journals of a batch, what customers owe by then, what could not be booked, and how far was followed are one commit.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from faxgw.order import Order
from faxgw.store.clearing.port import Due
from faxgw.store.ledger.port import Booking, Entry, Kept
from faxgw.store.relay.port import RelayOrder

CursorName = Literal["turns", "days"]
"""`turns`: of changed orders; `days`: the last delivery day whose grace was seen to be over, as an ordinal."""


@dataclass(frozen=True, slots=True)
class Turned:
    """An order as it stands between the florists, with what was ordered."""

    turn: int
    order: RelayOrder
    ordered: Order | None
    """None where its JSON cannot be read any more: a person must look."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim that cannot be booked, for a reason that a person must see to."""

    stem: str
    """`order/NUMBER` or `complaint/NUMBER`."""
    order_number: str
    day: dt.date
    reason: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One batch, followed."""

    entries: Sequence[Entry] = ()
    dues: Sequence[Due] = ()
    refused: Sequence[Refused] = ()
    settled: Sequence[str] = ()
    """Stems that are in order now, whatever was refused of them before."""
    moved: tuple[CursorName, int] | None = None


class ClaimStore(Protocol):
    """The durable truth of claims."""

    async def changed(self, after: int, limit: int) -> list[Turned]:
        """Orders in the order of their last change, from after that turn; each once, as it stands now."""
        ...

    async def delivered_between(self, first: dt.date | None, last: dt.date, after: str, limit: int) -> list[Turned]:
        """Accepted and offered orders for delivery on these days, by number, from `after` on."""
        ...

    async def orders(self, numbers: Sequence[str]) -> Mapping[str, Turned]: ...

    async def journals_of(self, numbers: Sequence[str]) -> Mapping[str, list[Kept]]:
        """What is in the ledger of these orders; each of the numbers has a list."""
        ...

    async def keep(self, steps: Sequence[Step]) -> list[list[Booking]]:
        """Book and note in one commit; a step is told what became of each of its entries, in order.

        An entry that the ledger does not take is noted as refused under its journals' stem.
        """
        ...

    async def refused(self) -> list[Refused]:
        """The oldest first."""
        ...

    async def cursor(self, name: CursorName) -> int: ...

    async def unanswered(self, first: dt.date, last: dt.date, *, silence_accepts: bool) -> list[str]:
        """Orders for delivery on these days that are with a store that never said a word.

        Where silence accepts, only those whose page is not known to have arrived.
        """
        ...

    async def accepted(self, first: dt.date, last: dt.date) -> list[str]:
        """Orders for delivery on these days that are accepted and not confirmed as delivered."""
        ...
