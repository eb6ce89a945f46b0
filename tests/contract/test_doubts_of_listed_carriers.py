"""Dispatch over the fakes of Telnyx and Sinch: a fax in doubt is found in their lists by its reference."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

import msgspec
import pytest
import trio

from faxgw.clock import SystemClock
from faxgw.dispatch.prepared import Prepared
from faxgw.fax import ClientRef, FaxId, State
from faxgw.provider.port import Accepted, Format, Provider, Sending
from faxgw.provider.switchboard import Switchboard
from faxgw.render.tiff import CodedPage, write_tiff
from tests.contract.listed_stages import sinch_provider, telnyx_provider
from tests.dispatch.desk import PAGE, Desk, TellingCarrier
from tests.provider.fakes.carrier import FakeCarrier, Wire, running_fake
from tests.provider.fakes.sinch import SinchWire
from tests.provider.fakes.telnyx import TelnyxWire
from tests.store.faxes import LINE
from tests.webhook_inbox import WebhookInbox

MADE_AT: Final = dt.datetime(2027, 5, 8, 6)  # noqa: DTZ001 - printed as it stands.
KINDS: Final[dict[str, tuple[Callable[[Switchboard], Wire], Callable[..., Provider], str]]] = {
    "telnyx": (TelnyxWire, telnyx_provider, "/v2"),
    "sinch": (SinchWire, sinch_provider, "/v3"),
}


@asynccontextmanager
async def dispatching(kind: str, *, absence_proves: bool) -> AsyncIterator[tuple[Desk, Provider, FakeCarrier]]:
    """No receipt arrives, and not a moment is given to what is still on its way."""
    make_wire, make_provider, version = KINDS[kind]
    async with (
        running_fake(make_wire, WebhookInbox("nobody", refusals=1_000).put) as fake,
        trio.open_nursery() as nursery,
    ):
        provider = make_provider(fake.url("api") + version, absence_proves=absence_proves, name="north")
        desk = Desk(provider=cast("TellingCarrier", provider), settle_seconds=0.0)
        nursery.start_soon(desk.doubts.run)
        with trio.fail_after(20):
            yield desk, provider, fake
        nursery.cancel_scope.cancel()
        await provider.aclose()


async def make_one(desk: Desk) -> FaxId:
    """One attempt for a new fax, by the machine's clock, which is the carrier's."""
    fax = await desk.take_one()
    desk.clock.ahead_seconds = SystemClock().now() - desk.clock.now()
    page = msgspec.structs.replace(PAGE, tiff=write_tiff([CodedPage(b"", 1, 196)], MADE_AT))
    await desk.attempts.make(Prepared(fax, page, desk.clock.now()), desk.carrier)
    assert await desk.state(fax.fax_id) is State.UNKNOWN
    return fax.fax_id


async def until(desk: Desk, fax_id: FaxId, state: State) -> None:
    while await desk.state(fax_id) is not state:  # noqa: ASYNC110 - the store in memory tells nobody.
        await trio.sleep(0.01)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ["lost_answer", "broken_body", "server_error_accepted"])
async def test_what_was_taken_is_found_and_goes_out_once(kind: str, answer: str) -> None:
    """Others went to that number too, more than a page of the list has; ours is known by its reference."""
    async with dispatching(kind, absence_proves=True) as (desk, provider, fake):
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
    async with dispatching(kind, absence_proves=True) as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        await until(desk, fax_id, State.QUEUED)
        assert (await fake.account())["accepted"] == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_never_taken_stays_in_doubt_without_the_operators_word(kind: str) -> None:
    """However often the list does not show it."""
    async with dispatching(kind, absence_proves=False) as (desk, _, fake):
        await fake.script(LINE, "closed_before")
        fax_id = await make_one(desk)
        while sum(request.method == "GET" for request in fake.requests) < 2:  # noqa: ASYNC110 - as above.
            await trio.sleep(0.01)
        assert (await desk.state(fax_id), len(desk.doubts)) == (State.UNKNOWN, 1)
