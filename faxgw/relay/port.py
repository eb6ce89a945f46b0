"""What the faces, the readers of inbound faxes and routing share with the relay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from faxgw.message import RelayMessage
from faxgw.order import Order
from faxgw.store.relay.port import Answer


class RelayDesk(Protocol):
    """Takes messages, whichever way they came."""

    async def take(self, messages: Sequence[RelayMessage]) -> list[Answer]:
        """Decide each and keep it with its answer; both are durable when this returns.

        One answer a message, in order. A message that came before under its key gets the same answer again and
        changes nothing, so that whoever lost an answer may say it again. What is legal is carried out: the papers
        it causes are in the queue. What is not is kept with its reason, and a florist who sent it by fax is told
        the reason by fax.
        """
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """A florist for an order."""

    member_id: str
    explanation: str
    """One sentence: why this one."""


@dataclass(frozen=True, slots=True)
class NobodyFound:
    """No florist can make the order; a person must look."""

    explanation: str
    """One sentence: what stood in the way, or what a person does."""


class Rerouter(Protocol):
    """Finds another florist for an order that came back, was not answered, or whose florist is away."""

    def choose(self, order: Order, tried: frozenset[str]) -> Chosen | NobodyFound:
        """`tried` had it already and are left out."""
        ...
