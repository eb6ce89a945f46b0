"""Ordered before ten, with the florist before eleven: the promise of the same morning."""

import datetime as dt

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from faxgw.config.promises import ServiceRule, ServiceWhen
from faxgw.fax import State
from faxgw.order import Priority
from tests.journeys.account import settle_account
from tests.journeys.town import START, Town, carrier_config, line_of, open_town, order_for

MORNING = ServiceRule(
    name="same-morning",
    when=ServiceWhen(ordered_before=dt.time(10), delivery="same_day"),
    priority=Priority.EXPRESS,
    deadline=dt.time(11),
)
DAY = ServiceRule(name="same-day", when=ServiceWhen(delivery="same_day"), deadline=dt.time(18))
SETTINGS = {"service": [MORNING, DAY]}
BOTH = (carrier_config("north"), carrier_config("south", cost=10))
TEN, ELEVEN = (START.timestamp() + hours * 3_600 for hours in (2, 3))
"""The journey begins at eight in Paris."""


async def sleep_until(town: Town, at: float) -> None:
    await trio.sleep(at - town.clock.now())


def slack(town: Town, at_most: str) -> float | None:
    return town.metrics.registry.get_sample_value("faxgw_deadline_slack_seconds_bucket", {"le": at_most})


def counted(town: Town, result: str, rule: str) -> float | None:
    return town.metrics.registry.get_sample_value("faxgw_deadline_total", {"result": result, "rule": rule})


@pytest.mark.parametrize("mishap", ["down", "network", "protocol", "closed_before", "unavailable"])
async def test_a_dead_first_carrier_costs_no_bouquet_its_morning(autojump_clock: MockClock, mishap: str) -> None:
    """The cheap carrier fails whatever it is given; what was ordered at five to ten is there before eleven."""
    async with open_town(*BOTH, settings=SETTINGS) as town, town.running():
        town.carriers["north"].set_shares({mishap: 1.0})
        await sleep_until(town, TEN - 300)
        orders = await town.submit(*(order_for(number, f"order-{number}") for number in range(10)))
        for fax_id in orders:
            view = await town.wait_state(fax_id, State.DELIVERED)
            assert (view.rank, view.deadline_at, view.service) == (0, ELEVEN, "same-morning")
            assert view.events[0].data["service"] == "same-morning"
            assert view.events[-1].at < ELEVEN
        assert counted(town, "met", "same-morning") == 10
        assert counted(town, "missed", "same-morning") == 0
    await settle_account(town, delivered=10)


async def test_a_second_before_ten_is_before_ten_and_ten_is_not(autojump_clock: MockClock) -> None:
    """The clock when the order came in decides, and no later one."""
    async with open_town(settings=SETTINGS) as town, town.running():
        await sleep_until(town, TEN - 1)
        [before] = await town.submit(order_for(1, "before"))
        await trio.sleep(1)
        [at_ten] = await town.submit(order_for(2, "at ten".replace(" ", "-")))
        await town.wait()
        assert [(await town.view(fax_id)).service for fax_id in (before, at_ten)] == ["same-morning", "same-day"]
        assert counted(town, "met", "same-day") == 1
    await settle_account(town, delivered=2)


async def test_the_promise_outlives_a_restart(autojump_clock: MockClock) -> None:
    """The rule that made it is kept with the fax, and counted at its end."""
    async with open_town(settings=SETTINGS) as town:
        async with town.running():
            town.carrier.set_shares({"down": 1.0})
            [fax_id] = await town.submit(order_for(1, "one"))
        async with town.running():
            town.carrier.set_shares({})
            await town.wait_state(fax_id, State.DELIVERED)
            assert counted(town, "met", "same-morning") == 1
            # Nearly three hours were left.
            assert [slack(town, seconds) for seconds in ("7200.0", "14400.0")] == [0, 1]
    await settle_account(town, delivered=1)


async def test_what_expires_and_what_fails_is_missed_and_what_is_cancelled_is_neither(
    autojump_clock: MockClock,
) -> None:
    """The service level is honest: a fax that was given up early was not delivered in time either."""
    async with open_town(settings=SETTINGS) as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["bad_number"])
        [failed] = await town.submit(order_for(1, "failed"))
        await town.wait_state(failed, State.FAILED)
        await sleep_until(town, TEN - 60)
        town.carrier.script(line_of(2), ["stuck"])
        [stuck] = await town.submit(order_for(2, "stuck"))
        await town.wait_event(stuck, "submitted")
        expired, cancelled = await town.submit(order_for(2, "expired"), order_for(2, "cancelled"))
        await gateway.desk.cancel(cancelled, "Ada", "")
        view = await town.wait_state(expired, State.EXPIRED)
        assert 0 <= view.events[-1].at - ELEVEN < 0.1
        # The event is durable before it is counted.
        await wait_all_tasks_blocked()
        assert (counted(town, "met", "same-morning"), counted(town, "missed", "same-morning")) == (0, 2)
    await settle_account(town, failed=1, expired=1, cancelled=1, waiting=1)
