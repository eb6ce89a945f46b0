"""Dispatch over the fakes of Retarus and InterFAX: a fax in doubt is asked for by its reference."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import trio

from faxgw.fax import State
from faxgw.provider.port import Provider
from faxgw.receipt.match import Matcher
from faxgw.receipt.webhook import ReceiptsTaken, Webhooks
from tests.contract.doubting import dispatching, make_one, until, until_in_doubt_again, until_parked
from tests.contract.stages import interfax_provider, retarus_provider
from tests.dispatch.desk import Desk
from tests.provider.fakes.carrier import FakeCarrier
from tests.provider.fakes.interfax import InterfaxWire
from tests.provider.fakes.retarus import CENTRES, RetarusWire
from tests.store.faxes import LINE

Dispatching = AbstractAsyncContextManager[tuple[Desk, Provider, FakeCarrier]]


def over_retarus() -> Dispatching:
    return dispatching(RetarusWire, lambda fake: retarus_provider(fake, name="north"))


def over_interfax(**changes: Any) -> Dispatching:
    return dispatching(InterfaxWire, lambda fake: interfax_provider(fake.url("rest"), name="north", **changes))


@pytest.mark.parametrize("over", [over_retarus, over_interfax])
@pytest.mark.parametrize("answer", ["lost_answer", "broken_body", "server_error_accepted"])
async def test_what_was_taken_is_found_and_goes_out_once(over: Any, answer: str) -> None:
    """The call is over by then; its delivery is what is found."""
    async with over() as (desk, _, fake):
        await fake.script(LINE, answer)
        fax_id = await make_one(desk)
        await until(desk, fax_id, State.DELIVERED)
        account = await fake.account()
        assert (account["accepted"], account["faxes_dialled_twice"]) == (1, 0)


@pytest.mark.parametrize("over", [over_retarus, over_interfax])
async def test_what_was_not_confirmed_waits_for_a_person(over: Any) -> None:
    """EOD_FAILED, or a failure after the last page: found, and not sent again."""
    async with over() as (desk, _, fake):
        await fake.script(LINE, "lost_answer+in_doubt")
        fax_id = await make_one(desk)
        await until_parked(desk, fax_id)
        account = await fake.account()
        assert (account["accepted"], account["arrived_twice"]) == (1, [])


async def test_a_busy_line_is_found_busy_and_called_again() -> None:
    """Doubt is about whether, not about how: a failed call is a failed call."""
    async with over_interfax() as (desk, _, fake):
        await fake.script(LINE, "lost_answer+busy")
        fax_id = await make_one(desk)
        await until(desk, fax_id, State.QUEUED)


async def test_what_retarus_does_not_list_is_never_taken_for_absent() -> None:
    """It may be dialling; only its last word or a person ends the doubt."""
    async with over_retarus() as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        await until_in_doubt_again(desk, fake, fax_id, 4)


async def test_interfax_is_believed_to_have_nothing_where_the_operator_says_so() -> None:
    """Then a fax that it never took goes again; without his word it stays in doubt."""
    async with over_interfax(absence_proves=True) as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        await until(desk, fax_id, State.QUEUED)
    async with over_interfax() as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        await until_in_doubt_again(desk, fake, fax_id, 1)


async def test_a_push_of_retarus_ends_a_doubt_that_asking_cannot() -> None:
    """No data centre answers, and the answer with the job's id was lost: the push says by its user which fax it is."""
    async with over_retarus() as (desk, provider, fake), trio.open_nursery() as nursery:
        for centre in CENTRES:
            await fake.silence(centre)
        await fake.script(LINE, "lost_answer")
        fax_id = await make_one(desk)
        await fake.wait_ended(1)
        [fax] = fake.board.by_id.values()
        push = fake.wire.webhook(fax, is_final=True)
        assert push is not None
        matcher = Matcher(desk.store, desk.calls, desk.outcomes, desk.clock, desk.metrics)
        webhooks = Webhooks({"north": provider}, desk.store, matcher, desk.clock)
        nursery.start_soon(webhooks.run)
        assert await webhooks.take("north", *push) == ReceiptsTaken(new=1, repeated=0)
        await until(desk, fax_id, State.DELIVERED)
        assert await webhooks.take("north", *push) == ReceiptsTaken(new=0, repeated=1)
        nursery.cancel_scope.cancel()
