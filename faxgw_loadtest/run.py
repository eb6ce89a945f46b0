"""One run: orders and answers go in at their moments, events and figures are read meanwhile, and the books are fetched.

It ends by itself: when everything has a final word, when its time is over, or when nobody has answered for a minute.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from faxgw.errors import OperatorError
from faxgw_loadtest.account import Books
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.calls import CarrierFax, Printed, calls_of
from faxgw_loadtest.client import Client
from faxgw_loadtest.follower import Follower
from faxgw_loadtest.generator import Generator, Handing, Pace
from faxgw_loadtest.inbound.account import InboundBooks
from faxgw_loadtest.inbound.due import Answer
from faxgw_loadtest.inbound.inbox import Inbox
from faxgw_loadtest.inbound.post import Post
from faxgw_loadtest.orders import Writer
from faxgw_loadtest.printed import Misprinted, documents_of, read_many
from faxgw_loadtest.processes import listener_of
from faxgw_loadtest.stage import Site
from faxgw_loadtest.watch import Done, Moment, Watch

LEAD_SECONDS = 1.0
"""Before the first order."""
LOOK_SECONDS = 1.0
CONNECTIONS = 128
SILENCE_SECONDS_MAX = 60.0
"""Then the gateway or the carrier counts as gone."""
AGAIN_SECONDS = 0.5
_BROKEN = (OSError, EOFError, msgspec.DecodeError)


@dataclass(frozen=True, slots=True)
class Script:
    """What is played: orders and the answers to them, in the order of time, each answer's file drawn beforehand."""

    arrivals: Sequence[Arrival]
    answers: Sequence[Answer]
    files: Sequence[Path]
    compress: float
    seconds_after: float
    """At most so long is waited for what is on its way when the last of them came in."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Who is told how the run goes."""

    on_moment: Callable[[Moment], None]
    on_read: Callable[[int, int], None]
    """How many documents of several pages are read at the end, of how many."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a report is made of."""

    books: Books
    inbound: InboundBooks | None
    """None where nothing was to come in."""
    pace: Pace
    moments: list[Moment]
    took_seconds: float


async def play(site: Site, writer: Writer, script: Script, watching: Watching) -> Outcome:
    """Play it once.

    Raises:
        OperatorError: the gateway or the carrier did not answer any more.
    """
    gateway = Client(site.gateway, CONNECTIONS)
    carrier = Client(site.carrier, beyond_this_machine=site.is_beyond_loopback)
    follower = Follower(Client(site.gateway))
    asking = Client(site.gateway)
    watch = Watch(asking, carrier, site.pids, site.gateway_pid or listener_of(site.gateway))
    clients = (gateway, carrier, follower.client, asking)
    try:
        inbox = Inbox(site.inbox.name, site.inbox.folder, asking) if site.inbox and script.answers else None
        await follower.go_to_end()
        if inbox is not None:
            await inbox.begin()
        under_way = _Play(site, writer, script, watching, gateway, follower, watch, inbox)
        took = await under_way.play()
        return await under_way.outcome(carrier, took)
    except _BROKEN as error:
        raise OperatorError(f"the gateway or the carrier gives no answer any more: {error}") from error
    finally:
        for client in clients:
            client.close()


class _Play:
    """The parts of one run."""

    def __init__(
        self,
        site: Site,
        writer: Writer,
        script: Script,
        watching: Watching,
        gateway: Client,
        follower: Follower,
        watch: Watch,
        inbox: Inbox | None,
    ) -> None:
        self._site, self._writer, self._script, self._watching = site, writer, script, watching
        self._follower, self._watch, self._inbox = follower, watch, inbox
        arrivals = script.arrivals
        self._pace = Pace(time.time() + LEAD_SECONDS, arrivals[0].at_seconds, script.compress)
        last = max(each[-1].at_seconds for each in (script.arrivals, script.answers if inbox else ()) if each)
        self._give_up_at = self._pace.real(last) + script.seconds_after
        self._generator = Generator(gateway, writer, arrivals, self._pace, self._give_up_at)
        folder = inbox.folder if inbox else Path()
        handing = self._generator.handing
        self._post = Post(script.answers if inbox else (), script.files, folder, handing, follower.stories, self._pace)

    async def play(self) -> float:
        """Returns how many seconds it took."""
        gone: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as beside:
                following = beside.create_task(self._follow())
                looking = beside.create_task(self._look())
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(_loop_time(self._give_up_at)):
                        await self._play_all()
                following.cancel()
                looking.cancel()
        except* OperatorError as group:
            gone += group.exceptions
        if gone:
            raise gone[0]
        return time.time() - self._pace.begin_at

    async def _play_all(self) -> None:
        async with asyncio.TaskGroup() as playing:
            playing.create_task(self._post.play())
            await self._generator.play()
            self._post.orders_are_in = True
        await self._until_over()

    async def _until_over(self) -> None:
        """Until the gateway has said a final word about each of our faxes, and read what came in."""
        handing, stories = self._generator.handing, self._follower.stories
        while not all(  # noqa: ASYNC110 - the events come over a socket; nobody is there to set an Event.
            fax_id is None or (fax_id in stories and stories[fax_id].outcome) for fax_id in handing.fax_ids
        ):
            await asyncio.sleep(0.2)
        while not await self._is_all_read():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.2)

    async def _is_all_read(self) -> bool:
        try:
            return self._inbox is None or not await self._inbox.unread()
        except _BROKEN:
            return False

    async def _follow(self) -> None:
        """A gateway that is started anew meanwhile is waited for; who has gone for good, `_look` says."""
        while True:
            try:
                await self._follower.follow()
            except _BROKEN:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _look(self) -> None:
        seen_at = time.monotonic()
        while True:
            began = time.monotonic()
            try:
                self._watching.on_moment(await self._watch.look(self._done()))
                seen_at = time.monotonic()
            except _BROKEN as error:
                if time.monotonic() - seen_at > SILENCE_SECONDS_MAX:
                    raise OperatorError(
                        f"the gateway or the carrier has not answered for {SILENCE_SECONDS_MAX:g} s: {error}"
                    ) from error
            await asyncio.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - began)))

    def _done(self) -> Done:
        handing = self._generator.handing
        return Done(
            handed_in=handing.handed_in,
            accepted=sum(fax_id is not None for fax_id in handing.fax_ids),
            submitted=self._follower.taken,
            over=self._follower.over,
            answers_put_in=self._post.posting.put_in,
        )

    async def outcome(self, carrier: Client, took_seconds: float) -> Outcome:
        while await self._follower.read():
            pass
        handing, stories = self._generator.handing, self._follower.stories
        inbound = None
        if self._inbox is not None:
            names = [file.name for file in self._script.files]
            told = await self._inbox.tell()
            inbound = InboundBooks(self._script.answers, names, self._post.posting, told, handing.fax_ids, stories)
        account = msgspec.json.decode((await carrier.request("GET", "/control/account")).body, type=dict[str, object])
        records = await _carrier_faxes(carrier)
        printed = await asyncio.to_thread(self._printed, records)
        calls = calls_of(records, printed, self._fax_ids_by_number(handing))
        books = Books(self._script.arrivals, handing, stories, calls, account)
        return Outcome(books, inbound, self._pace, self._watch.moments, took_seconds)

    def _fax_ids_by_number(self, handing: Handing) -> dict[str, int]:
        return {
            self._writer.number(index): fax_id for index, fax_id in enumerate(handing.fax_ids) if fax_id is not None
        }

    def _printed(self, records: Sequence[CarrierFax]) -> Printed:
        """What stands on the pages of calls that may be shared; one of a single page has the fax of its reference."""
        if self._site.faxes_a_call == 1:
            return {}
        several = [place for place, record in enumerate(records) if record.pages > 1]
        if self._site.pages_dir is None:
            why = "the carrier's pages are not at hand: start it with --keep-pages DIR, and give --pages DIR"
            return dict.fromkeys(several, Misprinted(why))
        files = list(documents_of([record.reference for record in records], self._site.pages_dir))
        read = read_many([files[place] for place in several], lambda count: self._watching.on_read(count, len(several)))
        return dict(zip(several, read, strict=True))


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
