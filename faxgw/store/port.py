"""What the store promises, in the words of the steps that use it.

Writes take lists and return one answer an item, in order, only once all of them would survive a power
cut. Every write may raise `StoreFullError` (nothing written, try later), `StoreBusyError` (too many wait)
or `StoreFailedError` (the process must end). Reads see everything answered before they began.

Safe to cancel: a cancelled write may or may not have happened, as with any lost answer.
"""

from collections.abc import Sequence
from typing import Protocol

from faxgw.fax import ClientRef, FaxId, State
from faxgw.provider.port import Report
from faxgw.store.admission import Admission, AdmittedAgain, AgainAsked, NewFax
from faxgw.store.attempts import Attempt, Begun, Intent
from faxgw.store.backlog import Backlog
from faxgw.store.changes import Change, Notice, Recorded
from faxgw.store.claims.port import ClaimStore
from faxgw.store.clearing.port import ClearingStore
from faxgw.store.inbound.port import InboundStore
from faxgw.store.ledger.port import LedgerStore
from faxgw.store.months.port import MonthStore
from faxgw.store.receipts import KeptReceipt
from faxgw.store.register.port import RegisterStore
from faxgw.store.relay.port import RelayStore
from faxgw.store.routing.port import RoutingStore
from faxgw.store.stops import Resumption, Suspension
from faxgw.store.unfinished import Unfinished
from faxgw.store.views import Contents, Event, FaxLine, FaxView, Sought


class Store(Protocol):
    """The durable truth."""

    @property
    def store_id(self) -> str:
        """A random name given at creation, the first part of every client reference.

        Without it a new store would reuse the references of a lost one, and a look-up at the carrier
        would find the old fax and call the new one delivered.
        """
        ...

    @property
    def inbound(self) -> InboundStore:
        """Faxes that came in."""
        ...

    @property
    def register(self) -> RegisterStore:
        """The book of what is said of florists."""
        ...

    @property
    def relay(self) -> RelayStore:
        """What florists say to each other about orders."""
        ...

    @property
    def claims(self) -> ClaimStore:
        """What orders are worth in the ledger."""
        ...

    @property
    def clearing(self) -> ClearingStore:
        """What providers and banks reported, and which orders it paid."""
        ...

    @property
    def ledger(self) -> LedgerStore:
        """Every movement of money, for ever."""
        ...

    @property
    def months(self) -> MonthStore:
        """What was decided at months' ends."""
        ...

    @property
    def routing(self) -> RoutingStore:
        """Who executes which order on which day."""
        ...

    async def admit(self, faxes: Sequence[NewFax]) -> list[Admission]: ...

    async def admit_again(self, wishes: Sequence[AgainAsked]) -> list[AdmittedAgain]:
        """New faxes from old ones that are over; `Stale` where the old one is not, or not in the way it takes."""
        ...

    async def suspend(self, suspensions: Sequence[Suspension]) -> list[None]:
        """Nothing new begins there; one that is there already is replaced."""
        ...

    async def resume(self, resumptions: Sequence[Resumption]) -> list[bool]:
        """Lift suspensions; False where there was none."""
        ...

    async def note(self, notices: Sequence[Notice]) -> list[None]:
        """Tell those who follow the events."""
        ...

    async def suspensions(self) -> list[Suspension]:
        """All that are there, those whose time is over included."""
        ...

    async def keep_document(self, content: bytes) -> str:
        """Keep a document that somebody handed in, and return its name (SHA-256 in hex) once it is durable."""
        ...

    async def document(self, name: str) -> bytes | None:
        """A document that was kept, or None where it is gone or no longer what it was."""
        ...

    async def begin(self, intents: Sequence[Intent]) -> list[Begun]: ...

    async def record(self, changes: Sequence[Change]) -> list[Recorded]: ...

    async def keep_receipts(self, provider: str, reports: Sequence[Report], at: float) -> list[KeptReceipt | None]:
        """Keep webhooks' words; None where the carrier's `event_id` came before."""
        ...

    async def settle_receipts(self, receipt_ids: Sequence[int]) -> list[None]:
        """Note that these receipts need no more work (matched, or of no fax of ours)."""
        ...

    async def fax(self, fax_id: FaxId) -> FaxView | None: ...

    async def contents(self, fax_ids: Sequence[FaxId]) -> dict[FaxId, Contents]:
        """What to draw of each."""
        ...

    async def find(self, sought: Sought, limit: int) -> list[FaxLine]:
        """Faxes, newest first."""
        ...

    async def events(self, after: int, limit: int) -> list[Event]: ...

    async def events_of(self, fax_id: FaxId, after: int, limit: int) -> list[Event]:
        """Of one fax, the oldest first; none where there is no such fax."""
        ...

    async def attempt_of(self, client_ref: ClientRef | None, provider: str, provider_ref: str | None) -> Attempt | None:
        """The attempt that a carrier speaks of, open or ended, by either reference."""
        ...

    async def backlog(self, limit: int, now: float, ages: Sequence[float]) -> Backlog:
        """What is unfinished, by line, age, class and reason; `ages` are in seconds, growing."""
        ...

    async def at_risk(self, until: float, limit: int) -> list[FaxLine]:
        """The faxes that are not over and whose deadline comes before `until`, the nearest first."""
        ...

    async def counts(self) -> dict[State, int]:
        """How many faxes are in each state, finished ones included."""
        ...

    async def unfinished_counts(self) -> dict[State, int]:
        """The same without the finished ones: cheap however many there are."""
        ...

    async def load(self) -> "Unfinished":
        """All that is unfinished, read once at start."""
        ...

    async def last_event(self) -> int:
        """The `seq` of the newest event, 0 when there is none: where somebody starts who wants only news."""
        ...

    async def wait_events(self, after: int) -> None:
        """Return once an event later than `after` is durable; at once if one is already."""
        ...
