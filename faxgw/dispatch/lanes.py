"""The lanes of one carrier: each takes a prepared fax, makes one attempt, and takes the next.

All carriers' lanes take from the same channel, so that a carrier gets as much as it can take.
"""

import trio

from faxgw.dispatch.attempt import Attempts, Carrier, Prepared


class Lanes:
    """As many concurrent sends to one carrier as the config allows."""

    def __init__(self, carrier: Carrier, count: int, attempts: Attempts) -> None:
        self._carrier = carrier
        self._count = count
        self._attempts = attempts
        self._idle: set[trio.CancelScope] = set()
        self._stopping = False

    async def run(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> None:
        """Send until the channel ends or `stop` is called; a send under way is always finished."""
        async with trio.open_nursery() as nursery:
            for _ in range(self._count):
                nursery.start_soon(self._send_each, prepared)

    def stop(self) -> None:
        """Start nothing more. What was prepared but not begun is still queued in the store."""
        self._stopping = True
        for scope in self._idle:
            scope.cancel()

    @property
    def busy(self) -> int:
        return self._count - len(self._idle)

    async def _send_each(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> None:
        while (ready := await self._next(prepared)) is not None:
            await self._attempts.make(ready, self._carrier)

    async def _next(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> Prepared | None:
        if self._stopping:
            return None
        with trio.CancelScope() as scope:
            self._idle.add(scope)
            try:
                await self._carrier.gate.wait_open()
                return await prepared.receive()
            except trio.EndOfChannel:
                return None
            finally:
                self._idle.discard(scope)
        return None
