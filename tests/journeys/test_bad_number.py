"""Numbers behind which no fax will ever be taken."""

import pytest
from trio.testing import MockClock

from faxgw.config.sending import DEFAULT_RETRIES
from faxgw.fax import Failure, State
from tests.journeys.account import settle_account
from tests.journeys.town import line_of, open_town, order_for


@pytest.mark.parametrize(
    ("play", "failure"),
    [("bad_number", Failure.BAD_NUMBER), ("rejected", Failure.REJECTED)],
)
async def test_a_number_that_cannot_be_reached_is_called_once(
    play: str, failure: Failure, autojump_clock: MockClock
) -> None:
    """Ringing again could not help, or could deliver twice: the fax fails at once, and its neighbours are delivered."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), [play])
        wrong, right = await town.submit(order_for(1, "wrong"), order_for(2, "right"))
        await town.wait()
        view = await town.view(wrong)
        assert (view.state, view.reason, len(view.attempts)) == (State.FAILED, failure, 1)
        assert (await town.view(right)).state is State.DELIVERED
    await settle_account(town, delivered=1, failed=1)


async def test_a_person_who_answers_is_not_rung_for_ever(autojump_clock: MockClock) -> None:
    """Where a voice answers, the number is rung once more at most."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["no_fax"] * 10)
        [fax_id] = await town.submit(order_for(1, "voice"))
        view = await town.wait_state(fax_id, State.FAILED)
    assert len(view.attempts) == DEFAULT_RETRIES[Failure.NO_FAX].calls_max == 2
    await settle_account(town, failed=1)
