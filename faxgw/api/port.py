"""What the faces need of the daemon behind them; `daemon.py` hands in the real ones."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from faxgw.dispatch.outage import Trouble
from faxgw.faults import Fault
from faxgw.fax import FaxId, Waiting
from faxgw.order import Order, Priority
from faxgw.phone import Line
from faxgw.receipt.webhook import NoSuchProvider, ReceiptRefused, ReceiptsTaken, ReceiptUnreadable
from faxgw.render.handed_in.handed import Kind
from faxgw.render.sheet import Resolution
from faxgw.store.admission import Admission, AdmittedAgain, Kinship
from faxgw.store.changes import Recorded, Ruling
from faxgw.store.stops import Scope, Suspension
from faxgw.store.views import FaxView


@dataclass(frozen=True, slots=True)
class Why:
    """Why a fax is not being sent this moment, for a person."""

    waiting: Waiting
    detail: str
    """One sentence: what it waits for, and what a person could do."""
    until: float | None = None
    """When it goes again at the earliest, in seconds since 1970, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOrder:
    """Somebody wants a document faxed to a number."""

    key: str
    line: Line
    kind: Kind
    content: bytes
    number: str = ""
    """What people call it; the key where there is none."""
    priority: Priority = Priority.STANDARD
    deadline: dt.datetime | None = None
    resolution: Resolution = Resolution.FINE
    photo: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a person sends a fax instead: a telephone number in E.164, or a member; one of them is named."""

    number: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainWish:
    """A retry or a copy, and what shall be otherwise with it."""

    kinship: Kinship
    key: str = ""
    to: Destination = Destination()
    priority: Priority | None = None
    deadline: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """One carrier account as it stands."""

    name: str
    kind: str
    faxes_under_way: int
    """Attempts it may know of and that are not settled."""
    in_doubt: int
    suspended: Suspension | None
    closed_by: str
    """Why it takes nothing this moment, as one word; empty while it is open."""
    detail: str
    until: float | None
    since: float = 0.0
    """Since when it is open or closed as it is, in seconds since 1970; full lanes are not counted."""
    sends_under_way: int = 0
    limit: int = 0
    """Sends at once that it bears, as far as is known; at most the config's `lanes`."""
    breaker: str = "closed"
    """`closed`, `half_open` or `open`."""
    trouble: Trouble | None = None
    """What went wrong with it last, also where it is well again."""


class Desk(Protocol):
    """Takes orders in, and carries out what people ask of faxes."""

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]:
        """Admit checked orders in one commit; faults where a florist is not in the register.

        Raises:
            QueueFullError: as many faxes wait as the config wants.
        """
        ...

    async def send_document(self, submitter: str, wish: DocumentOrder) -> Admission:
        """Keep the document, then admit its fax; raises as `submit` does."""
        ...

    async def hold(self, fax_id: FaxId, who: str, why: str) -> Recorded: ...

    async def release(self, fax_id: FaxId, who: str, why: str) -> Recorded: ...

    async def cancel(self, fax_id: FaxId, who: str, why: str) -> Recorded: ...

    async def set_priority(self, fax_id: FaxId, priority: Priority, who: str, why: str) -> Recorded: ...

    async def reroute(self, fax_id: FaxId, to: Destination, who: str, why: str) -> Recorded | list[Fault]:
        """Send it elsewhere while it is with no carrier; faults where there is no such number or member."""
        ...

    async def resolve(self, fax_id: FaxId, ruling: Ruling, who: str, why: str) -> Recorded:
        """Decide a fax in doubt; `Stale` where it is in none."""
        ...

    async def send_again(self, fax_id: FaxId, wish: AgainWish, who: str, why: str) -> AdmittedAgain | list[Fault]:
        """A new fax from one that is over."""
        ...

    def why(self, view: FaxView) -> Why: ...


class Control(Protocol):
    """Stops and resumes lines, providers, all sending, and taking in."""

    async def suspend(self, scope: Scope, name: str, who: str, why: str, until: float | None = None) -> Suspension: ...

    async def resume(self, scope: Scope, name: str, who: str, why: str) -> bool:
        """False where nothing had stopped it."""
        ...

    def all(self) -> list[Suspension]: ...

    def providers(self) -> list[ProviderState]: ...

    def waiting(self) -> Mapping[Waiting, int]:
        """Why queued faxes wait, as far as their lines know."""
        ...


class Archive(Protocol):
    """Shows a fax as it went out."""

    async def page(self, view: FaxView, kind: Literal["tif", "png", "pdf"], number: int = 1) -> bytes | str:
        """The document (`tif` and `pdf` hold all pages, `png` the page `number` from 1), or why there is none."""
        ...


class ReceiptDesk(Protocol):
    """Takes what carriers push: durable and deduplicated when this returns, applied soon after."""

    async def take(
        self, provider: str, headers: Mapping[str, str], body: bytes
    ) -> ReceiptsTaken | ReceiptRefused | ReceiptUnreadable | NoSuchProvider: ...


class Health(Protocol):
    def reasons_not_ready(self) -> list[str]:
        """Empty when orders can be taken and sent; else one sentence a reason."""
        ...

    def notes(self) -> list[str]:
        """What an operator should know that keeps no order from being taken or sent; one sentence each."""
        ...

    def reasons_not_alive(self) -> list[str]:
        """Empty while the loop, the writer and the schedule make progress."""
        ...
