"""One inbox: look, take what is whole, wait, for ever. What befalls one inbox leaves the others alone."""

from collections.abc import Callable, Iterator, Sequence

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.inbox import InboxConfig
from faxgw.errors import StoreBusyError, StoreFailedError, StoreFullError
from faxgw.inbox.aside import Aside
from faxgw.inbox.away import TakeAway
from faxgw.inbox.courier import Courier
from faxgw.inbox.pace import Pace
from faxgw.inbox.port import FtpTransport, Listed, Listing, Lost, Refused
from faxgw.inbox.settled import Arrival, Look, Rules, Sighting, look_at, rules_of
from faxgw.inbox.take import Result, Taker
from faxgw.ops.metrics import Metrics
from faxgw.store.inbound.port import InboundStore

log = structlog.get_logger(__name__)

ROUND_FAXES_MAX = 1_000
"""Taken between two looks: enough that looks cost little, few enough that ages stay true."""
_CLOSE_SECONDS = 5.0
_ROOM_SECONDS = 1.0
_BATCH_BYTES_MAX = 16 * 1024 * 1024
"""As the listing tells of a batch; a single larger file is one of its own."""


class Inbox:
    """Polls one folder.

    `owner` is this gateway's mark on files, `names.owner_from` makes it; it must be the same after a restart. `kept`
    is called after each commit that brought faxes; `room` says how many more faxes intake can take up now.
    """

    def __init__(
        self,
        own: InboxConfig,
        transport: FtpTransport,
        store: InboundStore,
        clock: Clock,
        metrics: Metrics,
        owner: str,
        kept: Callable[[], None] = lambda: None,
        room: Callable[[], int] = lambda: ROUND_FAXES_MAX,
    ) -> None:
        self._own = own
        self._rules: Rules = rules_of(own, owner)
        self._aside = Aside(own)
        self._taker = Taker(self._rules, store, self._aside, clock, metrics, TakeAway(own, self._aside))
        self._couriers = [Courier(transport) for _ in range(own.connections)]
        self._pace = Pace(own.files_per_minute)
        self._metrics = metrics
        self._kept = kept
        self._room = room
        self._sightings: dict[str, Sighting] = {}
        self._lonely: frozenset[str] = frozenset()
        self._failures = 0
        self._why_unreachable = ""
        self._clock = clock
        self.looked_at: float | None = None
        """When it was looked at last with success, in seconds since 1970."""
        self.waiting_files = 0
        """Faxes in the folder that are not whole yet, as of then."""

    def why_not_read(self) -> str:
        """A sentence for the operator, or empty."""
        return self._why_unreachable and f"inbox {self._own.name} cannot be read: {self._why_unreachable}"

    async def run(self) -> None:
        try:
            while True:
                wait_seconds = await self._round()
                await trio.sleep(wait_seconds)
        finally:
            with trio.move_on_after(_CLOSE_SECONDS, shield=True):
                await self._close(self._couriers)

    async def _round(self) -> float:
        """Look and take once; returns for how long to wait."""
        listing = await self._look()
        if isinstance(listing, Refused | Lost):
            return self._note_unreachable(listing.reason)
        self._note_reachable()
        due = self._due(listing)
        some = due[: min(ROUND_FAXES_MAX, self._room())]
        if some:
            await self._take(some)
        if not some and due:
            return _ROOM_SECONDS
        return 0.0 if len(some) < len(due) else self._own.poll_seconds

    async def _look(self) -> Listing:
        try:
            with self._metrics.inbox_step("look"):
                return await self._couriers[0].look()
        except Exception:
            # The crash barrier of an adapter: the other inboxes, and all sending, must go on.
            log.exception("inbox_adapter_raised", inbox=self._own.name)
            await self._couriers[0].close()
            return Lost("our FTP adapter broke; the log says where")

    def _due(self, listing: Sequence[Listed]) -> list[Arrival]:
        now = trio.current_time()
        look = look_at(listing, self._sightings, now, self._rules)
        self._sightings = dict(look.sightings)
        self._aside.forget_others(look.sightings.keys(), {arrival.name for arrival in look.arrivals})
        self._measure(look, now)
        self._tell_lonely(look.lonely)
        return [arrival for arrival in look.arrivals if self._aside.may_take(arrival, now)]

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        """All of them, a batch at a time over each connection."""
        batches = _batches(arrivals, self._batch_max(len(arrivals)))
        async with trio.open_nursery() as nursery:
            for courier in self._couriers:
                nursery.start_soon(self._work, courier, batches)
        # Servers count connections: only the one that looks is kept.
        await self._close(self._couriers[1:])

    def _batch_max(self, count: int) -> int:
        share = -(-count // self._own.connections)
        return max(min(share, self._own.batch_files_max), 1)

    async def _work(self, courier: Courier, batches: Iterator[list[Arrival]]) -> None:
        for batch in batches:
            await self._pace.wait(sum(len(arrival.parts) for arrival in batch))
            try:
                taken = await self._taker.take(batch, courier)
            except StoreFailedError:
                raise
            except (StoreFullError, StoreBusyError) as error:
                log.warning("inbox_waits_for_store", inbox=self._own.name, reason=str(error))
                return
            except Exception:
                # The crash barrier of a batch: nothing of it was taken away, the next look finds it.
                log.exception("inbox_batch_broke", inbox=self._own.name)
                await courier.close()
                self._put_off(batch)
                continue
            if taken:
                self._kept()

    def _put_off(self, batch: Sequence[Arrival]) -> None:
        for arrival in batch:
            self._aside.put_off(arrival, trio.current_time())

    def _note_unreachable(self, reason: str) -> float:
        """Returns how long to wait: twice as long each time."""
        if self._why_unreachable != reason:
            log.error("inbox_unreachable", inbox=self._own.name, reason=reason)
        self._why_unreachable = reason
        self._metrics.inbox_reachable.labels(self._own.name).set(0)
        self._failures += 1
        return min(self._own.poll_seconds * 2.0 ** min(self._failures - 1, 32), self._own.unreachable_seconds_max)

    def _note_reachable(self) -> None:
        if self._why_unreachable:
            log.info("inbox_reachable_again", inbox=self._own.name, failures=self._failures)
        self._why_unreachable = ""
        self._failures = 0
        self._metrics.inbox_reachable.labels(self._own.name).set(1)

    def _measure(self, look: Look, now: float) -> None:
        self.looked_at, self.waiting_files = self._clock.now(), look.waiting
        name = self._own.name
        self._metrics.inbox_waiting.labels(name).set(look.waiting)
        self._metrics.inbox_oldest_age.labels(name).set(0.0 if look.oldest_at is None else now - look.oldest_at)

    def _tell_lonely(self, sidecars: frozenset[str]) -> None:
        """Once each. Names stay out of the log, for they may hold telephone numbers."""
        new = sidecars - self._lonely
        self._lonely = sidecars
        if new:
            self._metrics.inbox_files.labels(self._own.name, Result.LONELY).inc(len(new))
            mend = "look into the folder: ask the carrier for the faxes, or take the sidecars away"
            log.warning("inbox_sidecars_without_fax", inbox=self._own.name, sidecars=len(new), mend=mend)

    async def _close(self, couriers: Sequence[Courier]) -> None:
        for courier in couriers:
            await courier.close()


def _batches(arrivals: Sequence[Arrival], faxes_max: int) -> Iterator[list[Arrival]]:
    """The oldest first; bounded by number and by bytes, as one batch is held in memory at a time."""
    batch: list[Arrival] = []
    bytes_here = 0
    for arrival in arrivals:
        size = sum(part.listed.size for part in arrival.parts)
        if batch and (len(batch) == faxes_max or bytes_here + size > _BATCH_BYTES_MAX):
            yield batch
            batch, bytes_here = [], 0
        batch.append(arrival)
        bytes_here += size
    if batch:
        yield batch
