"""The register changes while faxes wait: a store leaves, a number, its hours and its machines become others."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio
from trio.testing import MockClock

from faxgw.config.members import Members
from faxgw.fax import State, Waiting
from faxgw.gateway import Gateway
from faxgw.members import changing, enrolment, importing
from faxgw.members.decisions import Decided
from faxgw.members.keeper import Keeper
from faxgw.members.people import Person
from faxgw.phone import Line
from tests.journeys.account import settle_account
from tests.journeys.town import START, Town, florist, line_of, open_town, order_for

INES = Person("Inès", "ines")
TODAY = START.date()
NEW = "+33 1 99 00 90 01"
NEW_LINE = Line("+33199009001")
A_DAY = 86_400.0


async def keep_register(town: Town) -> Keeper:
    """A keeper as a start makes one; at the first start the town's florists come into its books."""
    keeper = Keeper(town.store.register, Members(timezone="Europe/Paris"), town.clock, town.metrics)
    await keeper.load()
    if not len(keeper.books.history):
        members = list(town.register)
        await keeper.change(
            INES, "", lambda b, a: importing.take_over(b, a, members, TODAY - dt.timedelta(30), is_whole=False)
        )
    town.keeper, town.register = keeper, keeper.live
    return keeper


@asynccontextmanager
async def kept_town(**options: Any) -> AsyncIterator[Town]:
    async with open_town(**options) as town:
        await keep_register(town)
        yield town


async def change(town: Town, member: str, **fields: Any) -> None:
    assert town.keeper is not None
    done = await town.keeper.change(
        INES, "moved", lambda b, a: changing.change(b, a, member, fields, a.today, dt.date.max)
    )
    assert isinstance(done, Decided), done


def numbers_called(town: Town) -> list[str]:
    return sorted(taken.number for taken in town.carrier.faxes())


async def test_faxes_that_wait_go_to_the_new_number(autojump_clock: MockClock) -> None:
    """Those in line, held ones and those that a night keeps; a number that somebody wrote stays as written."""
    hours = {"opening_hours": "Mo-Su 10:00-18:00"}
    async with kept_town() as town, town.running() as gateway:
        await change(town, "FR-1", **hours)
        waiting, held = await town.submit(order_for(1, "waits"), order_for(1, "held"))
        await gateway.desk.hold(held, "ines", "")
        await town.submit(order_for(2, "other"))
        await trio.sleep(60)
        await change(town, "FR-1", fax=NEW)
        await trio.sleep(1)
        assert (await town.view(waiting)).line == (await town.view(held)).line == NEW_LINE
        await gateway.desk.release(held, "ines", "")
        await town.wait()
        rerouted = next(event for event in (await town.view(waiting)).events if event.kind == "rerouted")
        assert (rerouted.data["who"], rerouted.data["why"]) == ("register", "its florist has another fax number")
    assert numbers_called(town) == sorted([line_of(2), NEW_LINE, NEW_LINE])
    await settle_account(town, delivered=3)


async def test_what_a_carrier_has_follows_when_it_comes_back(autojump_clock: MockClock) -> None:
    """The old number was being dialled when it changed; it was busy, and the next call is to the new one."""
    async with kept_town(shares={"busy": 1.0}) as town, town.running():
        [fax] = await town.submit(order_for(1, "under-way"))
        await town.wait_state(fax, State.SUBMITTED)
        await change(town, "FR-1", fax=NEW)
        await trio.sleep(1)
        assert (await town.view(fax)).line == line_of(1)
        town.carrier.set_shares({})
        view = await town.wait_state(fax, State.DELIVERED)
        assert [attempt.line for attempt in view.attempts] == [line_of(1), NEW_LINE]
    moved = town.metrics.registry.get_sample_value
    assert moved("faxgw_faxes_moved_total", {"result": "late"}) == 1
    assert moved("faxgw_faxes_moved_total", {"result": "moved"}) == 1
    await settle_account(town, delivered=1)


async def test_a_restart_finds_the_faxes_that_a_stop_left_on_the_old_number(autojump_clock: MockClock) -> None:
    """The number changed while nothing ran."""
    async with kept_town() as town:
        async with town.running() as gateway:
            [fax] = await town.submit(order_for(1, "held"))
            await gateway.desk.hold(fax, "ines", "")
        await keep_register(town)
        await change(town, "FR-1", fax=NEW)
        await keep_register(town)
        async with town.running() as gateway:
            await trio.sleep(1)
            await gateway.desk.release(fax, "ines", "")
            await town.wait()
    assert numbers_called(town) == [NEW_LINE]
    await settle_account(town, delivered=1)


async def test_new_hours_count_at_once(autojump_clock: MockClock) -> None:
    """The shop that just shut is called when it opens; the one that opened is called now."""
    async with kept_town() as town, town.running() as gateway:
        await change(town, "FR-1", opening_hours="Mo-Su 10:00-18:00")
        [fax] = await town.submit(order_for(1, "early"))
        await trio.sleep(60)
        assert gateway.desk.why(await town.view(fax)).waiting is Waiting.WINDOW_CLOSED
        await change(town, "FR-1", opening_hours=None)
        await town.wait_state(fax, State.DELIVERED, seconds_max=600)
    await settle_account(town, delivered=1)


async def test_another_machine_takes_another_call(autojump_clock: MockClock) -> None:
    """Two machines from this moment on, and never three calls."""
    async with kept_town() as town, town.running():
        await town.submit(*(order_for(1, f"order-{number}") for number in range(12)))
        await trio.sleep(30)
        await change(town, "FR-1", fax_calls_max=2)
        changed_at = town.clock.now()
        await town.wait()
    taken = town.carrier.faxes()
    at_once = [sum(other.taken_at <= each.taken_at < (other.ended_at or 0) for other in taken) for each in taken]
    assert max(count for each, count in zip(taken, at_once, strict=True) if each.taken_at < changed_at) == 1
    assert max(at_once) == 2
    await settle_account(town, delivered=12)


async def test_a_store_withdraws_on_a_day(autojump_clock: MockClock) -> None:
    """Up to that day it gets orders, for up to that day; then none. What it sent goes out, and its data stays."""
    async with kept_town() as town, town.running() as gateway:
        keeper = town.keeper
        assert keeper is not None
        await keeper.change(INES, "sold", lambda b, a: enrolment.withdraw(b, a, "FR-1", TODAY))
        await town.submit(order_for(1, "last-day"))
        for_later = order_for(1, "for-later")
        later = order_for(1, "day-after", sender="FR-2")
        [sent] = await town.submit(order_for(2, "sent-by-it", sender="FR-1", not_before=town.start_later(1.5 * A_DAY)))
        [left_over] = await town.submit(order_for(1, "left-over", not_before=town.start_later(1.5 * A_DAY)))
        await _refused(gateway, for_later, days=1, reason="its last day")
        await trio.sleep(A_DAY)
        await _refused(gateway, later, days=0, reason="has left the network")
        await town.wait_state(sent, State.DELIVERED)
        view = await town.wait_state(left_over, State.HELD)
        assert "FR-1" in view.reason
        former = keeper.live.find_former("FR-1")
        assert former is not None
        assert former.name == florist(1).name
        assert [entry.kind for entry in keeper.books.trail["FR-1"]] == ["fields", "fields"]
        await gateway.desk.cancel(left_over, "ines", "another florist makes it")
    assert numbers_called(town) == sorted([line_of(1), line_of(2)])
    await settle_account(town, delivered=2, cancelled=1)


async def _refused(gateway: Gateway, order: Any, *, days: int, reason: str) -> None:
    delivery = msgspec.structs.replace(order.delivery, date=TODAY + dt.timedelta(days))
    [faults] = await gateway.desk.submit("shop", [msgspec.structs.replace(order, delivery=delivery)])
    assert isinstance(faults, list)
    assert [fault.pointer for fault in faults] == ["/executing_member"]
    assert reason in faults[0].detail
