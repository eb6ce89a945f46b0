"""What people see of faxes that came in: their pages, and what the operator does with those in quarantine."""

from collections.abc import Callable

from faxgw.clock import Clock
from faxgw.intake.port import FaxReader
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import Changed, LetOut, QuarantineVerb, Recorded
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.views import InboundView


class InboundDesk:
    """Beside the flow: nothing here is needed for a fax to be read."""

    def __init__(self, store: InboundStore, reader: FaxReader | None, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._wake = wake

    async def let_out(self, inbound_id: InboundId, verb: QuarantineVerb, who: str, why: str) -> Recorded:
        """Take a fax out of quarantine."""
        recorded = (await self._store.record([LetOut(inbound_id, verb, who, why, self._clock.now())]))[0]
        if isinstance(recorded, Changed):
            self._wake()
        return recorded

    async def file(self, view: InboundView, number: int) -> bytes | str:
        """One of the files as it came in, from 1; or why there is none."""
        if view.is_forgotten:
            return "its files were deleted once nobody needed them any more"
        if not 1 <= number <= len(view.documents):
            return f"it has {len(view.documents)} files" if view.documents else "nothing of it was fetched"
        return await self._store.document(view.documents[number - 1]) or "the kept file is gone or damaged on our disk"

    async def picture(self, view: InboundView, page: int) -> bytes | str:
        """A page as PNG, from 1; or why there is none. A fax of several files has a page in each."""
        by_file = len(view.documents) > 1
        content = await self.file(view, page if by_file else 1)
        if isinstance(content, str):
            return content
        if self._reader is None:
            return "no inbox is configured, so that nothing draws pages; fetch the file instead"
        return await self._reader.picture(content, 1 if by_file else page) or "there is no such page, or it is damaged"
