"""One run: orders go in at their moments, events and figures are read meanwhile, and the books are fetched."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from faxgw_loadtest.account import Books, CarrierFax
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.client import Client
from faxgw_loadtest.follower import Follower
from faxgw_loadtest.generator import Generator, Handing, Pace
from faxgw_loadtest.orders import Writer
from faxgw_loadtest.stage import Site
from faxgw_loadtest.watch import Moment, Watch

LEAD_SECONDS = 1.0
"""Before the first order."""
LOOK_SECONDS = 1.0
CONNECTIONS = 128

OnMoment = Callable[[Moment], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a report is made of."""

    books: Books
    pace: Pace
    moments: list[Moment]
    took_seconds: float


async def play(
    site: Site,
    writer: Writer,
    arrivals: Sequence[Arrival],
    compress: float,
    *,
    seconds_after: float,
    on_moment: OnMoment,
    beyond_this_machine: bool = False,
) -> Outcome:
    """Play the arrivals; at most `seconds_after` are waited for what is on its way when the last one came in."""
    gateway = Client(site.gateway, CONNECTIONS)
    carrier = Client(site.carrier, beyond_this_machine=beyond_this_machine)
    follower = Follower(Client(site.gateway))
    await follower.go_to_end()
    pace = Pace(time.time() + LEAD_SECONDS, arrivals[0].at_seconds, compress)
    last_due = pace.real(arrivals[-1].at_seconds)
    give_up_at = last_due + seconds_after
    generator = Generator(gateway, writer, arrivals, pace, give_up_at)
    watch = Watch(site.pids, Client(site.gateway), carrier)
    async with asyncio.TaskGroup() as beside:
        following = beside.create_task(follower.follow())
        looking = beside.create_task(_look(watch, generator.handing, follower, on_moment))
        with suppress(TimeoutError):
            async with asyncio.timeout_at(_loop_time(give_up_at)):
                await generator.play()
                await _until_over(generator.handing, follower)
        following.cancel()
        looking.cancel()
    took = time.time() - pace.begin_at
    while await follower.read():
        pass
    account = msgspec.json.decode((await carrier.request("GET", "/control/account")).body, type=dict[str, object])
    books = Books(arrivals, generator.handing, follower.stories, await _carrier_faxes(carrier), account)
    for client in (gateway, carrier, follower.client, watch.gateway):
        client.close()
    return Outcome(books, pace, watch.moments, took)


async def _look(watch: Watch, handing: Handing, follower: Follower, on_moment: OnMoment) -> None:
    while True:
        began = time.monotonic()
        accepted = sum(fax_id is not None for fax_id in handing.fax_ids)
        on_moment(await watch.look(handing.handed_in, accepted, follower.kinds["submitted"], follower.over))
        await asyncio.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - began)))


async def _until_over(handing: Handing, follower: Follower) -> None:
    """Until the gateway has said a final word about each of our faxes."""
    while not all(  # noqa: ASYNC110 - the events come over a socket; nobody is there to set an Event.
        fax_id is None or (fax_id in follower.stories and follower.stories[fax_id].outcome)
        for fax_id in handing.fax_ids
    ):
        await asyncio.sleep(0.2)


async def _carrier_faxes(carrier: Client) -> list[CarrierFax]:
    faxes: list[CarrierFax] = []
    decode = msgspec.json.Decoder(CarrierFax).decode
    while True:
        page = (await carrier.request("GET", f"/control/faxes?from={len(faxes)}")).body.splitlines()
        if not page:
            return faxes
        faxes += map(decode, page)


def _loop_time(wall: float) -> float:
    return asyncio.get_running_loop().time() + wall - time.time()
