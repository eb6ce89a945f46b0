"""What a fax turns out to be. Pure: what was seen, what is known, and the config's rules in, decisions out.

Nothing is guessed: what is not clear goes to a person with the best guess. One fax may answer several orders; each
gets a decision of its own.
"""

from collections.abc import Mapping, Sequence

from faxgw.config.intake import DecisionRules
from faxgw.intake.blank import sent_as
from faxgw.intake.code import NewOrderCode, OrderCode, RelayCode, parse_code
from faxgw.intake.decision import Decision, KnownOrder, NeedsReview, Reply, ReplyKind, ReviewReason
from faxgw.intake.faxread import FaxRead, PageRead, Tick, TickState, Unreadable
from faxgw.intake.neworder import decide_new_order, order_number_in_text
from faxgw.intake.relayreply import decide_relay_reply
from faxgw.phone import Line, parse_line

_CONTRADICTORY = (
    {ReplyKind.REJECT, ReplyKind.ACCEPT},
    {ReplyKind.REJECT, ReplyKind.DELIVERED},
    {ReplyKind.REJECT, ReplyKind.QUESTION},
    {ReplyKind.DELIVERED, ReplyKind.QUESTION},
)
"""Accepted and delivered agree: the same sheet comes back twice. So do accepted and a question."""


def order_numbers(read: FaxRead, rules: DecisionRules) -> list[str]:
    """The orders to look up before deciding, each once."""
    codes = [parse_code(page.code) for page in read.pages]
    numbers = [code.number for code in codes if isinstance(code, OrderCode | RelayCode)]
    told = order_number_in_text(read, rules) if not any(codes) else None
    return list(dict.fromkeys([*numbers, *([told.text] if told else [])]))


def wants_text(read: FaxRead) -> bool:
    """Whether text is worth its seconds: no code of an order was found."""
    codes = [parse_code(page.code) for page in read.pages]
    return not read.text_read and not any(isinstance(code, OrderCode | RelayCode) for code in codes)


def decide(
    read: FaxRead | Unreadable, sender_number: str, known: Mapping[str, KnownOrder], rules: DecisionRules
) -> list[Decision]:
    """What becomes of a fax; at least one decision.

    `sender_number` is as the carrier told it, "" if nobody did; `known` has those of `order_numbers` that exist.
    """
    if isinstance(read, Unreadable):
        return [NeedsReview(reason=ReviewReason.UNREADABLE, detail=read.detail)]
    orders: dict[str, list[PageRead]] = {}
    forms: list[tuple[NewOrderCode, PageRead]] = []
    messages: dict[RelayCode, list[PageRead]] = {}
    decisions: list[Decision] = []
    for page in read.pages:
        match parse_code(page.code):
            case OrderCode(number):
                orders.setdefault(number, []).append(page)
            case NewOrderCode() as code:
                forms.append((code, page))
            case RelayCode(number, _, asks):
                messages.setdefault(RelayCode(number, 1, asks), []).append(page)
            case None:
                pass
    sender = line_told(sender_number, rules.country)
    decisions += [decide_relay_reply(code, pages, sender, known, rules) for code, pages in messages.items()]
    decisions += [_decide_reply(number, pages, sender_number, known, rules) for number, pages in orders.items()]
    decisions += [decide_new_order(page, rules, code) for code, page in forms]
    return decisions or [_without_code(read, sender_number, known, rules)]


def _decide_reply(
    number: str,
    pages: Sequence[PageRead],
    sender_number: str,
    known: Mapping[str, KnownOrder],
    rules: DecisionRules,
) -> Reply | NeedsReview:
    order = known.get(number)
    boxed = [page for page in pages if page.ticks]
    kinds = _marked(boxed[-1].ticks) if boxed else ()

    def review(reason: ReviewReason, detail: str) -> NeedsReview:
        shown = tuple(page.number for page in boxed or pages)
        return NeedsReview(reason=reason, detail=detail, pages=shown, order_number=number, kinds=kinds)

    if order is None:
        return review(ReviewReason.UNKNOWN_ORDER, "the sheet's code names an order that this gateway does not have")
    if not boxed:
        return review(ReviewReason.NO_BOXES, "no page shows the boxes to tick: was the last page sent?")
    if order.forms and any(sent_as(page.form).isdisjoint(_revisions(order)) for page in boxed):
        return review(ReviewReason.OTHER_FORM, "the order was sent on another form than the boxes were read by")
    if len({_marked(page.ticks) for page in boxed}) > 1:
        return review(ReviewReason.CONTRADICTION, "the fax has the order's boxes twice, and they differ")
    doubt = _doubt(boxed[-1].ticks)
    if doubt is not None:
        return review(*doubt)
    if not _may_answer(sender_number, order, rules):
        return review(ReviewReason.WRONG_SENDER, "the fax came from another number than the executing florist's")
    speaker = _speaker(sender_number, order, rules)
    if speaker is None:
        return review(ReviewReason.WRONG_SENDER, "several florists had the order: it is not known who sent this fax")
    note = _note(boxed[-1].ticks)
    return Reply(order_number=number, kinds=kinds, page=boxed[-1].number, speaker=speaker, note_png=note)


def _revisions(order: KnownOrder) -> set[str]:
    """Of the forms that were sent. An attempt keeps more behind the revision: the fonts, which move no box."""
    return {version.partition("+")[0] for version in order.forms}


def _marked(ticks: Sequence[Tick]) -> tuple[ReplyKind, ...]:
    names = {tick.name for tick in ticks if tick.state is TickState.MARKED}
    return tuple(kind for kind in ReplyKind if kind in names)


def _doubt(ticks: Sequence[Tick]) -> tuple[ReviewReason, str] | None:
    """Why the boxes do not say clearly what is meant."""
    if any(tick.state is TickState.UNSURE for tick in ticks):
        return ReviewReason.UNSURE_TICK, "a box is neither clearly ticked nor clearly empty"
    kinds = set(_marked(ticks))
    if not kinds:
        return ReviewReason.NO_TICK, "no box is ticked: is there something written on the page?"
    if any(pair <= kinds for pair in _CONTRADICTORY):
        return ReviewReason.CONTRADICTION, f"the boxes contradict each other: {' and '.join(sorted(kinds))}"
    return None


def _note(ticks: Sequence[Tick]) -> bytes:
    return next((tick.note_png for tick in ticks if tick.state is TickState.MARKED and tick.note_png), b"")


def _may_answer(sender_number: str, order: KnownOrder, rules: DecisionRules) -> bool:
    """Whether the number that sent it may be the executing florist's. What is not known is no mismatch."""
    if not rules.sender_must_match or not order.sender_numbers:
        return True
    line = line_told(sender_number, rules.country)
    return line is None or line in order.sender_numbers


def _speaker(sender_number: str, order: KnownOrder, rules: DecisionRules) -> str | None:
    """Whose answer it is: whoever gave the order back must not speak for the florist who has it now."""
    line = line_told(sender_number, rules.country)
    if order.earlier and line not in order.sender_numbers:
        return None
    return order.earlier.get(line or "", order.executing_member)


def line_told(number: str, country: str) -> Line | None:
    """As the carrier told it; None for nothing, and for what is no number (a machine's own name)."""
    international = f"+{number[2:]}" if number.startswith("00") else number
    return parse_line(international, country)


def _without_code(read: FaxRead, sender_number: str, known: Mapping[str, KnownOrder], rules: DecisionRules) -> Decision:
    """Text is all there is: it may name an order, or be one."""
    told = order_number_in_text(read, rules)
    if told is not None and told.text in known:
        return _reply_by_text(told.text, told.confidence, read, sender_number, known, rules)
    if read.text_read:
        return decide_new_order(read.pages[0], rules, None)
    return NeedsReview(
        reason=ReviewReason.NOTHING_RECOGNISED, detail="no code of ours on any page, and its text was not read"
    )


def _reply_by_text(
    number: str,
    confidence: float,
    read: FaxRead,
    sender_number: str,
    known: Mapping[str, KnownOrder],
    rules: DecisionRules,
) -> Reply | NeedsReview:
    """A sheet whose code was not readable. Its number counts when it was read surely and the right florist sent it."""
    pages = [page for page in read.pages if page.ticks]
    answer = _decide_reply(number, pages or read.pages, sender_number, known, rules)
    sure = confidence >= rules.number_confidence_min
    sender_known = line_told(sender_number, rules.country) in known[number].sender_numbers
    if isinstance(answer, NeedsReview) or (sure and sender_known):
        return answer
    return NeedsReview(
        reason=ReviewReason.READ_FROM_TEXT,
        detail="the code was not readable; the order's number was read as text",
        pages=(answer.page,),
        order_number=number,
        kinds=answer.kinds,
    )
