"""A town for journeys: florists with their lines, carriers in memory, a store without a disk, and a gateway over it."""

import datetime as dt
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
import trio

from faxgw.clock import TrioClock
from faxgw.config.calls import ONE_FAX
from faxgw.config.carriers import SimulatedConfig
from faxgw.config.daemon import RenderConfig
from faxgw.config.provider import ProviderConfig
from faxgw.config.whole import Config
from faxgw.fax import FaxId, State
from faxgw.gateway import Gateway, Parts
from faxgw.incoming import FaxesIn
from faxgw.members.keeper import Keeper
from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.money import Money
from faxgw.ops.metrics import Metrics
from faxgw.order import Delivery, Order, Priority, ProductLine, Recipient
from faxgw.phone import Line
from faxgw.provider.scripted import ScriptedProvider
from faxgw.receipt.webhook import ReceiptsTaken
from faxgw.render.handed_in.handed import HandedIn
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, RelaySheet, Sheet, Unrenderable
from faxgw.render.tiff import CodedPage, write_tiff
from faxgw.routing.places import NOWHERE, Places
from faxgw.routing.planner import plan_here
from faxgw.settlement.clearing import inline
from faxgw.settlement.tariff import Tariff
from faxgw.store.admission import Admitted
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.views import Event, FaxView

START = dt.datetime(2027, 5, 29, 6, 0, tzinfo=dt.UTC)
"""The Saturday before Mother's Day in France, when the shops open."""
A_WEEK = 7 * 86_400.0

Settled = Callable[[Mapping[State, int]], bool]


def nothing_unfinished(counts: Mapping[State, int]) -> bool:
    return not any(counts.values())


@dataclass
class PlainRenderer:
    """Draws at once; a sheet whose order number is in `broken` cannot be drawn."""

    broken: set[str] = field(default_factory=set)
    pages: dict[str, int] = field(default_factory=dict)
    """Of order numbers with more than one page."""
    drawn: int = 0

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        await trio.lowlevel.checkpoint()
        self.drawn += len(drawings)
        return [self._draw(drawing) for drawing in drawings]

    def _draw(self, drawing: Drawing) -> Document | Unrenderable:
        name = _name_of(drawing)
        if name in self.broken:
            return Unrenderable("its words do not fit")
        # A real file, so that several can be joined; the strip of each page tells whose it is.
        pages = [CodedPage(f"{name} ".encode(), 1, 196)] * self.pages.get(name, 1)
        tiff = write_tiff(pages, START.replace(tzinfo=None))
        return Document(tiff=tiff, pages=len(pages), sha256=sha256(tiff).hexdigest(), form_version="plain")


def _name_of(drawing: Drawing) -> str:
    match drawing:
        case Sheet():
            return drawing.order.number
        case RelaySheet():
            return drawing.order_number
        case HandedIn():
            return sha256(drawing.content).hexdigest()


def florist(number: int) -> Member:
    return Member(
        id=f"FR-{number}",
        name=f"Fleurs {number}",
        street="1 rue des Lilas",
        postcode="75011",
        city="Paris",
        country="FR",
        phone=f"+33 3 53 01 {number // 100:02} {number % 100:02}",
        fax=f"+33 1 99 00 {number // 100:02} {number % 100:02}",
        language="fr",
        timezone="Europe/Paris",
    )


def line_of(florist_number: int) -> Line:
    return Line(f"+331990{florist_number:05}")


def order_for(
    florist_number: int,
    key: str,
    *,
    deadline: dt.datetime | None = None,
    not_before: dt.datetime | None = None,
    priority: Priority = Priority.STANDARD,
    sender: str = "FR-0",
) -> Order:
    return Order(
        key=key,
        number=key,
        delivery=Delivery(START.date()),
        recipient=Recipient(name="Zoé", street=["2 quai des Iris"], postcode="75011", city="Paris", country="FR"),
        lines=[ProductLine(description="Bouquet rond", quantity=1, unit_price=Money(4500, "EUR"))],
        customer_price=Money(4500, "EUR"),
        execution_price=Money(3600, "EUR"),
        sending_member=sender,
        executing_member=f"FR-{florist_number}",
        deadline=deadline,
        not_before=not_before,
        priority=priority,
    )


def carrier_config(name: str = "scripted", **changes: object) -> ProviderConfig:
    own = SimulatedConfig(
        name=name,
        base_url="http://127.0.0.1:1",
        account="",
        password_file="",
        webhook_secret_file="",
        lanes=8,
    )
    return msgspec.structs.replace(own, **changes)


@dataclass
class Town:
    """Everything of a journey that outlives the gateway."""

    clock: TrioClock
    carriers: dict[str, ScriptedProvider]
    configs: list[ProviderConfig]
    register: Register
    store: SqlStore = field(default_factory=open_memory_store)
    renderer: PlainRenderer = field(default_factory=PlainRenderer)
    metrics: Metrics = field(default_factory=Metrics)
    faxes: list[FaxId] = field(default_factory=list)
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    """Sections of the config that a journey sets."""
    gateway: Gateway | None = None
    keeper: Keeper | None = None
    """Who changes the register while it runs, in journeys about that."""
    places: Places = NOWHERE
    faxes_in: FaxesIn | None = None
    """Where faxes come in, in journeys in which they do."""
    tariff: Tariff | None = None
    """How orders are settled, in journeys in which they are."""

    def start_later(self, seconds: float) -> dt.datetime:
        """A deadline so many seconds from now."""
        return dt.datetime.fromtimestamp(self.clock.now() + seconds, dt.UTC)

    @property
    def carrier(self) -> ScriptedProvider:
        [only] = self.carriers.values()
        return only

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        """A gateway over the store; it stops in order when the block is left, and dies in it when cancelled."""
        self.gateway = gateway = self._new_gateway()
        stopping = trio.Event()
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(gateway.run, stopping)
                for name, carrier in self.carriers.items():
                    carrier.deliver = self._door_for(name)
                yield gateway
                stopping.set()
        finally:
            self.gateway = None
            for carrier in self.carriers.values():
                carrier.deliver = None

    async def submit(self, *orders: Order, submitter: str = "shop") -> list[FaxId]:
        assert self.gateway is not None
        admissions = await self.gateway.desk.submit(submitter, orders)
        admitted = [admission.fax_id for admission in admissions if isinstance(admission, Admitted)]
        self.faxes += admitted
        return admitted

    async def wait(self, settled: Settled = nothing_unfinished, *, seconds_max: float = A_WEEK) -> None:
        """Until the counts of unfinished faxes are as told."""
        seen = 0
        with trio.fail_after(seconds_max):
            while not settled(await self.store.unfinished_counts()):
                await self.store.wait_events(seen)
                seen = max([seen, *(event.seq for event in await self.store.events(seen, 10_000))])

    async def wait_state(self, fax_id: FaxId, state: State, *, seconds_max: float = A_WEEK) -> FaxView:
        return await self._wait_view(fax_id, lambda view: view.state is state, seconds_max)

    async def wait_event(self, fax_id: FaxId, kind: str, *, seconds_max: float = A_WEEK) -> FaxView:
        """Until that is the last that happened to the fax."""
        return await self._wait_view(fax_id, lambda view: view.events[-1].kind == kind, seconds_max)

    async def _wait_view(self, fax_id: FaxId, is_there: Callable[[FaxView], bool], seconds_max: float) -> FaxView:
        seen = 0
        with trio.fail_after(seconds_max):
            while not is_there(view := await self.view(fax_id)):
                await self.store.wait_events(seen)
                seen = max([seen, *(event.seq for event in await self.store.events(seen, 10_000))])
        return view

    @asynccontextmanager
    async def with_carrier(self, carrier: ScriptedProvider) -> AsyncIterator[None]:
        """Let `carrier` stand in for the one of its name."""
        self.carriers[carrier.name] = carrier
        async with trio.open_nursery() as outside:
            outside.start_soon(carrier.run)
            yield
            outside.cancel_scope.cancel()

    async def view(self, fax_id: FaxId) -> FaxView:
        view = await self.store.fax(fax_id)
        assert view is not None
        return view

    async def kinds(self, fax_id: FaxId) -> list[str]:
        return [event.kind for event in (await self.view(fax_id)).events]

    async def events(self, kind: str) -> list[Event]:
        return [event for event in await self.store.events(0, 1_000_000) if event.kind == kind]

    @property
    def config(self) -> Config:
        """A journey that is not about sharing calls tells its story with one fax a call."""
        usual: dict[str, Any] = {"provider": self.configs, "render": RenderConfig(batch_max=4), "call": ONE_FAX}
        return Config(**usual | self.settings)

    def _new_gateway(self) -> Gateway:
        parts = Parts(
            config=self.config,
            store=self.store,
            renderer=self.renderer,
            providers=[(self.carriers[own.name], own) for own in self.configs],
            register=self.register,
            clock=self.clock,
            random=random.Random(self.seed).random,  # noqa: S311 - a journey is played again by its seed.
            metrics=self.metrics,
            planner=plan_here,
            places=self.places,
            faxes_in=self.faxes_in,
            tariff=self.tariff,
            work=inline,
            keeper=self.keeper,
        )
        return Gateway(parts)

    def _door_for(self, name: str) -> Callable[[Mapping[str, str], bytes], Awaitable[bool]]:
        async def deliver(headers: Mapping[str, str], body: bytes) -> bool:
            gateway = self.gateway
            if gateway is None:
                await trio.lowlevel.checkpoint()
                return False
            return isinstance(await gateway.receipts.take(name, headers, body), ReceiptsTaken)

        return deliver


@asynccontextmanager
async def open_town(
    *configs: ProviderConfig,
    florists: int = 10,
    shares: Mapping[str, float] | None = None,
    seed: int = 0,
    register: Register | None = None,
    settings: Mapping[str, Any] | None = None,
    places: Places = NOWHERE,
) -> AsyncIterator[Town]:
    """A town whose carriers work until the block is left."""
    clock = TrioClock(START.timestamp() - trio.current_time())
    own = list(configs) or [carrier_config()]
    carriers = {each.name: ScriptedProvider(each.name, clock=clock, seed=seed, shares=shares) for each in own}
    town = Town(clock, carriers, own, register or Register(florist(number) for number in range(florists)), seed=seed)
    town.settings.update(settings or {})
    town.places = places
    async with trio.open_nursery() as outside:
        for carrier in carriers.values():
            outside.start_soon(carrier.run)
        with trio.fail_after(10 * A_WEEK):
            yield town
        outside.cancel_scope.cancel()
