"""The carrier takes a fax, and its answer never reaches us: nobody may send it again until it is known."""

import pytest
from trio.testing import MockClock

from faxgw.fax import State, Waiting
from tests.journeys.account import settle_account
from tests.journeys.town import line_of, open_town, order_for

ACCEPTED = ["lost_answer", "broken_body", "slow_after", "slow_before", "server_error_accepted"]
NOT_ACCEPTED = ["closed_before", "server_error"]


@pytest.mark.parametrize("answer", ACCEPTED)
async def test_an_accepted_fax_whose_answer_was_lost_is_not_sent_again(answer: str, autojump_clock: MockClock) -> None:
    """Asked by our reference the carrier says that it has it: one call, one delivery."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), [answer])
        [fax_id] = await town.submit(order_for(1, "one"))
        await town.wait()
        assert len((await town.view(fax_id)).attempts) == 1
    await settle_account(town, delivered=1)


@pytest.mark.parametrize("answer", ACCEPTED)
async def test_it_is_not_sent_again_even_if_no_receipt_ever_comes(answer: str, autojump_clock: MockClock) -> None:
    """The same with its receipt lost as well: then asking alone tells."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), [f"{answer}+missing_receipt"])
        [fax_id] = await town.submit(order_for(1, "one"))
        await town.wait()
        assert len((await town.view(fax_id)).attempts) == 1
    await settle_account(town, delivered=1)


@pytest.mark.parametrize("answer", NOT_ACCEPTED)
async def test_a_fax_that_never_arrived_goes_again_once_that_is_certain(answer: str, autojump_clock: MockClock) -> None:
    """Not before the carrier has had its time to take in what was on its way."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), [answer, "delivered"])
        [fax_id] = await town.submit(order_for(1, "one"))
        doubted = await town.wait_state(fax_id, State.UNKNOWN)
        assert gateway.desk.why(doubted).waiting is Waiting.IN_DOUBT
        await town.wait()
        view = await town.view(fax_id)
    first, second = view.attempts
    assert second.started_at - first.started_at >= town.configs[0].settle_seconds
    assert view.calls == 1
    await settle_account(town, delivered=1)


async def test_a_line_in_doubt_takes_no_other_call(autojump_clock: MockClock) -> None:
    """While nobody knows whether the carrier is dialling, the florist's next order waits."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["closed_before", "delivered", "delivered"])
        first, second = await town.submit(order_for(1, "first"), order_for(1, "second"))
        await town.wait_state(first, State.UNKNOWN)
        assert gateway.desk.why(await town.view(second)).waiting is Waiting.LINE_BUSY
        await town.wait()
    await settle_account(town, delivered=2)
