"""What the faces need of what comes in; `gateway.py` hands in the real ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from faxgw.intake.review import Resolution
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import QuarantineVerb, Recorded
from faxgw.store.inbound.review import ReviewId, Verdict
from faxgw.store.inbound.views import InboundView


@dataclass(frozen=True, slots=True)
class InboxState:
    """One inbox as its last look found it."""

    name: str
    host: str
    looked_at: float | None
    """When it was looked at last with success; None since the start never."""
    waiting_files: int
    """In the folder and not whole yet."""
    trouble: str
    """Why it cannot be read; empty while it can."""


class Inboxes(Protocol):
    def states(self) -> Sequence[InboxState]: ...


class Reviews(Protocol):
    async def resolve(self, review_id: ReviewId, verdict: Verdict, said: Any, who: str, why: str) -> Resolution:
        """Decide a review, and carry it out.

        Raises:
            DrainingError: the gateway takes nothing in; the review is as it was.
        """
        ...


class Inbound(Protocol):
    async def let_out(self, inbound_id: InboundId, verb: QuarantineVerb, who: str, why: str) -> Recorded: ...

    async def file(self, view: InboundView, number: int) -> bytes | str:
        """One of its files as it came in, from 1; or why there is none."""
        ...

    async def picture(self, view: InboundView, page: int) -> bytes | str:
        """A page as PNG, from 1; or why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class InboundFaces:
    """All of it."""

    inboxes: Inboxes
    inbound: Inbound
    reviews: Reviews
