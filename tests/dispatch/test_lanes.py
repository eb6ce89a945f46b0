"""Lanes: as many sends at once as allowed, none begun after the stop, none cut off."""

import math

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.attempt import Prepared
from faxgw.dispatch.lanes import Lanes
from faxgw.fax import Failure, State
from faxgw.phone import Line
from faxgw.provider.port import Accepted, Refused
from tests.dispatch.desk import NOW, PAGE, Desk, TellingCarrier


async def prepared_faxes(desk: Desk, count: int) -> list[Prepared]:
    lines = [Line(f"+3319900{number:04}") for number in range(count)]
    return [Prepared(await desk.take_one(str(number), line), PAGE, NOW) for number, line in enumerate(lines)]


async def run_lanes(lanes: Lanes, take: trio.MemoryReceiveChannel[Prepared]) -> None:
    """A lane that does not end is a failure, not a hang."""
    with trio.fail_after(3_600):
        await lanes.run(take)


@pytest.mark.parametrize(("lanes", "seconds"), [(1, 60), (3, 20), (6, 10), (10, 10)])
async def test_as_many_sends_at_once_as_there_are_lanes(lanes: int, seconds: float, autojump_clock: MockClock) -> None:
    """Six sends of ten seconds each."""
    desk = Desk(provider=TellingCarrier(send_seconds=10.0))
    give, take = trio.open_memory_channel[Prepared](math.inf)
    for fax in await prepared_faxes(desk, 6):
        give.send_nowait(fax)
    give.close()
    began = trio.current_time()
    await Lanes(desk.carrier, lanes, desk.attempts).run(take)
    assert trio.current_time() - began == pytest.approx(seconds, abs=0.01)
    assert await desk.store.counts() == {State.SUBMITTED: 6}


async def test_a_stop_lets_sends_under_way_end_and_begins_no_other(autojump_clock: MockClock) -> None:
    """What was prepared but not begun is still queued; the intent of what was begun got its answer."""
    desk = Desk(provider=TellingCarrier(send_seconds=10.0))
    give, take = trio.open_memory_channel[Prepared](math.inf)
    lanes = Lanes(desk.carrier, 2, desk.attempts)
    for fax in await prepared_faxes(desk, 6):
        give.send_nowait(fax)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_lanes, lanes, take)
        await trio.sleep(5)
        assert lanes.busy == 2
        lanes.stop()
    assert trio.current_time() == pytest.approx(10.0, abs=0.01)
    assert (await desk.store.counts(), lanes.busy) == ({State.SUBMITTED: 2, State.QUEUED: 4}, 0)


async def test_a_stop_ends_lanes_that_wait(autojump_clock: MockClock) -> None:
    """For a fax, or for their gate."""
    desk = Desk()
    give, take = trio.open_memory_channel[Prepared](0)
    lanes = Lanes(desk.carrier, 3, desk.attempts)
    async with give, trio.open_nursery() as nursery:
        nursery.start_soon(run_lanes, lanes, take)
        await trio.sleep(5)
        desk.gate.heed(Refused(Failure.CAPACITY, "429", 600.0))
        await trio.sleep(5)
        lanes.stop()
    assert trio.current_time() == pytest.approx(10.0, abs=0.01)


async def test_a_fax_handed_over_in_the_moment_of_the_stop_is_not_begun(autojump_clock: MockClock) -> None:
    """It has left the channel already, and is still queued in the store."""
    desk = Desk()
    give, take = trio.open_memory_channel[Prepared](0)
    lanes = Lanes(desk.carrier, 1, desk.attempts)
    [fax] = await prepared_faxes(desk, 1)
    async with give, trio.open_nursery() as nursery:
        nursery.start_soon(run_lanes, lanes, take)
        await trio.sleep(1)
        give.send_nowait(fax)
        lanes.stop()
    assert (desk.provider.sent, await desk.store.counts()) == ([], {State.QUEUED: 1})


async def test_a_fax_handed_over_as_the_gate_closes_waits_for_it(autojump_clock: MockClock) -> None:
    """It goes when the gate opens, and is not lost in between."""
    desk = Desk()
    give, take = trio.open_memory_channel[Prepared](0)
    lanes = Lanes(desk.carrier, 1, desk.attempts)
    [fax] = await prepared_faxes(desk, 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_lanes, lanes, take)
        await trio.sleep(1)
        give.send_nowait(fax)
        desk.gate.heed(Refused(Failure.CAPACITY, "429", 60.0))
        give.close()
        await trio.sleep(59)
        assert desk.provider.sent == []
    assert len(desk.provider.sent) == 1
    assert await desk.store.counts() == {State.SUBMITTED: 1}


async def test_lanes_that_stand_ready_heed_a_gate_that_closes(autojump_clock: MockClock) -> None:
    """Eight lanes wait for faxes, one is told to wait: the other seven do not send before."""
    carrier = TellingCarrier(outcomes=[Refused(Failure.CAPACITY, "429", 60.0), Accepted("SC")], send_seconds=0.0)
    desk = Desk(provider=carrier)
    give, take = trio.open_memory_channel[Prepared](math.inf)
    lanes = Lanes(desk.carrier, 8, desk.attempts)
    first, *others = await prepared_faxes(desk, 8)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_lanes, lanes, take)
        await trio.sleep(1)
        give.send_nowait(first)
        await trio.sleep(1)
        for fax in others:
            give.send_nowait(fax)
        give.close()
        await trio.sleep(50)
        assert len(carrier.sent) == 1
    assert len(carrier.sent) == 8
