"""Draws the pages of the faxes that go next, a batch at a time, and hands them to whichever lane is free.

A fax that cannot be drawn is set aside with its reason; the rest of its batch goes on.
"""

from collections.abc import Sequence

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.attempt import Prepared
from faxgw.dispatch.outcome import Outcomes
from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.ops.metrics import Metrics
from faxgw.order import Order
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.port import Renderer
from faxgw.render.sheet import Document, Sheet, Unrenderable
from faxgw.store.port import Queued, SetAside, Store

log = structlog.get_logger(__name__)

decode_order = msgspec.json.Decoder(Order).decode


class Preparer:
    """Takes due faxes from the waiting room to the lanes."""

    def __init__(
        self,
        store: Store,
        waiting: WaitingRoom,
        renderer: Renderer,
        register: Register,
        outcomes: Outcomes,
        clock: Clock,
        metrics: Metrics,
        *,
        header_name: str,
        batch_max: int,
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._renderer = renderer
        self._register = register
        self._outcomes = outcomes
        self._clock = clock
        self._metrics = metrics
        self._header_name = header_name
        self._batch_max = batch_max

    async def run(self, prepared: trio.MemorySendChannel[Prepared]) -> None:
        """Prepare, for ever; the channel's bound keeps it from running ahead of the lanes."""
        async with prepared:
            while True:
                faxes = await self._waiting.wait_due(self._batch_max)
                for ready in await self._prepare(faxes):
                    await prepared.send(ready)

    async def _prepare(self, faxes: Sequence[Queued]) -> list[Prepared]:
        rendered_at = self._clock.now()
        orders = await self._store.orders([fax.fax_id for fax in faxes])
        sheets = [self._compose(orders[fax.fax_id], rendered_at) for fax in faxes]
        drawn = iter(await self._renderer.render([sheet for sheet in sheets if isinstance(sheet, Sheet)]))
        ready: list[Prepared] = []
        for fax, sheet in zip(faxes, sheets, strict=True):
            match next(drawn) if isinstance(sheet, Sheet) else sheet:
                case Document() as document:
                    self._note_unprintable(fax, document)
                    ready.append(Prepared(fax, document, rendered_at))
                case Unrenderable(reason=reason):
                    await self._set_aside(fax, reason)
        return ready

    def _compose(self, order_json: bytes, rendered_at: float) -> Sheet | Unrenderable:
        try:
            return compose_sheet(decode_order(order_json), self._register, rendered_at, self._header_name)
        except msgspec.DecodeError as error:
            # Written by another version of faxgw, or damaged: no reason for the others to wait.
            return Unrenderable(f"the stored order cannot be read: {error}")

    async def _set_aside(self, fax: Queued, reason: str) -> None:
        log.error("fax_set_aside", fax_id=fax.fax_id, reason=reason)
        await self._outcomes.record(SetAside(fax.fax_id, reason, self._clock.now()))
        self._metrics.set_aside.inc()
        self._waiting.free(fax.line, fax.fax_id)

    def _note_unprintable(self, fax: Queued, document: Document) -> None:
        if document.unprintable:
            log.warning("unprintable_characters", fax_id=fax.fax_id, characters=len(document.unprintable))
            log.debug("unprintable_characters_are", fax_id=fax.fax_id, characters=document.unprintable)
