"""A carrier that is down, overloaded, or has closed our account."""

import trio
from trio.testing import MockClock

from faxgw.fax import Failure, State, Waiting
from faxgw.provider.port import Refused, Sending, SendOutcome
from faxgw.provider.scripted import ScriptedProvider
from tests.journeys.account import settle_account
from tests.journeys.town import carrier_config, open_town, order_for


async def test_a_carrier_that_is_down_for_ten_minutes_costs_nothing_but_time(autojump_clock: MockClock) -> None:
    """All faxes wait, none is lost or counted as called, and all go once it is back."""
    async with open_town(florists=25) as town, town.running():
        town.carrier.set_shares({"down": 1.0})
        faxes = await town.submit(*(order_for(number % 25, f"order-{number}") for number in range(50)))
        await trio.sleep(600)
        assert (await town.store.counts()).get(State.DELIVERED, 0) == 0
        town.carrier.set_shares({})
        await town.wait()
        for fax_id in faxes:
            assert (await town.view(fax_id)).calls == 1
        assert len(await town.events("delivered")) == 50
    await settle_account(town, delivered=50)


async def test_a_carrier_that_goes_down_in_the_middle_is_asked_when_it_is_back(autojump_clock: MockClock) -> None:
    """Answers lost on the way down leave faxes in doubt; look-ups fail until it is back, then all is known."""
    async with open_town(florists=25) as town, town.running():
        town.carrier.set_shares({"lost_answer": 1.0, "missing_receipt": 1.0})
        await town.submit(*(order_for(number % 25, f"order-{number}") for number in range(25)))
        # The answers are lost by now, and the look-ups on their way.
        await trio.sleep(0.15)
        town.carrier.set_shares({"down": 1.0})
        await trio.sleep(600)
        assert (await town.store.counts()).get(State.UNKNOWN, 0) > 0
        town.carrier.set_shares({})
        await town.wait()
    await settle_account(town, delivered=25)


async def test_too_many_requests_slow_us_down_and_lose_nothing(autojump_clock: MockClock) -> None:
    """Half of all requests are answered with 429 and a Retry-After: it is kept, and nothing counts as a call."""
    async with open_town(shares={"too_many": 0.5}) as town, town.running():
        faxes = await town.submit(*(order_for(number % 10, f"order-{number}") for number in range(40)))
        await town.wait()
        assert {(await town.view(fax_id)).calls for fax_id in faxes} == {1}
        assert max([len((await town.view(fax_id)).attempts) for fax_id in faxes]) > 1
    await settle_account(town, delivered=40)


class RefusingCarrier(ScriptedProvider):
    """Turns every fax away with the same refusal until told to be kind."""

    refusal: Refused | None = None
    refused_at: tuple[float, ...] = ()

    async def send(self, sending: Sending) -> SendOutcome:
        if self.refusal is None:
            return await super().send(sending)
        await trio.sleep(0.05)
        self.refused_at += (trio.current_time(),)
        return self.refusal


async def test_retry_after_is_kept_by_all_lanes(autojump_clock: MockClock) -> None:
    """Once a carrier asks for two minutes, no lane sends before they are over, not even those that stood ready."""
    async with open_town(carrier_config(lanes=8), florists=40) as town:
        carrier = RefusingCarrier("scripted", clock=town.clock)
        carrier.refusal = Refused(Failure.CAPACITY, "429", 120.0)
        async with town.with_carrier(carrier), town.running():
            await town.submit(order_for(0, "first"))
            await trio.sleep(1)
            assert len(carrier.refused_at) == 1
            await town.submit(*(order_for(number, f"order-{number}") for number in range(1, 40)))
            await trio.sleep(110)
            assert len(carrier.refused_at) == 1
            carrier.refusal = None
            await town.wait()
        await settle_account(town, delivered=40)


async def test_a_refused_account_pauses_the_carrier_until_it_is_mended(autojump_clock: MockClock) -> None:
    """A wrong password is tried about once a minute, the faxes say that they wait for the carrier, and all go later."""
    async with open_town(carrier_config(lanes=1), florists=20) as town:
        carrier = RefusingCarrier("scripted", clock=town.clock)
        carrier.refusal = Refused(Failure.ACCOUNT, "401")
        async with town.with_carrier(carrier), town.running() as gateway:
            faxes = await town.submit(*(order_for(number, f"order-{number}") for number in range(20)))
            await trio.sleep(3_600)
            assert 55 <= len(carrier.refused_at) <= 61
            why = gateway.desk.why(await town.view(faxes[0]))
            assert why.waiting is Waiting.PROVIDER_PAUSED
            carrier.refusal = None
            await town.wait()
        await settle_account(town, delivered=20)


async def test_a_fax_that_a_carrier_refuses_again_and_again_is_given_up(autojump_clock: MockClock) -> None:
    """A refusal of this very fax counts, so that it does not come back for ever."""
    async with open_town() as town:
        carrier = RefusingCarrier("scripted", clock=town.clock)
        carrier.refusal = Refused(Failure.UNKNOWN_CODE, "teapot")
        async with town.with_carrier(carrier), town.running():
            [fax_id] = await town.submit(order_for(1, "one"))
            view = await town.wait_state(fax_id, State.FAILED)
            assert view.reason == Failure.UNKNOWN_CODE
        await settle_account(town, failed=1)
