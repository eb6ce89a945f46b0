"""What taking in needs of the steps around it; the gateway hands in the real ones."""

from collections.abc import Sequence
from typing import Protocol

from faxgw.faults import Fault
from faxgw.intake.faxread import FaxRead, Unreadable
from faxgw.order import Order
from faxgw.store.admission import Admission


class FaxReader(Protocol):
    """Processes that see what is on a fax. One that breaks its process answers as `Unreadable`.

    Every call raises `WorkerNotStartedError` where there is no process to ask: no fax's fault, the faxes wait.
    """

    async def read(self, contents: Sequence[bytes]) -> list[FaxRead | Unreadable]:
        """Codes and boxes, fast; one answer a content, in order."""
        ...

    async def read_text(self, content: bytes) -> FaxRead | Unreadable:
        """The same with text, which takes seconds a page."""
        ...

    async def picture(self, content: bytes, page: int) -> bytes:
        """A page as PNG, for a person; empty where it cannot be shown."""
        ...


class OrderDoor(Protocol):
    """Takes orders in, on the same way as those from the order system."""

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]: ...
