"""From what the store keeps of a fax to what is drawn: an order's sheet, a relay message, a document handed in."""

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec

from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order, stored_order
from faxgw.phone import Line, parse_line
from faxgw.relay.paper import compose_paper, decode_paper
from faxgw.render.handed_in.handed import HandedIn, Kind
from faxgw.render.port import Drawing
from faxgw.render.sheet import Resolution, Unrenderable
from faxgw.store.admission import Content
from faxgw.store.port import Store
from faxgw.store.views import Contents


class Deposited(msgspec.Struct, frozen=True, kw_only=True):
    """A document that somebody handed in, as the store keeps it: what it is, where it lies, how it is to look."""

    document: str
    """Its name among the store's documents."""
    kind: Kind
    bytes: int
    resolution: Resolution = Resolution.FINE
    photo: bool = False


_decode_deposited = msgspec.json.Decoder(Deposited).decode
encode_deposited = msgspec.json.Encoder(order="deterministic").encode


class Composer:
    """Gathers all that a drawing needs; the same contents and time give the same drawing."""

    def __init__(self, store: Store, register: Register, header_name: str) -> None:
        self._store = store
        self._register = register
        self._header_name = header_name

    async def compose(self, contents: Contents, at: float) -> Drawing | Unrenderable:
        """What to draw of a fax that goes out at `at` (seconds since 1970)."""
        try:
            match contents.content:
                case Content.ORDER:
                    return self._sheet(contents, at)
                case Content.DOCUMENT:
                    return await self._handed_in(contents, at)
                case Content.RELAY:
                    return compose_paper(decode_paper(contents.order), self._register, at, self._header_name)
        except msgspec.DecodeError as error:
            # Written by another version of faxgw, or damaged: no reason for the others to wait.
            return Unrenderable(f"the stored {contents.content} cannot be read: {error}")

    def _sheet(self, contents: Contents, at: float) -> Drawing | Unrenderable:
        order = _as_it_goes(stored_order(contents.order), contents.line, contents.member)
        sheet = compose_sheet(order, self._register, at, self._header_name)
        if isinstance(sheet, Unrenderable) or not contents.marked:
            return sheet
        return msgspec.structs.replace(sheet, possible_duplicate=True)

    async def _handed_in(self, contents: Contents, at: float) -> Drawing | Unrenderable:
        deposited = _decode_deposited(contents.order)
        content = await self._store.document(deposited.document)
        if content is None:
            return Unrenderable("the document is gone from the disk or damaged there; hand it in again")
        reader = self._register.find(contents.member) if contents.member else self._register.member_at(contents.line)
        return HandedIn(
            kind=deposited.kind,
            content=content,
            header_name=self._header_name,
            # Nobody tells where the machine of a bare number stands, or what is read there; the header shows the zone.
            sent_at=dt.datetime.fromtimestamp(int(at), ZoneInfo(reader.timezone) if reader else dt.UTC),
            language=reader.language if reader else "en",
            resolution=deposited.resolution,
            photo=deposited.photo,
            possible_duplicate=contents.marked,
        )


def _as_it_goes(order: Order, line: Line, member: str | None) -> Order:
    """The order as it stands after somebody sent it to another member or number."""
    if member is not None:
        return msgspec.structs.replace(order, executing_member=member, fax_number=None)
    if order.fax_number is not None and parse_line(order.fax_number, order.recipient.country) != line:
        return msgspec.structs.replace(order, fax_number=line)
    return order
