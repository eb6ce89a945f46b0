"""Receipts that do not come: the carrier is polled, asked by our reference, and in the end the attempt is in doubt."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.lost import LostReceipts
from faxgw.fax import State
from faxgw.provider.port import Absent, Capabilities, Delivered, Found, LookUpKind, NoAnswer, Report
from faxgw.receipt.match import Matcher
from faxgw.receipt.poll import Poller
from tests.dispatch.desk import Desk, TellingCarrier
from tests.journeys.town import carrier_config

DELIVERED = Report(Delivered(1, 16.8), "SC1", None)


async def poll_after(desk: Desk, seconds: float) -> None:
    config = carrier_config("north", receipt_late_seconds=120.0)
    matcher = Matcher(desk.store, desk.calls, desk.outcomes, desk.clock, desk.metrics)
    await trio.sleep(seconds)
    await Poller(desk.provider, config, desk.calls, matcher, desk.clock).poll_late()


@pytest.mark.parametrize(("seconds", "polled"), [(60, []), (130, [["SC1"]])])
async def test_only_what_is_late_is_polled(seconds: float, polled: list[list[str]], autojump_clock: MockClock) -> None:
    """Two minutes after it was handed in."""
    desk = Desk(provider=TellingCarrier(polls=[[DELIVERED]]))
    fax_id = await desk.make_one()
    await poll_after(desk, seconds)
    assert desk.provider.polled == polled
    assert await desk.state(fax_id) is (State.DELIVERED if polled else State.SUBMITTED)


async def test_what_a_poll_leaves_out_is_looked_up(autojump_clock: MockClock) -> None:
    """The carrier may know our reference where it has lost its own; what it answers is that attempt's."""
    found = Found(Report(Delivered(1, 16.8), "SC2", None))
    desk = Desk(provider=TellingCarrier(polls=[[]], look_ups=[found]))
    fax_id = await desk.make_one()
    await poll_after(desk, 130)
    assert len(desk.provider.asked_at) == 1
    assert await desk.state(fax_id) is State.DELIVERED


@pytest.mark.parametrize("kind", [LookUpKind.NUMBER, LookUpKind.NONE])
async def test_a_carrier_without_references_is_not_asked_by_one(kind: LookUpKind, autojump_clock: MockClock) -> None:
    """The poll is all there is."""
    desk = Desk(provider=TellingCarrier(polls=[[]], capabilities=Capabilities(look_up=kind)))
    await desk.make_one()
    await poll_after(desk, 130)
    assert desk.provider.asked_at == []


async def test_a_carrier_that_limits_questions_is_asked_no_faster(autojump_clock: MockClock) -> None:
    """Six a minute: ten seconds from the poll to the look-up."""
    carrier = TellingCarrier(polls=[[]], ask_seconds=0.0, capabilities=Capabilities(polls_per_minute_max=6.0))
    desk = Desk(provider=carrier)
    await desk.make_one()
    began = trio.current_time()
    await poll_after(desk, 130)
    assert carrier.asked_at[0] - began == pytest.approx(140.0, abs=0.1)


@pytest.mark.parametrize("told", [NoAnswer("503"), []])
async def test_an_attempt_without_a_last_word_is_in_doubt_in_the_end(
    told: list[Report] | NoAnswer, autojump_clock: MockClock
) -> None:
    """An hour after it was handed in, as the config says; the ladder takes it up from there."""
    desk = Desk(provider=TellingCarrier(polls=[told], look_ups=[Absent()]))
    fax_id = await desk.make_one()
    async with trio.open_nursery() as nursery:
        lost = LostReceipts({"north": 3_600.0}, desk.calls, desk.outcomes, desk.doubts, desk.clock)
        nursery.start_soon(lost.run)
        await trio.sleep(3_590)
        assert await desk.state(fax_id) is State.SUBMITTED
        await trio.sleep(60)
        assert (await desk.state(fax_id), len(desk.doubts)) == (State.UNKNOWN, 1)
        nursery.cancel_scope.cancel()
