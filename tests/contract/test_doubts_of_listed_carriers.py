"""Dispatch over the fakes of Telnyx and Sinch: a fax in doubt is found in their lists by its reference."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import pytest

from faxgw.fax import ClientRef, State
from faxgw.provider.port import Accepted, Format, Provider, Sending
from faxgw.provider.switchboard import Switchboard
from tests.contract.doubting import dispatching, make_one, until, until_in_doubt_again
from tests.contract.listed_stages import sinch_provider, telnyx_provider
from tests.dispatch.desk import Desk
from tests.provider.fakes.carrier import FakeCarrier, Wire
from tests.provider.fakes.sinch import SinchWire
from tests.provider.fakes.telnyx import TelnyxWire
from tests.store.faxes import LINE

KINDS: Final[dict[str, tuple[Callable[[Switchboard], Wire], Callable[..., Provider], str]]] = {
    "telnyx": (TelnyxWire, telnyx_provider, "/v2"),
    "sinch": (SinchWire, sinch_provider, "/v3"),
}


def dispatching_over(
    kind: str, *, absence_proves: bool
) -> AbstractAsyncContextManager[tuple[Desk, Provider, FakeCarrier]]:
    make_wire, make_provider, version = KINDS[kind]
    return dispatching(
        make_wire,
        lambda fake: make_provider(fake.url("api") + version, absence_proves=absence_proves, name="north"),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ["lost_answer", "broken_body", "server_error_accepted"])
async def test_what_was_taken_is_found_and_goes_out_once(kind: str, answer: str) -> None:
    """Others went to that number too, more than a page of the list has; ours is known by its reference."""
    async with dispatching_over(kind, absence_proves=True) as (desk, provider, fake):
        for number in range(1, 4):
            other = Sending(ClientRef(f"other-{number}-1"), LINE, b"%PDF", 1, format=Format.PDF)
            assert isinstance(await provider.send(other), Accepted)
        await fake.script(LINE, answer)
        fax_id = await make_one(desk)
        await until(desk, fax_id, State.DELIVERED)
        account = await fake.account()
        assert (account["accepted"], account["faxes_dialled_twice"]) == (4, 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_never_taken_goes_again_where_the_operator_believes_the_list(kind: str) -> None:
    """Without that word it stays in doubt (`tests/journeys/test_in_doubt.py`)."""
    async with dispatching_over(kind, absence_proves=True) as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        await until(desk, fax_id, State.QUEUED)
        assert (await fake.account())["accepted"] == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_never_taken_stays_in_doubt_without_the_operators_word(kind: str) -> None:
    """However often the list does not show it."""
    async with dispatching_over(kind, absence_proves=False) as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        await until_in_doubt_again(desk, fake, fax_id, 2)
