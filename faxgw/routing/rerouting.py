"""Gives orders to another florist that cannot stay where they are, while no carrier has them and none may have arrived.

An order whose florist withdrew, went away or cannot be reached goes to the next; where nobody is left it is held
for a person, never lost. How often one order moves by itself is bounded, and who had it does not get it again.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from faxgw.clock import Clock
from faxgw.fax import FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.order import Order, stored_order
from faxgw.routing.readable import UNREADABLE, read_open, read_stored
from faxgw.routing.router import NoRoute, Routed, Router
from faxgw.store.admission import NO_LINE, Content
from faxgw.store.changes import Changed, Recorded, ReleaseAsked, RerouteAsked, SetAside
from faxgw.store.port import Store
from faxgw.store.routing.port import FROM_THE_FIRST, NO_PAST, Florist, OpenOrder, Past, Placed
from faxgw.store.transitions import PLANNING, ROUTING
from faxgw.store.views import FaxView

log = structlog.get_logger(__name__)

MOVES_AT_ONCE_MAX = 500
"""They share a commit."""
ORDERS_A_PAGE = 500
"""Of a sweep: 10 ms of reading them."""


Move = RerouteAsked | ReleaseAsked | SetAside


class Mover(Protocol):
    """Changes where faxes go: in the store, and in the queue that follows it."""

    async def move(self, changes: Sequence[Move]) -> list[Recorded]: ...


class Rerouting:
    """Finds who can execute an order instead, and moves it there."""

    def __init__(self, router: Router, store: Store, mover: Mover, clock: Clock, metrics: Metrics) -> None:
        self._router = router
        self._store = store
        self._mover = mover
        self._clock = clock
        self._metrics = metrics

    # --- one fax -----------------------------------------------------------------------------------------

    async def other_for(self, view: FaxView) -> Florist | None:
        """Whom the order goes to if it cannot stay; None where nobody may have it, or it may have arrived already."""
        if view.content is not Content.ORDER or view.marked:
            return None
        order = stored_order(view.order)
        member_id = view.member or order.executing_member
        if member_id is None:
            return None
        past = await self._past(view.number)
        found = self._next(order, past, member_id)
        return Florist(found.member_id, found.line) if isinstance(found, Routed) else None

    def moved(self, fax_id: FaxId, member: str, reason: str) -> None:
        """The order went to that member; the picture follows at once."""
        self._metrics.rerouted.labels(reason).inc()
        self._router.move(fax_id, member)

    async def leave_dead_line(self, fax_id: FaxId) -> None:
        """The fax waits behind a line taken for dead: the florist's other machine gets it, else another florist."""
        view = await self._store.fax(fax_id)
        if view is None or view.state is not State.QUEUED or view.content is not Content.ORDER or view.marked:
            return
        order = read_stored(fax_id, view.order, self._metrics)
        if order is None:
            await self._mover.move([self._damaged(fax_id)])
            return
        member_id = view.member or order.executing_member
        if member_id is None:
            return
        used = {view.line, *(attempt.line for attempt in view.attempts if attempt.line is not None)}
        line = self._router.other_line_of(member_id, used)
        if line is not None and self._router.reach.is_line_alive(line):
            florist: Florist | None = Florist(member_id, line)
        else:
            florist = await self.other_for(view)
        if florist is None:
            return
        change = self._to(fax_id, florist, "its line is dead")
        if [told for told in await self._mover.move([change]) if isinstance(told, Changed)]:
            self.moved(fax_id, florist.member, "line_dead")

    async def find_florist(self, view: FaxView, who: str, why: str) -> Recorded | NoRoute:
        """Look again for somebody to execute an order that waits for a florist, and let it go."""
        order = stored_order(view.order)
        found = self._router.next_florist(order, (await self._past(view.number)).had, by_itself=False)
        if isinstance(found, NoRoute):
            return found
        now = self._clock.now()
        asked = RerouteAsked(view.fax_id, found.line, found.member_id, ROUTING, why or "somebody can now", now)
        [rerouted, released] = await self._mover.move([asked, ReleaseAsked(view.fax_id, who, why, now)])
        if isinstance(rerouted, Changed):
            self._router.count_routed(found)
            self._router.note([Placed(view.fax_id, view.number, found.member_id, order.delivery.date, State.QUEUED)])
        return released if isinstance(rerouted, Changed) else rerouted

    # --- many --------------------------------------------------------------------------------------------

    async def sweep(self, why: str) -> int:
        """Move every order whose florist is no member, is away, or cannot be reached; returns how many moved."""
        stranded = await self._all_stranded()
        moved = 0
        for start in range(0, len(stranded), MOVES_AT_ONCE_MAX):
            moved += await self._move_stranded(stranded[start : start + MOVES_AT_ONCE_MAX], why)
        if stranded:
            log.warning("orders_rerouted", stranded=len(stranded), moved=moved, why=why)
        return moved

    async def _all_stranded(self) -> list[OpenOrder]:
        """Looked through by the page: before Mother's Day a hundred thousand wait, and sending goes on between."""
        stranded: list[OpenOrder] = []
        first_day, after = self._router.first_day(), FROM_THE_FIRST
        while True:
            page = await self._store.routing.open_from(first_day, after, ORDERS_A_PAGE)
            stranded += await self._stranded(page)
            if len(page) < ORDERS_A_PAGE:
                return stranded
            after = page[-1].fax_id

    async def _stranded(self, orders: Sequence[OpenOrder]) -> list[OpenOrder]:
        """Those that cannot stay where they are; a damaged one is held for a person on the way."""
        stranded: list[OpenOrder] = []
        damaged: list[Move] = []
        for open_order, order in read_open(orders, self._metrics):
            if order is None:
                damaged += [self._damaged(open_order.fax_id)] * (open_order.state is State.QUEUED)
            elif self._is_stranded(open_order, order):
                stranded.append(open_order)
        if damaged:
            await self._mover.move(damaged)
        return stranded

    async def _move_stranded(self, orders: Sequence[OpenOrder], why: str) -> int:
        pasts = await self._store.routing.pasts({order.number for order in orders})
        found: dict[FaxId, Routed] = {}
        changes: list[Move] = []
        for open_order in sorted(orders, key=_urgency):
            order = stored_order(open_order.order)
            routed = self._next(order, pasts.get(open_order.number, NO_PAST), open_order.member)
            match routed:
                case Routed():
                    self._router.loads.reserve(routed.member_id, order.delivery.date)
                    found[open_order.fax_id] = routed
                    changes.append(self._to(open_order.fax_id, Florist(routed.member_id, routed.line), why))
                case NoRoute(reason=reason) if open_order.state is State.QUEUED and self._has_left(open_order):
                    changes.append(SetAside(open_order.fax_id, reason, self._clock.now()))
                case NoRoute():
                    # Its line may live again, or a person holds it: it stays where it is.
                    pass
        try:
            recorded = await self._mover.move(changes)
        finally:
            for open_order in orders:
                if routed_to := found.get(open_order.fax_id):
                    self._router.loads.let_go(routed_to.member_id, stored_order(open_order.order).delivery.date)
        done = {
            change.fax_id
            for change, told in zip(changes, recorded, strict=True)
            if isinstance(change, RerouteAsked) and isinstance(told, Changed)
        }
        for fax_id in done:
            self.moved(fax_id, found[fax_id].member_id, "left")
        return len(done)

    def _is_stranded(self, open_order: OpenOrder, order: Order) -> bool:
        if open_order.member is None or open_order.line == NO_LINE:
            return False
        if open_order.may_have_arrived or open_order.is_accepted:
            # Somebody has it: between florists it moves by what they say to each other.
            return False
        return not self._router.may_keep(order, open_order.member)

    def _has_left(self, open_order: OpenOrder) -> bool:
        """Not merely out of reach this moment."""
        florists = self._router.day(stored_order(open_order.order).delivery.date).florists
        shop = florists.get(open_order.member or "")
        return shop is None or not shop.is_member or not shop.executes or shop.is_away

    def _next(self, order: Order, past: Past, member_id: str | None) -> Routed | NoRoute:
        return self._router.next_florist(order, past.had | ({member_id} if member_id else set()))

    def _to(self, fax_id: FaxId, florist: Florist, why: str) -> RerouteAsked:
        return RerouteAsked(fax_id, florist.line, florist.member, ROUTING, why, self._clock.now())

    def _damaged(self, fax_id: FaxId) -> SetAside:
        return SetAside(fax_id, UNREADABLE, self._clock.now())

    async def _past(self, number: str) -> Past:
        return (await self._store.routing.pasts([number])).get(number, NO_PAST)


def _urgency(order: OpenOrder) -> tuple[int, float, int]:
    return order.rank, order.deadline_at if order.deadline_at is not None else float("inf"), order.fax_id


def planned(fax_id: FaxId, florist: Florist, at: float) -> RerouteAsked:
    """A move for the good of the whole day."""
    return RerouteAsked(fax_id, florist.line, florist.member, PLANNING, "the day was planned anew", at)
