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
        self._busy = 0
        self._stopping = False

    async def run(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> None:
        """Send until the channel ends or `stop` is called; a send under way is always finished."""
        async with prepared, trio.open_nursery() as nursery:
            for _ in range(self._count):
                nursery.start_soon(self._send_each, prepared)

    def stop(self) -> None:
        """Start nothing more. What was prepared but not begun is still queued in the store."""
        self._stopping = True
        for scope in self._idle:
            scope.cancel()

    @property
    def busy(self) -> int:
        return self._busy

    async def _send_each(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> None:
        while (ready := await self._next(prepared)) is not None:
            self._busy += 1
            try:
                await self._attempts.make(ready, self._carrier)
            finally:
                self._busy -= 1

    async def _next(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> Prepared | None:
        """The next fax to send, or None when it is time to end."""
        with trio.CancelScope() as idle:
            self._idle.add(idle)
            try:
                ready = await self._receive_while_open(prepared)
            except trio.EndOfChannel:
                return None
            finally:
                self._idle.discard(idle)
            # A fax may have been handed over in the very moment in which the stop came.
            return None if self._stopping else ready
        return None

    async def _receive_while_open(self, prepared: trio.MemoryReceiveChannel[Prepared]) -> Prepared:
        gate = self._carrier.gate
        ready: Prepared | None = None
        while ready is None:
            await gate.wait_open()
            with gate.until_closed():
                ready = await prepared.receive()
        # As with the stop: the gate may have closed just as the fax came.
        await gate.wait_open()
        return ready
