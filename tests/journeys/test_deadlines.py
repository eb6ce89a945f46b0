"""Orders with a deadline: nothing goes after it, and the order system hears of it in time."""

import trio
from trio.testing import MockClock

from faxgw.fax import Failure, State
from faxgw.provider.port import Refused
from tests.journeys.account import settle_account
from tests.journeys.test_carrier_trouble import RefusingCarrier
from tests.journeys.town import carrier_config, line_of, open_town, order_for


async def test_a_deadline_that_passes_behind_a_busy_line_ends_the_fax_at_once(autojump_clock: MockClock) -> None:
    """The line is taken until after the deadline: the fax expires at its deadline and never goes."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["stuck"])
        [stuck] = await town.submit(order_for(1, "stuck"))
        await town.wait_event(stuck, "submitted")
        deadline = town.start_later(300)
        [late] = await town.submit(order_for(1, "late", deadline=deadline))
        view = await town.wait_state(late, State.EXPIRED)
        assert 0 <= view.events[-1].at - deadline.timestamp() < 0.1
        assert view.attempts == ()
    await settle_account(town, expired=1, waiting=1)


async def test_a_deadline_that_passes_in_front_of_a_paused_carrier_is_told_at_once(autojump_clock: MockClock) -> None:
    """Also for a fax that is drawn already and stands ready, while the carrier asked for an hour's rest."""
    async with open_town(carrier_config(lanes=1)) as town:
        carrier = RefusingCarrier("scripted", clock=town.clock)
        carrier.refusal = Refused(Failure.CAPACITY, "429", 3_000.0)
        async with town.with_carrier(carrier), town.running():
            await town.submit(order_for(1, "first"))
            await trio.sleep(5)
            carrier.refusal = None
            deadline = town.start_later(600)
            [ready] = await town.submit(order_for(2, "ready", deadline=deadline))
            view = await town.wait_state(ready, State.EXPIRED)
            assert 0 <= view.events[-1].at - deadline.timestamp() < 0.1
            [after] = await town.submit(order_for(2, "after"))
            await town.wait()
            assert (await town.view(after)).state is State.DELIVERED
        await settle_account(town, delivered=2, expired=1)


async def test_no_retry_is_planned_past_the_deadline(autojump_clock: MockClock) -> None:
    """A busy line with no time left for the next try fails now, while a person can still act."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["busy"] * 10)
        deadline = town.start_later(60)
        [fax_id] = await town.submit(order_for(1, "one", deadline=deadline))
        view = await town.wait_state(fax_id, State.FAILED)
        assert view.reason == Failure.BUSY
        assert view.events[-1].at < deadline.timestamp()
    await settle_account(town, failed=1)


async def test_a_fax_in_doubt_is_not_given_up_by_its_deadline(autojump_clock: MockClock) -> None:
    """Whether the carrier has it is found out first; it may well have been delivered in time."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["lost_answer+missing_receipt"])
        town.carrier.set_shares({"ask_lost": 1.0})
        [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(30)))
        await trio.sleep(600)
        assert (await town.view(fax_id)).state is State.UNKNOWN
        town.carrier.set_shares({})
        await town.wait()
    await settle_account(town, delivered=1)


async def test_a_deadline_that_passed_while_the_gateway_was_away_is_told_at_the_start(
    autojump_clock: MockClock,
) -> None:
    """Nothing goes out late because of a stop."""
    async with open_town() as town:
        async with town.running():
            town.carrier.set_shares({"down": 1.0})
            [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(600)))
        await trio.sleep(3_600)
        town.carrier.set_shares({})
        async with town.running():
            await town.wait_state(fax_id, State.EXPIRED)
        assert town.carrier.faxes() == []
        await settle_account(town, expired=1)
