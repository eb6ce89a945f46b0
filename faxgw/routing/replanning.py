"""Plans a day anew from what the store has, and moves the orders that the plan gives to others.

Only orders move that routing placed itself and that no carrier has and no florist may have: what a submitter or a
person decided stays, and so does what is on its way, delivered or accepted. They fill their florists all the same.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog
import trio

from faxgw.clock import Clock
from faxgw.fax import FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.order import stored_order
from faxgw.routing.candidate import Candidate, fold_postcode
from faxgw.routing.days import Day
from faxgw.routing.places import Place
from faxgw.routing.plan import NoSolver, Plan, PlanOrder, PlanTask
from faxgw.routing.planner import Planner
from faxgw.routing.readable import read_open
from faxgw.routing.rerouting import Move, Mover, planned
from faxgw.routing.router import Router
from faxgw.routing.wish import wish_of
from faxgw.store.admission import NO_LINE
from faxgw.store.changes import Changed, ReleaseAsked, RerouteAsked
from faxgw.store.port import Store
from faxgw.store.routing.port import NO_PAST, Florist, OpenOrder, Past, Placed
from faxgw.store.transitions import PLANNING

log = structlog.get_logger(__name__)

MOVES_AT_ONCE_MAX = 500
ORDERS_BETWEEN_CHECKPOINTS = 100


@dataclass(frozen=True, slots=True)
class Proposed:
    """One order's move."""

    fax_id: FaxId
    number: str
    from_member: str | None
    to_member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """What a plan of a day comes to."""

    day: dt.date
    orders: int
    """That could be moved."""
    points: int
    greedy_points: int
    moves: list[Proposed]
    unserved: list[str]
    """Numbers of orders for which nobody was found."""
    moved: int
    """Moves carried out: none in a dry run, fewer where a carrier took a fax meanwhile."""
    seconds: float


class Replanning:
    """One plan at a time: a second one would plan with loads that the first is about to change."""

    def __init__(
        self,
        router: Router,
        store: Store,
        mover: Mover,
        planner: Planner,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._router = router
        self._store = store
        self._mover = mover
        self._planner = planner
        self._clock = clock
        self._metrics = metrics
        self._one_at_a_time = trio.Lock()

    async def replan(self, day: dt.date, *, dry_run: bool = False) -> Replanned | NoSolver:
        """Plan the day and, unless it is a dry run, carry the plan out.

        Raises:
            PlanFailedError: no plan came out; nothing was changed.
        """
        async with self._one_at_a_time:
            started = self._clock.now()
            orders = await self._movable(day)
            task = await self._task(day, orders)
            plan = await self._planner(task)
            if isinstance(plan, NoSolver):
                return plan
            moves = _moves(plan, orders)
            moved = 0 if dry_run else await self._carry_out(day, moves, orders)
            seconds = self._clock.now() - started
            self._metrics.replan_seconds.observe(seconds)
            numbers = {int(order.fax_id): order.number for order, _ in orders}
            log.info("day_planned", day=day.isoformat(), orders=len(orders), moves=len(moves), moved=moved)
            return Replanned(
                day=day,
                orders=len(orders),
                points=plan.points,
                greedy_points=plan.greedy_points,
                moves=moves,
                unserved=[numbers[key] for key in plan.unserved],
                moved=moved,
                seconds=seconds,
            )

    async def _movable(self, day: dt.date) -> list[tuple[OpenOrder, Past]]:
        found = [order for order in await self._store.routing.open_of_day(day) if not order.may_have_arrived]
        pasts = await self._store.routing.pasts({order.number for order in found})
        told = [(order, pasts.get(order.number, NO_PAST)) for order in found]
        movable = {order.fax_id: (order, past) for order, past in told if self._may_move(order, past)}
        # A damaged order is no reason to plan nothing: it stays where it is, and the next sweep sets it aside.
        read = read_open([order for order, _ in movable.values()], self._metrics)
        return [movable[each.fax_id] for each, order in read if order is not None]

    @staticmethod
    def _may_move(order: OpenOrder, past: Past) -> bool:
        if order.line == NO_LINE:
            return True
        is_ours = order.member is not None and past.is_routed and not order.is_accepted
        return is_ours and order.state is State.QUEUED

    async def _task(self, day: dt.date, orders: Sequence[tuple[OpenOrder, Past]]) -> PlanTask:
        plan_orders: list[PlanOrder] = []
        for number, (order, past) in enumerate(orders, start=1):
            plan_orders.append(PlanOrder(order.fax_id, wish_of(stored_order(order.order), past.had), order.member))
            if number % ORDERS_BETWEEN_CHECKPOINTS == 0:
                await trio.lowlevel.checkpoint()
        planned_day = self._router.day(day)
        return PlanTask(
            day=day,
            now=self._clock.now(),
            orders=plan_orders,
            candidates=[planned_day.florists[member_id] for member_id in sorted(planned_day.florists)],
            loads=self._loads_without(day, [order for order, _ in orders]),
            places=self._places_of(planned_day, plan_orders),
            config=self._router.config,
        )

    def _loads_without(self, day: dt.date, orders: Sequence[OpenOrder]) -> dict[str, int]:
        """What each florist has to do on the day beside these orders; counted in one go, for loads move meanwhile."""
        loads = self._router.loads.on(day)
        for order in orders:
            counted = self._router.loads.of_order(order.number)
            if counted is not None and counted.fax_id == order.fax_id:
                loads[counted.member_id] -= 1
        return {member_id: load for member_id, load in loads.items() if load}

    def _places_of(self, day: Day, orders: Sequence[PlanOrder]) -> list[tuple[str, str, Place]]:
        codes = {(order.wish.country, order.wish.postcode) for order in orders}
        codes |= {_code_of(shop) for shop in day.florists.values()}
        located = ((country, code, self._router.places.find(country, code)) for country, code in sorted(codes))
        return [(country, code, found.place) for country, code, found in located if found is not None]

    async def _carry_out(
        self, day: dt.date, moves: Sequence[Proposed], orders: Sequence[tuple[OpenOrder, Past]]
    ) -> int:
        waits = {order.fax_id for order, _ in orders if order.line == NO_LINE}
        moved = 0
        for start in range(0, len(moves), MOVES_AT_ONCE_MAX):
            moved += await self._carry_out_some(day, moves[start : start + MOVES_AT_ONCE_MAX], waits)
        self._metrics.rerouted.labels("plan").inc(moved)
        return moved

    async def _carry_out_some(self, day: dt.date, moves: Sequence[Proposed], waits: Collection[FaxId]) -> int:
        now = self._clock.now()
        changes: list[Move] = []
        for move in moves:
            line = self._router.line_of(move.to_member, day)
            if line is not None:
                changes.append(planned(move.fax_id, Florist(move.to_member, line), now))
                changes += [ReleaseAsked(move.fax_id, PLANNING, "a florist was found", now)] * (move.fax_id in waits)
        recorded = await self._mover.move(changes)
        done = {
            change.fax_id
            for change, told in zip(changes, recorded, strict=True)
            if isinstance(change, RerouteAsked) and isinstance(told, Changed)
        }
        self._router.note(
            Placed(move.fax_id, move.number, move.to_member, day, State.QUEUED) for move in moves if move.fax_id in done
        )
        return len(done)


def _code_of(shop: Candidate) -> tuple[str, str]:
    return shop.country, fold_postcode(shop.postcode)


def _moves(plan: Plan, orders: Sequence[tuple[OpenOrder, Past]]) -> list[Proposed]:
    """An order that the plan serves by nobody stays where it is."""
    return [
        Proposed(order.fax_id, order.number, order.member, plan.florists[order.fax_id])
        for order, _ in orders
        if plan.florists.get(order.fax_id, order.member) != order.member
    ]
