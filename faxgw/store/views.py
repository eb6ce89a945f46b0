"""Faxes as they are read: one with its whole story, many in a list, what is looked for by."""

from dataclasses import dataclass

from faxgw.config.promises import Step
from faxgw.fax import AttemptNumber, ClientRef, FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Content


@dataclass(frozen=True, slots=True)
class Contents:
    """What has to be drawn for a fax, as it stands now."""

    content: Content
    order: bytes
    line: Line
    member: str | None
    """Who executes instead of the member that the order names."""
    marked: bool
    """The pages say that they may have come before."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    number: AttemptNumber
    provider: str
    client_ref: ClientRef
    provider_ref: str | None
    sha256: str
    form_version: str
    pages: int
    rendered_at: float
    started_at: float
    ended_at: float | None
    outcome: str | None
    code: str | None
    line: Line | None = None
    first_page: int = 1
    """Where its pages begin in the document of its call."""
    in_call_with: tuple[FaxId, ...] = ()
    """The other faxes of the call, in the order of their pages."""
    call_sha256: str | None = None
    """Of the document that went out, where faxes shared the call."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `seq` is the cursor, growing in the order of commits.

    `fax_id` is 0 where it happened to no fax, but to a line, a provider or the gateway.
    """

    seq: int
    fax_id: FaxId
    at: float
    kind: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class FaxView:
    """A fax with its whole story."""

    fax_id: FaxId
    submitter: str
    key: str
    number: str
    line: Line
    rank: int
    state: State
    reason: str
    accepted_at: float
    due_at: float
    deadline_at: float | None
    calls: int
    order: bytes
    attempts: tuple[AttemptView, ...]
    events: tuple[Event, ...]
    """The newest, in their order."""
    content: Content = Content.ORDER
    origin_id: FaxId | None = None
    revision: int = 0
    marked: bool = False
    member: str | None = None
    service: str = ""
    escalated: frozenset[Step] = frozenset()
    earlier_events: int = 0
    """How many came before those in `events`."""


@dataclass(frozen=True, slots=True)
class FaxLine:
    """A fax in a list."""

    fax_id: FaxId
    submitter: str
    key: str
    number: str
    line: Line
    rank: int
    state: State
    reason: str
    accepted_at: float
    due_at: float
    deadline_at: float | None
    content: Content
    origin_id: FaxId | None


@dataclass(frozen=True, slots=True)
class Sought:
    """What a fax is looked for by; None is anything."""

    submitter: str | None = None
    key: str | None = None
    number: str | None = None
    state: State | None = None
