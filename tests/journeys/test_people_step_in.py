"""Somebody holds, releases or cancels a fax, whatever state it is in."""

from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock

from faxgw.fax import FaxId, State, Waiting
from faxgw.gateway import Gateway
from faxgw.store.changes import Changed, NoSuchFax, Recorded, Stale
from tests.journeys.account import settle_account
from tests.journeys.town import Town, line_of, open_town, order_for

Verb = Callable[[Gateway, FaxId], Awaitable[Recorded]]


async def hold(gateway: Gateway, fax_id: FaxId) -> Recorded:
    return await gateway.desk.hold(fax_id, "Ada", "the customer called")


async def release(gateway: Gateway, fax_id: FaxId) -> Recorded:
    return await gateway.desk.release(fax_id, "Ada", "")


async def cancel(gateway: Gateway, fax_id: FaxId) -> Recorded:
    return await gateway.desk.cancel(fax_id, "Ada", "the customer called")


async def bring_to(town: Town, gateway: Gateway, state: State) -> FaxId:
    """A fax in that state, which it does not leave for the next second."""
    plays = {State.DELIVERED: ["delivered"], State.FAILED: ["bad_number"], State.UNKNOWN: ["closed_before"]}
    town.carrier.script(line_of(1), plays.get(state, ["delivered"]))
    if state in {State.QUEUED, State.HELD, State.CANCELLED, State.EXPIRED}:
        # It waits behind a fax that has the line.
        [in_front] = await town.submit(order_for(1, "in-front"))
        await town.wait_event(in_front, "submitted")
    deadline = town.start_later(2) if state is State.EXPIRED else None
    [fax_id] = await town.submit(order_for(1, "this", deadline=deadline))
    if state is State.HELD:
        await hold(gateway, fax_id)
    if state is State.CANCELLED:
        await cancel(gateway, fax_id)
    await town.wait_state(fax_id, state)
    return fax_id


POSSIBLE: dict[Verb, dict[State, State]] = {
    hold: {State.QUEUED: State.HELD},
    release: {State.HELD: State.QUEUED},
    cancel: {State.QUEUED: State.CANCELLED, State.HELD: State.CANCELLED},
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", [hold, release, cancel])
async def test_a_person_moves_only_what_no_carrier_has(verb: Verb, state: State, autojump_clock: MockClock) -> None:
    """What is with a carrier or over is refused with its state; the rest moves, and the account holds."""
    async with open_town() as town, town.running() as gateway:
        fax_id = await bring_to(town, gateway, state)
        becomes = POSSIBLE[verb].get(state)
        assert await verb(gateway, fax_id) == (Stale(state) if becomes is None else Changed(becomes))
        await town.wait(lambda counts: sum(counts.values()) == counts.get(State.HELD, 0))
        counts = await town.store.counts()
        told = {each.value: counts.get(each, 0) for each in (State.DELIVERED, State.FAILED, State.CANCELLED)}
        expired = {"expired": 1} if state is State.EXPIRED else {}
        await settle_account(town, **told, **expired, waiting=counts.get(State.HELD, 0))


async def test_a_cancelled_fax_never_goes(autojump_clock: MockClock) -> None:
    """Once the cancel was confirmed the carrier never hears of the fax, wherever in the gateway it was."""
    async with open_town(florists=20) as town, town.running() as gateway:
        faxes = await town.submit(*(order_for(number, f"order-{number}") for number in range(20)))
        confirmed = [fax_id for fax_id in faxes if await cancel(gateway, fax_id) == Changed(State.CANCELLED)]
        assert confirmed
        await town.wait()
        for fax_id in confirmed:
            assert (await town.view(fax_id)).attempts == ()
    await settle_account(town, cancelled=len(confirmed), delivered=20 - len(confirmed))


async def test_the_rest_of_a_line_goes_when_its_first_is_held(autojump_clock: MockClock) -> None:
    """A hold keeps one fax from going, not the line behind it."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.set_shares({"down": 1.0})
        first, second = await town.submit(order_for(1, "first"), order_for(1, "second"))
        await town.wait_event(first, "retry")
        assert await hold(gateway, first) == Changed(State.HELD)
        town.carrier.set_shares({})
        await town.wait_state(second, State.DELIVERED)
        assert gateway.desk.why(await town.view(first)).waiting is Waiting.HELD
        await release(gateway, first)
        await town.wait()
    await settle_account(town, delivered=2)


@pytest.mark.parametrize("seed", range(4))
async def test_people_who_change_their_minds_lose_nothing(seed: int, autojump_clock: MockClock) -> None:
    """Holds and releases at any moment of a busy half hour: in the end everything was delivered once."""
    async with open_town(florists=5, shares={"busy": 0.3, "too_many": 0.2}, seed=seed) as town:
        async with town.running() as gateway:
            faxes = await town.submit(*(order_for(number % 5, f"order-{number}") for number in range(20)))
            async with trio.open_nursery() as people:
                for number, fax_id in enumerate(faxes):
                    people.start_soon(dither, gateway, fax_id, 0.01 * (seed + 1) * (number + 1))
            await town.wait()
        counts = await town.store.counts()
        await settle_account(town, delivered=counts[State.DELIVERED], failed=counts.get(State.FAILED, 0))


async def dither(gateway: Gateway, fax_id: FaxId, pause_seconds: float) -> None:
    for _ in range(10):
        await hold(gateway, fax_id)
        await trio.sleep(pause_seconds)
        await release(gateway, fax_id)
        await trio.sleep(pause_seconds)


async def test_a_fax_that_was_never_there_is_said_not_to_be(autojump_clock: MockClock) -> None:
    """Asking for an id that was never given is answered, not a crash."""
    async with open_town() as town, town.running() as gateway:
        for verb in (hold, release, cancel):
            assert await verb(gateway, FaxId(4711)) == NoSuchFax()
    await settle_account(town)
