"""The way of a fax that came in: kept, read, decided, handed on, noted.

What is kept and not noted is read again after a crash; every step in between is harmless to repeat. Codes and boxes are
read in batches by several processes; what needs its text read (seconds a page) stands in a line of its own, so that it
holds up nobody else. A fax that breaks something is set aside with its reason; the others go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.intake import IntakeConfig
from faxgw.crashpoint import reach
from faxgw.errors import StoreBusyError, StoreFullError
from faxgw.intake.completion import completed
from faxgw.intake.decide import decide, order_numbers, wants_text
from faxgw.intake.decision import KnownOrder, NeedsReview, ReviewReason
from faxgw.intake.faxread import FaxRead, Unreadable, UnreadableReason
from faxgw.intake.handing_on import BROKE, DrainingError, Hands, ReadFax
from faxgw.intake.known import look_up
from faxgw.intake.pace import Pace
from faxgw.intake.port import FaxReader
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.store.inbound.keeping import NO_INBOUND, InboundId, PoisonReason
from faxgw.store.inbound.outcomes import (
    Concluded,
    Conclusion,
    DoubtfulSheet,
    OrderSheet,
    RepeatedSheet,
    ReplySheet,
    SetAside,
    Sheet,
)
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.views import Unread

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 5.0
"""After the store took nothing in."""
DRAINED_SECONDS = 60.0
"""Whoever drains a gateway does so for more than a moment."""


BECAME: Mapping[type[Sheet], str] = {
    ReplySheet: "reply",
    OrderSheet: "order",
    RepeatedSheet: "repeated",
    DoubtfulSheet: "review",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A fax and what a reading process saw on it."""

    fax: Unread
    read: FaxRead | Unreadable


class Intake:
    """Reads what inboxes keep."""

    def __init__(
        self,
        store: InboundStore,
        reader: FaxReader,
        hands: Hands,
        register: Register,
        clock: Clock,
        metrics: Metrics,
        config: IntakeConfig,
        pace: Pace,
    ) -> None:
        self._store = store
        self._reader = reader
        self._hands = hands
        self._register = register
        self._clock = clock
        self._metrics = metrics
        self._config = config
        self._pace = pace
        self._under_way: set[InboundId] = set()
        self._bell = trio.Event()

    def wake(self) -> None:
        """Something was kept, or let out of quarantine."""
        self._bell.set()

    async def run(self) -> None:
        """Read for ever; cancelled, it leaves unread what is not noted."""
        to_readers, batches = trio.open_memory_channel[list[Unread]](0)
        to_text, wordy = trio.open_memory_channel[Unread](self._config.text_waiting_max)
        async with trio.open_nursery() as nursery:
            for _ in range(self._config.workers + 1):
                # One more than there are processes, so that these never wait for a commit.
                nursery.start_soon(self._read_batches, batches.clone(), to_text.clone())
            for _ in range(self._config.text_workers):
                nursery.start_soon(self._read_texts, wordy.clone())
            await self._feed(to_readers)

    async def _feed(self, to_readers: trio.MemorySendChannel[list[Unread]]) -> None:
        while True:
            bell = self._bell = trio.Event()
            batch = await self._unread()
            if batch:
                await to_readers.send(batch)
            else:
                await bell.wait()

    async def _unread(self) -> list[Unread]:
        """The oldest that nobody reads just now: few are under way, so that the oldest of all are looked through."""
        # As of now: what is noted while the store is asked may still be unread in its answer.
        under_way = set(self._under_way)
        limit = self._config.batch_max + len(under_way)
        try:
            kept = await self._store.unread(NO_INBOUND, limit)
        except StoreBusyError:
            await trio.sleep(AGAIN_SECONDS)
            self.wake()
            return []
        batch = [fax for fax in kept if fax.inbound_id not in under_way][: self._config.batch_max]
        self._under_way.update(fax.inbound_id for fax in batch)
        return batch

    # --- reading ---------------------------------------------------------------------------------------------

    async def _read_batches(
        self, batches: trio.MemoryReceiveChannel[list[Unread]], to_text: trio.MemorySendChannel[Unread]
    ) -> None:
        async for batch in batches:
            began = trio.current_time()
            try:
                seen = [_Seen(fax, read) for fax, read in zip(batch, await self._see(batch), strict=True)]
            except OSError as error:
                await self._wait_for_the_machine(batch, error)
                continue
            reach("intake-read")
            self._metrics.intake_step_duration.labels("read").observe(trio.current_time() - began)
            wordy = [each.fax for each in seen if isinstance(each.read, FaxRead) and wants_text(each.read)]
            later = {fax.inbound_id for fax in wordy} if self._config.ocr else set[InboundId]()
            await self._finish([each for each in seen if each.fax.inbound_id not in later])
            for fax in wordy if later else ():
                await to_text.send(fax)
            await self._pace.rest(trio.current_time() - began)

    async def _read_texts(self, faxes: trio.MemoryReceiveChannel[Unread]) -> None:
        async for fax in faxes:
            began = trio.current_time()
            try:
                contents = await self._store.documents(fax.documents)
                reads = [await self._reader.read_text(each) if each is not None else _GONE for each in contents]
            except OSError as error:
                await self._wait_for_the_machine([fax], error)
                continue
            self._metrics.intake_step_duration.labels("text").observe(trio.current_time() - began)
            await self._finish([_Seen(fax, _as_one(reads))])
            await self._pace.rest(trio.current_time() - began)

    async def _wait_for_the_machine(self, batch: Sequence[Unread], error: OSError) -> None:
        """No process could be started, or a kept file not be opened: the machine's trouble and no fax's."""
        log.error("inbound_waits", faxes=len(batch), reason=str(error))
        await trio.sleep(AGAIN_SECONDS)
        self._under_way.difference_update(fax.inbound_id for fax in batch)
        self.wake()

    async def _see(self, batch: Sequence[Unread]) -> list[FaxRead | Unreadable]:
        """What is on each fax; one of several files is read file by file, and its pages counted through."""
        names = [name for fax in batch for name in fax.documents]
        contents = await self._store.documents(names)
        read = iter(await self._reader.read([each for each in contents if each is not None]))
        by_file = iter([next(read) if each is not None else _GONE for each in contents])
        return [_as_one([next(by_file) for _ in fax.documents]) for fax in batch]

    # --- what it means ---------------------------------------------------------------------------------------

    async def _finish(self, seen: Sequence[_Seen]) -> None:
        try:
            await self._conclude(seen)
        except DrainingError:
            log.info("inbound_waits", faxes=len(seen), reason="the gateway takes nothing in")
            await trio.sleep(DRAINED_SECONDS)
        except (StoreBusyError, StoreFullError) as error:
            log.warning("inbound_waits", faxes=len(seen), reason=str(error))
            await trio.sleep(AGAIN_SECONDS)
        finally:
            self._under_way.difference_update(each.fax.inbound_id for each in seen)
            # What was not noted is unread again.
            self.wake()

    async def _conclude(self, seen: Sequence[_Seen]) -> None:
        began = trio.current_time()
        decided = await self._decide(seen)
        self._metrics.intake_step_duration.labels("decide").observe(trio.current_time() - began)
        handing_on_at = trio.current_time()
        aside: list[Conclusion] = [each for each in decided if isinstance(each, SetAside)]
        if aside:
            await self._store.record(aside)
        read = [each for each in decided if isinstance(each, ReadFax)]
        done = aside + (await self._hands.hand_on(read) if read else [])
        self._metrics.intake_step_duration.labels("hand_on").observe(trio.current_time() - handing_on_at)
        for conclusion in done:
            self._count(conclusion)

    async def _decide(self, seen: Sequence[_Seen]) -> list[ReadFax | SetAside]:
        rules = self._config.decision
        numbers = {
            number for each in seen if isinstance(each.read, FaxRead) for number in order_numbers(each.read, rules)
        }
        known = (await look_up(self._store, self._register, sorted(numbers))).orders
        return [self._decided(each.fax, each.read, known) for each in seen]

    def _decided(self, fax: Unread, read: FaxRead | Unreadable, known: Mapping[str, KnownOrder]) -> ReadFax | SetAside:
        if isinstance(read, Unreadable):
            return _unreadable(fax, read, self._clock.now())
        try:
            rules, sender = self._config.decision, fax.sender_number
            decisions = [completed(each, sender, self._register, rules) for each in decide(read, sender, known, rules)]
        except Exception:
            # The crash barrier of a fax: what is on one must not keep the others from being read.
            log.exception("inbound_broke", inbound=fax.inbound_id)
            return SetAside(fax.inbound_id, PoisonReason.BROKE, BROKE, self._clock.now())
        return ReadFax(fax, decisions, len(read.pages))

    def _count(self, conclusion: Conclusion) -> None:
        match conclusion:
            case Concluded(sheets=sheets):
                for sheet in sheets:
                    self._metrics.intake_sheets.labels(BECAME[type(sheet)]).inc()
            case SetAside(reason=reason):
                self._metrics.intake_set_aside.labels(reason).inc()
            case _:
                pass


def _unreadable(fax: Unread, read: Unreadable, now: float) -> ReadFax | SetAside:
    """A person can look at a damaged fax, or ask for it again; what breaks its process is the operator's."""
    match read.reason:
        case UnreadableReason.ENDED_ITS_PROCESS:
            return SetAside(fax.inbound_id, PoisonReason.ENDED_ITS_PROCESS, read.detail, now)
        case UnreadableReason.NOT_A_FAX:
            return SetAside(fax.inbound_id, PoisonReason.NOT_A_FAX, read.detail, now)
        case UnreadableReason.DAMAGED | UnreadableReason.ENCRYPTED | UnreadableReason.TOO_LARGE:
            review = NeedsReview(reason=ReviewReason.UNREADABLE, detail=read.detail)
            return ReadFax(fax, [review], fax.pages_told or 0)


_GONE = Unreadable(
    reason=UnreadableReason.DAMAGED,
    detail="the kept file is gone or damaged on our disk: ask the sender to fax it again",
)


def _as_one(reads: Sequence[FaxRead | Unreadable]) -> FaxRead | Unreadable:
    """A fax of one file a page, with its pages counted through; unreadable where one of its files is."""
    if len(reads) == 1:
        return reads[0]
    broken = next((read for read in reads if isinstance(read, Unreadable)), None)
    if broken is not None:
        return broken
    pages = [page for read in reads if isinstance(read, FaxRead) for page in read.pages]
    numbered = [msgspec.structs.replace(page, number=number) for number, page in enumerate(pages, start=1)]
    return FaxRead(pages=numbered, text_read=all(isinstance(read, FaxRead) and read.text_read for read in reads))
