"""What is to be done about a decision: messages to the relay, an order to the queue, or a person's look. Pure.

The same fax comes again with another checksum where a carrier sends it twice: it is known by saying the same of the
same order. A question is never taken for a repeat: two questions look alike, for they are written by hand.
"""

from dataclasses import dataclass
from typing import Any, assert_never

import msgspec

from faxgw.faults import Fault
from faxgw.intake.decision import Decision, NeedsReview, NewOrderRead, OrderDraft, RelayReply, Reply, ReplyKind
from faxgw.intake.draft import as_json, is_same_order, order_of
from faxgw.intake.known import KnownOrders
from faxgw.intake.relayreply import message_of_reply, said_kinds
from faxgw.message import Channel, Kind, RejectReason, RelayMessage, Source
from faxgw.order import Order
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import DoubtfulSheet, RepeatedSheet, Said
from faxgw.store.inbound.views import Unread

CLOCK_TRUSTED_SECONDS = 7 * 86_400.0
"""A carrier's clock that is further off from ours than this is wrong, and not the fax late."""

KINDS = {
    ReplyKind.ACCEPT: Kind.ACK,
    ReplyKind.REJECT: Kind.REJ,
    ReplyKind.DELIVERED: Kind.DCON,
    ReplyKind.QUESTION: Kind.ASK,
}

encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(frozen=True, slots=True)
class Say:
    """A florist's answer, as messages for the relay; none where the order went to a number of no member.

    The relay would take a message without a member for the network's own word. Such an answer stands in the order's
    trail, where its order system reads it.
    """

    page: int
    order_number: str
    said: Said
    messages: tuple[RelayMessage, ...]


@dataclass(frozen=True, slots=True)
class Submit:
    """A new order."""

    page: int
    order: Order
    submitter: str
    draft: OrderDraft
    """For the person who completes it where the desk refuses it."""


Step = Say | Submit | RepeatedSheet | DoubtfulSheet


def steps_for(fax: Unread, decisions: list[Decision], known: KnownOrders, now: float, *, is_routed: bool) -> list[Step]:
    """One step a decision, in order."""
    return [_step(fax, place, each, known, now, is_routed) for place, each in enumerate(decisions)]


def _step(fax: Unread, place: int, decision: Decision, known: KnownOrders, now: float, is_routed: bool) -> Step:
    match decision:
        case Reply():
            return _reply(fax, decision, known)
        case RelayReply():
            return _relay_reply(fax, decision, known)
        case NewOrderRead():
            return _new_order(fax, place, decision, known, now, is_routed)
        case NeedsReview():
            return doubtful(decision)
        case _:
            assert_never(decision)


def _reply(fax: Unread, reply: Reply, known: KnownOrders) -> Step:
    number = reply.order_number
    said = said_by(reply.speaker, reply.kinds, number, known)
    if known.has_said(number, said) and ReplyKind.QUESTION not in reply.kinds:
        return RepeatedSheet(reply.page, number, said.kinds, said.fax_id)
    known.note_said(number, said)
    source = Source(Channel.FAX, str(fax.inbound_id))
    messages = messages_of(
        reply.kinds,
        number,
        reply.speaker,
        source,
        key=f"inbound-{fax.inbound_id}",
        at=came_at(fax),
        text=f"(handwritten, see inbound fax {fax.inbound_id}, page {reply.page})",
    )
    return Say(reply.page, number, said, messages)


def _relay_reply(fax: Unread, reply: RelayReply, known: KnownOrders) -> Step:
    number, speaker = reply.order_number, reply.asks.member
    said = Said(known.fax_of(number, speaker), speaker, said_kinds(reply))
    if known.has_said(number, said):
        return RepeatedSheet(reply.page, number, said.kinds, said.fax_id)
    known.note_said(number, said)
    source = Source(Channel.FAX, str(fax.inbound_id))
    message = message_of_reply(reply, source, key=f"inbound-{fax.inbound_id}", at=came_at(fax))
    return Say(reply.page, number, said, (message,))


def said_by(speaker: str, kinds: tuple[ReplyKind, ...], number: str, known: KnownOrders) -> Said:
    return Said(known.fax_of(number, speaker), speaker, tuple(sorted(kind.value for kind in kinds)))


def messages_of(
    kinds: tuple[ReplyKind, ...],
    number: str,
    speaker: str,
    source: Source,
    *,
    key: str,
    at: float,
    text: str,
    reason: RejectReason = RejectReason.OTHER,
) -> tuple[RelayMessage, ...]:
    """What the boxes mean between florists, in the order in which things happen; `text` goes with what needs words.

    Nothing without a speaker: see `Say`.
    """
    return tuple(
        RelayMessage(
            key=f"{key}:{number}:{kind}",
            kind=KINDS[kind],
            at=at,
            source=source,
            order_number=number,
            from_member=speaker,
            text=text if kind in {ReplyKind.QUESTION, ReplyKind.REJECT} else "",
            reason=reason if kind is ReplyKind.REJECT else None,
        )
        for kind in ReplyKind
        if speaker and kind in kinds
    )


def _new_order(
    fax: Unread, place: int, decision: NewOrderRead, known: KnownOrders, now: float, is_routed: bool
) -> Step:
    page = decision.pages[0] if decision.pages else 0
    key = order_key(fax.inbound_id, place)
    order = order_of(decision.draft, key, now, is_routed=is_routed)
    if isinstance(order, list):
        return refused(page, decision.draft, decision.confidences, order)
    submitter = submitter_of(fax.inbox)
    sheets = known.of(order.number)
    if sheets.faxes or sheets.keys:
        # Ours from before a crash goes the same way again, which is harmless; another's is a repeat or a clash.
        if (submitter, key) in sheets.keys:
            return Submit(page, order, submitter, decision.draft)
        if is_same_order(order, sheets.order):
            return RepeatedSheet(page, order.number, fax_id=next(iter(sheets.faxes), None))
        taken = Fault("/number", f"another order has the number {order.number}")
        return refused(page, decision.draft, decision.confidences, [taken])
    known.ordered(order.number, msgspec.json.encode(order), (submitter, key))
    return Submit(page, order, submitter, decision.draft)


def order_key(inbound_id: InboundId, place: int) -> str:
    """The same fax read again is the same order again."""
    return f"inbound-{inbound_id}-{place}"


def submitter_of(inbox: str) -> str:
    """No caller of the API can name itself so: a slash is no character of a submitter there."""
    return f"inbox/{inbox}"


def refused(page: int, draft: OrderDraft, confidences: dict[str, float], faults: list[Fault]) -> DoubtfulSheet:
    guess: dict[str, Any] = {"order": as_json(draft), "confidences": confidences, "faults": faults}
    return DoubtfulSheet(page, "order_refused", "the order cannot be taken as it was read", encode(guess), draft.number)


def doubtful(review: NeedsReview) -> DoubtfulSheet:
    """The best guess in the shape in which a person hands the decision in."""
    guess: dict[str, Any] = {"pages": review.pages}
    if review.order_number:
        guess["reply"] = {"order_number": review.order_number, "kinds": review.kinds}
    if review.draft is not None:
        guess["order"] = as_json(review.draft)
    if review.confidences:
        guess["confidences"] = review.confidences
    page = review.pages[0] if review.pages else 0
    return DoubtfulSheet(page, review.reason, review.detail, encode(guess), review.order_number)


def came_at(fax: Unread) -> float:
    """When the fax came in, by the carrier's clock where that can be right."""
    told = fax.received_at
    return told if told is not None and 0 <= fax.kept_at - told <= CLOCK_TRUSTED_SECONDS else fax.kept_at
