"""Asking for receipts that did not come."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.fax import Failure, State
from faxgw.phone import Line
from faxgw.provider.port import Accepted, Delivered, Fate, InProgress, NoAnswer, NotDelivered, Report
from faxgw.receipt.match import Matcher
from faxgw.receipt.poll import POLL_SECONDS_MAX, Poller
from tests.dispatch.desk import Desk, TellingCarrier
from tests.journeys.town import carrier_config

CONFIG = carrier_config("north", receipt_late_seconds=120.0, poll_seconds=30.0, poll_batch_max=3)


def poller_of(desk: Desk) -> Poller:
    matcher = Matcher(desk.store, desk.calls, desk.outcomes, desk.clock, desk.metrics)
    return Poller(desk.provider, CONFIG, desk.calls, matcher, desk.clock)


async def submitted(count: int = 1) -> Desk:
    """Faxes with the carrier, as SC0, SC1 and so on, each on its own line."""
    desk = Desk(provider=TellingCarrier(outcomes=[Accepted(f"SC{number}") for number in range(count)]))
    for number in range(count):
        await desk.make_one(str(number), Line(f"+3319900{number:04}"))
    return desk


async def test_nothing_is_asked_about_what_is_not_late(autojump_clock: MockClock) -> None:
    """Webhooks come first; a carrier's polls are limited."""
    desk = await submitted()
    await trio.sleep(100)
    await poller_of(desk).poll_late()
    assert desk.provider.polled == []


async def test_what_is_late_is_asked_about_in_few_requests(autojump_clock: MockClock) -> None:
    """Each once, as many together as the carrier takes."""
    desk = await submitted(7)
    await trio.sleep(200)
    await poller_of(desk).poll_late()
    assert [len(refs) for refs in desk.provider.polled] == [3, 3, 1]
    assert sorted(ref for refs in desk.provider.polled for ref in refs) == [f"SC{number}" for number in range(7)]


async def test_what_the_carrier_says_is_applied(autojump_clock: MockClock) -> None:
    """Delivered, failed and in progress; one it leaves out stays as it is."""
    desk = await submitted(4)
    fates: list[Fate] = [Delivered(1, 1.0), NotDelivered(Failure.BAD_NUMBER, "WRONG"), InProgress()]
    reports = [Report(fate, f"SC{number}", None) for number, fate in enumerate(fates)]
    desk.provider.polls = [list(reports), []]
    await trio.sleep(200)
    await poller_of(desk).poll_late()
    assert await desk.store.counts() == {State.DELIVERED: 1, State.FAILED: 1, State.SUBMITTED: 2}
    assert len(desk.calls) == 2


async def test_it_goes_on_whatever_a_poll_does(autojump_clock: MockClock) -> None:
    """No answer, an adapter that raises, one that hangs: the next round finds the receipt."""
    desk = await submitted()
    found = [Report(Delivered(1, 1.0), "SC0", None)]
    desk.provider.polls = [NoAnswer("503"), ValueError("bug"), ExceptionGroup("bug", [ValueError()]), found]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(poller_of(desk).run)
        await trio.sleep(120 + 2 * CONFIG.poll_seconds)
        assert await desk.store.counts() == {State.SUBMITTED: 1}
        await trio.sleep(4 * CONFIG.poll_seconds)
        assert await desk.store.counts() == {State.DELIVERED: 1}
        nursery.cancel_scope.cancel()


async def test_a_poll_that_hangs_is_given_up(autojump_clock: MockClock) -> None:
    """And tried again."""
    desk = await submitted()
    desk.provider.ask_seconds = 10_000.0
    await trio.sleep(200)
    began = trio.current_time()
    await poller_of(desk).poll_late()
    assert trio.current_time() - began == pytest.approx(POLL_SECONDS_MAX)
    desk.provider.ask_seconds = 0.1
    desk.provider.polls = [[Report(Delivered(1, 1.0), "SC0", None)]]
    await poller_of(desk).poll_late()
    assert await desk.store.counts() == {State.DELIVERED: 1}


async def test_an_answer_that_takes_long_to_apply_is_applied_whole(autojump_clock: MockClock) -> None:
    """The deadline is the question's: a retry that only the store knows of would never go."""
    desk = await submitted()
    busy = [Report(NotDelivered(Failure.BUSY, "BUSY"), "SC0", None)]
    desk.provider.polls = [busy]
    desk.provider.ask_seconds = POLL_SECONDS_MAX - 0.001
    await trio.sleep(200)
    await poller_of(desk).poll_late()
    assert await desk.store.counts() == {State.QUEUED: 1}
    assert (desk.waiting.statistics().waiting, desk.lines_busy()) == (1, 0)
