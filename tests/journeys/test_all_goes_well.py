"""A hundred orders on a quiet day."""

from trio.testing import MockClock

from tests.journeys.account import settle_account
from tests.journeys.town import open_town, order_for


async def test_a_hundred_orders_are_delivered(autojump_clock: MockClock) -> None:
    """Every order of a quiet day is delivered by its first call, with its whole story told in order."""
    async with open_town(florists=25) as town, town.running():
        faxes = await town.submit(*(order_for(number % 25, f"order-{number}") for number in range(100)))
        await town.wait()
        assert len(faxes) == 100
        for fax_id in faxes:
            assert await town.kinds(fax_id) == ["accepted", "sending", "submitted", "delivered"]
    await settle_account(town, delivered=100)
