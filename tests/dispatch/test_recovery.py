"""Taking up after a crash: nothing that may be with a carrier is sent again, nothing that waits is forgotten."""

import trio
from trio.testing import MockClock

from faxgw.dispatch.recovery import STOPPED, recover
from faxgw.errors import StoreFullError
from faxgw.fax import AttemptNumber, ClientRef, State
from faxgw.provider.port import Delivered, Report
from faxgw.store.changes import HoldAsked
from faxgw.store.receipts import KeptReceipt
from tests.dispatch.desk import Desk
from tests.dispatch.test_attempt import sick_store
from tests.store.faxes import LINE, OTHER, admit_one, begin_one, submit_one

FIRST = AttemptNumber(1)


async def recovered(desk: Desk) -> list[KeptReceipt]:
    return await recover(desk.store, desk.waiting, desk.calls, desk.doubts, desk.clock)


async def test_what_was_being_sent_is_in_doubt(autojump_clock: MockClock) -> None:
    """Nobody knows how far it came; its line stays taken and its carrier is asked."""
    desk = Desk()
    attempt = await begin_one(desk.store)
    await recovered(desk)
    view = await desk.store.fax(attempt.fax_id)
    assert view is not None
    assert (view.state, view.reason) == (State.UNKNOWN, STOPPED)
    assert (len(desk.doubts), desk.lines_busy(), desk.open_attempt().state) == (1, 1, State.UNKNOWN)
    # The carrier's time to settle counts from now: what lay on its way then may arrive after our start.
    assert desk.open_attempt().changed_at == desk.clock.now()


async def test_what_a_carrier_had_is_still_awaited(autojump_clock: MockClock) -> None:
    """Its receipt will name either reference."""
    desk = Desk()
    attempt = await submit_one(desk.store)
    await recovered(desk)
    assert (len(desk.doubts), desk.lines_busy()) == (0, 1)
    by_theirs = desk.calls.match("north", Report(Delivered(1, 1.0), "SC1", None))
    by_ours = desk.calls.match("north", Report(Delivered(1, 1.0), None, attempt.client_ref))
    assert by_theirs is by_ours is desk.open_attempt()
    assert desk.calls.match("south", Report(Delivered(1, 1.0), "SC1", attempt.client_ref)) is None


async def test_what_waits_is_in_line_again(autojump_clock: MockClock) -> None:
    """Behind the line that is taken, too; what is held stays held."""
    desk = Desk()
    await submit_one(desk.store, "with carrier")
    behind = await admit_one(desk.store, "behind")
    free = await admit_one(desk.store, "free", OTHER)
    held = await admit_one(desk.store, "held", OTHER)
    await desk.store.record([HoldAsked(held, "Ada", "", 1.0)])
    await recovered(desk)
    assert [fax.fax_id for fax in await desk.waiting.wait_due(10)] == [free]
    await desk.outcomes.learnt(desk.open_attempt(), Delivered(1, 1.0))
    assert [fax.fax_id for fax in await desk.waiting.wait_due(10)] == [behind]


async def test_receipts_that_were_not_applied_are_handed_back(autojump_clock: MockClock) -> None:
    """They were durable before they were answered."""
    desk = Desk()
    report = Report(Delivered(1, 1.0), "SC1", ClientRef("x-1-1"), "e1")
    kept = await desk.store.keep_receipts("north", [report], 1.0)
    assert await recovered(desk) == kept


async def test_a_start_on_a_full_disk_waits_for_room(autojump_clock: MockClock) -> None:
    """It neither ends nor forgets a doubt."""
    store = sick_store()
    desk = Desk(store=store)
    await begin_one(store)
    store.record_errors = [StoreFullError("full")] * 5
    await recovered(desk)
    assert trio.current_time() >= 5
    assert await store.counts() == {State.UNKNOWN: 1}


async def test_a_second_start_finds_the_doubt_again(autojump_clock: MockClock) -> None:
    """Crash after crash: it stays in doubt, with one attempt."""
    store = Desk().store
    attempt = await begin_one(store)
    for _ in range(3):
        desk = Desk(store=store)
        await recovered(desk)
        assert (len(desk.doubts), desk.open_attempt().client_ref) == (1, attempt.client_ref)
    assert await store.counts() == {State.UNKNOWN: 1}
    assert desk.open_attempt().line == LINE
