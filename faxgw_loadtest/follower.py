"""Reads what the gateway tells of its faxes, event by event, and keeps the moments that a load test asks about."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from faxgw_loadtest.client import Client

FINAL_KINDS = frozenset({"delivered", "failed", "expired", "cancelled"})
_LIMIT = 1_000
_WAIT_SECONDS = 2
_CURSOR_BITS = 62


class _Event(msgspec.Struct, gc=False):
    seq: int
    fax_id: int
    at: dt.datetime
    kind: str


class _Events(msgspec.Struct):
    events: list[_Event]
    next: int


@dataclass(slots=True)
class Story:
    """What became of one fax, by the gateway's clock; seconds since 1970."""

    accepted_at: float | None = None
    submitted_at: float | None = None
    """When a carrier first took it."""
    ended_at: float | None = None
    outcome: str = ""
    retries: int = 0
    replies: int = 0
    """Answers of the florist that were handed on."""


class _Ahead(msgspec.Struct, frozen=True):
    """The problem `cursor-ahead`."""

    last_event: int


@dataclass(slots=True)
class Follower:
    """Follows from `cursor` on; `stories` are by fax id, of everybody's faxes."""

    client: Client
    cursor: int = 0
    stories: dict[int, Story] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    """Faxes that a carrier took, however often."""

    async def go_to_end(self) -> None:
        """Pass over what happened before: who asks beyond the last event is told which that is."""
        reply = await self.client.request("GET", f"/v1/events?after={1 << _CURSOR_BITS}&limit=1")
        self.cursor = msgspec.json.decode(reply.body, type=_Ahead).last_event

    async def follow(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            await self.read(wait=_WAIT_SECONDS)

    async def read(self, wait: float = 0) -> int:
        """Take in what is new; returns how many events it was."""
        page = await self._ask(self.cursor, limit=_LIMIT, wait=wait)
        for event in page.events:
            self._note(event)
        self.cursor = max(self.cursor, page.next)
        return len(page.events)

    @property
    def over(self) -> int:
        """Faxes that have a final word."""
        return sum(self.kinds[kind] for kind in FINAL_KINDS)

    async def _ask(self, after: int, *, limit: int, wait: float) -> _Events:
        reply = await self.client.request("GET", f"/v1/events?after={after}&limit={limit}&wait={wait}")
        return msgspec.json.decode(reply.body, type=_Events)

    def _note(self, event: _Event) -> None:
        self.kinds[event.kind] += 1
        story = self.stories.setdefault(event.fax_id, Story())
        at = event.at.timestamp()
        match event.kind:
            case "accepted":
                story.accepted_at = at
            case "submitted" if story.submitted_at is None:
                story.submitted_at = at
                self.taken += 1
            case "retry":
                story.retries += 1
            case "reply_received":
                story.replies += 1
            case kind if kind in FINAL_KINDS:
                story.ended_at, story.outcome = at, kind
            case _:
                pass
