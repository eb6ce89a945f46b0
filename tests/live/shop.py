"""A daemon with its carrier and an order system that does not give up, for tests of what a machine can do to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from tests.carriers import Carrier, running_carrier
from tests.daemons import Daemon, prepared_daemon
from tests.live_account import live_account
from tests.order_system import OrderSystem

SHOPS = 100
FINISH_SECONDS_MAX = 180.0
SHARES = {"busy": 0.05, "lost_answer": 0.03, "doubled_receipt": 0.05}


@dataclass(frozen=True, slots=True)
class Shop:
    daemon: Daemon
    carrier: Carrier
    order_system: OrderSystem

    async def all_answered(self) -> None:
        with trio.fail_after(FINISH_SECONDS_MAX):
            while self.order_system.unanswered:  # noqa: ASYNC110 - only the answers tell
                await trio.sleep(0.05)

    async def finish(self) -> None:
        """All that was answered comes to its end, and the account is right."""
        await self.all_answered()
        await self.daemon.wait_finished(len(self.order_system.fax_ids), FINISH_SECONDS_MAX)
        account = await live_account(self.daemon, self.carrier, self.order_system)
        print(account)
        assert account.accepted > 0
        assert account.is_right, account


@asynccontextmanager
async def shop_open(folder: Path, more_config: str = "", *, settle_seconds: float = 0.5) -> AsyncIterator[Shop]:
    """The daemon is not started yet; the order system goes on until the block is left."""
    shops = b"".join(line_of(shop) for shop in members(SHOPS))
    async with (
        running_carrier(share=SHARES, time_scale=200, call_seconds=16.8, webhook_tries=20) as carrier,
        prepared_daemon(folder, carrier, shops, settle_seconds=settle_seconds, more_config=more_config) as daemon,
        trio.open_nursery() as nursery,
    ):
        order_system = OrderSystem(daemon)
        nursery.start_soon(order_system.run)
        yield Shop(daemon, carrier, order_system)
        order_system.close()


def order_lines(count: int) -> list[bytes]:
    return [line_of(order) for order in orders(count, list(members(SHOPS)))]
