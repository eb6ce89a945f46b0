"""What the API answers: the bodies, as they are documented in /v1/openapi.json."""

import datetime as dt

import msgspec

from faxgw.api.port import Why
from faxgw.fax import State, Waiting
from faxgw.store.port import AttemptView, Event, FaxView, LineAges


class Taken(msgspec.Struct, frozen=True):
    """The fax that carries the order; `repeated` when the same order came before under its key."""

    id: int
    state: State
    repeated: bool


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
    calls: int
    attempts: list[AttemptBody]
    events: list[EventBody]


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


class QueueBody(msgspec.Struct, frozen=True):
    """All faxes by state, and the lines whose faxes wait longest."""

    at: dt.datetime
    states: dict[State, int]
    lines: list[LineBody]
    last_event: int
    """The `seq` of the newest event: ask for events after it to hear only news."""


class HealthBody(msgspec.Struct, frozen=True):
    """`ok`, or `fail` with one sentence a reason."""

    status: str
    reasons: list[str]


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
        calls=view.calls,
        attempts=[_attempt_body(attempt) for attempt in view.attempts],
        events=[event_body(event) for event in view.events],
    )


def event_body(event: Event) -> EventBody:
    return EventBody(event.seq, event.fax_id, utc(event.at), event.kind, event.data)


def line_body(line: LineAges, now: float) -> LineBody:
    age_seconds = round(max(0.0, now - line.oldest_accepted_at), 3)
    return LineBody(line.line, line.waiting, utc(line.oldest_accepted_at), age_seconds, line.states)


def _attempt_body(attempt: AttemptView) -> AttemptBody:
    return AttemptBody(
        number=attempt.number,
        provider=attempt.provider,
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
    )
