"""A config that changes while faxes are under way: the next step is taken by the new one, what was done stays done."""

from typing import Any

import msgspec
from trio.testing import MockClock

from faxgw.config.promises import ServiceRule, Step, TimedStep
from faxgw.config.sending import Retry
from faxgw.fax import Failure, State
from faxgw.gateway import Gateway
from faxgw.order import Priority
from tests.journeys.account import settle_account
from tests.journeys.test_escalation import occupy, shops, steps_of
from tests.journeys.town import Town, carrier_config, line_of, open_town, order_for

HOUR = 3_600.0


def change(town: Town, gateway: Gateway, **sections: Any) -> None:
    """As SIGHUP does it, once the file was read."""
    gateway.heed_config(msgspec.structs.replace(town.config, **sections))


async def test_the_next_wait_is_by_the_new_rule(autojump_clock: MockClock) -> None:
    """A busy line: two minutes by the rule of old, ten seconds by the new one."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["busy", "busy", "delivered"])
        [fax_id] = await town.submit(order_for(1, "one"))
        await town.wait_event(fax_id, "retry")
        change(town, gateway, retry={Failure.BUSY: Retry(calls_max=5, wait_seconds=10)})
        await town.wait()
        view = await town.view(fax_id)
    first, second, third = view.attempts
    assert first.ended_at is not None
    assert second.ended_at is not None
    assert second.started_at - first.ended_at >= 120
    assert 10 <= third.started_at - second.ended_at <= 15
    await settle_account(town, delivered=1)


async def test_steps_are_taken_by_the_new_plan(autojump_clock: MockClock) -> None:
    """Also for a fax that came in before: its first step comes an hour and a half ahead, the others not at all."""
    patient = carrier_config(receipt_lost_seconds=10 * HOUR)
    async with open_town(patient, register=shops()) as town, town.running() as gateway:
        await occupy(town, line_of(1), "first-line")
        [fax_id] = await town.submit(order_for(1, "late", deadline=town.start_later(4 * HOUR)))
        change(town, gateway, escalation=[TimedStep(minutes_before=90, step=Step.EXPRESS)])
        assert gateway.at_risk_seconds() == 90 * 60
        await town.wait_state(fax_id, State.EXPIRED)
        assert await steps_of(town, fax_id) == [("express", 90.0)]


async def test_orders_are_promised_by_the_new_rules(autojump_clock: MockClock) -> None:
    """What was promised before stays as it was."""
    async with open_town() as town, town.running() as gateway:
        before = await town.submit(order_for(1, "before"))
        change(town, gateway, service=[ServiceRule(name="all", priority=Priority.EXPRESS)])
        after = await town.submit(order_for(2, "after"))
        await town.wait()
        assert [(await town.view(fax_id)).service for fax_id in (*before, *after)] == ["", "all"]
    await settle_account(town, delivered=2)


async def test_carriers_share_by_their_new_cost(autojump_clock: MockClock) -> None:
    """The dearer one gets nothing; once it is the cheaper one it gets all."""
    north, south = carrier_config("north", cost=1), carrier_config("south", cost=2)
    async with open_town(north, south) as town, town.running() as gateway:
        before = await town.submit(*(order_for(number, f"before-{number}") for number in range(5)))
        await town.wait()
        change(town, gateway, provider=[north, msgspec.structs.replace(south, cost=0)])
        after = await town.submit(*(order_for(number, f"after-{number}") for number in range(5)))
        await town.wait()
        carried = [{(await town.view(each)).attempts[-1].provider for each in faxes} for faxes in (before, after)]
    assert carried == [{"north"}, {"south"}]
    await settle_account(town, delivered=10)
