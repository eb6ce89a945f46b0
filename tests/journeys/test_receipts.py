"""Receipts that get lost, come twice, in the wrong order, too early or too late."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.fax import State
from tests.journeys.account import settle_account
from tests.journeys.town import open_town, order_for

MISHAPS = ["missing_receipt", "doubled_receipt", "out_of_order", "early_receipt", "late_receipt"]


@pytest.mark.parametrize("mishap", MISHAPS)
async def test_every_fax_is_settled_once_whatever_becomes_of_its_receipt(
    mishap: str, autojump_clock: MockClock
) -> None:
    """Twenty faxes whose receipts all suffer the same: all delivered, each called once, each told once."""
    async with open_town(shares={mishap: 1.0}) as town, town.running():
        faxes = await town.submit(*(order_for(number % 10, f"order-{number}") for number in range(20)))
        await town.wait()
        for fax_id in faxes:
            assert (await town.kinds(fax_id)).count("delivered") == 1
            assert len((await town.view(fax_id)).attempts) == 1
        assert town.metrics.registry.get_sample_value("faxgw_finished_total", {"outcome": "delivered"}) == 20
    await settle_account(town, delivered=20)


@pytest.mark.parametrize("mishap", MISHAPS)
async def test_nothing_is_left_to_ask_the_carrier_about(mishap: str, autojump_clock: MockClock) -> None:
    """Once all is told, no attempt stays in memory to be polled for ever."""
    async with open_town(shares={mishap: 1.0}) as town, town.running() as gateway:
        await town.submit(*(order_for(number % 10, f"order-{number}") for number in range(20)))
        await town.wait()
        await trio.sleep(1)
        assert len(gateway.calls) == 0


async def test_lost_receipts_are_found_by_polling_in_time(autojump_clock: MockClock) -> None:
    """A receipt that is late is asked for, one round of polls after it should have been there."""
    async with open_town(shares={"missing_receipt": 1.0}) as town, town.running():
        [fax_id] = await town.submit(order_for(1, "one"))
        view = await town.wait_state(fax_id, State.DELIVERED)
        own = town.configs[0]
        waited = view.events[-1].at - view.attempts[0].started_at
        assert own.receipt_late_seconds <= waited <= own.receipt_late_seconds + own.poll_seconds + 2
    await settle_account(town, delivered=1)


async def test_receipts_that_come_while_the_gateway_is_away_come_again(autojump_clock: MockClock) -> None:
    """A stop does not lose a receipt: after the next start it is there, and nothing is sent again."""
    async with open_town() as town:
        async with town.running():
            [fax_id] = await town.submit(order_for(1, "one"))
            await town.wait_state(fax_id, State.SUBMITTED)
        await town.carrier.wait_ended(1)
        async with town.running():
            await town.wait()
        assert len((await town.view(fax_id)).attempts) == 1
        await settle_account(town, delivered=1)
