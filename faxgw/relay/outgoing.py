"""From what a step wants to go out to new faxes: order sheets for another florist, and messages on paper."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.message import Kind, RelayMessage
from faxgw.money import Money
from faxgw.order import RANKS, Language, Priority, stored_order
from faxgw.relay.names import ref_of
from faxgw.relay.paper import TICKED, TITLES, WITHOUT_ORDER, Paper, encode_paper
from faxgw.relay.sentences import reason_sentence, sentence
from faxgw.relay.step import Effect, PassOn, Remind, Say, SendOrder, StopFax, Withdraw
from faxgw.render.sheet import RelayKind
from faxgw.render.wording import wording_of
from faxgw.store.admission import Content, NewFax
from faxgw.store.relay.port import RELAY_SUBMITTER, Page, RelayOrder

_encode_order = msgspec.json.Encoder(order="deterministic").encode

EXPRESS = RANKS[Priority.EXPRESS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why something goes out."""

    name: str
    """Of the message or the step; the faxes are idempotent by it."""
    at: float
    before: RelayOrder | None
    after: RelayOrder | None
    page: Page | None
    """The order's fax so far, which has the order as JSON."""
    message: RelayMessage | None = None


class Outgoing:
    """Knows the lines and languages of members, and who wants no paper."""

    def __init__(self, register: Register, without_paper: Sequence[str]) -> None:
        self._register = register
        self._without_paper = frozenset(without_paper)

    def language_of(self, member_id: str | None) -> Language:
        member = self._register.find(member_id) if member_id is not None else None
        return member.language if member is not None else "en"

    def faxes(self, effects: Sequence[Effect], occasion: Occasion) -> tuple[NewFax, ...]:
        """The faxes of a step, in its order; nothing for members who left or read events."""
        return tuple(self._faxes(effects, occasion))

    def _faxes(self, effects: Sequence[Effect], occasion: Occasion) -> Iterator[NewFax]:
        for number, effect in enumerate(effects):
            key = f"{occasion.name}#{number}"
            match effect:
                case SendOrder(member=member_id):
                    yield from self._order_fax(member_id, occasion, key)
                case PassOn(member=member_id):
                    yield from self._message_fax(member_id, occasion, key)
                case Withdraw(member=member_id):
                    is_cancelled = occasion.after is not None and occasion.after.executing is None
                    said = "cancelled" if is_cancelled else "withdrawn"
                    yield from self._said(member_id, RelayKind.CAN, said, occasion, key)
                case Remind(member=member_id):
                    yield from self._said(member_id, RelayKind.ASK, "reminder", occasion, key)
                case Say(member=member_id, sentence=name):
                    yield from self._said(member_id, RelayKind.GEN, name, occasion, key)
                case StopFax():
                    pass

    def refusal_fax(self, to_member: str, why: str, kind: Kind, occasion: Occasion) -> tuple[NewFax, ...]:
        """Tells a florist by fax why the fax that came was not carried out."""
        language = self.language_of(to_member)
        text = sentence("not_carried_out", language, {"kind": kind.value, "reason": why})
        return tuple(self._paper_fax(to_member, None, RelayKind.GEN, text, occasion, f"{occasion.name}#refused"))

    def _order_fax(self, member_id: str, occasion: Occasion, key: str) -> Iterator[NewFax]:
        member, page, order = self._register.find(member_id), occasion.page, occasion.after
        if member is None or page is None or order is None:
            return
        sheet = msgspec.structs.replace(
            stored_order(page.order),
            executing_member=member_id,
            execution_price=order.price,
            # Both were for the florist before.
            fax_number=None,
            language=None,
        )
        body = _encode_order(sheet)
        not_before = sheet.not_before.timestamp() if sheet.not_before is not None else occasion.at
        has_time = page.deadline_at is not None and page.deadline_at > occasion.at
        yield NewFax(
            submitter=RELAY_SUBMITTER,
            key=key,
            digest=hashlib.sha256(body).digest(),
            number=order.number,
            line=self._register.line_of(member),
            rank=EXPRESS,
            order=body,
            accepted_at=occasion.at,
            due_at=max(occasion.at, not_before),
            deadline_at=page.deadline_at if has_time else None,
            executor=member_id,
            delivery_day=order.delivery_date.toordinal(),
        )

    def _message_fax(self, member_id: str | None, occasion: Occasion, key: str) -> Iterator[NewFax]:
        message = occasion.message
        if message is None or member_id is None or member_id == message.from_member or message.kind not in TITLES:
            return
        text = "\n\n".join(_paragraphs(message, occasion, self.language_of(member_id)))
        asks = f"{message.kind}:{member_id}:{ref_of(message)}" if message.kind in TICKED else ""
        title = TITLES[message.kind]
        yield from self._paper_fax(member_id, message.from_member, title, text, occasion, key, asks)

    def _said(self, member_id: str, title: RelayKind, name: str, occasion: Occasion, key: str) -> Iterator[NewFax]:
        text = sentence(name, self.language_of(member_id), {})
        yield from self._paper_fax(member_id, None, title, text, occasion, key)

    def _paper_fax(
        self,
        to_member: str,
        from_member: str | None,
        title: RelayKind,
        text: str,
        occasion: Occasion,
        key: str,
        asks: str = "",
    ) -> Iterator[NewFax]:
        reader, order = self._register.find(to_member), occasion.after or occasion.before
        if reader is None or to_member in self._without_paper:
            return
        paper = Paper(
            title=title,
            to_member=to_member,
            from_member=from_member,
            text=text,
            order_number=order.number if order is not None else WITHOUT_ORDER,
            delivery_date=order.delivery_date if order is not None else _day(occasion.at),
            recipient=_recipient(occasion.page),
            asks=asks,
        )
        yield self._new_fax(reader, paper, occasion.at, key)

    def _new_fax(self, reader: Member, paper: Paper, at: float, key: str) -> NewFax:
        body = encode_paper(paper)
        return NewFax(
            submitter=RELAY_SUBMITTER,
            key=key,
            digest=hashlib.sha256(body).digest(),
            number=paper.order_number if paper.order_number != WITHOUT_ORDER else "",
            line=self._register.line_of(reader),
            rank=EXPRESS,
            order=body,
            accepted_at=at,
            due_at=at,
            deadline_at=None,
            content=Content.RELAY,
        )


def _paragraphs(message: RelayMessage, occasion: Occasion, language: Language) -> Iterator[str]:
    """What the message says on paper: what it means in the reader's language, then the writer's own words."""
    before, after = occasion.before, occasion.after
    match message.kind:
        case Kind.CAN:
            yield sentence("cancel_asked", language, {})
        case Kind.REJ:
            yield sentence("rejected", language, {"reason": reason_sentence(message.reason, language)})
        case Kind.ASKP if message.amount is not None and after is not None and after.price_asked is not None:
            name = "price_by_filler" if after.price_asked.by_filler else "price_by_sender"
            yield sentence(name, language, _amounts(message.amount, after.price_asked.before, language))
        case Kind.ANSP if message.amount is not None and before is not None and before.price_asked is not None:
            asked = before.price_asked
            name = "price_agreed" if message.amount == asked.amount else "price_not_agreed"
            yield sentence(name, language, _amounts(message.amount, asked.before, language))
        case Kind.ADJ if message.amount is not None:
            yield sentence("adjusted", language, _amounts(message.amount, message.amount, language))
        case _:
            pass
    if message.text.strip():
        yield message.text.strip()


def _amounts(amount: Money, before: Money, language: Language) -> dict[str, object]:
    """As the reader writes them: 45,50 € in France."""
    wording = wording_of(language)
    return {"amount": wording.money(amount), "before": wording.money(before)}


def _recipient(page: Page | None) -> str:
    """Name and town, by which a florist finds an order without its number."""
    if page is None:
        return ""
    recipient = stored_order(page.order).recipient
    return f"{recipient.name}, {recipient.city}"


def _day(at: float) -> dt.date:
    return dt.datetime.fromtimestamp(at, dt.UTC).date()
