"""All carriers' lanes: as many sends at once as allowed, none begun after the stop, none cut off, none held hostage."""

import math
from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.carriers import Carrier, Carriers
from faxgw.dispatch.gate import Bounds, Gate
from faxgw.dispatch.lanes import Lanes
from faxgw.dispatch.prepared import Prepared
from faxgw.fax import Failure, State
from faxgw.phone import Line
from faxgw.provider.port import Accepted, Capabilities, Refused, Unsent
from tests.dispatch.desk import NOW, PAGE, Desk, TellingCarrier


async def prepared_faxes(desk: Desk, count: int) -> list[Prepared]:
    lines = [Line(f"+3319900{number:04}") for number in range(count)]
    return [Prepared(await desk.take_one(str(number), line), PAGE, NOW) for number, line in enumerate(lines)]


def carrier_for(desk: Desk, provider: TellingCarrier, lanes: int = 32, *, weight: int = 1, cost: int = 0) -> Carrier:
    gate = Gate(provider.name, desk.clock, Bounds(lanes_max=lanes, lanes_initial=lanes))
    return Carrier(provider, 30.0, gate, weight, cost)


def lanes_of(desk: Desk, carriers: Sequence[Carrier]) -> Lanes:
    return Lanes(Carriers(carriers), desk.attempts, desk.waiting, desk.outcomes, desk.clock, desk.metrics)


@pytest.mark.parametrize(("lanes", "seconds"), [(1, 60), (3, 20), (6, 10), (10, 10)])
async def test_as_many_sends_at_once_as_there_are_lanes(lanes: int, seconds: float, autojump_clock: MockClock) -> None:
    """Six sends of ten seconds each."""
    desk = Desk(provider=TellingCarrier(send_seconds=10.0))
    give, take = trio.open_memory_channel[Prepared](math.inf)
    for fax in await prepared_faxes(desk, 6):
        give.send_nowait(fax)
    give.close()
    began = trio.current_time()
    await lanes_of(desk, [carrier_for(desk, desk.provider, lanes)]).run(take)
    assert trio.current_time() - began == pytest.approx(seconds, abs=0.01)
    assert await desk.store.counts() == {State.SUBMITTED: 6}


async def test_a_stop_lets_sends_under_way_end_and_begins_no_other(autojump_clock: MockClock) -> None:
    """What was prepared but not begun is still queued; the intent of what was begun got its answer."""
    desk = Desk(provider=TellingCarrier(send_seconds=10.0))
    give, take = trio.open_memory_channel[Prepared](math.inf)
    lanes = lanes_of(desk, [carrier_for(desk, desk.provider, 2)])
    for fax in await prepared_faxes(desk, 6):
        give.send_nowait(fax)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lanes.run, take)
        await trio.sleep(5)
        assert lanes.busy == 2
        lanes.stop()
    assert trio.current_time() == pytest.approx(10.0, abs=0.01)
    assert (await desk.store.counts(), lanes.busy) == ({State.SUBMITTED: 2, State.QUEUED: 4}, 0)


async def test_a_stop_ends_lanes_that_wait(autojump_clock: MockClock) -> None:
    """For a fax, or for their gate."""
    for closes in (False, True):
        desk = Desk()
        carrier = carrier_for(desk, desk.provider)
        give, take = trio.open_memory_channel[Prepared](0)
        lanes = lanes_of(desk, [carrier])
        began = trio.current_time()
        if closes:
            carrier.gate.heed(Refused(Failure.CAPACITY, "429", 600.0))
        async with give, trio.open_nursery() as nursery:
            nursery.start_soon(lanes.run, take)
            await trio.sleep(5)
            lanes.stop()
        assert trio.current_time() - began == pytest.approx(5.0, abs=0.01)


async def test_a_fax_handed_over_in_the_moment_of_the_stop_is_not_begun(autojump_clock: MockClock) -> None:
    """It has left the channel already, and is still queued in the store."""
    desk = Desk()
    give, take = trio.open_memory_channel[Prepared](0)
    lanes = lanes_of(desk, [carrier_for(desk, desk.provider)])
    [fax] = await prepared_faxes(desk, 1)
    async with give, trio.open_nursery() as nursery:
        nursery.start_soon(lanes.run, take)
        await trio.sleep(1)
        give.send_nowait(fax)
        lanes.stop()
    assert (desk.provider.sent, await desk.store.counts()) == ([], {State.QUEUED: 1})


async def test_a_fax_handed_over_as_the_gate_closes_goes_back_in_line(autojump_clock: MockClock) -> None:
    """No carrier that has closed holds it: whoever opens first gets it, and a person may still take it out."""
    desk = Desk()
    carrier = carrier_for(desk, desk.provider)
    give, take = trio.open_memory_channel[Prepared](0)
    [fax] = await prepared_faxes(desk, 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lanes_of(desk, [carrier]).run, take)
        await trio.sleep(1)
        give.send_nowait(fax)
        carrier.gate.heed(Refused(Failure.CAPACITY, "429", 60.0))
        await trio.sleep(2)
        assert (desk.provider.sent, desk.lines_busy()) == ([], 0)
        assert [again.fax_id for again in await desk.waiting.wait_due(1)] == [fax.fax.fax_id]
        nursery.cancel_scope.cancel()


async def test_lanes_that_stand_ready_heed_a_gate_that_closes(autojump_clock: MockClock) -> None:
    """One of eight faxes is told to wait: the other seven are not sent before."""
    provider = TellingCarrier(outcomes=[Refused(Failure.CAPACITY, "429", 60.0), Accepted("SC")], send_seconds=0.0)
    desk = Desk(provider=provider)
    give, take = trio.open_memory_channel[Prepared](math.inf)
    first, *others = await prepared_faxes(desk, 8)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lanes_of(desk, [carrier_for(desk, provider)]).run, take)
        await trio.sleep(1)
        give.send_nowait(first)
        await trio.sleep(1)
        for fax in others:
            give.send_nowait(fax)
        give.close()
        await trio.sleep(50)
        assert len(provider.sent) == 1
    assert len(provider.sent) == 8


# --- which carrier -----------------------------------------------------------------------------------


async def send_all(desk: Desk, carriers: Sequence[Carrier], faxes: Sequence[Prepared]) -> None:
    give, take = trio.open_memory_channel[Prepared](math.inf)
    for fax in faxes:
        give.send_nowait(fax)
    give.close()
    await lanes_of(desk, carriers).run(take)


async def test_carriers_share_by_weight(autojump_clock: MockClock) -> None:
    """Three to one, from the first faxes on."""
    desk = Desk()
    heavy, light = TellingCarrier("heavy", outcomes=[Accepted("H")]), TellingCarrier("light", outcomes=[Accepted("L")])
    carriers = [carrier_for(desk, heavy, weight=3), carrier_for(desk, light)]
    await send_all(desk, carriers, await prepared_faxes(desk, 20))
    assert (len(heavy.sent), len(light.sent)) == (15, 5)


async def test_a_dearer_carrier_gets_what_the_cheaper_has_no_lane_for(autojump_clock: MockClock) -> None:
    """And nothing else."""
    desk = Desk()
    cheap = TellingCarrier("cheap", outcomes=[Accepted("C")], send_seconds=10.0)
    dear = TellingCarrier("dear", outcomes=[Accepted("D")], send_seconds=10.0)
    carriers = [carrier_for(desk, cheap, 3), carrier_for(desk, dear, cost=5)]
    await send_all(desk, carriers, await prepared_faxes(desk, 5))
    assert (len(cheap.sent), len(dear.sent)) == (3, 2)


async def test_a_fax_that_one_carrier_could_not_take_goes_to_the_other(autojump_clock: MockClock) -> None:
    """Even if the first is open again; the failover is counted."""
    desk = Desk()
    north, south = TellingCarrier("north", outcomes=[Unsent("refused")]), TellingCarrier("south")
    carriers = [carrier_for(desk, north), carrier_for(desk, south, cost=9)]
    [fax] = await prepared_faxes(desk, 1)
    await send_all(desk, carriers, [fax])
    [again] = await desk.waiting.wait_due(1)
    await trio.sleep(60)
    await send_all(desk, carriers, [Prepared(again, PAGE, NOW)])
    assert (len(north.sent), len(south.sent)) == (1, 1)
    assert b'faxgw_failovers_total{from="north",to="south"} 1.0' in desk.metrics.exposition()


async def test_a_fax_goes_only_where_it_fits(autojump_clock: MockClock) -> None:
    """A carrier that takes no such document is passed over; where none takes it, a person is told."""
    desk = Desk()
    small = TellingCarrier("small", capabilities=Capabilities(bytes_max=1))
    large = TellingCarrier("large")
    one, two = await prepared_faxes(desk, 2)
    await send_all(desk, [carrier_for(desk, small), carrier_for(desk, large, cost=5)], [one])
    assert (len(small.sent), len(large.sent)) == (0, 1)
    await send_all(desk, [carrier_for(desk, small)], [two])
    assert (len(small.sent), await desk.state(two.fax.fax_id), desk.lines_busy()) == (0, State.HELD, 1)
