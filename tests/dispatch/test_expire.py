"""Deadlines that pass while faxes wait."""

from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.expire import expire_faxes
from faxgw.errors import StoreFailedError
from faxgw.fax import State
from faxgw.phone import Line
from faxgw.store.admission import Admitted
from faxgw.store.changes import Change, Recorded
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.unfinished import Queued
from tests.dispatch.desk import NOW, Desk
from tests.dispatch.test_attempt import sick_store
from tests.store.faxes import LINE, admit_one, new_fax


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
    with trio.fail_after(100), pytest.RaisesGroup(StoreFailedError):
        await expire_faxes(desk.waiting, desk.outcomes)


class SlowDisk(SqlStore):
    """Each commit takes a second, whatever shares it."""

    async def record(self, changes: Sequence[Change]) -> list[Recorded]:
        await trio.sleep(1)
        return await super().record(changes)


async def test_a_cut_off_hour_is_ended_together(autojump_clock: MockClock) -> None:
    """Six hundred deadlines that pass at once wait for three commits, not each for its own."""
    memory = open_memory_store()
    store = SlowDisk(memory._writer, memory._reader, memory.store_id, memory._documents, memory._documents)
    desk = Desk(store=store)
    admitted = await desk.store.admit([new_fax(str(number)) for number in range(600)])
    fax_ids = [each.fax_id for each in admitted if isinstance(each, Admitted)]
    desk.waiting.put([Queued(fax_id, LINE, 1, NOW + 900, NOW - 10, 0) for fax_id in fax_ids])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(expire_faxes, desk.waiting, desk.outcomes)
        await trio.sleep(3.5)
        assert await desk.store.counts() == {State.EXPIRED: 600}
        nursery.cancel_scope.cancel()
