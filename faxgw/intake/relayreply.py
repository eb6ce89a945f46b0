"""A ticked answer to a message between florists: yes or no to what its sheet asked, or a case for a person. Pure.

The sheet's code names what it asks and of whom; whether that is still open, the relay knows.
"""

from collections.abc import Mapping, Sequence

from faxgw.config.intake import DecisionRules
from faxgw.intake.code import RelayCode
from faxgw.intake.decision import KnownOrder, NeedsReview, RelayReply, ReviewReason
from faxgw.intake.faxread import PageRead, Tick, TickState
from faxgw.message import Channel, Kind, RelayMessage, Source
from faxgw.phone import Line

AGREED, REFUSED, ANSWER = "agreed", "refused", "answer"
"""The boxes of the form `relay-message`."""


def decide_relay_reply(
    code: RelayCode,
    pages: Sequence[PageRead],
    sender: Line | None,
    known: Mapping[str, KnownOrder],
    rules: DecisionRules,
) -> RelayReply | NeedsReview:
    """What the pages that bear the same question answer; `sender` is the line they came from, if anybody told."""
    boxed = [page for page in pages if page.ticks]

    def review(reason: ReviewReason, detail: str) -> NeedsReview:
        shown = tuple(page.number for page in boxed or pages)
        return NeedsReview(reason=reason, detail=detail, pages=shown, order_number=code.number)

    if code.asks is None:
        return review(
            ReviewReason.RELAY_ANSWER, "an answer to a message between florists: read it, and answer in their name"
        )
    order = known.get(code.number)
    if order is None:
        return review(ReviewReason.UNKNOWN_ORDER, "the sheet's code names an order that this gateway does not have")
    if not boxed:
        return review(ReviewReason.NO_BOXES, "no page shows the boxes to tick: was the last page sent?")
    if len({_marked(page.ticks) for page in boxed}) > 1:
        return review(ReviewReason.CONTRADICTION, "the fax has the boxes twice, and they differ")
    ticks = boxed[-1].ticks
    doubt = _doubt(ticks)
    if doubt is not None:
        return review(*doubt)
    lines = order.lines.get(code.asks.member, frozenset())
    if rules.sender_must_match and sender is not None and lines and sender not in lines:
        return review(ReviewReason.WRONG_SENDER, "the fax came from another number than the florist's who was asked")
    return RelayReply(
        order_number=code.number, asks=code.asks, is_agreed=AGREED in _marked(ticks), page=boxed[-1].number
    )


def _doubt(ticks: Sequence[Tick]) -> tuple[ReviewReason, str] | None:
    """Why the boxes say neither yes nor no."""
    if any(tick.state is TickState.UNSURE for tick in ticks):
        return ReviewReason.UNSURE_TICK, "a box is neither clearly ticked nor clearly empty"
    match sorted(_marked(ticks)):
        case []:
            return ReviewReason.NO_TICK, "no box is ticked: is there something written on the page?"
        case [one] if one in {AGREED, REFUSED}:
            return None
        case several if AGREED in several and REFUSED in several:
            return ReviewReason.CONTRADICTION, "the boxes contradict each other: agreed and refused"
        case _:
            return ReviewReason.RELAY_ANSWER, "an answer is written on it: read it, and answer in the florist's name"


def _marked(ticks: Sequence[Tick]) -> frozenset[str]:
    return frozenset(tick.name for tick in ticks if tick.state is TickState.MARKED)


def said_kinds(reply: RelayReply) -> tuple[str, ...]:
    """By which the same answer is known again."""
    return tuple(sorted((reply.asks.ref, AGREED if reply.is_agreed else REFUSED)))


def message_of_reply(reply: RelayReply, source: Source, *, key: str, at: float) -> RelayMessage:
    """What the box means between florists. The amount of a price the relay knows."""
    is_price = reply.asks.kind == Kind.ASKP
    handwritten = f"(see inbound fax {source.reference}, page {reply.page})"
    return RelayMessage(
        key=f"{key}:{reply.order_number}:{reply.asks.ref}",
        kind=Kind.ANSP if is_price else Kind.CON if reply.is_agreed else Kind.DEN,
        at=at,
        source=source,
        order_number=reply.order_number,
        from_member=reply.asks.member,
        text="" if reply.is_agreed or source.channel is not Channel.FAX else handwritten,
        in_answer_to=reply.asks.ref,
        agrees=reply.is_agreed if is_price else None,
    )
