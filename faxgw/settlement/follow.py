"""Follows orders, and books what they are worth whenever that changed.

Level-triggered: what is booked is the difference between how an order stands and what the ledger has of it
(`claims.py`). So it needs no event twice and none in order, only which orders changed (by the relay's turns), and the
days whose grace is over. Cut off anywhere it goes on where it was, and books nothing twice (docs/adr/0021).
"""

import datetime as dt
from collections.abc import Callable, Sequence

import structlog
import trio

from faxgw.clock import Clock
from faxgw.errors import StoreBusyError, StoreFullError
from faxgw.members.complaints import Complaint
from faxgw.ops.metrics import Metrics
from faxgw.settlement.claiming import Calendar, Claims, claims_of_complaints, claims_of_orders
from faxgw.settlement.claims import stem_of
from faxgw.settlement.sale import Terms
from faxgw.store.claims.port import ClaimStore, CursorName, Refused, Step, Turned
from faxgw.store.ledger.port import Booked, Booking, NotBooked

log = structlog.get_logger(__name__)

TRY_AGAIN_SECONDS = 5


class Follower:
    def __init__(
        self,
        store: ClaimStore,
        terms: Callable[[], Terms],
        complaints: Callable[[], Sequence[Complaint]],
        calendar: Calendar,
        clock: Clock,
        metrics: Metrics,
        *,
        batch_max: int,
        gather_seconds: float,
    ) -> None:
        self._store = store
        self._terms = terms
        self._complaints = complaints
        self._calendar = calendar
        self._clock = clock
        self._metrics = metrics
        self._batch_max = batch_max
        self._gather_seconds = gather_seconds
        self._turn = trio.Lock()
        self._seen: dict[int, Complaint] = {}
        """Complaints as they were when they were booked last."""

    async def run(self) -> None:
        """Follow, for ever."""
        looked_on = dt.date.min
        while True:
            today = self.today()
            try:
                await self.catch_up(thoroughly=today != looked_on)
                looked_on = today
            except (StoreBusyError, StoreFullError) as error:
                log.warning("settlement_follows_later", reason=str(error))
                await trio.sleep(TRY_AGAIN_SECONDS)
            await trio.sleep(self._gather_seconds)

    async def catch_up(self, *, thoroughly: bool = False) -> int:
        """Book everything that is known by now; returns how many journals that made.

        `thoroughly` looks again at what was refused: once a day, and whenever a month is to be closed.
        """
        async with self._turn:
            if thoroughly:
                self._seen.clear()
            booked = await self._follow_turns() + await self._follow_days() + await self._follow_complaints()
            return booked + (await self._look_at_refused_again() if thoroughly else 0)

    def today(self) -> dt.date:
        return self._calendar.day_of(self._clock.now())

    async def _follow_turns(self) -> int:
        booked = 0
        after = await self._store.cursor("turns")
        while orders := await self._store.changed(after, self._batch_max):
            after = orders[-1].turn
            booked += await self._claim(orders, ("turns", after))
        return booked

    async def _follow_days(self) -> int:
        """Accepted orders whose grace ended: nothing happens to them, and so they have no turn."""
        last = self._calendar.grace_over(self.today())
        known = await self._store.cursor("days")
        if last.toordinal() <= known:
            return 0
        first = dt.date.fromordinal(known + 1) if known else None
        booked, after = 0, ""
        while orders := await self._store.delivered_between(first, last, after, self._batch_max):
            after = orders[-1].order.number
            booked += await self._claim(orders)
        await self._store.keep([Step(moved=("days", last.toordinal()))])
        return booked

    async def _look_at_refused_again(self) -> int:
        """A scheme, a place or a register may have been mended meanwhile."""
        refused = {each.stem: each for each in await self._store.refused()}
        numbers = [each.order_number for stem, each in refused.items() if stem == stem_of(each.order_number)]
        booked = 0
        for start in range(0, len(numbers), self._batch_max):
            orders = await self._store.orders(numbers[start : start + self._batch_max])
            booked += await self._claim(list(orders.values()), known=refused)
        return booked

    async def _follow_complaints(self) -> int:
        # Asked every second of all there ever were: one that changed is another object.
        changed = [each for each in self._complaints() if self._seen.get(each.number) is not each]
        booked = 0
        for start in range(0, len(changed), self._batch_max):
            some = changed[start : start + self._batch_max]
            numbers = sorted({each.order_number for each in some})
            orders, kept = await self._store.orders(numbers), await self._store.journals_of(numbers)
            booked += await self._keep(claims_of_complaints(some, orders, kept, self._terms(), self._clock.now()))
            self._seen |= {each.number: each for each in some}
        return booked

    async def _claim(
        self,
        orders: Sequence[Turned],
        moved: tuple[CursorName, int] | None = None,
        known: dict[str, Refused] | None = None,
    ) -> int:
        kept = await self._store.journals_of([turned.order.number for turned in orders])
        claims = claims_of_orders(orders, kept, self._terms(), self._calendar, self._clock.now())
        return await self._keep(claims, moved, known)

    async def _keep(
        self, claims: Claims, moved: tuple[CursorName, int] | None = None, known: dict[str, Refused] | None = None
    ) -> int:
        before = known or {}
        news = [each for each in claims.refused if _is_news(each, before.get(each.stem))]
        settled = [stem for stem in claims.settled if known is None or stem in known]
        if not (claims.entries or claims.dues or news or settled or moved):
            return 0
        step = Step(entries=claims.entries, dues=claims.dues, refused=news, settled=settled, moved=moved)
        (bookings,) = await self._store.keep([step])
        self._count(bookings, news)
        return sum(len(booking.seqs) for booking in bookings if isinstance(booking, Booked))

    def _count(self, bookings: Sequence[Booking], refused: Sequence[Refused]) -> None:
        done = sum(isinstance(booking, Booked) for booking in bookings)
        failed = len(refused) + sum(isinstance(booking, NotBooked) for booking in bookings)
        self._metrics.settlement_claims.labels("booked").inc(done)
        if failed:
            self._metrics.settlement_claims.labels("refused").inc(failed)
            log.warning("claims_refused", count=failed)


def _is_news(refused: Refused, known: Refused | None) -> bool:
    return known is None or (known.reason, known.day) != (refused.reason, refused.day)
