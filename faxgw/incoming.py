"""What comes in, wired together: inboxes fetch and keep, intake reads and hands on, people review.

Stopping begins here: fetching ends first, then reading. What is kept and not noted by then, the next start reads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
import trio

from faxgw.api.inbound_port import InboundFaces, InboxState
from faxgw.clock import Clock
from faxgw.config.inbox import InboxConfig
from faxgw.config.intake import IntakeConfig
from faxgw.errors import StoreBusyError, StoreFullError
from faxgw.inbox.inbox import Inbox
from faxgw.inbox.names import owner_from
from faxgw.inbox.port import FtpTransport
from faxgw.intake.desk import InboundDesk
from faxgw.intake.flow import Intake
from faxgw.intake.handing_on import Hands
from faxgw.intake.pace import Pace
from faxgw.intake.port import FaxReader, OrderDoor
from faxgw.intake.review import ReviewDesk
from faxgw.members.register import Register
from faxgw.ops.inbound_figures import InboundFigures
from faxgw.ops.metrics import Metrics
from faxgw.relay.port import RelayDesk
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.views import InboundTotals

log = structlog.get_logger(__name__)

WATCH_SECONDS = 5.0
IDLE_WATCH_SECONDS = 300.0
"""Without an inbox only people change anything here."""
FORGET_SECONDS = 600.0
FORGET_AT_ONCE_MAX = 500
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class FaxesIn:
    """What differs between the daemon and a journey where faxes come in."""

    reader: FaxReader
    transports: Sequence[tuple[InboxConfig, FtpTransport]]


class Incoming:
    """Everything between a file on a server and an order in the queue, a message with the relay, or a person's desk."""

    def __init__(
        self,
        faxes_in: FaxesIn | None,
        store: InboundStore,
        store_id: str,
        relay: RelayDesk,
        door: OrderDoor,
        register: Register,
        clock: Clock,
        metrics: Metrics,
        config: IntakeConfig,
        is_sending: Callable[[], bool],
        *,
        is_routed: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._keep_days = config.keep_days
        self._unread_max = config.unread_max
        self._unread = 0
        self._fetching = trio.CancelScope()
        hands = Hands(store, relay, door, register, clock, is_routed=is_routed)
        self.reviews = ReviewDesk(store, relay, door, register, clock, is_routed=is_routed)
        self._intake = (
            Intake(
                store,
                faxes_in.reader,
                hands,
                register,
                clock,
                metrics,
                config,
                Pace(is_sending, config.share_while_sending),
            )
            if faxes_in is not None
            else None
        )
        self._inboxes = [
            (own, Inbox(own, transport, store, clock, metrics, owner_from(store_id), self._wake, self._room))
            for own, transport in (faxes_in.transports if faxes_in is not None else ())
        ]
        reader = faxes_in.reader if faxes_in is not None else None
        self.faces = InboundFaces(self, InboundDesk(store, reader, clock, self._wake), self.reviews)

    def _wake(self) -> None:
        if self._intake is not None:
            self._intake.wake()

    def _room(self) -> int:
        """How many more faxes may wait to be read, as of the last look at the store, some seconds ago."""
        return max(self._unread_max - self._unread, 0)

    def states(self) -> list[InboxState]:
        """See `inbound_port.Inboxes`."""
        return [
            InboxState(own.name, own.host, inbox.looked_at, inbox.waiting_files, inbox.why_not_read())
            for own, inbox in self._inboxes
        ]

    def inboxes_not_read(self) -> list[str]:
        """A sentence for each inbox whose server cannot be reached, or does not let us in."""
        return [why for _, inbox in self._inboxes if (why := inbox.why_not_read())]

    def stop_fetching(self) -> None:
        """Begin no file more; what was claimed on a server is found again by its mark."""
        self._fetching.cancel()

    async def run(self) -> None:
        """Take in until cancelled. Without an inbox only people's reviews and what is watched go on."""
        await self.reviews.recover()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            nursery.start_soon(self._forget)
            nursery.start_soon(self.reviews.run)
            if self._intake is not None:
                nursery.start_soon(self._intake.run)
            with self._fetching:
                async with trio.open_nursery() as fetching:
                    for _, inbox in self._inboxes:
                        fetching.start_soon(inbox.run)

    async def _watch(self) -> None:
        """Keep the figures at hand, so that a scrape asks no database."""
        totals = InboundTotals({}, None, 0, None)
        self._metrics.read_inbound_from(lambda: _figures(totals, self._clock.now()))
        while True:
            try:
                totals = await self._store.totals(only_waiting=True)
                self._unread = sum(count for (_, state), count in totals.states.items() if state is InboundState.KEPT)
            except StoreBusyError:
                log.warning("store_busy", waits_to_read="how inbound faxes stand")
            await trio.sleep(WATCH_SECONDS if self._intake is not None else IDLE_WATCH_SECONDS)

    async def _forget(self) -> None:
        """Delete the files of faxes that are long over; some at a time, so that nobody else waits for the disk."""
        while self._keep_days:
            before = self._clock.now() - self._keep_days * DAY_SECONDS
            try:
                forgotten = await self._store.forget_documents(before, FORGET_AT_ONCE_MAX)
            except (StoreBusyError, StoreFullError) as error:
                log.warning("inbound_not_forgotten", reason=str(error))
                forgotten = 0
            if forgotten < FORGET_AT_ONCE_MAX:
                await trio.sleep(FORGET_SECONDS)


def _figures(totals: InboundTotals, now: float) -> InboundFigures:
    faxes: dict[str, int] = {}
    for (_, state), count in totals.states.items():
        faxes[state] = faxes.get(state, 0) + count
    unread, review = totals.oldest_unread_at, totals.oldest_review_at
    return InboundFigures(
        faxes=faxes,
        oldest_unread_age_seconds=max(now - unread, 0.0) if unread is not None else 0.0,
        reviews_open=totals.reviews_open,
        oldest_review_age_seconds=max(now - review, 0.0) if review is not None else 0.0,
    )
