"""What the store promises about faxes that come in, in the words of `inbox/` and `intake/`.

Writes take lists and return one answer an item, in order, once all of them would survive a power cut, and raise what
`store.port.Store`'s do. The order of things in an inbox: `keep_documents`, then `keep` (or `quarantine`), and only
then is the file deleted or moved on the server. Whatever crashes in between is found again, and kept once.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from faxgw.store.inbound.keeping import InboundId, Keeping, NewInbound, Poison
from faxgw.store.inbound.outcomes import Conclusion, OrderSheets, Recorded
from faxgw.store.inbound.review import DecidedReview, ReviewChange, ReviewChanged, ReviewId, ReviewView
from faxgw.store.inbound.views import InboundLine, InboundSought, InboundTotals, InboundView, Unread


class InboundStore(Protocol):
    """The inbound half of the durable truth."""

    async def keep_documents(self, contents: Sequence[bytes]) -> list[str]:
        """Keep what was fetched, apart from documents handed in, and return the names once all of it is durable.

        One hop to a thread for all of them. The same content has the same name and is kept once.
        """
        ...

    async def document(self, name: str) -> bytes | None:
        """One that was kept, or None where it was forgotten, is gone, or is no longer what it was."""
        ...

    async def documents(self, names: Sequence[str]) -> list[bytes | None]:
        """The same for many, in one hop to a thread."""
        ...

    async def forget_documents(self, before: float, limit: int) -> int:
        """Forget the documents of faxes that came in before then and wait for nobody; returns how many faxes."""
        ...

    async def keep(self, faxes: Sequence[NewInbound]) -> list[Keeping]:
        """Whole faxes that can be read. One that was kept before writes no second row."""
        ...

    async def quarantine(self, files: Sequence[Poison]) -> list[Keeping]:
        """Files that are no readable fax, set aside for the operator. One that was set aside before is not again."""
        ...

    async def unread(self, after: InboundId, limit: int) -> list[Unread]:
        """Kept faxes that nobody has read yet, the oldest first, with ids greater than `after`."""
        ...

    async def record(self, conclusions: Sequence[Conclusion]) -> list[Recorded]:
        """What became of faxes; the review items that they need are made in the same commit."""
        ...

    async def sheets_of(self, numbers: Sequence[str]) -> Mapping[str, OrderSheets]:
        """What is known of each order that a fax may name: its faxes, and what came back for it by fax before."""
        ...

    async def change_reviews(self, changes: Sequence[ReviewChange]) -> list[ReviewChanged]: ...

    async def decided_reviews(self, limit: int) -> list[DecidedReview]:
        """Reviews that a person decided and whose decision is not carried out yet: a crash came between."""
        ...

    async def review(self, review_id: ReviewId) -> ReviewView | None: ...

    async def reviews(self, *, is_open: bool | None, after: ReviewId, limit: int) -> list[ReviewView]:
        """In the order in which they were made."""
        ...

    async def inbound(self, inbound_id: InboundId) -> InboundView | None: ...

    async def find(self, sought: InboundSought, limit: int) -> list[InboundLine]:
        """Newest first."""
        ...

    async def totals(self, *, only_waiting: bool) -> InboundTotals:
        """How many faxes there are of each inbox in each state, and how old the oldest are that wait.

        `only_waiting` leaves out those that are over: cheap however many there are.
        """
        ...
