"""Dispatch over the fake of a real carrier, for faxes in doubt."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

import msgspec
import trio

from faxgw.clock import SystemClock
from faxgw.dispatch.prepared import Prepared
from faxgw.fax import FaxId, State
from faxgw.provider.port import Provider
from faxgw.provider.switchboard import Switchboard
from faxgw.render.tiff import CodedPage, write_tiff
from tests.dispatch.desk import PAGE, Desk, TellingCarrier
from tests.provider.fakes.carrier import FakeCarrier, Wire, running_fake
from tests.webhook_inbox import WebhookInbox

MADE_AT: Final = dt.datetime(2027, 5, 8, 6)  # noqa: DTZ001 - printed as it stands.


@asynccontextmanager
async def dispatching(
    make_wire: Callable[[Switchboard], Wire], make_provider: Callable[[FakeCarrier], Provider]
) -> AsyncIterator[tuple[Desk, Provider, FakeCarrier]]:
    """No receipt arrives, and not a moment is given to what is still on its way. The provider is called north."""
    async with (
        running_fake(make_wire, WebhookInbox("nobody", refusals=1_000).put) as fake,
        trio.open_nursery() as nursery,
    ):
        provider = make_provider(fake)
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


async def until_in_doubt_again(desk: Desk, fake: FakeCarrier, fax_id: FaxId, times: int) -> None:
    """Until the carrier was asked so often, and the fax is in doubt all the same."""
    while sum(request.method == "GET" for request in fake.requests) < times or not len(desk.doubts):  # noqa: ASYNC110
        await trio.sleep(0.01)
    assert await desk.state(fax_id) is State.UNKNOWN


async def until_parked(desk: Desk, fax_id: FaxId) -> None:
    """Until it waits for a person."""
    while True:
        view = await desk.store.fax(fax_id)
        if view is not None and view.events[-1].kind == "parked":
            return
        await trio.sleep(0.01)
