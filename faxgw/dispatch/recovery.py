"""Takes up after a stop or a crash: what waits is put in line, what was being sent is in doubt."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.doubt import Doubts
from faxgw.dispatch.outcome import FULL_DISK_PAUSE_SECONDS
from faxgw.dispatch.promises import Promises
from faxgw.errors import StoreFullError
from faxgw.fax import State
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.attempts import Attempt
from faxgw.store.changes import Changed, Doubted, Recorded
from faxgw.store.port import Store
from faxgw.store.receipts import KeptReceipt

log = structlog.get_logger(__name__)

STOPPED = "the gateway stopped while it was being sent"


async def recover(
    store: Store,
    waiting: WaitingRoom,
    calls: OpenCalls,
    doubts: Doubts,
    clock: Clock,
    promises: Promises | None = None,
) -> list[KeptReceipt]:
    """Fill memory from the store; returns the receipts that were kept but not applied."""
    with _no_collections():
        unfinished = await store.load()
    reach("recovery-read")
    attempts = await _doubt_cut_off(store, unfinished.attempts, clock.now())
    reach("recovery-doubted")
    for attempt in attempts:
        calls.put(attempt)
        waiting.occupy(attempt.line, attempt.fax_id)
        if attempt.state is State.UNKNOWN:
            doubts.put(attempt)
    for attempt in unfinished.parked:
        doubts.put_parked(attempt)
    with _no_collections():
        waiting.load(unfinished.lines, unfinished.queued)
    if promises is not None:
        promises.put(unfinished.promises)
    reach("recovery-in-line")
    log.info(
        "recovered",
        queued=len(unfinished.queued),
        with_carriers=len(attempts),
        in_doubt=len(doubts),
        receipts=len(unfinished.receipts),
    )
    return unfinished.receipts


@contextmanager
def _no_collections() -> Iterator[None]:
    """A million faxes come to stay; walking them again and again as they come is a third of the time they take."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _doubt_cut_off(store: Store, attempts: list[Attempt], now: float) -> list[Attempt]:
    """Attempts found SENDING were cut off: nobody knows how far they came, so they are UNKNOWN."""
    cut_off = [attempt for attempt in attempts if attempt.state is State.SENDING]
    answers = await _record(store, [Doubted(attempt.fax_id, attempt.number, STOPPED, now) for attempt in cut_off])
    doubted = {
        attempt.client_ref: msgspec.structs.replace(attempt, state=State.UNKNOWN, changed_at=now)
        for attempt, answer in zip(cut_off, answers, strict=True)
        if answer == Changed(State.UNKNOWN)
    }
    return [doubted.get(attempt.client_ref, attempt) for attempt in attempts]


async def _record(store: Store, doubts: list[Doubted]) -> list[Recorded]:
    """A start on a full disk waits for room rather than ending, as a running gateway does."""
    while True:
        try:
            return await store.record(doubts)
        except StoreFullError:
            log.error("disk_full", waits_to_write="recovery")
            await trio.sleep(FULL_DISK_PAUSE_SECONDS)
