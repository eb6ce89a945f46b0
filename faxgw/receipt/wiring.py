"""Receipts' parts put together over what the gateway hands in."""

import trio

from faxgw.clock import Clock
from faxgw.dispatch.wiring import Accounts, DispatchParts
from faxgw.ops.metrics import Metrics
from faxgw.receipt.match import Matcher
from faxgw.receipt.poll import Poller
from faxgw.receipt.webhook import Webhooks
from faxgw.store.port import Store


class ReceiptParts:
    """Every way by which a carrier tells what came of a fax; `run` works until it is cancelled."""

    def __init__(
        self, store: Store, accounts: Accounts, dispatch: DispatchParts, clock: Clock, metrics: Metrics
    ) -> None:
        matcher = Matcher(store, dispatch.calls, dispatch.outcomes, clock, metrics)
        self.webhooks = Webhooks({provider.name: provider for provider, _ in accounts}, store, matcher, clock)
        self._pollers = [
            Poller(provider, own, dispatch.calls, matcher, clock, dispatch.askable[provider.name].asks)
            for provider, own in accounts
        ]

    async def run(self) -> None:
        async with trio.open_nursery() as followers:
            followers.start_soon(self.webhooks.run)
            for poller in self._pollers:
                followers.start_soon(poller.run)
