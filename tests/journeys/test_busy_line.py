"""A florist whose line is busy."""

from itertools import pairwise

import trio
from trio.testing import MockClock

from faxgw.config.sending import DEFAULT_RETRIES
from faxgw.fax import Failure, State, Waiting
from tests.journeys.account import settle_account
from tests.journeys.town import line_of, open_town, order_for


async def test_a_busy_line_is_dialled_again_until_it_answers(autojump_clock: MockClock) -> None:
    """Three busy calls, then delivered; the waits grow, and the fax says meanwhile that it waits for its time."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["busy", "busy", "busy", "delivered"])
        [fax_id] = await town.submit(order_for(1, "one"))
        waits = await town.wait_event(fax_id, "retry")
        await trio.sleep(1)
        why = gateway.desk.why(waits)
        assert (why.waiting, why.until) == (Waiting.NOT_DUE, waits.due_at)
        await town.wait()
        view = await town.view(fax_id)
    assert [attempt.outcome for attempt in view.attempts] == ["busy", "busy", "busy", "delivered"]
    waited = [after.started_at - before.ended_at for before, after in pairwise(view.attempts) if before.ended_at]
    rule = DEFAULT_RETRIES[Failure.BUSY]
    for seconds, growth in zip(waited, [1, rule.growth, rule.growth**2], strict=True):
        assert rule.wait_seconds * growth <= seconds <= rule.wait_seconds * growth * 1.25 + 1
    await settle_account(town, delivered=1)


async def test_a_line_that_is_always_busy_is_given_up_in_the_end(autojump_clock: MockClock) -> None:
    """After as many calls as the rule allows the fax has failed, and says why."""
    calls_max = DEFAULT_RETRIES[Failure.BUSY].calls_max
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["busy"] * (calls_max + 5))
        [fax_id] = await town.submit(order_for(1, "one"))
        view = await town.wait_state(fax_id, State.FAILED)
    assert (len(view.attempts), view.reason) == (calls_max, Failure.BUSY)
    await settle_account(town, failed=1)


async def test_the_next_order_has_the_line_while_the_first_waits(autojump_clock: MockClock) -> None:
    """A fax that waits for its next try does not hold its line: the florist's other order goes meanwhile."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["protocol", "delivered", "delivered"])
        first, second = await town.submit(order_for(1, "first"), order_for(1, "second"))
        await town.wait_state(second, State.DELIVERED)
        assert (await town.view(first)).state is State.QUEUED
        await town.wait()
    await settle_account(town, delivered=2)


async def test_all_faxes_of_a_busy_line_wait_instead_of_each_finding_out(autojump_clock: MockClock) -> None:
    """One call found it busy: the others are not dialled before the line has rested, and say so."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["busy"])
        first, *others = await town.submit(*(order_for(1, f"order-{number}") for number in range(10)))
        waits = await town.wait_event(first, "retry")
        await trio.sleep(1)
        for fax_id in others:
            why = gateway.desk.why(await town.view(fax_id))
            assert (why.waiting, why.until) == (Waiting.LINE_RESTING, waits.due_at)
        await town.wait()
        started = [attempt.started_at for fax_id in others for attempt in (await town.view(fax_id)).attempts]
        assert len(started) == 9
        assert min(started) >= waits.due_at
    await settle_account(town, delivered=10)
