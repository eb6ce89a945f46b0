"""What the store promises of clearing: a movement is imported once, placed once, and decided once.

Whatever is written is written together with its journals in the ledger, in one commit: what was imported is always
what the ledger has, to the minor unit.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from faxgw.store.ledger.journal import Journal

# --- files -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMovement:
    """One entry of a settlement file, with what it books; see `settlement.imports.entry.Entry` for the words."""

    line: int
    kind: str
    told_kind: str
    txn_id: str
    payment_id: str
    merchant_ref: str
    gross_minor: int
    fee_minor: int
    currency: str
    day: dt.date
    text: str
    journal: Journal | None
    """None where it moves nothing of its own, such as the row of a payout."""
    is_placed: bool
    """It needs no order: a fee, a payout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    account: str
    ref: str
    currency: str
    payout_minor: int | None
    value_date: dt.date | None
    movements: tuple[NewMovement, ...]
    journal: Journal | None
    """Of its payout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    sha256: str
    provider: str
    format: str
    name: str
    who: str
    at: float
    batches: tuple[NewBatch, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """`known` movements were in earlier files and were not taken again."""

    taken: int
    known: int


@dataclass(frozen=True, slots=True)
class ImportedBefore:
    """The very same file: nothing was written."""

    at: float


@dataclass(frozen=True, slots=True)
class ImportRefused:
    """It contradicts what was imported before; nothing was written."""

    reason: str
    line: int | None = None


Importing = Imported | ImportedBefore | ImportRefused

# --- what movements are for -----------------------------------------------------------------------------------


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A movement as it was imported."""

    id: int
    batch_id: int
    provider: str
    account: str
    kind: str
    told_kind: str
    txn_id: str
    payment_id: str
    merchant_ref: str
    gross_minor: int
    fee_minor: int
    currency: str
    day: dt.date
    text: str
    order_number: str | None = None
    rule: str | None = None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer of an order owes the network."""

    number: str
    reference: str
    amount_minor: int
    currency: str
    day: dt.date


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """A batch whose money a provider sent to the bank."""

    batch_id: int
    provider: str
    account: str
    ref: str
    currency: str
    payout_minor: int
    value_date: dt.date | None


class Decision(enum.StrEnum):
    """What a person made of an exception."""

    MATCHED_BY_HAND = "matched_by_hand"
    DIFFERENCE_ACCEPTED = "difference_accepted"
    """It is for the order although the amounts differ; the network bears or keeps the difference."""
    FEE = "fee"
    """A bank or a provider keeps it, or gives back what it kept."""
    UNALLOCATED = "unallocated"
    """It stays in suspense, for a known reason, until it is placed after all."""
    RULED = "ruled"
    """Nobody had to: what came later made it plain."""


class Exceptional(msgspec.Struct, frozen=True, kw_only=True):
    """A movement in the queue of exceptions."""

    movement: Movement
    reason: str
    about: str
    """The order that it seems to be about; empty where nobody knows."""
    suggested: str
    suggested_by: str
    opened_at: float
    owner: str
    decision: Decision | None
    decided_by: str | None
    why: str | None
    decided_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A movement is for an order (or, at the bank, for a payout), and this is what follows."""

    movement_id: int
    order_number: str | None
    rule: str
    at: float
    journal: Journal | None
    batch_id: int | None = None
    """The payout that a line at the bank is."""
    decision: Decision = Decision.RULED
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Together:
    """Movements that only together are what an order costs: all of them are placed with it, or none."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A movement goes to the queue of exceptions, or is described better there."""

    movement_id: int
    reason: str
    about: str
    suggested: str
    suggested_by: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A person leaves an exception in suspense."""

    movement_id: int
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A person takes an exception on."""

    movement_id: int
    owner: str


Step = Place | Together | Open | Leave | Own


class Taken(enum.StrEnum):
    """What became of a step."""

    DONE = "done"
    LATE = "late"
    """The movement was placed or decided by somebody else meanwhile, or there is none of that number."""


class ClearingStore(Protocol):
    """The durable truth of clearing."""

    async def import_files(self, files: Sequence[NewFile]) -> list[Importing]: ...

    async def expect(self, dues: Sequence[Due]) -> list[None]:
        """Customers owe this; what an order owed before is replaced by it."""
        ...

    async def take(self, steps: Sequence[Step]) -> list[Taken]: ...

    async def unplaced(self, kinds: Sequence[str]) -> list[Movement]: ...

    async def unpaid(self) -> list[Due]:
        """Orders that no payment was placed with."""
        ...

    async def paid_minor(self, number: str) -> int | None:
        """What was paid for the order less what was taken back; None where no payment was ever placed with it."""
        ...

    async def paid_named(self, names: Sequence[str]) -> list[Due]:
        """Orders that a payment was placed with and that bear one of the names; see `names.names_of`."""
        ...

    async def of_payments(self, payments: Sequence[tuple[str, str]]) -> list[Movement]:
        """All movements of these payments, each by provider and its id there."""
        ...

    async def payouts(self) -> list[Payout]:
        """Those that no line at the bank was found for."""
        ...

    async def exceptions(self, *, all_of_them: bool = False) -> list[Exceptional]: ...

    async def exception(self, movement_id: int) -> Exceptional | None: ...

    async def due(self, number: str) -> Due | None: ...
