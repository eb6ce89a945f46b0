"""Draws the pages of the faxes that go next, a batch at a time, and hands them to whichever lane is free.

A fax that cannot be drawn is set aside with its reason; the rest of its batch goes on.
"""

from collections.abc import Iterator, Sequence

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.attempt import Prepared
from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import BugError, StoreBusyError, StoreFailedError
from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.port import Renderer
from faxgw.render.sheet import Document, Sheet, Unrenderable
from faxgw.store.port import Queued, Store

log = structlog.get_logger(__name__)

PUT_BACK_SECONDS = 5.0

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
        self._header_name = header_name
        self._batch_max = batch_max

    async def run(self, prepared: trio.MemorySendChannel[Prepared]) -> None:
        """Prepare, for ever; the channel's bound keeps it from running ahead of the lanes."""
        async with prepared:
            while True:
                faxes = await self._waiting.wait_due(self._batch_max)
                for ready in await self._prepare_apart(faxes):
                    await prepared.send(ready)

    async def _prepare_apart(self, faxes: Sequence[Queued]) -> list[Prepared]:
        """Prepare a batch; if it breaks, each fax alone, so that the one that breaks it is found and set aside."""
        try:
            return await self._prepare(faxes)
        except StoreFailedError:
            raise
        except (OSError, StoreBusyError) as error:
            # The machine's trouble and no fax's: no process could be started, the store could not be read.
            log.error("cannot_prepare", faxes=len(faxes), reason=str(error))
            for fax in faxes:
                self._waiting.put_back(fax, PUT_BACK_SECONDS)
            return []
        except Exception as error:
            # The crash barrier of a batch.
            log.exception("preparing_broke", faxes=len(faxes))
            if len(faxes) == 1:
                await self._set_aside(faxes[0], f"preparing it broke: {type(error).__name__}")
                return []
        return [ready for fax in faxes for ready in await self._prepare_apart([fax])]

    async def _prepare(self, faxes: Sequence[Queued]) -> list[Prepared]:
        rendered_at = self._clock.now()
        orders = await self._store.orders([fax.fax_id for fax in faxes])
        sheets = [self._compose(orders.get(fax.fax_id), rendered_at) for fax in faxes]
        drawn = await self._draw([sheet for sheet in sheets if isinstance(sheet, Sheet)])
        ready: list[Prepared] = []
        for fax, sheet in zip(faxes, sheets, strict=True):
            match next(drawn) if isinstance(sheet, Sheet) else sheet:
                case Document() as document:
                    self._note_unprintable(fax, document)
                    ready.append(Prepared(fax, document, rendered_at))
                case Unrenderable(reason=reason):
                    await self._set_aside(fax, reason)
        return ready

    async def _draw(self, sheets: Sequence[Sheet]) -> Iterator[Document | Unrenderable]:
        results = await self._renderer.render(sheets)
        if len(results) != len(sheets):
            # A page must never go to its neighbour's number.
            raise BugError(f"{len(sheets)} sheets were drawn as {len(results)} documents")
        return iter(results)

    def _compose(self, order_json: bytes | None, rendered_at: float) -> Sheet | Unrenderable:
        if order_json is None:
            return Unrenderable("its order is missing in the store")
        try:
            return compose_sheet(decode_order(order_json), self._register, rendered_at, self._header_name)
        except msgspec.DecodeError as error:
            # Written by another version of faxgw, or damaged: no reason for the others to wait.
            return Unrenderable(f"the stored order cannot be read: {error}")

    async def _set_aside(self, fax: Queued, reason: str) -> None:
        await self._outcomes.set_aside(fax.fax_id, reason)
        self._waiting.free(fax.line, fax.fax_id)

    def _note_unprintable(self, fax: Queued, document: Document) -> None:
        if document.unprintable:
            log.warning("unprintable_characters", fax_id=fax.fax_id, characters=len(document.unprintable))
            log.debug("unprintable_characters_are", fax_id=fax.fax_id, characters=document.unprintable)
