"""One attempt: what each answer of a carrier makes of the fax, its line and its gate."""

from collections.abc import MutableMapping, Sequence
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.prepared import Prepared
from faxgw.errors import BugError, StoreFailedError, StoreFullError
from faxgw.fax import AttemptNumber, Failure, FaxId, State, Waiting
from faxgw.provider.port import Accepted, Delivered, NotDelivered, Refused, SendOutcome, Unclear, Unsent
from faxgw.store.attempts import Begun, Intent
from faxgw.store.changes import CancelAsked, Change, HoldAsked, Recorded, ReleaseAsked, SetAside
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.unfinished import Queued
from tests.dispatch.desk import NOW, PAGE, Desk, TellingCarrier
from tests.store.faxes import LINE, OTHER, admit_one, intent_for

FIRST = AttemptNumber(1)


@pytest.mark.parametrize(
    ("outcome", "state", "busy", "closed"),
    [
        (Accepted("SC1"), State.SUBMITTED, 1, False),
        (Refused(Failure.BAD_NUMBER, "bad_number"), State.FAILED, 0, False),
        (Refused(Failure.CAPACITY, "429", 30.0), State.QUEUED, 0, True),
        (Refused(Failure.ACCOUNT, "401"), State.QUEUED, 0, True),
        (Unsent("ConnectError"), State.QUEUED, 0, True),
        (Unclear("ReadTimeout"), State.UNKNOWN, 1, False),
    ],
)
async def test_what_an_answer_makes_of_the_fax(
    outcome: SendOutcome, state: State, busy: int, *, closed: bool, autojump_clock: MockClock
) -> None:
    """Its state, whether its line is still taken, and whether the carrier's gate closed."""
    desk = Desk(provider=TellingCarrier(outcomes=[outcome]))
    fax_id = await desk.make_one()
    assert await desk.state(fax_id) is state
    assert desk.lines_busy() == busy
    assert (desk.gate.closure() is not None) == closed
    assert len(desk.calls) == busy
    assert len(desk.doubts) == (state is State.UNKNOWN)


async def test_the_intent_is_durable_before_the_carrier_hears_of_it(autojump_clock: MockClock) -> None:
    """While the send is under way, the store knows of it."""
    desk = Desk(provider=TellingCarrier(send_seconds=10.0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.make_one)
        await trio.sleep(5)
        [sending] = desk.provider.sent
        found = await desk.store.attempt_of(sending.client_ref, "north", None)
        assert found is not None
        assert found.state is State.SENDING


async def test_a_send_that_takes_too_long_is_in_doubt(autojump_clock: MockClock) -> None:
    """It was cut off after its time; nobody knows how far it came."""
    desk = Desk(provider=TellingCarrier(send_seconds=1_000.0), send_seconds=30.0)
    fax_id = await desk.make_one()
    assert trio.current_time() == pytest.approx(30.0)
    assert await desk.state(fax_id) is State.UNKNOWN


async def test_an_adapter_that_raises_leaves_a_doubt_and_no_crash(
    autojump_clock: MockClock, logged: list[MutableMapping[str, Any]]
) -> None:
    """It may have broken after the carrier took the fax."""
    desk = Desk(provider=TellingCarrier(outcomes=[ExceptionGroup("adapter", [ValueError("bug")])]))
    assert await desk.state(await desk.make_one()) is State.UNKNOWN
    assert "adapter_raised" in [entry["event"] for entry in logged]


async def test_a_fax_past_its_deadline_is_not_begun(autojump_clock: MockClock) -> None:
    """It expires, and its line goes on."""
    desk = Desk()
    fax = await desk.take_one(deadline_at=NOW + 5)
    await trio.sleep(5)
    await desk.attempts.make(Prepared(fax, PAGE, NOW), desk.carrier)
    assert await desk.state(fax.fax_id) is State.EXPIRED
    assert (desk.provider.sent, desk.lines_busy()) == ([], 0)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (HoldAsked(FaxId(1), "Ada", "", NOW), State.HELD),
        (CancelAsked(FaxId(1), "Ada", "", NOW), State.CANCELLED),
        (SetAside(FaxId(1), "no", NOW), State.HELD),
    ],
)
async def test_a_fax_that_left_the_queue_meanwhile_is_not_sent(
    change: Change, state: State, autojump_clock: MockClock
) -> None:
    """Its line goes on to the next."""
    desk = Desk()
    fax = await desk.take_one()
    await desk.store.record([change])
    await desk.attempts.make(Prepared(fax, PAGE, NOW), desk.carrier)
    assert (await desk.state(fax.fax_id), desk.provider.sent, desk.lines_busy()) == (state, [], 0)


async def test_a_line_that_the_store_knows_to_be_taken_is_asked_again_later(autojump_clock: MockClock) -> None:
    """Whatever the schedule believed: the store has the last word, and the fax waits."""
    desk = Desk()
    other = await admit_one(desk.store, "other")
    await desk.store.begin([intent_for(other)])
    fax = await desk.take_one("this")
    await desk.attempts.make(Prepared(fax, PAGE, NOW), desk.carrier)
    assert desk.provider.sent == []
    assert desk.waiting.why(fax.fax_id, LINE).waiting is Waiting.NOT_DUE
    assert [again.fax_id for again in await desk.waiting.wait_due(1)] == [fax.fax_id]


async def test_a_copy_of_a_fax_that_is_with_a_carrier_is_dropped(autojump_clock: MockClock) -> None:
    """Held and released while it stood ready, it comes twice: sent once, its line stays taken."""
    desk = Desk(provider=TellingCarrier(send_seconds=5.0))
    fax = await desk.take_one()
    await desk.store.record([HoldAsked(fax.fax_id, "", "", NOW), ReleaseAsked(fax.fax_id, "", "", NOW)])
    prepared = Prepared(fax, PAGE, NOW)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.attempts.make, prepared, desk.carrier)
        nursery.start_soon(desk.attempts.make, prepared, desk.carrier)
    assert (len(desk.provider.sent), desk.lines_busy(), len(desk.calls)) == (1, 1, 1)


class SickStore(SqlStore):
    """Raises what it is told to, so many times."""

    begin_errors: Sequence[Exception] = ()
    record_errors: Sequence[Exception] = ()

    async def begin(self, intents: Sequence[Intent]) -> list[Begun]:
        if self.begin_errors:
            error, *self.begin_errors = self.begin_errors
            raise error
        return await super().begin(intents)

    async def record(self, changes: Sequence[Change]) -> list[Recorded]:
        if self.record_errors:
            error, *self.record_errors = self.record_errors
            raise error
        return await super().record(changes)


def sick_store() -> SickStore:
    well = open_memory_store()
    return SickStore(well._writer, well._reader, well.store_id, well._documents, well._documents)


async def test_without_a_durable_intent_nothing_is_sent(autojump_clock: MockClock) -> None:
    """A full disk: the fax goes back in line and the carrier is left alone for a while."""
    store = sick_store()
    store.begin_errors = [StoreFullError("full")]
    desk = Desk(store=store)
    fax_id = await desk.make_one()
    assert (desk.provider.sent, await desk.state(fax_id)) == ([], State.QUEUED)
    assert desk.gate.closure() is not None
    assert [again.fax_id for again in await desk.waiting.wait_due(1)] == [fax_id]


async def test_what_was_learnt_waits_for_room_on_the_disk(autojump_clock: MockClock) -> None:
    """The answer of the carrier is not lost while the disk is full."""
    store = sick_store()
    store.record_errors = [StoreFullError("full")] * 3
    desk = Desk(store=store)
    fax_id = await desk.make_one()
    assert await desk.state(fax_id) is State.SUBMITTED
    assert trio.current_time() >= 3


@pytest.mark.parametrize("error", [BugError("bug"), KeyError("bug"), OverflowError("too large")])
async def test_an_intent_that_breaks_sets_its_fax_aside(error: Exception, autojump_clock: MockClock) -> None:
    """One broken fax stops neither the lane nor its line."""
    store = sick_store()
    store.begin_errors = [error]
    desk = Desk(store=store)
    fax_id = await desk.make_one()
    assert (desk.provider.sent, await desk.state(fax_id), desk.lines_busy()) == ([], State.HELD, 0)
    assert await desk.state(await desk.make_one("next")) is State.SUBMITTED


async def test_an_outcome_that_breaks_leaves_a_doubt(autojump_clock: MockClock) -> None:
    """The carrier has it, our note of it broke: it is asked, not sent again."""
    store = sick_store()
    store.record_errors = [BugError("bug")]
    desk = Desk(store=store)
    fax_id = await desk.make_one()
    assert (await desk.state(fax_id), len(desk.doubts), desk.lines_busy()) == (State.UNKNOWN, 1, 1)


@pytest.mark.parametrize("where", ["begin_errors", "record_errors"])
async def test_a_failed_disk_ends_the_lane(where: str, autojump_clock: MockClock) -> None:
    """It is no fax's fault and no barrier may hide it."""
    store = sick_store()
    setattr(store, where, [StoreFailedError("disk")])
    desk = Desk(store=store)
    with pytest.raises(StoreFailedError):
        await desk.make_one()


# --- what is learnt later ----------------------------------------------------------------------------


async def test_a_receipt_that_outran_the_answer_leaves_no_ghost(autojump_clock: MockClock) -> None:
    """The attempt is over; our late note of the answer must not bring it back into memory."""
    desk = Desk(provider=TellingCarrier(send_seconds=1.0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.make_one)
        await trio.sleep(0.5)
        await desk.outcomes.learnt(desk.open_attempt(), Delivered(1, 16.8))
    assert (len(desk.calls), desk.lines_busy()) == (0, 0)


async def test_a_receipt_of_the_same_commit_leaves_no_ghost(autojump_clock: MockClock) -> None:
    """Both notes were durable at once, and the task with the later one was woken first."""
    desk = Desk(provider=TellingCarrier(outcomes=[Unclear("ReadTimeout")]))
    for number in range(20):
        # Twenty times, as trio wakes tasks in any order.
        fax_id = await desk.make_one(str(number))
        attempt = desk.open_attempt()
        async with trio.open_nursery() as both:
            both.start_soon(desk.outcomes.submitted, attempt, "SC1")
            both.start_soon(desk.outcomes.learnt, attempt, Delivered(1, 16.8))
        assert await desk.state(fax_id) is State.DELIVERED
        assert len(desk.calls) == 0


async def test_a_delivery_told_late_takes_the_fax_out_of_the_line(autojump_clock: MockClock) -> None:
    """It waits for its next try when the truth comes: no second bouquet."""
    desk = Desk()
    fax_id = await desk.make_one()
    attempt = desk.open_attempt()
    await desk.outcomes.learnt(attempt, NotDelivered(Failure.BUSY, "BUSY"))
    assert desk.waiting.statistics().waiting == 1
    await desk.outcomes.learnt(attempt, Delivered(1, 16.8))
    assert await desk.state(fax_id) is State.DELIVERED
    assert desk.waiting.statistics().waiting == 0


async def test_a_delivery_that_nothing_can_be_done_about_is_shouted(
    autojump_clock: MockClock, logged: list[MutableMapping[str, Any]]
) -> None:
    """The fax had failed for good: a person must hear of it."""
    desk = Desk()
    fax_id = await desk.make_one()
    attempt = desk.open_attempt()
    await desk.outcomes.learnt(attempt, NotDelivered(Failure.BAD_NUMBER, "WRONG"))
    await desk.outcomes.learnt(attempt, Delivered(1, 16.8))
    assert await desk.state(fax_id) is State.FAILED
    assert [entry["log_level"] for entry in logged if entry["event"] == "delivered_after_it_was_given_up"] == ["error"]


async def test_what_comes_too_late_leaves_memory_as_it_is(autojump_clock: MockClock) -> None:
    """A second busy receipt neither frees the line of the next attempt nor puts the fax in line twice."""
    desk = Desk()
    await desk.make_one()
    attempt = desk.open_attempt()
    busy = NotDelivered(Failure.BUSY, "BUSY")
    await desk.outcomes.learnt(attempt, busy)
    [again] = await desk.waiting.wait_due(1)
    await desk.attempts.make(Prepared(again, PAGE, NOW), desk.carrier)
    await desk.outcomes.learnt(attempt, busy)
    assert (desk.lines_busy(), len(desk.calls), desk.waiting.statistics().waiting) == (1, 1, 0)


async def test_a_retry_knows_how_often_it_was_called(autojump_clock: MockClock) -> None:
    """Calls count up, tries that were no calls do not."""
    desk = Desk(provider=TellingCarrier(outcomes=[Refused(Failure.CAPACITY, "429"), Accepted("SC1")]))
    await desk.make_one()
    [again] = await desk.waiting.wait_due(1)
    assert again == Queued(FaxId(1), LINE, 1, again.due_at, None, 0, avoid="north", submitter="shop")
    await desk.attempts.make(Prepared(again, PAGE, NOW), desk.carrier)
    assert desk.open_attempt().calls == 1
    assert await desk.make_one("b", OTHER) == FaxId(2)
