"""An order whose row was damaged is set aside by itself; the others are moved and planned as if it were not there."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import cast

import msgspec
import pytest
import structlog

from faxgw.config.routing import RoutingConfig
from faxgw.fax import FaxId, State
from faxgw.members.register import Register
from faxgw.money import Money
from faxgw.ops.metrics import Metrics
from faxgw.order import Delivery, Order, ProductLine, Recipient
from faxgw.phone import Line
from faxgw.routing.places import NOWHERE
from faxgw.routing.plan import Plan, PlanTask
from faxgw.routing.readable import UNREADABLE
from faxgw.routing.replanning import Replanned, Replanning
from faxgw.routing.rerouting import ORDERS_A_PAGE, Move, Rerouting
from faxgw.routing.router import Router
from faxgw.store.admission import NO_LINE, Content
from faxgw.store.changes import Changed, Recorded, RerouteAsked, SetAside
from faxgw.store.port import Store
from faxgw.store.routing.port import OpenOrder, Past
from tests.members.florists import TODAY, SetClock, florist

DAMAGED = [b"", b"\x00" * 40, b'{"key": "web-1"', b'{"key": "\xff\xfe"}', b"[]", b"[" * 100_000]
PRICE = Money(4500, "NOK")
GONE = "NO-9"
"""Is no member any more."""


def whole(number: str) -> bytes:
    order = Order(
        key=number,
        number=number,
        delivery=Delivery(TODAY + dt.timedelta(1)),
        recipient=Recipient(name="Zoé", street=["2 Bygata"], postcode="0150", city="Oslo", country="NO"),
        lines=[ProductLine(description="Bouquet", quantity=1, unit_price=PRICE)],
        customer_price=PRICE,
        execution_price=PRICE,
        sending_member="NO-2",
        executing_member=GONE,
    )
    return msgspec.json.encode(order)


def open_order(fax_id: int, order: bytes, state: State = State.QUEUED, line: str = "+33199000009") -> OpenOrder:
    return OpenOrder(
        fax_id=FaxId(fax_id),
        number=f"N-{fax_id}",
        order=order,
        member=GONE,
        line=Line(line),
        state=state,
        rank=5,
        due_at=0.0,
        deadline_at=None,
        may_have_arrived=False,
        is_accepted=False,
    )


class View:
    """A queued fax behind a dead line."""

    def __init__(self, order: OpenOrder) -> None:
        self.fax_id, self.order, self.line, self.member = order.fax_id, order.order, order.line, None
        self.state, self.content, self.marked, self.attempts = order.state, Content.ORDER, False, ()


class Shelf:
    """A store with these orders, and the desk that moves them."""

    def __init__(self, *orders: OpenOrder) -> None:
        self.routing = self
        self.orders = orders
        self.moves: list[Move] = []

    async def open_of_day(self, day: dt.date) -> list[OpenOrder]:
        del day
        return list(self.orders)

    async def open_from(self, first: dt.date, after: FaxId, limit: int) -> list[OpenOrder]:
        del first
        return [order for order in self.orders if order.fax_id > after][:limit]

    async def pasts(self, numbers: Collection[str]) -> dict[str, Past]:
        return {number: Past(frozenset(), is_routed=True) for number in numbers}

    async def fax(self, fax_id: FaxId) -> View:
        return next(View(order) for order in self.orders if order.fax_id == fax_id)

    async def move(self, changes: Sequence[Move]) -> list[Recorded]:
        self.moves += changes
        return [Changed(State.HELD if isinstance(each, SetAside) else State.QUEUED) for each in changes]


def open_router(metrics: Metrics) -> Router:
    return Router(Register((florist("NO-1"), florist("NO-2"))), RoutingConfig(), NOWHERE, SetClock(), metrics)


def damaged_orders(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("faxgw_damaged_orders_total")


@pytest.mark.parametrize("damaged", DAMAGED, ids=range(len(DAMAGED)))
async def test_a_sweep_sets_a_damaged_order_aside_and_goes_on(damaged: bytes) -> None:
    """The orders before it and behind it leave the florist that is gone; a held one stays held."""
    metrics = Metrics()
    shelf = Shelf(
        open_order(1, whole("N-1")), open_order(2, damaged), open_order(3, whole("N-3")),
        open_order(4, damaged, State.HELD),
    )  # fmt: skip
    rerouting = Rerouting(open_router(metrics), cast("Store", shelf), shelf, SetClock(), metrics)
    with structlog.testing.capture_logs() as logs:
        moved = await rerouting.sweep("its florist left")
    by_fax = {int(move.fax_id): move for move in shelf.moves}
    assert sorted(by_fax) == [1, 2, 3]
    assert isinstance(by_fax[2], SetAside)
    assert by_fax[2].reason == UNREADABLE
    assert moved == sum(isinstance(move, RerouteAsked) for move in shelf.moves)
    assert [entry["fax_id"] for entry in logs if entry["event"] == "order_unreadable"] == [2, 4]
    assert damaged_orders(metrics) == 2


async def test_a_sweep_looks_at_every_page() -> None:
    """Two whole pages and one order more: each is seen to once."""
    metrics = Metrics()
    count = 2 * ORDERS_A_PAGE + 1
    shelf = Shelf(*(open_order(number, whole(f"N-{number}")) for number in range(1, count + 1)))
    rerouting = Rerouting(open_router(metrics), cast("Store", shelf), shelf, SetClock(), metrics)
    await rerouting.sweep("its florist left")
    assert sorted(int(move.fax_id) for move in shelf.moves) == list(range(1, count + 1))


async def test_a_damaged_order_behind_a_dead_line_is_set_aside() -> None:
    """Else routing would look at the same events again, and follow nothing after them."""
    metrics = Metrics()
    shelf = Shelf(open_order(1, b"{"))
    rerouting = Rerouting(open_router(metrics), cast("Store", shelf), shelf, SetClock(), metrics)
    await rerouting.leave_dead_line(FaxId(1))
    [move] = shelf.moves
    assert isinstance(move, SetAside)
    assert damaged_orders(metrics) == 1


async def test_a_day_is_planned_without_its_damaged_orders() -> None:
    """A plan changes nothing of them: they stay where they are for whoever sets them aside."""
    metrics = Metrics()
    tasks: list[PlanTask] = []

    async def plan(task: PlanTask) -> Plan:
        tasks.append(task)
        return Plan(florists={}, moves=0, unserved=[], points=0, greedy_points=0)

    shelf = Shelf(open_order(1, whole("N-1"), line=NO_LINE), open_order(2, b"{", line=NO_LINE), open_order(3, b"{"))
    replanning = Replanning(open_router(metrics), cast("Store", shelf), shelf, plan, SetClock(), metrics)
    replanned = await replanning.replan(TODAY + dt.timedelta(1))
    assert isinstance(replanned, Replanned)
    assert [[order.key for order in task.orders] for task in tasks] == [[1]]
    assert (replanned.orders, shelf.moves) == (1, [])
    assert damaged_orders(metrics) == 2
