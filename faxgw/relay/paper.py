"""A relay message on paper: what the store keeps of it, and the sheet that is drawn of it."""

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec

from faxgw.members.register import Register
from faxgw.members.sheets import party_of
from faxgw.message import Kind
from faxgw.render.sheet import Party, RelayKind, RelaySheet, Unrenderable

TITLES: dict[Kind, RelayKind] = {
    Kind.REJ: RelayKind.REJ,
    Kind.CAN: RelayKind.CAN,
    Kind.CON: RelayKind.CON,
    Kind.DEN: RelayKind.DEN,
    Kind.ASK: RelayKind.ASK,
    Kind.ANS: RelayKind.ANS,
    Kind.ASKP: RelayKind.ASKP,
    Kind.ANSP: RelayKind.ANSP,
    Kind.ADJ: RelayKind.ADJ,
    Kind.GEN: RelayKind.GEN,
}
"""What goes on paper, and under which title. The rest is told by events, or by the order's own sheet."""

TICKED = frozenset({Kind.CAN, Kind.ASKP})
"""Yes and no are all there is to say to these, so that a ticked box answers them."""

WITHOUT_ORDER = "–"


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one member, in words of the reader's language already."""

    title: RelayKind
    to_member: str
    from_member: str | None
    """None is the network."""
    text: str
    order_number: str = WITHOUT_ORDER
    delivery_date: dt.date
    recipient: str = ""
    asks: str = ""
    """What a ticked box answers, and who was asked: `KIND:MEMBER:REF`; empty where a person must read the answer."""


encode_paper = msgspec.json.Encoder(order="deterministic").encode
decode_paper = msgspec.json.Decoder(Paper).decode


def compose_paper(paper: Paper, register: Register, at: float, header_name: str) -> RelaySheet | Unrenderable:
    """The sheet as sent at `at` (seconds since 1970), in the reader's time."""
    reader = register.find(paper.to_member)
    if reader is None:
        return Unrenderable(f"the member {paper.to_member} left the register")
    speaker = register.find(paper.from_member) if paper.from_member is not None else None
    return RelaySheet(
        kind=paper.title,
        order_number=paper.order_number,
        delivery_date=paper.delivery_date,
        recipient=paper.recipient,
        text=paper.text,
        sender=party_of(speaker) if speaker is not None else Party(name=paper.from_member or header_name),
        executor=party_of(reader),
        language=reader.language,
        sent_at=dt.datetime.fromtimestamp(int(at), ZoneInfo(reader.timezone)),
        header_name=header_name,
        asks=paper.asks,
    )
