"""Does what is due about orders by itself: reminds silent florists, and finds others for orders that need one.

Each order is a unit of work of its own: one that breaks is logged by its stage and waits for the next round.
"""

import math
from collections.abc import Sequence

import structlog
import trio

from faxgw.clock import Clock
from faxgw.errors import StoreBusyError, StoreFailedError, StoreFullError
from faxgw.message import Channel, Kind, RelayMessage, Source
from faxgw.ops.metrics import Metrics
from faxgw.relay.desk import Relay
from faxgw.relay.judge import Judge
from faxgw.relay.patience import Next, Patience
from faxgw.relay.port import Chosen, NobodyFound, Rerouter
from faxgw.store.port import Store
from faxgw.store.relay.port import Absence, RelayOrder, RelayRefused, RelayTaken

log = structlog.get_logger(__name__)

ORDERS_MAX = 200
"""Looked after in one round."""
TRY_AGAIN_SECONDS = 5.0
COUNT_SECONDS = 5.0


class Caretaker:
    def __init__(
        self,
        store: Store,
        relay: Relay,
        judge: Judge,
        patience: Patience,
        rerouter: Rerouter,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._relay = relay
        self._judge = judge
        self._patience = patience
        self._rerouter = rerouter
        self._clock = clock
        self._metrics = metrics
        self._swept: set[int] = set()
        self._has_changed = trio.Event()
        self._waiting_since: float | None = None
        metrics.relay_unanswered_oldest.set_function(self._oldest_seconds)

    async def run(self) -> None:
        """Look after what is due, for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._look_after_what_is_due)
            nursery.start_soon(self._keep_count)

    async def _look_after_what_is_due(self) -> None:
        """Whatever changes an order wakes, and so does a clock that was set."""
        while True:
            self._relay.woken = woken = trio.Event()
            try:
                await self._sweep_absences()
                left = await self._round()
                wait_seconds = TRY_AGAIN_SECONDS if left else await self._wait_seconds()
            except (StoreBusyError, StoreFullError) as error:
                log.warning("relay_looks_later", reason=str(error))
                left, wait_seconds = 1, TRY_AGAIN_SECONDS
            if left:
                # What could not be done now is tried after a while, whoever wakes.
                await trio.sleep(wait_seconds)
                continue
            with trio.move_on_after(wait_seconds):
                await woken.wait()

    async def _round(self) -> int:
        """One round; how many of the due orders nothing came of."""
        now = self._clock.now()
        due = await self._store.relay.due(now, ORDERS_MAX)
        absences = await self._store.relay.absences() if due else []
        left = 0
        for order in due:
            left += not await self._look_after_apart(order, absences, now)
        self._has_changed.set()
        return left

    async def _look_after_apart(self, order: RelayOrder, absences: Sequence[Absence], now: float) -> bool:
        try:
            return await self._look_after(order, absences, now)
        except (StoreFailedError, StoreBusyError, StoreFullError):
            raise
        except Exception:
            # The crash barrier of an order.
            log.exception("relay_order_broke", stage=order.stage)
            return False

    async def _look_after(self, order: RelayOrder, absences: Sequence[Absence], now: float) -> bool:
        """Whether anything came of it."""
        match self._patience.next_of(order, absences, now):
            case Next.REMIND | Next.NOTHING:
                [settled] = await self._relay.settle([self._judge.of_silence(order.number, now)])
                changed = settled.order is not None and settled.order != order
                if changed and settled.order is not None and _was_given_up(order, settled.order):
                    self._metrics.relay_silent.inc()
                if changed and settled.order is not None and settled.order.reminders > order.reminders:
                    self._metrics.relay_reminders.inc()
                return changed
            case Next.PLACE:
                return await self._find_another(order, Kind.ORDER, now)
            case Next.FORWARD:
                return await self._find_another(order, Kind.FOR, now)

    async def _find_another(self, order: RelayOrder, kind: Kind, now: float) -> bool:
        wanted = await self._store.relay.order_json(order.number)
        if wanted is None:
            found: Chosen | NobodyFound = NobodyFound("the stored order cannot be read")
        else:
            had = frozenset(order.tried) | ({order.executing} if order.executing else set())
            found = self._rerouter.choose(wanted, had)
        match found:
            case Chosen(member_id=member_id, explanation=why):
                return await self._hand_on(order, kind, member_id, why, now)
            case NobodyFound() as nobody:
                self._metrics.relay_unplaced.inc()
                await self._relay.settle([self._judge.of_nobody_found(order, nobody, now)])
                return True

    async def _hand_on(self, order: RelayOrder, kind: Kind, member_id: str, why: str, now: float) -> bool:
        """The store has the last word: a florist who accepted this very moment keeps the order."""
        message = RelayMessage(
            # Each search is one of its own: what was refused an hour ago may be right now.
            key=f"{order.number}/{order.fax_id}/{member_id}/{now:.3f}",
            kind=kind,
            at=now,
            source=Source(Channel.NETWORK, "routing"),
            order_number=order.number,
            to_member=member_id,
            text=why,
        )
        [settled] = await self._relay.settle([self._judge.of_handing_on(message, order)])
        answer = settled.answer
        if answer is None or (isinstance(answer, RelayRefused) and answer.seq is None):
            # It went somewhere meanwhile, or nothing may go out now.
            return settled.order is None or settled.order.executing != order.executing
        self._relay.count(message, answer)
        if isinstance(answer, RelayTaken) and kind is Kind.FOR and order.reminders:
            self._metrics.relay_silent.inc()
        if isinstance(answer, RelayRefused):
            log.info("relay_not_handed_on", refusal=answer.refusal)
            await self._relay.settle([self._judge.of_nobody_found(order, NobodyFound(answer.sentence), now)])
        return True

    # --- florists who are away ------------------------------------------------------------------------

    async def _sweep_absences(self) -> None:
        """Orders that a florist had before telling of an absence are looked after now; each absence once a start."""
        absences = await self._store.relay.absences()
        for absence in absences:
            if absence.seq not in self._swept:
                await self._sweep(absence)
                self._swept.add(absence.seq)
        self._swept &= {absence.seq for absence in absences}

    async def _sweep(self, absence: Absence) -> None:
        after = ""
        while numbers := await self._offered(absence, after):
            now = self._clock.now()
            await self._relay.settle([self._judge.of_day(number, now) for number in numbers])
            after = numbers[-1]

    async def _offered(self, absence: Absence, after: str) -> list[str]:
        first, last = absence.first_day, absence.last_day
        return await self._store.relay.offered_to(absence.member, first, last, after, ORDERS_MAX)

    async def _wait_seconds(self) -> float:
        next_at = await self._store.relay.next_due_at()
        if next_at is None:
            return math.inf
        return max(next_at - self._clock.now(), 0.0)

    async def _keep_count(self) -> None:
        """After each change, and not oftener than every few seconds: counting reads all orders that wait for a word."""
        while True:
            await self._has_changed.wait()
            self._has_changed = trio.Event()
            try:
                await self._count_unanswered()
            except (StoreBusyError, StoreFullError) as error:
                log.warning("relay_counts_later", reason=str(error))
                self._has_changed.set()
            await trio.sleep(COUNT_SECONDS)

    async def _count_unanswered(self) -> None:
        unanswered = await self._store.relay.unanswered()
        self._waiting_since = unanswered.waiting_since
        self._metrics.relay_unanswered.set(unanswered.orders)

    def _oldest_seconds(self) -> float:
        return max(self._clock.now() - self._waiting_since, 0.0) if self._waiting_since is not None else 0.0


def _was_given_up(before: RelayOrder, after: RelayOrder) -> bool:
    """Nobody waits any more for a word that was awaited."""
    return before.waiting_since is not None and after.waiting_since is None
