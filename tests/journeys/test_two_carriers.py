"""Two carriers for the same florists."""

import trio
from trio.testing import MockClock

from faxgw.fax import State
from tests.journeys.account import settle_account
from tests.journeys.town import carrier_config, line_of, open_town, order_for

BOTH = (carrier_config("north"), carrier_config("south"))


async def test_both_carry_and_no_line_is_called_twice_at_once(autojump_clock: MockClock) -> None:
    """A hundred orders to ten florists go over both carriers, each line still taking one call at a time."""
    async with open_town(*BOTH) as town, town.running():
        await town.submit(*(order_for(number % 10, f"order-{number}") for number in range(100)))
        await town.wait()
        for carrier in town.carriers.values():
            assert len(carrier.faxes()) >= 20
    await settle_account(town, delivered=100)


async def test_one_carries_on_while_the_other_is_down(autojump_clock: MockClock) -> None:
    """With one carrier down all goes over the other, soon."""
    async with open_town(*BOTH) as town, town.running():
        town.carriers["north"].set_shares({"down": 1.0})
        await town.submit(*(order_for(number % 10, f"order-{number}") for number in range(50)))
        await town.wait(seconds_max=900)
        assert town.carriers["north"].faxes() == []
    await settle_account(town, delivered=50)


async def test_a_doubt_is_put_to_the_carrier_that_has_it(autojump_clock: MockClock) -> None:
    """A fax in doubt with one carrier is not sent over the other meanwhile."""
    async with open_town(*BOTH) as town, town.running():
        for carrier in town.carriers.values():
            carrier.script(line_of(1), ["lost_answer+missing_receipt"])
        [fax_id] = await town.submit(order_for(1, "one"))
        await town.wait()
        assert len((await town.view(fax_id)).attempts) == 1
    await settle_account(town, delivered=1)


async def test_a_carrier_taken_out_of_the_config_leaves_its_doubts_open(autojump_clock: MockClock) -> None:
    """Its attempt stays in doubt for a person; it is not taken for lost, and the other carrier's faxes go."""
    async with open_town(*BOTH) as town:
        town.carriers["south"].set_shares({"down": 1.0})
        town.carriers["north"].script(line_of(1), ["lost_answer+missing_receipt"])
        async with town.running():
            [doubted] = await town.submit(order_for(1, "one"))
            await town.wait_state(doubted, State.UNKNOWN)
        town.carriers["south"].set_shares({})
        town.configs = [BOTH[1]]
        async with town.running():
            [other] = await town.submit(order_for(2, "two"))
            await town.wait_state(other, State.DELIVERED)
            await trio.sleep(3_600)
            assert (await town.view(doubted)).state is State.UNKNOWN
        town.configs = list(BOTH)
        async with town.running():
            await town.wait()
        await settle_account(town, delivered=2)
