"""What the API takes and answers of relay messages, as documented in /v1/openapi.json."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from faxgw.api.views import FaxLineBody, fax_line_body, utc, utc_or_none
from faxgw.faults import Fault
from faxgw.message import Channel, Kind, Reference, RejectReason, RelayMessage, Source, Text
from faxgw.money import Money
from faxgw.order import Key, MemberId, OrderNumber
from faxgw.relay.names import ref_of
from faxgw.store.relay.port import (
    Absence,
    Answer,
    MessageView,
    OrderStory,
    Refusal,
    RelayOrder,
    RelayRefused,
    RelayRepeated,
    RelayTaken,
    Stage,
)
from faxgw.store.views import FaxLine


class RelayWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message, as the order system or an operator hands it in."""

    key: Key
    kind: Kind
    order_number: OrderNumber | None = None
    from_member: MemberId | None = None
    """Who says it; without it the network itself."""
    to_member: MemberId | None = None
    text: Text = ""
    amount: Money | None = None
    """Of ASKP, ANSP and ADJ: the whole execution price, not the difference."""
    reason: RejectReason | None = None
    in_answer_to: Reference | None = None
    """Of CON, DEN and ANSP: the `ref` of the message that is answered; then it answers that one, or is refused."""
    agrees: bool | None = None
    """Of ANSP with `in_answer_to`: yes to the amount that was asked for, or no, in place of `amount`."""
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    who: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    """The operator who hands it in; without it the order system does."""


class RelayAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a message; `status` is what a single POST would have had."""

    status: int
    line: int | None = None
    """Of the upload."""
    seq: int | None = None
    stage: Stage | None = None
    """Of the order after it."""
    note: str = ""
    repeated: bool = False
    refusal: Refusal | None = None
    detail: str = ""
    """Why it is not carried out, and what to do instead."""
    errors: tuple[Fault, ...] = ()


class MessageBody(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is kept, with its answer."""

    seq: int
    ref: str
    """By which an answer may name it, as `in_answer_to`."""
    at: dt.datetime
    kind: Kind
    channel: Channel
    reference: str
    key: str
    order_number: str | None
    from_member: str | None
    to_member: str | None
    text: str
    amount: Money | None
    reason: RejectReason | None
    in_answer_to: str | None
    agrees: bool | None
    first_day: dt.date | None
    last_day: dt.date | None
    stage: Stage | None
    note: str
    refusal: Refusal | None
    detail: str


class MessagesBody(msgspec.Struct, frozen=True):
    """Messages in the order in which they were kept; ask next with `after` set to `next`."""

    messages: list[MessageBody]
    next: int


class OpenQuestion(msgspec.Struct, frozen=True):
    """Somebody waits for an answer; null is the network."""

    asked_by: str | None
    asked_of: str | None
    at: dt.datetime


class OrderBody(msgspec.Struct, frozen=True, kw_only=True):
    """An order between the florists: where it stands, what was said, and its faxes, the newest first."""

    number: str
    stage: Stage
    sending_member: str
    executing_member: str | None
    fax_id: int
    ordered_at: dt.datetime
    delivery_date: dt.date
    price: Money
    price_asked: Money | None
    cancel_asked: bool
    questions: list[OpenQuestion]
    tried: list[str]
    waiting_since: dt.datetime | None
    reminders: int
    next_at: dt.datetime | None
    messages: list[MessageBody]
    faxes: list[FaxLineBody]


class AbsenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery days that a florist does not make; `last_day` is null until a RES."""

    member: str
    first_day: dt.date
    last_day: dt.date | None
    seq: int


class AbsencesBody(msgspec.Struct, frozen=True):
    absences: list[AbsenceBody]


@dataclass(frozen=True, slots=True)
class Speaker:
    """In whose name a request speaks."""

    submitter: str
    operator: Callable[[str], str]
    """Who it is that a message names as its `who`."""


def message_of(wish: RelayWish, speaker: Speaker, at: float) -> RelayMessage:
    if wish.who is None:
        source = Source(Channel.API, speaker.submitter)
    else:
        source = Source(Channel.OPERATOR, speaker.operator(wish.who))
    told = {name: value for name, value in msgspec.structs.asdict(wish).items() if name != "who"}
    return RelayMessage(at=at, source=source, **told)


def answer_body(answer: Answer, line: int | None = None) -> RelayAnswer:
    match answer:
        case RelayTaken(seq=seq, stage=stage, note=note):
            return RelayAnswer(status=201, line=line, seq=seq, stage=stage, note=note)
        case RelayRefused(refusal=refusal, sentence=sentence, seq=seq):
            return RelayAnswer(status=_STATUS.get(refusal, 409), line=line, seq=seq, refusal=refusal, detail=sentence)
        case RelayRepeated(answer=earlier):
            again = answer_body(earlier, line)
            return msgspec.structs.replace(again, repeated=True, status=200 if again.refusal is None else again.status)


_STATUS = {Refusal.BROKE: 500, Refusal.INVALID: 422, Refusal.UNKNOWN_ORDER: 404, Refusal.DRAINING: 503}


def message_body(view: MessageView) -> MessageBody:
    message, answer = view.message, view.answer
    return MessageBody(
        seq=view.seq,
        ref=ref_of(message),
        at=utc(message.at),
        kind=message.kind,
        channel=message.source.channel,
        reference=message.source.reference,
        key=message.key,
        order_number=message.order_number,
        from_member=message.from_member,
        to_member=message.to_member,
        text=message.text,
        amount=message.amount,
        reason=message.reason,
        in_answer_to=message.in_answer_to,
        agrees=message.agrees,
        first_day=message.first_day,
        last_day=message.last_day,
        stage=answer.stage if isinstance(answer, RelayTaken) else None,
        note=answer.note if isinstance(answer, RelayTaken) else "",
        refusal=answer.refusal if isinstance(answer, RelayRefused) else None,
        detail=answer.sentence if isinstance(answer, RelayRefused) else "",
    )


def order_body(story: OrderStory, faxes: list[FaxLine]) -> OrderBody:
    order = story.order
    return OrderBody(
        number=order.number,
        stage=order.stage,
        sending_member=order.sending,
        executing_member=order.executing,
        fax_id=order.fax_id,
        ordered_at=utc(order.ordered_at),
        delivery_date=order.delivery_date,
        price=order.price,
        price_asked=order.price_asked.amount if order.price_asked is not None else None,
        cancel_asked=order.cancel is not None,
        questions=_questions(order),
        tried=list(order.tried),
        waiting_since=utc_or_none(order.waiting_since),
        reminders=order.reminders,
        next_at=utc_or_none(order.next_at),
        messages=[message_body(view) for view in story.messages],
        faxes=[fax_line_body(each) for each in faxes],
    )


def absence_body(absence: Absence) -> AbsenceBody:
    return AbsenceBody(member=absence.member, first_day=absence.first_day, last_day=absence.last_day, seq=absence.seq)


def _questions(order: RelayOrder) -> list[OpenQuestion]:
    return [OpenQuestion(each.asked_by, each.asked_of, utc(each.at)) for each in order.questions]
