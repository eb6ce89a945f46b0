"""What waits for a person: a sheet that could not be understood, the best guess, and how it was decided.

A decision is durable before it is carried out (an order submitted, a message handed to the relay desk), so that a
crash in between neither forgets it nor lets a second person decide otherwise.
"""

import enum
from dataclasses import dataclass
from typing import NewType

from faxgw.fax import FaxId
from faxgw.store.inbound.keeping import InboundId

ReviewId = NewType("ReviewId", int)
NO_REVIEW = ReviewId(0)
"""Less than every id."""


class ReviewState(enum.StrEnum):
    OPEN = "open"
    DECIDED = "decided"
    """A person decided; it is being carried out."""
    DONE = "done"


class Verdict(enum.StrEnum):
    """What a person says that it is."""

    ORDER = "order"
    REPLY = "reply"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    review_id: ReviewId
    inbound_id: InboundId
    page: int
    """In the fax, from 1; 0 for all of it."""
    state: ReviewState
    reason: str
    detail: str
    guess: bytes
    """JSON, as `DoubtfulSheet.guess`."""
    order_number: str
    made_at: float
    verdict: Verdict | None = None
    who: str = ""
    why: str = ""
    decided_at: float | None = None
    fax_id: FaxId | None = None
    """The order's fax: the one that a person's order made, or the one that the reply answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A person's decision. Nobody can decide otherwise from here on, unless it cannot be carried out."""

    review_id: ReviewId
    verdict: Verdict
    order_number: str
    decision: bytes
    """JSON: the whole order, or the reply's words; for `carry_out` after a crash."""
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """The decision was carried out: the review is over."""

    review_id: ReviewId
    fax_id: FaxId | None
    kinds: tuple[str, ...]
    """Of a reply, as `ReplySheet.kinds`."""
    at: float
    speaker: str = ""
    """Of a reply, as `ReplySheet.speaker`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """The decision cannot be carried out (the desk refused the order): the review waits for another one."""

    review_id: ReviewId
    why: str
    at: float


ReviewChange = Decided | CarriedOut | Reopened


@dataclass(frozen=True, slots=True)
class ReviewNow:
    state: ReviewState


@dataclass(frozen=True, slots=True)
class ReviewStale:
    """Not made: somebody decided before. `view` tells who and what."""

    view: ReviewView


@dataclass(frozen=True, slots=True)
class NoSuchReview:
    pass


ReviewChanged = ReviewNow | ReviewStale | NoSuchReview


@dataclass(frozen=True, slots=True)
class DecidedReview:
    """One whose decision is to be carried out."""

    review_id: ReviewId
    inbound_id: InboundId
    page: int
    verdict: Verdict
    decision: bytes
    who: str
    why: str
    at: float
