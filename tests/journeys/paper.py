"""Paper that comes back: sheets that florists ticked, a carrier's folder they land in, and someone who can read them.

Reading itself is tested with real pages in tests/intake; here what is on a fax is told to the reader by its bytes.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
import trio

from faxgw.config.inbox import Convention, InboxConfig
from faxgw.config.intake import DecisionRules, IntakeConfig
from faxgw.config.routing import RoutingConfig
from faxgw.fax import FaxId
from faxgw.incoming import FaxesIn
from faxgw.intake.decision import ReplyKind
from faxgw.intake.faxread import FaxRead, FieldRead, PageRead, TextLine, Tick, TickState, Unreadable, UnreadableReason
from faxgw.routing.places import Place, Places
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.views import InboundSought, InboundView
from tests.inbox.faxes import make_fax
from tests.inbox.ftp_fake import FakeFtp
from tests.journeys.town import Town, open_town, order_for

INBOX = "shop"
NO_FILE = "-"
FORM = "plain"
"""What `town.PlainRenderer` calls the form it draws."""

LABELS = {
    "reference": "Order number", "delivery_date": "Delivery date", "recipient_name": "Recipient", "street": "Street",
    "postcode": "Postcode", "city": "City", "country": "Country", "product": "Product",
    "customer_price": "Price", "execution_price": "Execution price",
}  # fmt: skip

PLACES = Places({("FR", "75011"): Place(48.86, 2.35)})
OVER = frozenset(InboundState) - {InboundState.KEPT}


def ticked(number: str, *kinds: str, page: int = 1, unsure: Sequence[str] = ()) -> PageRead:
    """An order sheet with boxes ticked, or neither ticked nor clear."""
    return PageRead(
        number=page,
        code=f"faxgw:{number}:1",
        form=FORM,
        ticks=[_tick(kind, kind in kinds, kind in unsure) for kind in ReplyKind],
    )


def order_form(reference: str, *, member: str = "FR-0", product: str = "Bouquet rond", sure: float = 0.99) -> PageRead:
    """The network's order form, typed by a florist who has a customer for another town."""
    fields = {
        "reference": reference,
        "delivery_date": "29.05.2027",
        "recipient_name": "Zoé",
        "street": "2 quai des Iris",
        "postcode": "75011",
        "city": "Paris",
        "country": "FR",
        "product": product,
        "customer_price": "45,00 €",
        "execution_price": "36,00 €",
    }
    read = [FieldRead(name=name, text=text, confidence=sure) for name, text in fields.items()]
    return PageRead(number=1, code=f"faxgw:new:{member}:S{reference}", form="order-form", fields=read)


def letter(reference: str, **fields: str) -> PageRead:
    """A typed letter of a florist's own, which names one price and no member; a field given as "" is not on it."""
    said = {field.name: field.text for field in order_form(reference).fields} | {"execution_price": ""} | fields
    lines = [f"{LABELS[name]}: {text}" for name, text in said.items() if text]
    return PageRead(
        number=1,
        lines=[
            TextLine(text=line, confidence=0.99, left=100, top=120 * row, right=900, bottom=120 * row + 40)
            for row, line in enumerate(lines)
        ],
    )


def _tick(name: str, marked: bool, unsure: bool) -> Tick:
    state = TickState.UNSURE if unsure else TickState.MARKED if marked else TickState.CLEAR
    return Tick(name=name, state=state, darkness=0.2 if marked else 0.0)


@dataclass
class Reader:
    """See `intake.port.FaxReader`: sees on a fax what it was told that is there."""

    seen: dict[bytes, FaxRead | Unreadable] = field(default_factory=dict)
    reads: int = 0

    async def read(self, contents: Sequence[bytes]) -> list[FaxRead | Unreadable]:
        await trio.lowlevel.checkpoint()
        self.reads += len(contents)
        return [self._look(content) for content in contents]

    async def read_text(self, content: bytes) -> FaxRead | Unreadable:
        await trio.lowlevel.checkpoint()
        match self._look(content):
            case FaxRead() as read:
                return msgspec.structs.replace(read, text_read=True)
            case unreadable:
                return unreadable

    async def picture(self, content: bytes, page: int) -> bytes:
        await trio.lowlevel.checkpoint()
        return b"PNG %d of " % page + sha256(content).digest()

    def _look(self, content: bytes) -> FaxRead | Unreadable:
        nothing = Unreadable(reason=UnreadableReason.DAMAGED, detail="the fax is damaged: ask for it again")
        return self.seen.get(sha256(content).digest(), nothing)


@dataclass
class Post:
    """What comes back to a town: its carrier's folder, and who reads."""

    town: Town
    server: FakeFtp = field(default_factory=FakeFtp)
    reader: Reader = field(default_factory=Reader)
    sent: int = 0

    def send(self, *pages: PageRead, name: str = "", sender: str = "", damaged: bool = False) -> str:
        """A fax lands in the folder; the same pages sent twice have another checksum each time.

        `sender` is the number that the carrier tells.
        """
        self.sent += 1
        content = make_fax(self.sent, pages=max(len(pages), 1))
        if not damaged:
            self.reader.seen[sha256(content).digest()] = FaxRead(pages=list(pages))
        name = name or f"fax{self.sent:04}{sender and f' from {sender}'}.tif"
        self.server.put(name, content)
        return name

    async def wait_read(self, count: int, *, seconds_max: float = 3_600) -> list[InboundView]:
        """Until so many faxes came in and are read; in the order in which they came."""
        seen = 0
        with trio.fail_after(seconds_max):
            while len(views := [view for view in await self.views() if view.state in OVER]) < count:
                await self.town.store.wait_events(seen)
                seen = await self.town.store.last_event()
        return views

    async def wait_over(self, count: int, *, seconds_max: float = 3_600) -> None:
        """The same without looking at them: as many steps however many there are."""
        seen = 0
        with trio.fail_after(seconds_max):
            while await self._over() < count:
                await self.town.store.wait_events(seen)
                seen = await self.town.store.last_event()

    async def _over(self) -> int:
        totals = await self.town.store.inbound.totals(only_waiting=False)
        return sum(count for (_, state), count in totals.states.items() if state in OVER)

    async def views(self) -> list[InboundView]:
        lines = await self.town.store.inbound.find(InboundSought(), 1_000)
        views = [await self.town.store.inbound.inbound(line.inbound_id) for line in reversed(lines)]
        return [view for view in views if view is not None]

    async def view(self, inbound_id: int) -> InboundView:
        view = await self.town.store.inbound.inbound(InboundId(inbound_id))
        assert view is not None
        return view

    async def said_of(self, number: str) -> list[str]:
        """What the relay has heard of an order, oldest first."""
        story = await self.town.store.relay.story(number)
        return [each.message.kind.value for each in story.messages] if story is not None else []

    async def settle_inbound(self, **told: int) -> None:
        """kept = applied + review + duplicate + quarantined + discarded, and nothing is left on the server."""
        totals = await self.town.store.inbound.totals(only_waiting=False)
        counts: dict[str, int] = {}
        for (_, state), count in totals.states.items():
            counts[state.value] = counts.get(state.value, 0) + count
        assert counts == told
        events = [event.kind for event in await self.town.store.events(0, 1_000_000)]
        assert events.count("inbound_kept") == sum(told.values())
        assert [name for name in self.server.names() if "/" not in name] == []


@asynccontextmanager
async def open_post_town(
    florists: int = 10, routed: bool = False, unread_max: int = 10_000, **rules: Any
) -> AsyncIterator[tuple[Town, Post]]:
    """A town whose florists can answer by fax; `routed` where the gateway chooses who executes an order."""
    settings: dict[str, Any] = {"routing": RoutingConfig()} if routed else {}
    settings["intake"] = IntakeConfig(decision=DecisionRules(**rules), unread_max=unread_max)
    async with open_town(florists=florists, settings=settings, places=PLACES) as town:
        post = Post(town)
        own = InboxConfig(
            name=INBOX,
            host="ftp.example",
            user="shop",
            password_file=NO_FILE,
            convention=Convention.RENAMED,
            name_pattern=r" from (?P<sender_number>\+[0-9]+)",
        )
        town.faxes_in = FaxesIn(post.reader, [(own, post.server)])
        yield town, post


async def delivered_order(town: Town, number: str, florist: int = 1) -> FaxId:
    """An order that its florist has on paper."""
    [fax_id] = await town.submit(order_for(florist, number))
    await town.wait()
    return fax_id
