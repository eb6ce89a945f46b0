"""A florist with many orders gets them in one call; whatever becomes of the call, each order ends once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
from trio.testing import MockClock

from faxgw.config.calls import CallConfig
from faxgw.fax import FaxId, State
from faxgw.provider.port import Capabilities, LookUpKind
from faxgw.provider.scripted import ScriptedProvider
from faxgw.store.changes import Changed, Ruling
from faxgw.store.stops import Scope
from tests.journeys.account import settle_account
from tests.journeys.test_crash_anywhere import MISHAPS, live_until_death
from tests.journeys.town import Town, carrier_config, line_of, open_town, order_for

FIVE = CallConfig(faxes_max=5)


@asynccontextmanager
async def busy_morning(
    plays: Sequence[str] = (), orders: int = 5, *, sharing: CallConfig = FIVE, shares: Mapping[str, float] | None = None
) -> AsyncIterator[tuple[Town, list[FaxId]]]:
    """A florist whose orders came in while her line was stopped: they all wait when it is let go."""
    async with open_town(settings={"call": sharing}, shares=shares) as town:
        town.carrier.script(line_of(1), list(plays))
        async with town.running() as gateway:
            await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
            faxes = await town.submit(*(order_for(1, f"order-{number}") for number in range(orders)))
            await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
            yield town, faxes


async def test_five_orders_that_wait_go_in_one_call(autojump_clock: MockClock) -> None:
    """One reference, one receipt, five deliveries; the trail of each names the others."""
    async with busy_morning() as (town, faxes):
        await town.wait()
        [taken] = town.carrier.faxes()
        assert (taken.pages, taken.reference) == (5, f"{town.store.store_id}-{faxes[0]}-1")
        views = [await town.view(fax_id) for fax_id in faxes]
        assert [view.attempts[-1].first_page for view in views] == [1, 2, 3, 4, 5]
        assert {view.attempts[-1].client_ref for view in views} == {taken.reference}
        assert {view.attempts[-1].call_sha256 for view in views} == {taken.sha256}
        assert views[1].attempts[-1].in_call_with == (faxes[0], *faxes[2:])
        assert [await town.kinds(fax_id) for fax_id in faxes] == [["accepted", "sending", "submitted", "delivered"]] * 5
        pages = [await shown(town, fax_id) for fax_id in faxes]
        assert all(isinstance(page, bytes) for page in pages), "each fax is shown, and proven, by itself"
    await settle_account(town, delivered=5)


async def shown(town: Town, fax_id: FaxId) -> bytes | str:
    assert town.gateway is not None
    return await town.gateway.archive.page(await town.view(fax_id), "tif")


async def test_no_more_than_the_config_says_go_in_one_call(autojump_clock: MockClock) -> None:
    """Twelve orders, five a call: three handshakes instead of twelve."""
    async with busy_morning(orders=12) as (town, _):
        await town.wait()
        assert [taken.pages for taken in town.carrier.faxes()] == [5, 5, 2]
    await settle_account(town, delivered=12)


async def test_a_call_that_breaks_after_page_2_of_5_delivers_two(autojump_clock: MockClock) -> None:
    """The third is charged and goes alone, so that it harms no other; the last two go again uncharged, together."""
    async with busy_morning(["page:2"]) as (town, faxes):
        await town.wait()
        attempts = [(await town.view(fax_id)).attempts for fax_id in faxes]
        assert [[each.outcome for each in tries] for tries in attempts] == [
            ["delivered"],
            ["delivered"],
            ["page", "delivered"],
            ["not_reached", "delivered"],
            ["not_reached", "delivered"],
        ]
        assert [taken.pages for taken in town.carrier.faxes()] == [5, 2, 1]
        assert [(await town.view(fax_id)).calls for fax_id in faxes] == [1, 1, 2, 1, 1]
        [broken, *_] = town.carrier.faxes()
        assert broken.ended_at is not None
        told = [event.data["call_seconds"] for event in await town.events("delivered")]
        assert told[:2] == [broken.ended_at - broken.taken_at] * 2, "the time of the call that they were delivered in"
    await settle_account(town, delivered=5)


async def test_a_fax_whose_pages_are_cut_through_goes_again_whole(autojump_clock: MockClock) -> None:
    """Two of its three pages are there: that is a failed page of this fax, whatever stands before and behind it."""
    async with open_town(settings={"call": FIVE}) as town:
        town.renderer.pages["order-1"] = 3
        town.carrier.script(line_of(1), ["page:3"])
        async with town.running() as gateway:
            await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
            faxes = await town.submit(*(order_for(1, f"order-{number}") for number in range(3)))
            await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
            await town.wait()
        outcomes = [[each.outcome for each in (await town.view(fax_id)).attempts] for fax_id in faxes]
        assert outcomes == [["delivered"], ["page", "delivered"], ["not_reached", "delivered"]]
        await settle_account(town, delivered=3)


@pytest.mark.parametrize("play", ["busy", "no_answer", "network"])
async def test_a_call_that_nobody_took_failed_once_for_all(play: str, autojump_clock: MockClock) -> None:
    """All go again, in one call again; the line learnt of one failed call, not of five."""
    async with busy_morning([play]) as (town, faxes):
        await town.wait()
        assert [taken.pages for taken in town.carrier.faxes()] == [5, 5]
        assert town.gateway is not None
        views = [await town.view(fax_id) for fax_id in faxes]
        assert [[each.outcome for each in view.attempts] for view in views] == [[play, "delivered"]] * 5
        unfinished = await town.store.load()
        assert unfinished.lines == [town.gateway.waiting.memory_of(line_of(1))]
    await settle_account(town, delivered=5)


async def test_a_page_that_never_goes_through_stops_no_other_order(autojump_clock: MockClock) -> None:
    """The first order of the call fails for good; the four behind it are delivered."""
    plays = ["page:0", "delivered", "page:0", "page:0"]
    async with busy_morning(plays) as (town, faxes):
        await town.wait()
        assert (await town.view(faxes[0])).state is State.FAILED
        assert [taken.pages for taken in town.carrier.faxes()] == [5, 4, 1, 1]
    await settle_account(town, delivered=4, failed=1)


async def test_a_page_that_cannot_be_drawn_is_set_aside_alone(autojump_clock: MockClock) -> None:
    """First or in the middle: the others go."""
    for broken in ("order-0", "order-2"):
        async with open_town(settings={"call": FIVE}) as town:
            town.renderer.broken.add(broken)
            async with town.running() as gateway:
                await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
                await town.submit(*(order_for(1, f"order-{number}") for number in range(5)))
                await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
                await town.wait(lambda counts: sum(counts.values()) == counts.get(State.HELD))
            await settle_account(town, delivered=4, waiting=1)


@pytest.mark.parametrize("receipt", ["doubled_receipt", "out_of_order", "early_receipt", "missing_receipt"])
async def test_a_receipt_counts_once_for_each_fax_of_its_call(receipt: str, autojump_clock: MockClock) -> None:
    """Doubled, late, too early or lost: five deliveries, and as many events."""
    async with busy_morning([f"page:2+{receipt}", receipt]) as (town, _):
        await town.wait()
        assert len(await town.events("delivered")) == 5
        assert await town.events("contradicted") == []
    await settle_account(town, delivered=5)


@pytest.mark.parametrize("answer", ["lost_answer", "server_error_accepted", "broken_body", "closed_before"])
async def test_a_lost_answer_puts_the_whole_call_in_doubt(answer: str, autojump_clock: MockClock) -> None:
    """All five are asked for under one reference, and found, or sent in one call once it is sure that they were not."""
    async with busy_morning([answer]) as (town, faxes):
        await town.wait_state(faxes[0], State.UNKNOWN)
        assert (await town.store.counts()) == {State.UNKNOWN: 5}
        await town.wait()
        calls = 2 if answer == "closed_before" else 1
        assert [len((await town.view(fax_id)).attempts) for fax_id in faxes] == [calls] * 5
        assert [taken.pages for taken in town.carrier.faxes()] == [5]
    await settle_account(town, delivered=5)


async def test_a_key_that_still_holds_is_handed_the_same_document_again(autojump_clock: MockClock) -> None:
    """The five pages are drawn and joined anew, to the bit."""
    async with open_town(settings={"call": FIVE}) as town:
        capabilities = Capabilities(look_up=LookUpKind.NONE, idempotent_seconds=3_600.0, tells_pages=True)
        carrier = ScriptedProvider("scripted", clock=town.clock, idempotent=True, capabilities=capabilities)
        carrier.script(line_of(1), ["lost_answer+missing_receipt"])
        async with town.with_carrier(carrier), town.running() as gateway:
            await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
            await town.submit(*(order_for(1, f"order-{number}") for number in range(5)))
            await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
            await town.wait()
            [taken] = carrier.faxes()
            assert taken.pages == 5
        await settle_account(town, delivered=5)


async def test_a_doubt_of_the_last_page_is_one_of_all_that_were_not_confirmed(autojump_clock: MockClock) -> None:
    """Four of five pages are confirmed: four faxes are delivered, and one waits for a person, who finds it there."""
    async with busy_morning(["in_doubt"]) as (town, faxes):
        await town.wait_event(faxes[4], "parked")
        assert await town.store.counts() == {State.DELIVERED: 4, State.UNKNOWN: 1}
        assert town.gateway is not None
        resolved = await town.gateway.desk.resolve(faxes[4], Ruling.DELIVERED, "Ada", "it is in the tray")
        assert resolved == Changed(State.DELIVERED)
        assert [(taken.pages_delivered, taken.pages_arrived) for taken in town.carrier.faxes()] == [(4, 5)]
        assert await town.store.counts() == {State.DELIVERED: 5}


async def test_who_resolves_one_fax_of_a_call_in_doubt_leaves_the_line_to_the_others(autojump_clock: MockClock) -> None:
    """The first is resolved by hand while the carrier is asked: no other call begins before all is clear."""
    async with busy_morning(["lost_answer+missing_receipt"], orders=6) as (town, faxes):
        await town.wait_state(faxes[0], State.UNKNOWN)
        assert town.gateway is not None
        await town.gateway.desk.resolve(faxes[0], Ruling.DELIVERED, "Ada", "it is in the tray")
        lines = [(each.fax_id, each.line) for each in (await town.store.load()).attempts]
        assert lines == [(faxes[1], line_of(1))], "the call is still known by one reference, led by the next fax"
        assert (await town.view(faxes[5])).attempts == ()
        await town.wait()
        assert [taken.pages for taken in town.carrier.faxes()] == [5, 1]
    await settle_account(town, delivered=6)


async def test_what_happens_to_one_fax_of_a_call_is_as_if_it_had_it_for_itself(autojump_clock: MockClock) -> None:
    """A cancel while the carrier has it comes too late; its fellows are not touched."""
    async with busy_morning() as (town, faxes):
        await town.wait_state(faxes[2], State.SUBMITTED)
        assert town.gateway is not None
        assert await town.gateway.desk.cancel(faxes[2], "Ada", "") == await town.gateway.desk.hold(faxes[3], "Ada", "")
        await town.wait()
    await settle_account(town, delivered=5)


async def test_classes_are_not_mixed_and_the_better_one_goes_first(autojump_clock: MockClock) -> None:
    """Two express orders go in a call of their own before three standard ones."""
    async with open_town(settings={"call": FIVE}) as town, town.running() as gateway:
        await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
        orders = [order_for(1, f"order-{number}") for number in range(5)]
        express = [msgspec.structs.replace(order, priority=type(order.priority).EXPRESS) for order in orders[3:]]
        faxes = await town.submit(*orders[:3], *express)
        await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
        await town.wait()
        references = [taken.reference.split("-")[1] for taken in town.carrier.faxes()]
        assert references == [str(faxes[3]), str(faxes[0])]
        assert [taken.pages for taken in town.carrier.faxes()] == [2, 3]
    await settle_account(town, delivered=5)


async def test_no_fax_goes_along_whose_deadline_the_call_would_miss(autojump_clock: MockClock) -> None:
    """It leads the next call, while there is time; of what was sent nothing began after its deadline."""
    guess = CallConfig(faxes_max=5, setup_seconds=20.0, page_seconds=20.0)
    async with open_town(settings={"call": guess}) as town, town.running() as gateway:
        await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
        deadlines = [None, None, None, town.start_later(70.0)]
        await town.submit(*(order_for(1, f"order-{nth}", deadline=at) for nth, at in enumerate(deadlines)))
        await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
        await town.wait()
        assert sorted(taken.pages for taken in town.carrier.faxes()) == [4], "the nearest deadline leads"
        [lead] = town.carrier.faxes()
        assert lead.reference == f"{town.store.store_id}-{town.faxes[3]}-1"
    await settle_account(town, delivered=4)


async def test_a_carrier_that_tells_no_pages_gets_one_fax_a_call(autojump_clock: MockClock) -> None:
    """After a call that broke off nobody could say which of several arrived."""
    async with open_town(settings={"call": FIVE}) as town:
        carrier = ScriptedProvider("scripted", clock=town.clock, capabilities=Capabilities(tells_pages=False))
        async with town.with_carrier(carrier), town.running():
            await town.submit(*(order_for(1, f"order-{number}") for number in range(5)))
            await town.wait()
            assert [taken.pages for taken in carrier.faxes()] == [1] * 5
        await settle_account(town, delivered=5)


async def test_of_two_carriers_only_the_one_that_tells_pages_gets_several(autojump_clock: MockClock) -> None:
    """Whoever cannot go along is in line again, and nobody waits longer than for the line."""
    async with open_town(carrier_config("dumb"), carrier_config("clever", cost=1), settings={"call": FIVE}) as town:
        dumb = ScriptedProvider("dumb", clock=town.clock, capabilities=Capabilities())
        async with town.with_carrier(dumb), town.running() as gateway:
            await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "new paper")
            await town.submit(*(order_for(1, f"order-{number}") for number in range(5)))
            await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
            await trio.sleep(1.0)
            await gateway.control.suspend(Scope.PROVIDER, "dumb", "Ada", "")
            await town.wait()
        assert [taken.pages for taken in dumb.faxes()] == [1]
        assert [taken.pages for taken in town.carriers["clever"].faxes()] == [4]
        await settle_account(town, delivered=5)


@pytest.mark.parametrize("seed", range(30))
async def test_a_crash_anywhere_loses_and_doubles_nothing(seed: int, autojump_clock: MockClock) -> None:
    """Calls of several faxes among all mishaps, and three deaths at any step."""
    trio._core._run._r.seed(seed)
    shares = MISHAPS | {"page": 0.15, "protocol": 0.1}
    async with open_town(florists=3, shares=shares, seed=seed, settings={"call": FIVE}) as town:
        async with town.running():
            await town.submit(*(order_for(number % 2, f"order-{number}") for number in range(10)))
        for death in range(3):
            await live_until_death(town, 40 + (seed * 37 + death * 113) % 500)
            await trio.sleep((0, 30, 3_600)[(seed + death) % 3])
        async with town.running():
            await town.wait()
        counts = await town.store.counts()
        assert any(taken.pages > 1 for taken in town.carrier.faxes()), "no call was shared"
        await settle_account(town, delivered=counts.get(State.DELIVERED, 0), failed=counts.get(State.FAILED, 0))
