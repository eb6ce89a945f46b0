"""Draws the pages of the faxes that go next, a batch at a time, and hands them to whichever lane is free.

A fax that cannot be drawn is set aside with its reason; the rest of its batch, and of its call, goes on. A document
that somebody handed in may take a thousand times as long as an order sheet, so the sheets of its batch go before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.dispatch.drawing import Composer
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepared import Prepared
from faxgw.errors import BugError, StoreBusyError, StoreFailedError
from faxgw.fax import FaxId
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.handed_in.handed import HandedIn
from faxgw.render.port import Drawing, Renderer
from faxgw.render.sheet import Document, Unrenderable
from faxgw.store.port import Store
from faxgw.store.unfinished import Queued

log = structlog.get_logger(__name__)

PUT_BACK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Batch:
    ready: list[Prepared] = field(default_factory=list)
    slow: list[Queued] = field(default_factory=list)
    """Not drawn yet: each is to be drawn alone."""


class Preparer:
    """Takes due faxes from the waiting room to the lanes."""

    def __init__(
        self,
        store: Store,
        waiting: WaitingRoom,
        renderer: Renderer,
        composer: Composer,
        outcomes: Outcomes,
        clock: Clock,
        *,
        batch_max: int,
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._renderer = renderer
        self._composer = composer
        self._outcomes = outcomes
        self._clock = clock
        self._batch_max = batch_max

    async def run(self, prepared: trio.MemorySendChannel[Prepared]) -> None:
        """Prepare, for ever; the channel's bound keeps it from running ahead of the lanes."""
        async with prepared:
            while True:
                batches = [await self._waiting.wait_due(self._batch_max)]
                reach("prepare-took-faxes")
                while batches:
                    batch = await self._prepare_apart(batches.pop(0))
                    batches += [[fax] for fax in batch.slow]
                    for ready in batch.ready:
                        reach("prepare-drawn")
                        await prepared.send(ready)

    async def _prepare_apart(self, faxes: Sequence[Queued]) -> _Batch:
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
            return _Batch()
        except Exception as error:
            # The crash barrier of a batch.
            log.exception("preparing_broke", faxes=len(faxes))
            if len(faxes) == 1 and not faxes[0].company:
                await self._set_aside(faxes[0], f"preparing it broke: {type(error).__name__}")
                return _Batch()
        return _Batch(slow=[self._without_company(fax, alone=True) for fax in faxes])

    async def _prepare(self, faxes: Sequence[Queued]) -> _Batch:
        rendered_at = self._clock.now()
        drawings = await self._compose([each for fax in faxes for each in fax.call], rendered_at)
        faxes = [self._only_sheets(fax, drawings) for fax in faxes]
        slow = [fax for fax in faxes if isinstance(drawings[fax.fax_id], HandedIn)] if len(faxes) > 1 else []
        now = [fax for fax in faxes if fax not in slow]
        drawn = await self._draw([(each.fax_id, drawings[each.fax_id]) for fax in now for each in fax.call])
        ready = [await self._ready(fax, drawn, rendered_at) for fax in now]
        return _Batch([each for each in ready if each is not None], slow)

    async def _ready(
        self, fax: Queued, drawn: Mapping[FaxId, Document | Unrenderable], rendered_at: float
    ) -> Prepared | None:
        """The fax with the pages of its call; without them it takes nobody along."""
        company: list[Prepared] = []
        for each in fax.company:
            match drawn[each.fax_id]:
                case Document() as document:
                    self._note_unprintable(each, document)
                    company.append(Prepared(each, document, rendered_at))
                case Unrenderable(reason=reason):
                    await self._set_aside(each, reason)
        match drawn[fax.fax_id]:
            case Document() as document:
                self._note_unprintable(fax, document)
                return Prepared(fax, document, rendered_at).with_company(company)
            case Unrenderable(reason=reason):
                await self._set_aside(fax, reason)
                for left in company:
                    self._waiting.put_back(left.fax, 0.0)
                return None

    def _only_sheets(self, fax: Queued, drawings: Mapping[FaxId, Drawing | Unrenderable]) -> Queued:
        """Documents that somebody handed in share no call: they may be long, slow to draw, of another resolution."""
        if not fax.company:
            return fax
        if isinstance(drawings[fax.fax_id], HandedIn):
            return self._without_company(fax, alone=False)
        company = [each for each in fax.company if not isinstance(drawings[each.fax_id], HandedIn)]
        for each in fax.company:
            if each not in company:
                self._waiting.put_back(msgspec.structs.replace(each, alone=True), 0.0)
        return msgspec.structs.replace(fax, company=tuple(company))

    def _without_company(self, fax: Queued, *, alone: bool) -> Queued:
        """The fax by itself; the others go back in line, each to go `alone` or not."""
        for each in fax.company:
            self._waiting.put_back(msgspec.structs.replace(each, alone=alone), 0.0)
        return msgspec.structs.replace(fax, company=())

    async def _draw(
        self, composed: Sequence[tuple[FaxId, Drawing | Unrenderable]]
    ) -> dict[FaxId, Document | Unrenderable]:
        drawings = [drawing for _, drawing in composed if not isinstance(drawing, Unrenderable)]
        results = await self._renderer.render(drawings)
        if len(results) != len(drawings):
            # A page must never go to its neighbour's number.
            raise BugError(f"{len(drawings)} sheets were drawn as {len(results)} documents")
        drawn = iter(results)
        return {fax_id: drawing if isinstance(drawing, Unrenderable) else next(drawn) for fax_id, drawing in composed}

    async def _compose(self, faxes: Sequence[Queued], at: float) -> dict[FaxId, Drawing | Unrenderable]:
        contents = await self._store.contents([fax.fax_id for fax in faxes])
        missing = Unrenderable("its order is missing in the store")
        return {
            fax.fax_id: await self._composer.compose(contents[fax.fax_id], at) if fax.fax_id in contents else missing
            for fax in faxes
        }

    async def _set_aside(self, fax: Queued, reason: str) -> None:
        await self._outcomes.set_aside(fax.fax_id, reason)
        self._waiting.free(fax.line, fax.fax_id)

    def _note_unprintable(self, fax: Queued, document: Document) -> None:
        if document.unprintable:
            log.warning("unprintable_characters", fax_id=fax.fax_id, characters=len(document.unprintable))
            log.debug("unprintable_characters_are", fax_id=fax.fax_id, characters=document.unprintable)
