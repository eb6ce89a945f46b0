"""What the store promises of a month's end: closed once, numbered without gaps, paid once, by two people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from faxgw.store.clearing.port import NewFile
from faxgw.store.ledger.journal import Journal
from faxgw.store.ledger.port import Period, Seal


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement of a closed month."""

    series: str
    number: int
    period: Period
    member: str
    currency: str


@dataclass(frozen=True, slots=True)
class Closing:
    """A month to be sealed, and whose statements get a number then, in this order."""

    seal: Seal
    series: str
    statements: Sequence[tuple[str, str]]
    """Member and currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A payout or a collection as proposed, and who agreed."""

    name: str
    period: Period
    content: bytes
    total_minor: int
    proposed_by: str
    proposed_login: str | None
    proposed_at: float
    approved_by: str | None = None
    approved_login: str | None = None
    approved_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A second person agrees to a run as it was shown."""

    name: str
    content: bytes
    """What was looked at: another proposal that came meanwhile is not approved by it."""
    by: str
    login: str | None
    at: float
    journals: Sequence[Journal]
    """Booked in the same commit."""
    expected: NewFile
    """What the bank's statement will show of it, so that its line finds the run."""
    are_two: Callable[[Run], bool]
    """Whether who approves is somebody else than who proposed."""


@dataclass(frozen=True, slots=True)
class RunRefused:
    """Nothing was written; `reason` says what to do."""

    reason: str


class MonthStore(Protocol):
    """The durable truth of months' ends."""

    async def close(self, closings: Sequence[Closing]) -> list[Seal | None]:
        """See `ledger.port.LedgerStore.close`; the statements are numbered in the same commit."""
        ...

    async def numbers(self, period: Period) -> list[Numbered]: ...

    async def propose(self, runs: Sequence[Run]) -> list[Run | RunRefused]:
        """Keep a run for a second person; refused where one of its name was approved."""
        ...

    async def approve(self, approvals: Sequence[Approval]) -> list[Run | RunRefused]: ...

    async def runs(self) -> list[Run]: ...

    async def run(self, name: str) -> Run | None: ...
