"""Orders that name no florist: routed, routed again, planned anew, and held where nobody can take them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from faxgw.api.port import Destination
from faxgw.config.routing import RoutingConfig
from faxgw.config.sending import LineConfig
from faxgw.fax import FaxId, State
from faxgw.members.member import Kind, Member, Role
from faxgw.members.register import Register
from faxgw.message import Channel, RejectReason, RelayMessage, Source
from faxgw.message import Kind as MessageKind
from faxgw.order import Order
from faxgw.routing.places import Place, Places
from faxgw.routing.plan import NoSolver
from faxgw.routing.replanning import Replanned
from faxgw.store.admission import NO_LINE, Admitted, Repeated
from faxgw.store.changes import Changed, Stale
from faxgw.store.relay.port import Absence, RelayTaken
from tests.journeys.account import settle_account
from tests.journeys.town import START, Town, florist, line_of, open_town, order_for

HOUR = 3_600.0
KM = 1 / 111.2
"""Degrees of latitude."""
PARIS = Place(48.86, 2.35)
PLACES = Places(
    {
        ("FR", "75011"): PARIS,
        ("FR", "93100"): Place(48.86 + 4 * KM, 2.35),
        ("FR", "94000"): Place(48.86 - 9 * KM, 2.35),
        ("FR", "77000"): Place(48.86 - 30 * KM, 2.35),
        ("FR", "13001"): Place(43.3, 5.4),
    }
)
MOTHERS_DAY = START.date()


def shop(number: int, postcode: str, **changes: Any) -> Member:
    return msgspec.structs.replace(florist(number), postcode=postcode, **changes)


SHOPS = (
    shop(0, "75011", role=Role.SENDING),
    shop(1, "75011"),
    shop(2, "93100"),
    shop(3, "94000"),
    shop(4, "77000"),
)


def town_with(*shops: Member, **routing: Any) -> Any:
    settings: Mapping[str, Any] = {"routing": RoutingConfig(**routing)}
    return open_town(register=Register(shops or SHOPS), settings=settings, places=PLACES)


def unplaced(key: str, **changes: Any) -> Order:
    return msgspec.structs.replace(order_for(1, key), executing_member=None, **changes)


async def story(town: Town, fax_id: FaxId) -> list[tuple[str, object]]:
    """Who was to execute the order, one after the other."""
    told = (event for event in (await town.view(fax_id)).events if event.kind in {"routed", "rerouted"})
    return [(event.kind, event.data.get("member")) for event in told]


async def lines_called(town: Town, fax_id: FaxId) -> list[str | None]:
    return [attempt.line for attempt in (await town.view(fax_id)).attempts]


async def test_an_order_without_a_florist_is_routed_and_delivered(autojump_clock: MockClock) -> None:
    """To the nearest; the answer names it, asked again too, and the trail says why it."""
    async with town_with() as town, town.running() as gateway:
        order = unplaced("one")
        [admitted] = await gateway.desk.submit("shop", [order])
        assert isinstance(admitted, Admitted)
        town.faxes.append(admitted.fax_id)
        assert (admitted.state, admitted.executor) == (State.QUEUED, "FR-1")
        [repeated] = await gateway.desk.submit("shop", [order])
        assert isinstance(repeated, Repeated)
        assert (repeated.fax_id, repeated.executor) == (admitted.fax_id, "FR-1")
        view = await town.wait_state(admitted.fax_id, State.DELIVERED)
        assert view.line == line_of(1)
        [routed] = [event for event in view.events if event.kind == "routed"]
        assert routed.data == {"member": "FR-1", "points": routed.data["points"], "rivals": 3, "km": 0.0}
        assert town.metrics.registry.get_sample_value("faxgw_routed_total", {"how": "distance"}) == 1
        assert gateway.routing is not None
        assert gateway.routing.router.loads.on(MOTHERS_DAY) == {"FR-1": 1}
    await settle_account(town, delivered=1)


async def test_a_full_florist_gets_no_more_also_after_a_restart(autojump_clock: MockClock) -> None:
    """Capacity is counted over everything that came in, an upload of many included; what nobody takes is held."""
    shops = [shop(0, "75011", role=Role.SENDING), *(shop(n, "75011", capacity_per_day=2) for n in (1, 2))]
    async with town_with(*shops) as town:
        async with town.running():
            await town.submit(*(unplaced(f"o{number}") for number in range(3)))
            await trio.sleep(60)
        async with town.running() as gateway:
            await town.submit(*(unplaced(f"late{number}") for number in range(2)))
            await town.wait(lambda counts: counts == {State.HELD: 1})
            assert gateway.routing is not None
            assert gateway.routing.router.loads.on(MOTHERS_DAY) == {"FR-1": 2, "FR-2": 2}
            [held] = [fax for fax in town.faxes if (await town.view(fax)).state is State.HELD]
            assert (await town.view(held)).reason == (
                "no florist: of 3 near enough, 2 has as many orders as it takes that day, 1 sends the order"
            )
        await settle_account(town, delivered=4, waiting=1)


async def test_one_that_cannot_be_reached_goes_to_the_next(autojump_clock: MockClock) -> None:
    """Nobody at the first number, nor at the second: the third florist gets it; nobody has it twice."""
    async with town_with() as town, town.running():
        for number in (1, 2):
            town.carrier.script(line_of(number), ["bad_number"] * 3)
        [fax_id] = await town.submit(unplaced("one"))
        await town.wait_state(fax_id, State.DELIVERED)
        assert await lines_called(town, fax_id) == [line_of(1), line_of(2), line_of(3)]
        assert await story(town, fax_id) == [("routed", "FR-1"), ("rerouted", "FR-2"), ("rerouted", "FR-3")]
        told = [event.data for event in (await town.view(fax_id)).events if event.kind == "rerouted"]
        assert [(data["who"], data["why"]) for data in told] == [("routing", "bad_number")] * 2
    await settle_account(town, delivered=1)


async def test_how_often_an_order_moves_by_itself_is_bounded(autojump_clock: MockClock) -> None:
    """After as many moves as the config allows it fails, as an order does that names its florist."""
    async with town_with(reroutes_max=1) as town, town.running():
        for number in (1, 2, 3, 4):
            town.carrier.script(line_of(number), ["bad_number"] * 3)
        [fax_id] = await town.submit(unplaced("one"))
        await town.wait_state(fax_id, State.FAILED)
        assert await lines_called(town, fax_id) == [line_of(1), line_of(2)]
        # The relay, which looks for florists where a fax failed, is told the same.
        await trio.sleep(2 * HOUR)
        assert {taken.number for taken in town.carrier.faxes()} == {line_of(1), line_of(2)}
    await settle_account(town, failed=1)


async def test_what_may_have_arrived_goes_to_nobody_else(autojump_clock: MockClock) -> None:
    """A doubt is a person's: two florists must not make one bouquet."""
    async with town_with() as town, town.running():
        town.carrier.script(line_of(1), ["lost_answer+missing_receipt"])
        town.carrier.set_shares({"ask_lost": 1.0})
        [fax_id] = await town.submit(unplaced("one", deadline=town.start_later(HOUR)))
        await trio.sleep(2 * HOUR)
        assert (await town.view(fax_id)).state is State.UNKNOWN
        assert await story(town, fax_id) == [("routed", "FR-1")]
    await settle_account(town, waiting=1)


async def test_before_a_deadline_is_lost_another_florist_gets_it(autojump_clock: MockClock) -> None:
    """The line is busy for an hour; twelve minutes before the deadline the order goes elsewhere, and arrives."""
    async with town_with() as town, town.running():
        town.carrier.script(line_of(1), ["stuck"])
        [first] = await town.submit(order_for(1, "stuck"))
        await town.wait_event(first, "submitted")
        [fax_id] = await town.submit(unplaced("late", deadline=town.start_later(HOUR)))
        view = await town.wait_state(fax_id, State.DELIVERED)
        assert await lines_called(town, fax_id) == [line_of(2)]
        [moved] = [event for event in view.events if event.kind == "rerouted"]
        assert (moved.data["step"], moved.data["member"]) == ("other_florist", "FR-2")
        assert round(((view.deadline_at or 0.0) - moved.at) / 60) == 12
    await settle_account(town, delivered=1, waiting=1)


async def test_orders_leave_a_dead_line(autojump_clock: MockClock) -> None:
    """Once a line is taken for dead everything behind it goes to others, and nothing new comes to it."""
    async with town_with() as town, town.running():
        town.carrier.script(line_of(1), ["bad_number"] * 50)
        faxes = await town.submit(*(unplaced(f"o{number}") for number in range(12)))
        await town.wait()
        assert {(await town.view(fax)).line for fax in faxes} <= {line_of(2), line_of(3), line_of(4)}
        calls = sum(taken.number == line_of(1) for taken in town.carrier.faxes())
        assert calls <= LineConfig().bad_number_max + 1
        [after] = await town.submit(unplaced("after"))
        assert await story(town, after) == [("routed", "FR-2")]
        await town.wait()
    await settle_account(town, delivered=13)


async def test_where_nobody_is_open_the_order_is_held_until_a_person_reroutes_it(autojump_clock: MockClock) -> None:
    """Taken in, with the reason in its trail; it cannot be released to nowhere; rerouted it goes at once."""
    shut = [shop(number, "75011", opening_hours="Mo-Fr 09:00-18:00") for number in (1, 2)]
    async with town_with(shop(0, "75011", role=Role.SENDING), *shut) as town, town.running() as gateway:
        [fax_id] = await town.submit(unplaced("one"))
        view = await town.view(fax_id)
        assert (view.state, view.line) == (State.HELD, NO_LINE)
        assert view.reason == "no florist: of 3 near enough, 2 is closed on that day, 1 sends the order"
        assert [event.kind for event in view.events] == ["accepted", "set_aside"]
        refused = town.metrics.registry.get_sample_value("faxgw_not_routed_total", {"reason": "closed_that_day"})
        assert refused == 1
        assert "reroute it to a member or a number" in gateway.desk.why(view).detail
        assert await gateway.desk.release(fax_id, "Ada", "") == Stale(State.HELD)
        number = "+33199007777"
        assert isinstance(await gateway.desk.reroute(fax_id, Destination(number), "Ada", "asked"), Changed)
        assert (await town.wait_state(fax_id, State.DELIVERED)).line == number
    await settle_account(town, delivered=1)


async def test_a_released_order_is_looked_at_again(autojump_clock: MockClock) -> None:
    """Another florist's cancelled order made room: releasing the one that waits finds the florist."""
    shops = [shop(0, "75011", role=Role.SENDING), shop(1, "75011", capacity_per_day=1)]
    async with town_with(*shops) as town, town.running() as gateway:
        first, second = await town.submit(
            unplaced("first", not_before=town.start_later(HOUR)), unplaced("second", not_before=town.start_later(HOUR))
        )
        assert (await town.view(second)).state is State.HELD
        await gateway.desk.cancel(first, "Ada", "")
        await trio.sleep(5)
        assert await gateway.desk.release(second, "Ada", "room again") == Changed(State.QUEUED)
        await town.wait_state(second, State.DELIVERED)
    await settle_account(town, delivered=1, cancelled=1)


async def test_a_foreign_order_goes_to_the_unit_of_its_country(autojump_clock: MockClock) -> None:
    """Which finds the florist there by itself; a country without a unit is a person's."""
    unit = shop(5, "1000", country="DE", kind=Kind.UNIT, fax="+33 1 99 00 00 05", phone="+33 3 53 01 00 05")
    async with town_with(*SHOPS, unit) as town, town.running():
        abroad = msgspec.structs.replace(unplaced("x").recipient, country="DE", postcode="10115")
        nowhere = msgspec.structs.replace(abroad, country="SE", postcode="111 22")
        german, swedish = await town.submit(
            unplaced("german", recipient=abroad), unplaced("swedish", recipient=nowhere)
        )
        await town.wait_state(german, State.DELIVERED)
        assert await story(town, german) == [("routed", "FR-5")]
        assert (await town.view(swedish)).reason.startswith("no florist")
    await settle_account(town, delivered=1, waiting=1)


async def test_mothers_day_is_planned_anew_after_a_florist_went_away(autojump_clock: MockClock) -> None:
    """The orders of a florist who is away go to others within their capacities; the plan again changes nothing."""
    shops = [shop(0, "75011", role=Role.SENDING)]
    shops += [shop(number, "75011", capacity_per_day=10) for number in range(1, 6)]
    async with town_with(*shops) as town, town.running() as gateway:
        faxes = await town.submit(
            *(unplaced(f"o{number}", not_before=town.start_later(3 * HOUR)) for number in range(40))
        )
        routing = gateway.routing
        assert routing is not None
        assert sum(routing.router.loads.on(MOTHERS_DAY).values()) == 40
        gateway.relay.away.put([Absence("FR-3", MOTHERS_DAY, None)])
        gateway.relay.on_absences()
        await trio.sleep(5)
        loads = routing.router.loads.on(MOTHERS_DAY)
        assert "FR-3" not in loads
        assert sum(loads.values()) == 40
        assert all(load <= 10 for load in loads.values())
        dry = await routing.replanning.replan(MOTHERS_DAY, dry_run=True)
        assert isinstance(dry, Replanned)
        assert dry.moved == 0
        done = await routing.replanning.replan(MOTHERS_DAY)
        assert isinstance(done, Replanned)
        assert (done.orders, done.moves, done.unserved) == (40, dry.moves, [])
        assert done.points <= done.greedy_points
        again = await routing.replanning.replan(MOTHERS_DAY)
        assert isinstance(again, Replanned)
        assert (again.moves, again.points) == ([], done.points)
        await town.wait()
        assert line_of(3) not in {(await town.view(fax)).line for fax in faxes}
    await settle_account(town, delivered=40)


async def test_a_plan_finds_florists_for_those_that_wait_and_leaves_what_people_chose(
    autojump_clock: MockClock,
) -> None:
    """One slot is taken by an order that could go elsewhere, and an order with one florist alone waits for it."""
    shops = [
        shop(0, "75011", role=Role.SENDING),
        shop(1, "94000", capacity_per_day=1),
        shop(2, "94000", capacity_per_day=5, products=("FR-BQ",)),
    ]
    async with town_with(*shops) as town, town.running() as gateway:
        later = town.start_later(3 * HOUR)
        here = msgspec.structs.replace(unplaced("x").recipient, postcode="94000")
        plain = [msgspec.structs.replace(line, code="FR-BQ-1") for line in unplaced("x").lines]
        special = [msgspec.structs.replace(line, code="FR-DE-1") for line in unplaced("x").lines]
        easy, hard = await town.submit(
            unplaced("easy", recipient=here, lines=plain, not_before=later),
            unplaced("hard", recipient=here, lines=special, not_before=later),
        )
        assert await story(town, easy) == [("routed", "FR-1")]
        assert (await town.view(hard)).state is State.HELD
        assert gateway.routing is not None
        done = await gateway.routing.replanning.replan(MOTHERS_DAY)
        assert not isinstance(done, NoSolver)
        assert (done.moved, done.unserved) == (2, [])
        await town.wait()
        assert await lines_called(town, easy) == [line_of(2)]
        assert await lines_called(town, hard) == [line_of(1)]
    await settle_account(town, delivered=2)


@pytest.mark.parametrize("day", [MOTHERS_DAY, MOTHERS_DAY + dt.timedelta(1)])
async def test_a_day_without_orders_is_planned_quickly(autojump_clock: MockClock, day: dt.date) -> None:
    """Nothing to do is done."""
    async with town_with() as town, town.running() as gateway:
        assert gateway.routing is not None
        done = await gateway.routing.replanning.replan(day)
        assert isinstance(done, Replanned)
        assert (done.orders, done.moves, done.points) == (0, [], 0)
    await settle_account(town)


async def test_a_rejected_order_goes_to_the_next_florist(autojump_clock: MockClock) -> None:
    """The first has the page and rejects it; the relay asks routing, and the second gets a page of its own."""
    async with town_with() as town, town.running() as gateway:
        [first] = await town.submit(unplaced("one"))
        await town.wait_state(first, State.DELIVERED)
        await trio.sleep(60)
        rejected = RelayMessage(
            key="rej-1",
            kind=MessageKind.REJ,
            at=town.clock.now(),
            source=Source(Channel.API, "shop"),
            order_number="one",
            from_member="FR-1",
            reason=RejectReason.CAPACITY,
        )
        [answer] = await gateway.relay.take([rejected])
        assert isinstance(answer, RelayTaken)
        await trio.sleep(HOUR)
        called = [taken.number for taken in town.carrier.faxes()]
        assert called[:1] == [line_of(1)]
        assert line_of(2) in called
        assert gateway.routing is not None
        assert gateway.routing.router.loads.on(MOTHERS_DAY) == {"FR-2": 1}
        story_of = await town.store.relay.story("one")
        assert story_of is not None
        assert (story_of.order.executing, story_of.order.tried) == ("FR-2", ("FR-1",))
