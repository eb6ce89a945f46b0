"""What the store promises the relay, in memory and on the disk: decided where it is kept, all of it or nothing."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import trio
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from faxgw.fax import FaxId, State
from faxgw.message import Channel, Kind, RelayMessage, Source
from faxgw.store.admission import Admitted, NewFax
from faxgw.store.relay.port import (
    Absence,
    Decide,
    Decision,
    Known,
    Matter,
    Offer,
    OfferResult,
    OfferSums,
    Refusal,
    RelayOrder,
    RelayRefused,
    RelayRepeated,
    RelayTaken,
    Stage,
    Told,
)
from faxgw.store.sql import SqlStore
from faxgw.store.stops import Scope, Suspension
from tests.journeys.town import START, line_of, order_for
from tests.store.faxes import opened

NOW = START.timestamp()
encode = msgspec.json.Encoder().encode


async def order(store: SqlStore, number: str = "N-1") -> FaxId:
    """An order fax in the queue of FR-1."""
    new = NewFax("shop", number, b"0" * 32, number, line_of(1), 1, encode(order_for(1, number)), NOW, NOW, None)
    [admitted] = await store.admit([new])
    assert isinstance(admitted, Admitted)
    return admitted.fax_id


def message(key: str, number: str | None = "N-1", text: str = "?") -> RelayMessage:
    return RelayMessage(
        key=key,
        kind=Kind.ASK,
        at=NOW,
        source=Source(Channel.API, "test"),
        order_number=number,
        from_member="FR-1",
        text=text,
    )


def taken(known: Known, **changes: object) -> Decision:
    assert known.order is not None
    changed = msgspec.structs.replace(known.order, **changes)
    return Decision(
        RelayTaken(0, changed.stage, "so"), changed, told=(Told("relay_message", {"number": changed.number}),)
    )


def changes(**fields: object) -> Decide:
    """Takes the message, and changes the order so."""
    return lambda known: taken(known, **fields)


def _execute(connection: Connection, statements: Sequence[str]) -> list[None]:
    for statement in statements:
        connection.exec_driver_sql(statement)
    return [None] * len(statements)


def matter(said: RelayMessage, decide: Decide) -> Matter:
    return Matter(decide, NOW, said.order_number, said)


async def stands(store: SqlStore, number: str = "N-1") -> RelayOrder:
    story = await store.relay.story(number)
    assert story is not None
    return story.order


async def test_each_matter_of_a_batch_sees_the_one_before(store: SqlStore) -> None:
    """Two messages about one order in one commit: the second is decided on what the first did."""
    await order(store)
    seen: list[tuple[Stage, int]] = []

    def decide(known: Known) -> Decision:
        assert known.order is not None
        seen.append((known.order.stage, known.order.reminders))
        return taken(known, stage=Stage.ACCEPTED, reminders=known.order.reminders + 1)

    settled = await store.relay.settle([matter(message("a"), decide), matter(message("b"), decide)])
    assert seen == [(Stage.OFFERED, 0), (Stage.ACCEPTED, 1)]
    assert [each.answer for each in settled] == [
        RelayTaken(1, Stage.ACCEPTED, "so"),
        RelayTaken(2, Stage.ACCEPTED, "so"),
    ]
    assert (await stands(store)).reminders == 2
    assert [view.seq for view in await store.relay.messages(0, 10)] == [1, 2]
    assert [event.kind for event in await store.events(0, 10)][-2:] == ["relay_message"] * 2


async def test_a_message_is_decided_once(store: SqlStore) -> None:
    """The same again gets the same answer, in its batch or later; another under its key is refused. Nobody decides."""
    await order(store)
    calls = 0

    def decide(known: Known) -> Decision:
        nonlocal calls
        calls += 1
        return taken(known)

    twice = [matter(message("a"), decide)] * 2
    [first, again] = await store.relay.settle(twice)
    [later, other] = await store.relay.settle([twice[0], matter(message("a", text="!"), decide)])
    assert isinstance(first.answer, RelayTaken)
    assert again.answer == later.answer == RelayRepeated(first.answer)
    assert other.answer == RelayRefused(Refusal.KEY_TAKEN, "")
    assert calls == 1


async def test_a_decision_that_breaks_keeps_nothing_of_its_batch(store: SqlStore) -> None:
    """Neither the message before it, nor the order, nor a fax, nor an event; what waits beside it is kept."""
    await order(store)
    paper = NewFax("relay", "p", b"1" * 32, "N-1", line_of(2), 1, b"{}", NOW, NOW, None)

    def sends(known: Known) -> Decision:
        decision = taken(known, reminders=1)
        return Decision(decision.answer, decision.order, (paper,), told=decision.told)

    def breaks(known: Known) -> Decision:
        raise ZeroDivisionError

    events = await store.last_event()
    outcome: list[object] = []

    async def beside() -> None:
        outcome.extend(await store.relay.settle([matter(message("c", None), lambda _: Decision(RelayTaken(0, None)))]))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(beside)
        with pytest.raises(ZeroDivisionError):
            await store.relay.settle([matter(message("a"), sends), matter(message("b"), breaks)])
    assert len(outcome) == 1
    assert [view.message.key for view in await store.relay.messages(0, 10)] == ["c"]
    assert (await stands(store)).reminders == 0
    assert await store.last_event() == events
    [settled] = await store.relay.settle([matter(message("a"), sends)])
    assert len(settled.admitted) == 1


async def test_what_was_said_stays_said(store: SqlStore) -> None:
    """The database itself refuses to change or forget a message."""
    await order(store)
    await store.relay.settle([matter(message("a"), taken)])
    for sql in ("UPDATE relay_message SET at = 0", "DELETE FROM relay_message"):
        with pytest.raises((DBAPIError, sqlite3.IntegrityError)):
            await store._writer.write(_execute, [sql])
    assert len(await store.relay.messages(0, 10)) == 1


async def test_a_drained_gateway_keeps_nothing(store: SqlStore) -> None:
    """Whoever says something is to say it again later."""
    await order(store)
    await store.suspend([Suspension(Scope.INTAKE, "", "anna", "moving", NOW, None)])
    [settled] = await store.relay.settle([matter(message("a"), taken)])
    assert settled.answer == RelayRefused(Refusal.DRAINING, "")
    assert await store.relay.messages(0, 10) == []


async def test_what_is_due_is_found_by_its_time(store: SqlStore) -> None:
    """The longest overdue first, and when the next one will be; the silent are counted."""
    for place, number in enumerate(("N-1", "N-2", "N-3")):
        await order(store, number)
        due = {"next_at": NOW - place, "waiting_since": NOW - 10 * place}
        await store.relay.settle([matter(message("a" + number, number), changes(**due))])
    assert [each.number for each in await store.relay.due(NOW - 1, 10)] == ["N-3", "N-2"]
    assert await store.relay.next_due_at() == NOW - 2
    unanswered = await store.relay.unanswered()
    assert (unanswered.orders, unanswered.waiting_since) == (3, NOW - 20)
    assert await store.relay.offered_to("FR-1", START.date(), None, "N-1", 10) == ["N-2", "N-3"]
    assert await store.relay.offered_to("FR-1", START.date() + dt.timedelta(1), None, "", 10) == []


async def test_absences_and_offers_are_kept_with_their_message(store: SqlStore) -> None:
    """A RES ends them all; of an offer the first arrival and the first answer count."""
    await order(store)
    away = Absence("FR-1", START.date(), None)

    def offer(result: OfferResult, arrived: float | None, answered: float | None) -> Decide:
        told = Offer("N-1", 0, "FR-1", NOW, result, arrived, answered)
        return lambda known: _with(taken(known), told)

    await store.relay.settle([matter(message("s", None), lambda _: Decision(RelayTaken(0, None), absence=away))])
    assert [(each.member, each.seq) for each in await store.relay.absences()] == [("FR-1", 1)]
    steps: list[tuple[OfferResult, float | None, float | None]]
    steps = [(OfferResult.OPEN, NOW + 60, None), (OfferResult.ACCEPTED, NOW + 70, NOW + 90)]
    steps += [(OfferResult.OPEN, None, None), (OfferResult.DELIVERED, None, NOW + 900)]
    for place, step in enumerate(steps):
        await store.relay.settle([matter(message(f"o{place}"), offer(*step))])
    assert await store.relay.offer_sums(NOW, NOW + 1) == [OfferSums("FR-1", 1, 0, 0, 1, 1, 30.0)]
    assert await store.relay.offer_sums(NOW + 1, NOW + 2) == []
    await store.relay.settle([matter(message("r", None), lambda _: Decision(RelayTaken(0, None), resumed="FR-1"))])
    assert await store.relay.absences() == []


def _with(decision: Decision, offer: Offer) -> Decision:
    return Decision(decision.answer, decision.order, told=decision.told, offers=(offer,))


async def test_the_cursor_never_goes_back_in_a_commit(store: SqlStore) -> None:
    """And what happened after it is told once for each event."""
    first = await order(store)
    changes, looked = await store.relay.fax_changes(await store.relay.cursor(), 100, ["accepted"])
    assert [(change.fax_id, change.number) for change in changes] == [(first, "N-1")]
    await store.relay.keep_cursor(looked)
    assert await store.relay.fax_changes(await store.relay.cursor(), 100, ["accepted"]) == ([], looked)


async def test_all_of_it_outlives_the_process(tmp_path: Path) -> None:
    """Order, message with its answer, and cursor, after the store was closed and opened again."""
    with trio.fail_after(20):
        async with opened("disk", tmp_path) as store:
            fax_id = await order(store)
            await store.relay.settle([matter(message("a"), lambda known: taken(known, stage=Stage.ACCEPTED))])
            await store.relay.keep_cursor(7)
        async with opened("disk", tmp_path) as store:
            story = await store.relay.story("N-1")
            assert story is not None
            assert (story.order.stage, story.order.fax_id) == (Stage.ACCEPTED, fax_id)
            [view] = story.messages
            assert (view.message.key, view.answer) == ("a", RelayTaken(1, Stage.ACCEPTED, "so"))
            assert await store.relay.cursor() == 7
            kept = await store.fax(fax_id)
            assert kept is not None
            assert kept.state is State.QUEUED
