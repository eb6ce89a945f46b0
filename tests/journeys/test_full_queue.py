"""More orders come than go: they are refused at the door, in time, and nothing that was taken is lost."""

import pytest
from trio.testing import MockClock

from faxgw.config.sending import QueueConfig
from faxgw.errors import QueueFullError
from faxgw.store.admission import Admitted
from faxgw.store.stops import Scope
from tests.journeys.account import settle_account
from tests.journeys.town import open_town, order_for


async def test_a_full_queue_refuses_orders_until_some_have_gone(autojump_clock: MockClock) -> None:
    """Sending stands still: three wait, an upload that finds room is taken whole, and then nothing, until they go."""
    async with open_town(settings={"queue": QueueConfig(waiting_max=2)}) as town, town.running() as gateway:
        await gateway.control.suspend(Scope.GATEWAY, "", "Ada", "repair")
        await town.submit(order_for(0, "a"))
        await town.submit(order_for(1, "b"), order_for(2, "c"))
        for _ in range(2):
            with pytest.raises(QueueFullError, match="waiting_max"):
                await town.submit(order_for(3, "d"))
        await gateway.control.resume(Scope.GATEWAY, "", "Ada", "mended")
        await town.wait()
        [again] = await gateway.desk.submit("shop", [order_for(3, "d")])
        assert isinstance(again, Admitted)
        town.faxes.append(again.fax_id)
        await town.wait()
        await settle_account(town, delivered=4)


async def test_people_are_heard_while_the_queue_is_full(autojump_clock: MockClock) -> None:
    """A cancel is carried out, and makes room for the next order."""
    async with open_town(settings={"queue": QueueConfig(waiting_max=1)}) as town, town.running() as gateway:
        await gateway.control.suspend(Scope.GATEWAY, "", "Ada", "repair")
        [fax_id] = await town.submit(order_for(0, "a"))
        with pytest.raises(QueueFullError):
            await town.submit(order_for(1, "b"))
        await gateway.desk.cancel(fax_id, "Ada", "the customer called")
        await town.submit(order_for(1, "b"))
        await gateway.control.resume(Scope.GATEWAY, "", "Ada", "mended")
        await town.wait()
        await settle_account(town, cancelled=1, delivered=1)
