"""What the faces need of the daemon behind them; `daemon.py` hands in the real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from faxgw.faults import Fault
from faxgw.fax import FaxId, Waiting
from faxgw.order import Order
from faxgw.receipt.webhook import NoSuchProvider, ReceiptRefused, ReceiptsTaken
from faxgw.store.port import Admission, FaxView, Recorded


@dataclass(frozen=True, slots=True)
class Why:
    """Why a fax is not being sent this moment, for a person."""

    waiting: Waiting
    detail: str
    """One sentence: what it waits for, and what a person could do."""
    until: float | None = None
    """When it goes again at the earliest, in seconds since 1970, where that is known."""


class Desk(Protocol):
    """Takes orders in, and carries out what people ask of faxes."""

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]:
        """Admit checked orders in one commit; faults where a florist is not in the register."""
        ...

    async def hold(self, fax_id: FaxId, who: str, why: str) -> Recorded: ...

    async def release(self, fax_id: FaxId, who: str, why: str) -> Recorded: ...

    async def cancel(self, fax_id: FaxId, who: str, why: str) -> Recorded: ...

    def why(self, view: FaxView) -> Why: ...


class Archive(Protocol):
    """Shows a fax as it went out."""

    async def page(self, view: FaxView, kind: Literal["tif", "png", "pdf"], number: int = 1) -> bytes | str:
        """The document (`tif` and `pdf` hold all pages, `png` the page `number` from 1), or why there is none."""
        ...


class ReceiptDesk(Protocol):
    """Takes what carriers push: durable and deduplicated when this returns, applied soon after."""

    async def take(
        self, provider: str, headers: Mapping[str, str], body: bytes
    ) -> ReceiptsTaken | ReceiptRefused | NoSuchProvider: ...


class Health(Protocol):
    def reasons_not_ready(self) -> list[str]:
        """Empty when orders can be taken and sent; else one sentence a reason."""
        ...

    def reasons_not_alive(self) -> list[str]:
        """Empty while the loop, the writer and the schedule make progress."""
        ...
