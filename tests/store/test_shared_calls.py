"""Faxes that share a call: begun together or not at all, under one reference and one lock, each ending for itself."""

import msgspec
import pytest

from faxgw.fax import AttemptNumber, Failure, FaxId, State
from faxgw.store.attempts import Attempt, Intent, NotBegun
from faxgw.store.changes import (
    CancelAsked,
    Changed,
    DeliveredNow,
    Doubted,
    FailedNow,
    GoesAgain,
    Parked,
    ResolveAsked,
    Ruling,
    Stale,
    Submitted,
)
from faxgw.store.lines import LineMemory
from faxgw.store.sql import SqlStore
from tests.store.faxes import FIRST, LINE, admit_one, intent_for


def call_for(*fax_ids: FaxId, pages: int = 1) -> Intent:
    first, *others = [msgspec.structs.replace(intent_for(fax_id), pages=pages) for fax_id in fax_ids]
    return msgspec.structs.replace(first, company=tuple(others), call_sha256="cd" * 32)


async def begin_three(store: SqlStore) -> Attempt:
    faxes = [await admit_one(store, key) for key in "abc"]
    [begun] = await store.begin([call_for(*faxes)])
    assert isinstance(begun, Attempt)
    return begun


async def states(store: SqlStore) -> list[State]:
    views = [await store.fax(FaxId(number)) for number in (1, 2, 3)]
    return [view.state for view in views if view is not None]


async def test_all_faxes_of_a_call_are_begun_under_one_reference(store: SqlStore) -> None:
    """Each has an attempt of its own, with its own pages; the line has one call."""
    call = await begin_three(store)
    assert [(each.fax_id, each.first_page, each.client_ref) for each in call.call] == [
        (1, 1, call.client_ref),
        (2, 2, call.client_ref),
        (3, 3, call.client_ref),
    ]
    assert await states(store) == [State.SENDING] * 3
    assert (await store.load()).attempts == [call]
    assert await store.attempt_of(call.client_ref, "north", None) == call
    view = await store.fax(FaxId(2))
    assert view is not None
    own = view.attempts[0]
    assert (own.client_ref, own.first_page, own.in_call_with) == (call.client_ref, 2, (1, 3))
    assert (own.sha256, own.call_sha256) == ("ab" * 32, "cd" * 32)
    assert view.events[-1].data == {"attempt": 1, "provider": "north", "in_call_with": [1, 3]}


async def test_pages_are_counted_through_the_call(store: SqlStore) -> None:
    """Two pages each: 1-2, 3-4."""
    faxes = [await admit_one(store, key) for key in "ab"]
    [call] = await store.begin([call_for(*faxes, pages=2)])
    assert isinstance(call, Attempt)
    assert [(each.first_page, each.last_page) for each in call.call] == [(1, 2), (3, 4)]


async def test_a_call_is_begun_whole_or_not_at_all(store: SqlStore) -> None:
    """One was cancelled meanwhile: none begins, and the answer names it."""
    faxes = [await admit_one(store, key) for key in "abc"]
    await store.record([CancelAsked(faxes[1], "Ada", "", 101.0)])
    refused = NotBegun(State.CANCELLED, line_taken=False, companion=faxes[1])
    assert await store.begin([call_for(*faxes)]) == [refused]
    assert await states(store) == [State.QUEUED, State.CANCELLED, State.QUEUED]
    assert (await store.load()).attempts == []


async def test_a_line_has_one_call_however_many_share_it(store: SqlStore) -> None:
    """Neither a single fax nor another call begins beside it; after it the line is free."""
    call = await begin_three(store)
    more = [await admit_one(store, key) for key in "de"]
    taken = NotBegun(State.QUEUED, line_taken=True)
    assert await store.begin([intent_for(more[0]), call_for(*more)]) == [taken, taken]
    await store.record([DeliveredNow(each.fax_id, each.number, 1, 9.0, 300.0) for each in call.call])
    [begun] = await store.begin([call_for(*more)])
    assert isinstance(begun, Attempt)


async def test_one_end_of_a_call_is_one_commit_with_an_end_for_each(store: SqlStore) -> None:
    """Delivered, charged with the failed page, not reached: the line learnt of one call."""
    first, second, third = (await begin_three(store)).call
    await store.record([Submitted(each.fax_id, each.number, "SC1", 201.0) for each in (first, second, third)])
    answers = await store.record(
        [
            DeliveredNow(first.fax_id, FIRST, 1, 9.0, 300.0, tells_line=False),
            GoesAgain(second.fax_id, FIRST, Failure.PAGE, "x", 360.0, 300.0),
            GoesAgain(third.fax_id, FIRST, Failure.NOT_REACHED, "x", 300.0, 300.0, was_call=False, tells_line=False),
        ]
    )
    assert answers == [Changed(State.DELIVERED), Changed(State.QUEUED), Changed(State.QUEUED)]
    unfinished = await store.load()
    assert unfinished.attempts == []
    assert [(each.fax_id, each.calls, each.alone) for each in unfinished.queued] == [(2, 1, True), (3, 0, False)]
    assert unfinished.lines == [LineMemory(LINE, has_answered=True, failed_at=(300.0,))]


async def test_a_receipt_by_the_carriers_name_finds_the_whole_call(store: SqlStore) -> None:
    """Also once it is over, so that a second receipt tells each fax nothing new."""
    call = await begin_three(store)
    await store.record([Submitted(each.fax_id, each.number, "SC1", 201.0) for each in call.call])
    delivered = [DeliveredNow(each.fax_id, each.number, 1, 9.0, 300.0) for each in call.call]
    await store.record(delivered)
    found = await store.attempt_of(None, "north", "SC1")
    assert found is not None
    assert [each.fax_id for each in found.call] == [1, 2, 3]
    assert await store.record(delivered) == [Stale(State.DELIVERED)] * 3


async def test_a_reference_that_no_carrier_was_told_finds_nothing(store: SqlStore) -> None:
    """The second fax has no reference of its own."""
    call = await begin_three(store)
    own = call.client_ref.replace("-1-1", "-2-1")
    assert await store.attempt_of(type(call.client_ref)(own), "north", None) is None


@pytest.mark.parametrize("resolved", [(1,), (1, 2), (3, 1), (2,)])
async def test_who_is_resolved_alone_leaves_the_lock_to_the_others(store: SqlStore, resolved: tuple[int, ...]) -> None:
    """The line is taken until the last of the call is over, whoever led it."""
    call = await begin_three(store)
    await store.record([Doubted(each.fax_id, each.number, "", 250.0) for each in call.call])
    waits = await admit_one(store, "d")
    for number in resolved:
        await store.record([ResolveAsked(FaxId(number), FIRST, Ruling.DELIVERED, "Ada", "", 260.0)])
        assert await store.begin([intent_for(waits)]) == [NotBegun(State.QUEUED, line_taken=True)]
    [left] = (await store.load()).attempts
    assert [int(each.fax_id) for each in left.call] == [number for number in (1, 2, 3) if number not in resolved]
    assert left.client_ref == call.client_ref
    await store.record([FailedNow(each.fax_id, FIRST, Failure.BUSY, "", 300.0) for each in left.call])
    [begun] = await store.begin([intent_for(waits)])
    assert isinstance(begun, Attempt)


async def test_a_parked_call_is_one_doubt_after_a_restart(store: SqlStore) -> None:
    """Its line is free, and its faxes are still asked for under one reference."""
    call = await begin_three(store)
    await store.record([Doubted(each.fax_id, each.number, "", 250.0) for each in call.call])
    await store.record([Parked(each.fax_id, each.number, "", 260.0) for each in call.call])
    unfinished = await store.load()
    assert unfinished.attempts == []
    assert [(each.client_ref, len(each.call)) for each in unfinished.parked] == [(call.client_ref, 3)]


async def test_a_fax_that_led_a_call_may_follow_in_the_next(store: SqlStore) -> None:
    """References of the two calls differ, as their first faxes do."""
    call = await begin_three(store)
    again = [GoesAgain(each.fax_id, each.number, Failure.BUSY, "", 300.0, 300.0) for each in call.call]
    await store.record(again)
    [second] = await store.begin([call_for(FaxId(3), FaxId(1), FaxId(2))])
    assert isinstance(second, Attempt)
    assert second.client_ref == call.client_ref.replace("-1-1", "-3-2")
    assert [each.number for each in second.call] == [AttemptNumber(2)] * 3
    assert [each.earlier for each in second.call] == [{"busy": 1}] * 3
