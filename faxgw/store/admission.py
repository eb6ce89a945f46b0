"""Taking faxes in: what comes, and the answers to it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.store.changes import NoSuchFax, Stale

NO_LINE = Line("")
"""Where an order goes for which no florist was found: nowhere, until somebody reroutes it."""


class Content(enum.StrEnum):
    """What a fax shows."""

    ORDER = "order"
    DOCUMENT = "document"
    """Something that somebody handed in; the row says where it lies."""
    RELAY = "relay"
    """A relay message, from florist to florist or from the network."""


@dataclass(frozen=True, slots=True)
class NewFax:
    """A checked order, or a document that somebody handed in, on its way into the queue."""

    submitter: str
    key: str
    digest: bytes
    """SHA-256 of the order as decoded: tells a repeat from another order under the same key."""
    number: str
    line: Line
    rank: int
    """Priority class, lower first."""
    order: bytes
    """The order, or the document's description, as canonical JSON."""
    accepted_at: float
    due_at: float
    deadline_at: float | None
    content: Content = Content.ORDER
    service: str = ""
    """The rule that promised the deadline; empty where the order brought it along, or has none."""
    executor: str | None = None
    """Who executes the order, whoever chose that member."""
    delivery_day: int | None = None
    """Of the order, as `date.toordinal` counts."""
    routed: Mapping[str, object] | None = None
    """How routing chose the executing member, for the trail."""
    boxes: Mapping[str, int] | None = None
    """Characters of the order that no font has, by field: they print as boxes, and the trail says so."""
    set_aside: str = ""
    """Why it waits for a person from its first moment on; its line is then `NO_LINE`."""


@dataclass(frozen=True, slots=True)
class Admitted:
    fax_id: FaxId
    state: State = State.QUEUED
    """HELD where nobody could be found to execute it."""
    executor: str | None = None
    """Whom routing chose; None where the order named somebody, or nobody was found."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same key and order came before; nothing was written."""

    fax_id: FaxId
    state: State
    executor: str | None = None
    """As in `Admitted`, as it stands now."""


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The key belongs to another order; nothing was written."""

    fax_id: FaxId


@dataclass(frozen=True, slots=True)
class Drained:
    """The gateway drains: nothing new is taken in. Nothing was written."""


Admission = Admitted | Repeated | KeyTaken | Drained


class Kinship(enum.StrEnum):
    """How a new fax comes from an old one that is over."""

    RETRY = "retry"
    """The old one never arrived, as far as anybody knows. A fax has one retry at most, which may have its own."""
    COPY = "copy"
    """The old one was delivered; the copy's pages say so."""


@dataclass(frozen=True, slots=True)
class AgainAsked:
    """A new fax with the content of an old one. What is None is taken over from it."""

    origin_id: FaxId
    kinship: Kinship
    who: str
    why: str
    at: float
    key: str = ""
    """Tells copies apart, so that asking for one twice is harmless; without it each call makes a copy."""
    line: Line | None = None
    member: str | None = None
    rank: int | None = None
    deadline_at: float | None = None
    """Without it the old fax's deadline holds, where it has not passed."""


AdmittedAgain = Admitted | Repeated | Stale | NoSuchFax
