"""Relay, routing and register at once: one florist is away, one leaves, one rejects; no order moves twice."""

import datetime as dt
from collections import Counter

import msgspec
import trio
from trio.testing import MockClock

from faxgw.config.relay import Relay
from faxgw.config.routing import RoutingConfig
from faxgw.fax import State
from faxgw.members import enrolment
from faxgw.members.decisions import Decided
from faxgw.members.member import Role
from faxgw.members.register import Register
from faxgw.message import Kind
from faxgw.order import Delivery, Order
from faxgw.relay.traffic import RelayTraffic
from faxgw.store.admission import Content
from faxgw.store.relay.port import RelayTaken, Stage
from tests.journeys.test_register_changes import INES, keep_register
from tests.journeys.test_routing import HOUR, MOTHERS_DAY, PLACES, shop, unplaced
from tests.journeys.town import START, Town, open_town
from tests.relay.town import said

SHOPS = 6
LATER = MOTHERS_DAY + dt.timedelta(2)
SETTINGS = {"routing": RoutingConfig(), "relay": Relay(timezone="Europe/Paris", follow_seconds=0.1)}


async def tell(town: Town, kind: Kind, by: str | None, number: str = "", **more: object) -> None:
    assert town.gateway is not None
    [answer] = await town.gateway.relay.take([said(kind, by, number, at=town.clock.now(), **more)])  # type: ignore[arg-type]
    assert isinstance(answer, RelayTaken), answer


async def executing(town: Town, orders: list[Order]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for order in orders:
        story = await town.store.relay.story(order.number)
        assert story is not None
        found[order.number] = story.order.executing
    return found


async def moves(town: Town) -> Counter[str]:
    """How often each order went to another florist, whoever moved it."""
    counted: Counter[str] = Counter()
    numbers: dict[int, str] = {}
    for event in await town.store.events(0, 100_000):
        if event.kind == "accepted":
            numbers[event.fax_id] = (await town.view(event.fax_id)).number
        elif event.kind == "rerouted":
            counted[numbers[event.fax_id]] += 1
        elif event.kind == "relay_message" and event.data["kind"] in {"FOR", "ORDER"}:
            counted[str(event.data["number"])] += 1
    return counted


async def owners(town: Town) -> dict[str, list[str]]:
    """By order: the members of its order faxes that are on their way or arrived, and were not taken back."""
    living: dict[str, list[str]] = {}
    taken_back: set[tuple[str, str]] = set()
    for event in await town.store.events(0, 100_000):
        if event.kind != "accepted":
            continue
        view = await town.view(event.fax_id)
        member = view.member or msgspec.json.decode(view.order).get("executing_member") or ""
        if view.content is Content.ORDER and view.state is not State.CANCELLED:
            living.setdefault(view.number, []).append(member)
        elif view.content is Content.RELAY:
            paper = msgspec.json.decode(view.order)
            if paper["title"] == "CAN":
                taken_back.add((view.number, paper["to_member"]))
    return {
        number: [each for each in members if (number, each) not in taken_back] for number, members in living.items()
    }


def order(key: str, day: dt.date = MOTHERS_DAY, **changes: object) -> Order:
    return unplaced(key, delivery=Delivery(day), **changes)


async def test_florists_come_and_go_and_every_order_has_one(autojump_clock: MockClock) -> None:
    """Sixty orders, waiting, arrived and accepted; SUS, a withdrawal, a REJ; at the end each is with one florist."""
    shops = [shop(0, "75011", role=Role.SENDING), *(shop(n, "75011", capacity_per_day=40) for n in range(1, SHOPS))]
    async with open_town(register=Register(shops), settings=SETTINGS, places=PLACES) as town:
        keeper = await keep_register(town)
        async with town.running() as gateway:
            at_once = [order(f"now{n}") for n in range(20)]
            waiting = [order(f"wait{n}", not_before=town.start_later(20 * HOUR)) for n in range(20)]
            later = [order(f"later{n}", LATER, not_before=town.start_later(20 * HOUR)) for n in range(20)]
            everything = [*at_once, *waiting, *later]
            await town.submit(*everything)
            await trio.sleep(2 * HOUR)
            before = await executing(town, everything)
            away = Counter(before.values()).most_common(1)[0][0]
            assert away is not None
            accepted = next(each.number for each in at_once if before[each.number] == away)
            await tell(town, Kind.ACK, away, accepted)

            await tell(town, Kind.SUS, away, first_day=MOTHERS_DAY, last_day=MOTHERS_DAY)
            await trio.sleep(HOUR)
            after = await executing(town, everything)
            left = {number for number in before if before[number] != after[number]}
            assert left == {
                each.number for each in [*at_once, *waiting] if before[each.number] == away and each.number != accepted
            }
            assert await moves(town) == Counter(left)
            assert after[accepted] == away

            leaver = next(member for each in later if (member := after[each.number]) not in {None, away})
            assert leaver is not None
            gone = await keeper.change(INES, "sold", lambda b, a: enrolment.withdraw(b, a, leaver, MOTHERS_DAY))
            assert isinstance(gone, Decided), gone
            await trio.sleep(HOUR)
            now = await executing(town, everything)
            moved = {number for number in after if now[number] != after[number]}
            assert moved == {each.number for each in later if after[each.number] == leaver}
            assert await moves(town) == Counter([*left, *moved])

            rejecting = now[accepted]
            await tell(town, Kind.REJ, rejecting, accepted)
            await trio.sleep(30 * HOUR)
            end = await executing(town, everything)
            assert end[accepted] not in {None, away, rejecting}
            assert await moves(town) == Counter([*left, *moved, accepted])

            # One florist an order, who alone has a page of it that counts.
            held = await owners(town)
            assert {number: [member] for number, member in end.items()} == {
                number: [each for each in members if (number, each) != (accepted, rejecting)]
                for number, members in held.items()
            }
            assert gateway.routing is not None
            loads = gateway.routing.router.loads
            assert sum(loads.on(MOTHERS_DAY).values()) + sum(loads.on(LATER).values()) == len(everything)
            assert loads.on(MOTHERS_DAY) == Counter(end[each.number] for each in [*at_once, *waiting])
            stages = Counter([(await town.store.relay.story(number)).order.stage for number in end])  # type: ignore[union-attr]
            assert stages == {Stage.OFFERED: len(everything)}
            await town.wait()
            counted = await RelayTraffic(town.store.relay).traffic(0.0, START.timestamp() + 1e6)
            assert sum(each.offered for each in counted.values()) == len(everything) + 1
            assert counted[str(rejecting)].rejected == 1
