"""Who could execute an order instead of a florist that cannot be reached; routing tells, where it is configured."""

from typing import Protocol

import trio

from faxgw.fax import FaxId
from faxgw.store.routing.port import Florist
from faxgw.store.views import FaxView


class Florists(Protocol):
    """What dispatch asks of routing."""

    async def other_for(self, view: FaxView) -> Florist | None:
        """Another florist for the order; None where there is none, where it may have arrived already, or where it
        moved as often as the config allows."""
        ...

    def moved(self, fax_id: FaxId, member: str, reason: str) -> None:
        """An order went to another florist for that reason, which is one of a few words."""
        ...


class NoFlorists:
    """Every order stays with the florist it names."""

    async def other_for(self, view: FaxView) -> Florist | None:
        del view
        await trio.lowlevel.checkpoint()
        return None

    def moved(self, fax_id: FaxId, member: str, reason: str) -> None:
        """Nothing moves."""
