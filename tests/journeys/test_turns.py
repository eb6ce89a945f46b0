"""Who goes first when more waits than can go: classes, submitters, and those that have waited for long."""

import trio
from trio.testing import MockClock

from faxgw.config.sending import QueueConfig
from faxgw.fax import FaxId
from faxgw.order import Priority
from tests.journeys.account import settle_account
from tests.journeys.town import Town, carrier_config, open_town, order_for


async def order_of_first_attempts(town: Town) -> list[FaxId]:
    started = [
        (min(attempt.started_at for attempt in view.attempts), view.fax_id)
        for view in [await town.view(fax_id) for fax_id in town.faxes]
    ]
    return [fax_id for _, fax_id in sorted(started)]


async def test_a_submitter_with_hundreds_does_not_keep_another_ones_ten_waiting(autojump_clock: MockClock) -> None:
    """They take turns: the ten are among the first, though they came last."""
    async with open_town(carrier_config(lanes=1), florists=320) as town, town.running():
        many = await town.submit(
            *(order_for(number, f"many-{number}", priority=Priority.BULK) for number in range(300)), submitter="many"
        )
        few = await town.submit(
            *(order_for(300 + number, f"few-{number}", priority=Priority.BULK) for number in range(10)), submitter="few"
        )
        await town.wait()
        order = await order_of_first_attempts(town)
    last_of_few = max(order.index(fax_id) for fax_id in few)
    assert last_of_few < 60
    assert order.index(many[-1]) >= 300
    await settle_account(town, delivered=310)


async def test_bulk_climbs_while_new_standard_faxes_keep_coming(autojump_clock: MockClock) -> None:
    """One bulk fax behind an unending stream of standard ones to its line goes after the configured wait, not never."""
    climb_seconds = 1_200.0
    settings = {"queue": QueueConfig(climb_seconds=climb_seconds)}
    async with open_town(settings=settings) as town, town.running():
        await town.submit(*(order_for(1, f"first-{number}") for number in range(10)))
        [bulk] = await town.submit(order_for(1, "bulk", priority=Priority.BULK))
        stream = 0
        while not (await town.view(bulk)).attempts:
            # More standard faxes wait at any time than the line can take.
            stream += 1
            await town.submit(*(order_for(1, f"{stream}-{number}") for number in range(10)))
            await trio.sleep(60)
            assert stream < 60
        waited = (await town.view(bulk)).attempts[0].started_at - (await town.view(bulk)).accepted_at
        # Among standard faxes it then has the place of its age, behind at most one that was handed out already.
        assert climb_seconds <= waited < climb_seconds + 120
        assert len(await town.events("delivered")) < len(town.faxes) - 10
        await town.wait()
        delivered = len(town.faxes)
    await settle_account(town, delivered=delivered)
