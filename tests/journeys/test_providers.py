"""Carriers that fail, limit, refuse and lose: the others carry on, and nothing goes out twice."""

from collections import Counter

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.breaker import BreakerState
from faxgw.dispatch.gate import ClosedBy
from faxgw.fax import Failure, State
from faxgw.provider.port import Accepted, Refused, Sending, SendOutcome, Unclear
from faxgw.provider.scripted import ScriptedProvider
from faxgw.provider.switchboard import CallTimes
from tests.journeys.account import settle_account
from tests.journeys.town import Town, carrier_config, line_of, open_town, order_for

THREE = (carrier_config("north"), carrier_config("south"), carrier_config("west"))


async def submit_many(town: Town, count: int, florists: int) -> None:
    await town.submit(*(order_for(number % florists, f"order-{number}") for number in range(count)))


async def test_one_down_one_refusing_one_losing_and_all_faxes_end(autojump_clock: MockClock) -> None:
    """One carrier is down for ten minutes, one answers half with 429, one loses one answer in a hundred."""
    async with open_town(*THREE, florists=200) as town, town.running():
        town.carriers["north"].set_shares({"down": 1.0})
        town.carriers["south"].set_shares({"too_many": 0.5})
        town.carriers["west"].set_shares({"lost_answer": 0.01, "closed_before": 0.01})
        await submit_many(town, 400, 200)
        await trio.sleep(600)
        town.carriers["north"].set_shares({})
        await submit_many_more(town, 200, 200)
        await town.wait()
        carried = Counter({name: len(carrier.faxes()) for name, carrier in town.carriers.items()})
        assert min(carried.values()) >= 5, "each took its share once it worked"
    await settle_account(town, delivered=600)


async def submit_many_more(town: Town, count: int, florists: int) -> None:
    await town.submit(*(order_for(number % florists, f"later-{number}") for number in range(count)))


async def test_an_outage_costs_few_attempts(autojump_clock: MockClock) -> None:
    """A carrier that is down for ten minutes is probed some forty times, not by every fax of every lane."""
    async with open_town(carrier_config(lanes=32), florists=100) as town, town.running() as gateway:
        town.carrier.set_shares({"down": 1.0})
        await submit_many(town, 200, 100)
        await trio.sleep(600)
        [view] = gateway.carriers.views()
        assert (view.closed_by, view.breaker) in {
            (ClosedBy.OUTAGE, BreakerState.OPEN),
            (ClosedBy.PROBE, BreakerState.HALF_OPEN),
        }
        assert gateway.carriers.reasons_not_ready() != []
        tried = Counter(event.kind for event in await town.store.events(0, 100_000))["sending"]
        assert tried < 60
        town.carrier.set_shares({})
        await town.wait()
        assert gateway.carriers.reasons_not_ready() == []
    await settle_account(town, delivered=200)


class NarrowCarrier(ScriptedProvider):
    """Refuses whatever comes while it has `places` sends under way."""

    places = 5
    under_way = 0
    refused = 0

    async def send(self, sending: Sending) -> SendOutcome:
        if self.under_way >= self.places:
            await trio.sleep(0.05)
            self.refused += 1
            return Refused(Failure.CAPACITY, "429")
        self.under_way += 1
        try:
            return await super().send(sending)
        finally:
            self.under_way -= 1


async def test_the_limit_finds_what_a_carrier_bears(autojump_clock: MockClock) -> None:
    """Against one that takes five at once: about one in six is refused, and all are delivered."""
    async with open_town(carrier_config(lanes=64), florists=400) as town:
        carrier = NarrowCarrier("scripted", clock=town.clock, times=CallTimes(1, 1))
        async with town.with_carrier(carrier), town.running() as gateway:
            await submit_many(town, 800, 400)
            await trio.sleep(20)
            [view] = gateway.carriers.views()
            assert 4 <= view.limit <= 8
            await town.wait()
            assert carrier.refused < 800 / 4
        await settle_account(town, delivered=800)


class AccountRefused(ScriptedProvider):
    """Says 402 to everything until it was paid."""

    paid = False

    async def send(self, sending: Sending) -> SendOutcome:
        if self.paid:
            return await super().send(sending)
        await trio.sleep(0.05)
        return Refused(Failure.ACCOUNT, "402")


async def test_an_account_that_is_refused_stops_its_lanes_and_alerts(autojump_clock: MockClock) -> None:
    """All goes over the other carrier; the metric, the view and an event tell, and it is back once it was paid."""
    async with open_town(carrier_config("north"), carrier_config("south", cost=5), florists=50) as town:
        north = AccountRefused("north", clock=town.clock)
        async with town.with_carrier(north), town.running() as gateway:
            await submit_many(town, 50, 50)
            await trio.sleep(10)
            [view, _] = gateway.carriers.views()
            assert (view.closed_by, view.detail.split(":")[0]) == (ClosedBy.ACCOUNT, "it refuses our account (402)")
            assert b'faxgw_provider_account_is_refused{provider="north"} 1.0' in town.metrics.exposition()
            assert [event.data["code"] for event in await town.events("account_refused")] == ["402"]
            await town.wait()
            assert len(town.carriers["south"].faxes()) == 50
            north.paid = True
            await trio.sleep(120)
            await submit_many_more(town, 50, 50)
            await town.wait()
            assert len(north.faxes()) >= 10
        await settle_account(town, delivered=100)


class NeverAnswers(ScriptedProvider):
    """Takes each fax and never says so."""

    async def send(self, sending: Sending) -> SendOutcome:
        outcome = await super().send(sending)
        return Unclear("ReadTimeout") if isinstance(outcome, Accepted) else outcome


async def test_no_fax_moves_while_the_first_carrier_may_still_dial_it(autojump_clock: MockClock) -> None:
    """A carrier whose answers never come is left alone soon; what it has stays with it."""
    async with open_town(carrier_config("north"), carrier_config("south"), florists=100) as town:
        north = NeverAnswers("north", clock=town.clock)
        async with town.with_carrier(north), town.running():
            await submit_many(town, 300, 100)
            await town.wait()
            for taken in north.faxes():
                assert taken.arrived
        await settle_account(town, delivered=300)


async def test_two_carriers_that_both_refuse_do_not_toss_a_fax_for_ever(autojump_clock: MockClock) -> None:
    """From the third refusal on it waits; it is tried some dozens of times in an hour, not thousands."""
    async with open_town(carrier_config("north"), carrier_config("south")) as town, town.running():
        for carrier in town.carriers.values():
            carrier.set_shares({"too_many": 1.0})
        [fax_id] = await town.submit(order_for(1, "one"))
        await trio.sleep(3_600)
        tried = len((await town.view(fax_id)).attempts)
        assert 5 <= tried <= 60
        for carrier in town.carriers.values():
            carrier.set_shares({})
        assert (await town.wait_state(fax_id, State.DELIVERED)).calls == 1
    await settle_account(town, delivered=1)


async def test_a_fax_is_called_so_often_and_no_more(autojump_clock: MockClock) -> None:
    """Over all classes of failure together, whatever each class alone would allow."""
    plays = ["busy", "no_answer", "network", "protocol"] * 10
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), plays)
        [fax_id] = await town.submit(order_for(1, "one"))
        view = await town.wait_state(fax_id, State.FAILED)
        assert view.calls <= 20
    await settle_account(town, failed=1)


@pytest.mark.parametrize(("classes", "calls"), [(["busy", "busy", "no_fax", "delivered"], 4)])
async def test_one_class_does_not_use_up_the_calls_of_another(
    classes: list[str], calls: int, autojump_clock: MockClock
) -> None:
    """Two busy tones and then a voice: the voice is rung once more, as its own rule says."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), classes)
        [fax_id] = await town.submit(order_for(1, "one"))
        view = await town.wait_state(fax_id, State.DELIVERED)
        assert len(view.attempts) == calls
    await settle_account(town, delivered=1)
