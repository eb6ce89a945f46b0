"""Deadlines that pass while faxes wait."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.expire import expire_faxes
from faxgw.errors import StoreFailedError
from faxgw.fax import State
from faxgw.phone import Line
from faxgw.store.unfinished import Queued
from tests.dispatch.desk import NOW, Desk
from tests.dispatch.test_attempt import sick_store
from tests.store.faxes import admit_one


async def put_waiting(desk: Desk, count: int) -> None:
    for number in range(count):
        fax_id = await admit_one(desk.store, str(number))
        desk.waiting.put([Queued(fax_id, Line(f"+3319900{number:04}"), 1, NOW + 900, NOW + 10 * (number + 1), 0)])


async def test_each_fax_expires_at_its_deadline(autojump_clock: MockClock) -> None:
    """And is counted."""
    desk = Desk()
    await put_waiting(desk, 3)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(expire_faxes, desk.waiting, desk.outcomes)
        await trio.sleep(25)
        assert await desk.store.counts() == {State.EXPIRED: 2, State.QUEUED: 1}
        nursery.cancel_scope.cancel()
    assert desk.metrics.registry.get_sample_value("faxgw_finished_total", {"outcome": "expired"}) == 2


async def test_one_that_breaks_does_not_keep_the_others(autojump_clock: MockClock) -> None:
    """It stays queued in the store, and the next start takes it up."""
    store = sick_store()
    desk = Desk(store=store)
    await put_waiting(desk, 3)
    store.record_errors = [KeyError("bug")]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(expire_faxes, desk.waiting, desk.outcomes)
        await trio.sleep(100)
        nursery.cancel_scope.cancel()
    assert await desk.store.counts() == {State.EXPIRED: 2, State.QUEUED: 1}


async def test_a_failed_disk_ends_it(autojump_clock: MockClock) -> None:
    """The process must end."""
    store = sick_store()
    desk = Desk(store=store)
    await put_waiting(desk, 1)
    store.record_errors = [StoreFailedError("disk")]
    with trio.fail_after(100), pytest.raises(StoreFailedError):
        await expire_faxes(desk.waiting, desk.outcomes)
