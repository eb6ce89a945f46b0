"""A fax, its states, and the words for what can become of an attempt to send it."""

import enum
import re
from typing import NewType

FaxId = NewType("FaxId", int)
AttemptNumber = NewType("AttemptNumber", int)
"""Counts the attempts of one fax from 1."""
ClientRef = NewType("ClientRef", str)
"""Our name for one attempt, as told to the carrier: unique over all stores and all time."""


_CLIENT_REF = re.compile("(?P<store>[0-9a-z]+)-(?P<fax>[1-9][0-9]{0,17})-(?P<attempt>[1-9][0-9]{0,8})")


def make_client_ref(store_id: str, fax_id: FaxId, attempt: AttemptNumber) -> ClientRef:
    return ClientRef(f"{store_id}-{fax_id}-{attempt}")


def read_client_ref(store_id: str, client_ref: str) -> tuple[FaxId, AttemptNumber] | None:
    """The attempt that a reference names, or None where it is not one of this store's."""
    # A carrier may write anything there, digits of other scripts and numbers beyond the store's among it.
    match _CLIENT_REF.fullmatch(client_ref):
        case re.Match() as match if match["store"] == store_id:
            return FaxId(int(match["fax"])), AttemptNumber(int(match["attempt"]))
    return None


class State(enum.StrEnum):
    """Where a fax stands. `docs/architecture.md` draws the states."""

    QUEUED = "queued"
    """Waits for its turn, its time, or its line; `why` tells which."""
    HELD = "held"
    """A person, or a document that cannot be rendered, keeps it from going; released by a person."""
    SENDING = "sending"
    """The intent is durable; from here on a carrier may have it."""
    SUBMITTED = "submitted"
    """The carrier said it has it; the receipt is awaited."""
    UNKNOWN = "unknown"
    """In doubt: the carrier may or may not have it. It is asked; nothing is sent until it is known."""
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


GIVEN_UP = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})
FINAL = GIVEN_UP | {State.DELIVERED}
WITH_NOBODY = frozenset({State.QUEUED, State.HELD})
"""States in which no carrier has it: a person may change where it goes and how soon."""
WITH_CARRIER = frozenset({State.SENDING, State.SUBMITTED, State.UNKNOWN})
"""States in which a carrier may be dialling: the line is taken and a cancel comes too late."""

NEXT: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.DELIVERED, State.HELD, State.EXPIRED, State.CANCELLED, State.FAILED}),
    State.HELD: frozenset({State.QUEUED, State.DELIVERED, State.EXPIRED, State.CANCELLED, State.FAILED}),
    State.SENDING: frozenset({State.SUBMITTED, State.UNKNOWN, State.DELIVERED, State.QUEUED, State.HELD, State.FAILED}),
    State.SUBMITTED: frozenset({State.DELIVERED, State.QUEUED, State.HELD, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.SUBMITTED, State.DELIVERED, State.QUEUED, State.HELD, State.FAILED}),
    **{final: frozenset() for final in FINAL},
}
"""Which state may follow which; a step that is not in here is a bug, never a surprise from outside."""


class Failure(enum.StrEnum):
    """Why an attempt did not deliver: the classes that retry rules are written for.

    Every carrier's codes are translated to these in the carrier's own file.
    """

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NETWORK = "network"
    CAPACITY = "capacity"
    """The carrier's or our own limit (429, channels, 503): says nothing of the line, is not an attempt."""
    NO_FAX = "no_fax"
    """A person, a voice or a modem answered; ringing again and again would be harassment."""
    BAD_NUMBER = "bad_number"
    REJECTED = "rejected"
    PROTOCOL = "protocol"
    PAGE = "page"
    NOT_REACHED = "not_reached"
    """The call that it shared with others ended before its pages: nothing was learnt of it, nothing counts."""
    IN_DOUBT = "in_doubt"
    """The last page went out, its confirmation did not come back: it often did arrive."""
    DOCUMENT = "document"
    ACCOUNT = "account"
    EXPIRED = "expired"
    UNKNOWN_CODE = "unknown_code"


GOES_ALONE_AFTER = frozenset({Failure.PAGE, Failure.PROTOCOL, Failure.DOCUMENT, Failure.UNKNOWN_CODE, Failure.IN_DOUBT})
"""Failures that may lie in the pages themselves: such a fax shares no call until it was delivered."""


class Waiting(enum.StrEnum):
    """Why a queued fax is not being sent this moment; a type, so that it can be asked for and counted."""

    NEXT = "next"
    """Nothing stands in its way: it goes as soon as a lane is free and those before it have gone."""
    NOT_DUE = "not_due"
    LINE_BUSY = "line_busy"
    """Another fax to the same line is with a carrier; a line takes one call at a time."""
    LINE_RESTING = "line_resting"
    """A call to the line just failed (busy, nobody there); all its faxes wait, instead of each finding out."""
    LINE_DEAD = "line_dead"
    """Too many calls in a row found no fax machine there; a person looks, or a delivery clears it."""
    WINDOW_CLOSED = "window_closed"
    """The florist is closed, or the country keeps its night."""
    BUDGET_SPENT = "budget_spent"
    """As many calls failed within the hour as its country allows."""
    PROVIDER_PAUSED = "provider_paused"
    """No carrier takes faxes just now (its limit, its account, an outage)."""
    SUSPENDED = "suspended"
    """A person stopped its line, or all sending."""
    HELD = "held"
    WITH_CARRIER = "with_carrier"
    IN_DOUBT = "in_doubt"
    OVER = "over"
    """It does not wait: its state is final."""
