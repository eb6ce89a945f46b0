"""What the API answers: the bodies, as they are documented in /v1/openapi.json."""

import datetime as dt

import msgspec

from faxgw.api.port import ProviderState, Why
from faxgw.fax import State, Waiting
from faxgw.store.admission import Content
from faxgw.store.backlog import LineAges
from faxgw.store.stops import Scope, Suspension
from faxgw.store.views import AttemptView, Event, FaxLine, FaxView


class Warned(msgspec.Struct, frozen=True):
    """A text of an order that is taken and will not be printed whole."""

    pointer: str
    """Of the field (RFC 6901)."""
    count: int
    """Characters that no font has."""
    detail: str
    """What is printed instead, and what could be done."""


class Taken(msgspec.Struct, frozen=True):
    """The fax that carries the order; `repeated` when the same order came before under its key."""

    id: int
    state: State
    """`held` where no florist was found yet; then a person looks for one."""
    repeated: bool
    executing_member: str | msgspec.UnsetType = msgspec.UNSET
    """Whom routing chose, where the order named nobody."""
    warnings: tuple[Warned, ...] | msgspec.UnsetType = msgspec.UNSET
    """Texts that will not be printed whole, where there are any."""


class EventBody(msgspec.Struct, frozen=True):
    """One thing that happened to a fax; `seq` is the cursor for `after`."""

    seq: int
    fax_id: int
    at: dt.datetime
    kind: str
    data: dict[str, object]


class EventsBody(msgspec.Struct, frozen=True):
    """Events in the order of their commits; ask next with `after` set to `next`."""

    events: list[EventBody]
    next: int


class AttemptBody(msgspec.Struct, frozen=True):
    """One try to send the fax through one carrier."""

    number: int
    provider: str
    line: str | None
    client_ref: str
    provider_ref: str | None
    sha256: str
    form_version: str
    pages: int
    rendered_at: dt.datetime
    started_at: dt.datetime
    ended_at: dt.datetime | None
    outcome: str | None
    code: str | None
    first_page: int
    """Where its pages begin in the document that the carrier was given; 1 where the fax had the call for itself."""
    in_call_with: list[int]
    """The other faxes that shared its call, in the order of their pages."""
    call_sha256: str | None
    """Of that document, where faxes shared the call."""


class WhyBody(msgspec.Struct, frozen=True):
    """Why the fax is not being sent this moment."""

    waiting: Waiting
    detail: str
    until: dt.datetime | None


class FaxBody(msgspec.Struct, frozen=True):
    """A fax with its whole story."""

    id: int
    submitter: str
    key: str
    number: str
    line: str
    rank: int
    state: State
    reason: str
    why: WhyBody
    accepted_at: dt.datetime
    due_at: dt.datetime
    deadline_at: dt.datetime | None
    service: str
    """The rule that promised the deadline; empty where the order brought it along, or has none."""
    calls: int
    content: Content
    origin_id: int | None
    """The fax that this one is a retry or a copy of."""
    is_marked: bool
    """Whether its pages say that they may have come before."""
    member: str | None
    """Who executes instead of the member that the order names."""
    attempts: list[AttemptBody]
    events: list[EventBody]
    """The newest 1,000, in their order."""
    earlier_events: int
    """How many came before those in `events`; `/v1/faxes/{id}/events` tells them all."""


class FaxLineBody(msgspec.Struct, frozen=True):
    """A fax in a list."""

    id: int
    submitter: str
    key: str
    number: str
    line: str
    rank: int
    state: State
    reason: str
    accepted_at: dt.datetime
    due_at: dt.datetime
    deadline_at: dt.datetime | None
    content: Content
    origin_id: int | None


class FaxesBody(msgspec.Struct, frozen=True):
    """Faxes, the newest first."""

    faxes: list[FaxLineBody]


class SuspensionBody(msgspec.Struct, frozen=True):
    """What a person stopped; `name` is empty for the gateway and its intake."""

    scope: Scope
    name: str
    who: str
    why: str
    at: dt.datetime
    until: dt.datetime | None


class SuspensionsBody(msgspec.Struct, frozen=True):
    suspensions: list[SuspensionBody]


class ResumedBody(msgspec.Struct, frozen=True):
    """Whether anything had been stopped, and what."""

    resumed: bool
    scopes: list[Scope]


class TroubleBody(msgspec.Struct, frozen=True):
    """Something that went wrong with a carrier itself, in words, and when."""

    words: str
    at: dt.datetime


class ProviderBody(msgspec.Struct, frozen=True):
    """One carrier account as it stands."""

    name: str
    kind: str
    faxes_under_way: int
    in_doubt: int
    suspended: SuspensionBody | None
    closed_by: str
    """Why it takes nothing this moment; empty while it is open."""
    detail: str
    until: dt.datetime | None
    since: dt.datetime
    sends_under_way: int
    limit: int
    breaker: str
    last_trouble: TroubleBody | None
    """Kept when it is well again, until the next; nothing is known from before the daemon's start."""


class ProvidersBody(msgspec.Struct, frozen=True):
    providers: list[ProviderBody]


class ChangedBody(msgspec.Struct, frozen=True):
    """Where the fax stands after what was asked."""

    id: int
    state: State


class LineBody(msgspec.Struct, frozen=True):
    """The unfinished faxes of one line."""

    line: str
    waiting: int
    oldest_accepted_at: dt.datetime
    oldest_age_seconds: float
    states: dict[State, int]
    ages: tuple[int, ...]
    """How many there are of each age, as in the queue's own `ages`."""


class QueueBody(msgspec.Struct, frozen=True):
    """Faxes by state, and the lines whose faxes wait longest."""

    at: dt.datetime
    """When it was counted: some seconds ago where very many wait."""
    states: dict[State, int]
    """Those that are over among them only with `?finished=true`."""
    lines: list[LineBody]
    at_risk: list[FaxLineBody]
    """Faxes that are not over and whose deadline is near, the nearest first; fifty at most."""
    last_event: int
    """The `seq` of the newest event: ask for events after it to hear only news."""
    lines_total: int
    """How many lines have unfinished faxes."""
    ages_minutes: tuple[int, ...]
    ages: tuple[int, ...]
    """How many unfinished faxes came in within each of `ages_minutes`, and last how many are older than all."""
    classes: dict[str, dict[State, int]]
    """Unfinished faxes by class and state."""
    reasons: dict[str, int]
    """What queued faxes came back for; "" for those that were never tried."""
    waiting: dict[str, int]
    """Why queued faxes wait, as their lines were found when they last came up."""
    oldest_due_age_seconds: float
    """For how long the oldest fax that could go has been due, as of some seconds ago."""


class HealthBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """`ok`, or `fail` with one sentence a reason."""

    status: str
    reasons: list[str]
    notes: list[str] = []
    """What is wrong without keeping orders from being sent, such as an inbox that cannot be read."""


def utc(at: float) -> dt.datetime:
    """A moment to the millisecond; finer digits only make a trail hard to read."""
    return dt.datetime.fromtimestamp(round(at, 3), dt.UTC)


def utc_or_none(at: float | None) -> dt.datetime | None:
    return None if at is None else utc(at)


def fax_body(view: FaxView, why: Why) -> FaxBody:
    return FaxBody(
        id=view.fax_id,
        submitter=view.submitter,
        key=view.key,
        number=view.number,
        line=view.line,
        rank=view.rank,
        state=view.state,
        reason=view.reason,
        why=WhyBody(why.waiting, why.detail, utc_or_none(why.until)),
        accepted_at=utc(view.accepted_at),
        due_at=utc(view.due_at),
        deadline_at=utc_or_none(view.deadline_at),
        service=view.service,
        calls=view.calls,
        content=view.content,
        origin_id=view.origin_id,
        is_marked=view.marked,
        member=view.member,
        attempts=[_attempt_body(attempt) for attempt in view.attempts],
        events=[event_body(event) for event in view.events],
        earlier_events=view.earlier_events,
    )


def event_body(event: Event) -> EventBody:
    return EventBody(event.seq, event.fax_id, utc(event.at), event.kind, event.data)


def line_body(line: LineAges, now: float) -> LineBody:
    age_seconds = round(max(0.0, now - line.oldest_accepted_at), 3)
    return LineBody(line.line, line.waiting, utc(line.oldest_accepted_at), age_seconds, line.states, line.ages)


def _attempt_body(attempt: AttemptView) -> AttemptBody:
    return AttemptBody(
        number=attempt.number,
        provider=attempt.provider,
        line=attempt.line,
        client_ref=attempt.client_ref,
        provider_ref=attempt.provider_ref,
        sha256=attempt.sha256,
        form_version=attempt.form_version,
        pages=attempt.pages,
        rendered_at=utc(attempt.rendered_at),
        started_at=utc(attempt.started_at),
        ended_at=utc_or_none(attempt.ended_at),
        outcome=attempt.outcome,
        code=attempt.code,
        first_page=attempt.first_page,
        in_call_with=list(attempt.in_call_with),
        call_sha256=attempt.call_sha256,
    )


def fax_line_body(line: FaxLine) -> FaxLineBody:
    return FaxLineBody(
        id=line.fax_id,
        submitter=line.submitter,
        key=line.key,
        number=line.number,
        line=line.line,
        rank=line.rank,
        state=line.state,
        reason=line.reason,
        accepted_at=utc(line.accepted_at),
        due_at=utc(line.due_at),
        deadline_at=utc_or_none(line.deadline_at),
        content=line.content,
        origin_id=line.origin_id,
    )


def suspension_body(suspension: Suspension) -> SuspensionBody:
    return SuspensionBody(
        suspension.scope,
        suspension.name,
        suspension.who,
        suspension.why,
        utc(suspension.at),
        utc_or_none(suspension.until),
    )


def provider_body(provider: ProviderState) -> ProviderBody:
    return ProviderBody(
        name=provider.name,
        kind=provider.kind,
        faxes_under_way=provider.faxes_under_way,
        in_doubt=provider.in_doubt,
        suspended=suspension_body(provider.suspended) if provider.suspended else None,
        closed_by=provider.closed_by,
        detail=provider.detail,
        until=utc_or_none(provider.until),
        since=utc(provider.since),
        sends_under_way=provider.sends_under_way,
        limit=provider.limit,
        breaker=provider.breaker,
        last_trouble=TroubleBody(provider.trouble.words, utc(provider.trouble.at)) if provider.trouble else None,
    )
