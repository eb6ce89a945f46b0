"""Routing's questions to the faxes, each one read or a few over a long list."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, exists, func, select

from faxgw.fax import GIVEN_UP, WITH_NOBODY, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Content
from faxgw.store.relay.port import Stage
from faxgw.store.relay.schema import relay_order
from faxgw.store.routing.port import Changes, OpenOrder, Past, Placed
from faxgw.store.rows import parts
from faxgw.store.schema import attempt, event, fax, fax_state
from faxgw.store.transitions import PLANNING, ROUTING

DEAD_LINE = "line_dead"
KINDS_FOLLOWED = ("accepted", "rerouted", "delivered", "failed", "expired", "cancelled", DEAD_LINE)
"""Delivered among them: a fax that was given up may turn out so."""

decode_data = msgspec.json.Decoder(dict[str, object]).decode

_MEMBER = func.coalesce(fax_state.c.member, fax.c.executor)
_PLACED = (
    select(fax.c.id, fax.c.number, _MEMBER, fax.c.delivery_day, fax_state.c.state)
    .join(fax_state, fax_state.c.fax_id == fax.c.id)
    .where(fax.c.delivery_day.is_not(None))
)
_IN_DOUBT = exists().where(attempt.c.fax_id == fax.c.id, attempt.c.outcome == Failure.IN_DOUBT)
_ACCEPTED = exists().where(relay_order.c.number == fax.c.number, relay_order.c.stage == Stage.ACCEPTED)
_OPEN = (
    select(
        fax.c.id,
        fax.c.number,
        fax.c.order,
        _MEMBER.label("executor"),
        fax_state.c.line,
        fax_state.c.state,
        fax_state.c.rank,
        fax_state.c.due_at,
        fax_state.c.deadline_at,
        fax_state.c.marked,
        _IN_DOUBT.label("in_doubt"),
        _ACCEPTED.label("accepted"),
    )
    .join(fax_state, fax_state.c.fax_id == fax.c.id)
    .where(fax_state.c.state.in_(WITH_NOBODY), fax.c.delivery_day.is_not(None), fax.c.content == Content.ORDER)
)


def read_placed(connection: Connection, from_day: dt.date) -> list[Placed]:
    wanted = (fax.c.delivery_day >= from_day.toordinal(), fax_state.c.state.not_in(GIVEN_UP))
    return [_placed(row) for row in connection.execute(_PLACED.where(*wanted))]


def read_placed_of(connection: Connection, fax_ids: Sequence[FaxId]) -> list[Placed]:
    found = (connection.execute(_PLACED.where(fax.c.id.in_(some))) for some in parts(fax_ids))
    return [_placed(row) for rows in found for row in rows]


def _placed(row: Row[*tuple[Any, ...]]) -> Placed:
    fax_id, number, member, day, state = row
    return Placed(FaxId(fax_id), number, member, dt.date.fromordinal(day), State(state))


def read_open_of_day(connection: Connection, day: dt.date) -> list[OpenOrder]:
    asked = _OPEN.where(fax.c.delivery_day == day.toordinal()).order_by(fax.c.id)
    return [_open(row) for row in connection.execute(asked)]


def read_open_from(connection: Connection, first: dt.date, after: FaxId, limit: int) -> list[OpenOrder]:
    """By the states' own key, of which a page is a step."""
    asked = _OPEN.where(fax.c.delivery_day >= first.toordinal(), fax_state.c.fax_id > after)
    return [_open(row) for row in connection.execute(asked.order_by(fax_state.c.fax_id).limit(limit))]


def _open(row: Row[*tuple[Any, ...]]) -> OpenOrder:
    return OpenOrder(
        fax_id=FaxId(row.id),
        number=row.number,
        order=row.order,
        member=row.executor,
        line=Line(row.line),
        state=State(row.state),
        rank=row.rank,
        due_at=row.due_at,
        deadline_at=row.deadline_at,
        may_have_arrived=bool(row.marked) or bool(row.in_doubt),
        is_accepted=bool(row.accepted),
    )


def read_pasts(connection: Connection, numbers: Collection[str]) -> dict[str, Past]:
    stories: dict[str, list[_Story]] = {}
    for some in parts(sorted(numbers)):
        by_fax: dict[int, _Story] = {}
        faxes = select(fax.c.id, fax.c.number, fax.c.executor).where(
            fax.c.number.in_(some), fax.c.delivery_day.is_not(None)
        )
        for fax_id, number, executor in connection.execute(faxes.order_by(fax.c.id)):
            by_fax[fax_id] = _Story(executor)
            stories.setdefault(number, []).append(by_fax[fax_id])
        events = select(event.c.fax_id, event.c.kind, event.c.data).join(fax, fax.c.id == event.c.fax_id)
        told = events.where(fax.c.number.in_(some), event.c.kind.in_(("routed", "rerouted"))).order_by(event.c.seq)
        for fax_id, kind, data in connection.execute(told):
            if fax_id in by_fax:
                by_fax[fax_id].note(kind, decode_data(data))
    return {number: _past_of(of_order) for number, of_order in stories.items()}


class _Story:
    """Whom one fax of an order was for, as its events tell."""

    def __init__(self, executor: str | None) -> None:
        self.member = executor
        self.had: set[str] = set()
        self.is_routed = False

    def note(self, kind: str, data: Mapping[str, object]) -> None:
        if kind == "routed":
            self.is_routed = True
            return
        who, member = data.get("who"), data.get("member")
        if not isinstance(member, str) or member == self.member:
            # Another line of the same florist.
            return
        self.is_routed = who in {ROUTING, PLANNING}
        if self.member is not None and who != PLANNING:
            self.had.add(self.member)
        self.member = member


def _past_of(faxes: Sequence[_Story]) -> Past:
    """Over all faxes of an order, the newest last: it alone may still be with its florist."""
    *older, newest = faxes
    had = newest.had.union(*(story.had for story in older), {story.member for story in older if story.member})
    return Past(frozenset(had - {newest.member}), newest.is_routed)


def read_changes(connection: Connection, after: int, limit: int) -> Changes:
    rows = connection.execute(
        select(event.c.seq, event.c.fax_id, event.c.kind)
        .where(event.c.seq > after, event.c.kind.in_(KINDS_FOLLOWED))
        .order_by(event.c.seq)
        .limit(limit)
    ).all()
    dead = dict.fromkeys(FaxId(row.fax_id) for row in rows if row.kind == DEAD_LINE)
    changed = dict.fromkeys(FaxId(row.fax_id) for row in rows if row.kind != DEAD_LINE)
    return Changes(tuple(changed), tuple(dead), rows[-1].seq if rows else after, is_all=len(rows) < limit)
