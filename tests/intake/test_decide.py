"""What a fax turns out to be: replies where everything is clear, and a person where anything is not."""

import itertools

import hypothesis
import hypothesis.strategies as st
import pytest

from faxgw.config.intake import DecisionRules
from faxgw.intake.blank import Box, CodePlace, blank_of
from faxgw.intake.code import NewOrderCode, OrderCode, RelayCode, new_order_code, parse_code
from faxgw.intake.decide import decide, order_numbers, wants_text
from faxgw.intake.decision import KnownOrder, NeedsReview, NewOrderRead, Reply, ReplyKind, ReviewReason
from faxgw.intake.faxread import (
    FaxRead,
    FieldRead,
    PageRead,
    TextLine,
    Tick,
    TickState,
    Unreadable,
    UnreadableReason,
)
from faxgw.render.orderform import FORM as ORDER_SHEET

BOXES = (
    Box("accept", 96, 1928, line=False),
    Box("reject", 96, 2010, line=True),
    Box("delivered", 96, 2092, line=True),
    Box("question", 96, 2174, line=True),
)
CODES = tuple(CodePlace(right=1632, top=top, module=6) for top in (84, 84, 188, 188))
RULES = DecisionRules(country="FR")
FORM = "order-sheet/3"
FLORIST, FORMER, STRANGER = "+33465713345", "+33465712222", "+33465719999"
KNOWN = {
    number: KnownOrder(number=number, sender_numbers=frozenset({FLORIST}), forms=frozenset({f"{FORM}+fontpkg-1"}))
    for number in ("FR27-0000001", "FR27-0000002")
}
ONE, TWO = KNOWN


def ticks(**states: TickState) -> list[Tick]:
    return [
        Tick(name=kind.value, state=states.get(kind.value, TickState.CLEAR), darkness=0.3, note_png=kind.value.encode())
        for kind in ReplyKind
    ]


def sheet(number: str = ONE, page: int = 1, *, at: int = 1, form: str = FORM, **states: TickState) -> PageRead:
    return PageRead(number=at, code=f"faxgw:{number}:{page}", form=form, ticks=ticks(**states))


def marked(*kinds: ReplyKind) -> PageRead:
    states = {kind.value: TickState.MARKED for kind in kinds}
    return PageRead(number=1, code=f"faxgw:{ONE}:1", form=FORM, ticks=ticks(**states))


def front(number: str = ONE) -> PageRead:
    return PageRead(number=1, code=f"faxgw:{number}:1")


def test_a_sheet_of_an_earlier_revision_is_read_while_its_boxes_stand_where_they_stood() -> None:
    """An update in the morning must not send the answers to yesterday's sheets to a person."""
    now = blank_of(OrderCode(ONE, 1))
    oldest = ORDER_SHEET.boxes_since
    assert now.sent_as == {f"order-sheet/{revision}" for revision in range(oldest, ORDER_SHEET.revision + 1)}
    for form, is_read in [(f"order-sheet/{oldest}", True), (f"order-sheet/{oldest - 1}", False), (now.form, True)]:
        order = KnownOrder(number=ONE, sender_numbers=frozenset({FLORIST}), forms=frozenset({f"{form}+fontpkg-1"}))
        (decision,) = decide(fax(sheet(form=now.form, accept=MARKED)), FLORIST, {ONE: order}, RULES)
        assert isinstance(decision, Reply) is is_read, form


def test_boxes_that_move_are_told() -> None:
    """Who moves code or boxes sets `boxes_since` in the form's file to the new revision, and these places with it."""
    blank = blank_of(OrderCode(ONE, 1))
    assert (ORDER_SHEET.boxes_since, blank.boxes, blank.codes, blank.side) == (3, BOXES, CODES, 50)


def text(*lines: tuple[str, float]) -> PageRead:
    return PageRead(
        number=1,
        lines=[
            TextLine(text=said, confidence=sure, left=100, top=60 * row, right=600, bottom=60 * row + 40)
            for row, (said, sure) in enumerate(lines)
        ],
    )


def fax(*pages: PageRead, text_read: bool = False) -> FaxRead:
    return FaxRead(pages=list(pages), text_read=text_read)


MARKED, CLEAR, UNSURE = TickState.MARKED, TickState.CLEAR, TickState.UNSURE


@pytest.mark.parametrize("kind", ReplyKind)
def test_one_clear_mark_is_a_reply(kind: ReplyKind) -> None:
    """With what is written behind its box."""
    reply = Reply(order_number=ONE, kinds=(kind,), page=1, note_png=kind.value.encode())
    assert decide(fax(marked(kind)), FLORIST, KNOWN, RULES) == [reply]


def test_whoever_had_the_order_before_speaks_for_itself() -> None:
    """Told by its number; where nobody told a number, nobody knows which of the two it was."""
    moved = KnownOrder(
        number=ONE,
        executing_member="FR-2",
        sender_numbers=frozenset({FLORIST, FORMER}),
        earlier={FORMER: "FR-1"},
        forms=KNOWN[ONE].forms,
    )
    said = {
        sender: decide(fax(marked(ReplyKind.REJECT)), sender, {ONE: moved}, RULES)[0]
        for sender in (FLORIST, FORMER, STRANGER, "")
    }
    speakers = {sender: each.speaker for sender, each in said.items() if isinstance(each, Reply)}
    assert speakers == {FLORIST: "FR-2", FORMER: "FR-1"}
    reasons = [each.reason for each in said.values() if isinstance(each, NeedsReview)]
    assert reasons == [ReviewReason.WRONG_SENDER] * 2


def test_only_what_agrees_is_one_reply() -> None:
    """Of two marks: accepted and delivered, accepted and a question; all else contradicts."""
    agree = set()
    for pair in itertools.combinations(ReplyKind, 2):
        (decision,) = decide(fax(marked(*pair)), FLORIST, KNOWN, RULES)
        if isinstance(decision, Reply):
            agree.add(decision.kinds)
        else:
            assert isinstance(decision, NeedsReview)
            assert (decision.reason, decision.kinds) == (ReviewReason.CONTRADICTION, pair)
    assert agree == {(ReplyKind.ACCEPT, ReplyKind.DELIVERED), (ReplyKind.ACCEPT, ReplyKind.QUESTION)}


@hypothesis.given(st.fixed_dictionaries({kind.value: st.sampled_from(TickState) for kind in ReplyKind}))
def test_a_reply_says_what_is_marked_and_nothing_else(states: dict[str, TickState]) -> None:
    """And never stands beside a box that is unsure."""
    (decision,) = decide(
        fax(PageRead(number=1, code=f"faxgw:{ONE}:1", form=FORM, ticks=ticks(**states))), FLORIST, KNOWN, RULES
    )
    meant = tuple(kind for kind in ReplyKind if states[kind.value] is MARKED)
    assert isinstance(decision, Reply | NeedsReview)
    assert decision.kinds == meant
    if isinstance(decision, Reply):
        assert meant
        assert UNSURE not in states.values()


def test_orders_in_one_fax_are_answered_one_by_one() -> None:
    """A doubtful one keeps no other from its reply; the last page of each has the boxes."""
    pages = [front(ONE), sheet(ONE, 2, at=2, accept=MARKED), sheet(TWO, at=3, reject=UNSURE)]
    reply, review = decide(fax(*pages), FLORIST, KNOWN, RULES)
    assert reply == Reply(order_number=ONE, kinds=(ReplyKind.ACCEPT,), page=2, note_png=b"accept")
    assert isinstance(review, NeedsReview)
    assert (review.order_number, review.reason, review.pages) == (TWO, ReviewReason.UNSURE_TICK, (3,))
    assert order_numbers(fax(*pages), RULES) == [ONE, TWO]


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([sheet("FR27-0000009", accept=MARKED)], ReviewReason.UNKNOWN_ORDER),
        ([sheet()], ReviewReason.NO_TICK),
        ([sheet(accept=UNSURE)], ReviewReason.UNSURE_TICK),
        ([front()], ReviewReason.NO_BOXES),
        ([sheet(form="order-sheet/2", accept=MARKED)], ReviewReason.OTHER_FORM),
        ([sheet(accept=MARKED), sheet(at=2, reject=MARKED)], ReviewReason.CONTRADICTION),
        ([PageRead(number=1, code=f"faxgw-relay:{ONE}:1")], ReviewReason.RELAY_ANSWER),
        ([PageRead(number=1)], ReviewReason.NOTHING_RECOGNISED),
        ([PageRead(number=1, code="faxgw:whatever")], ReviewReason.NOTHING_RECOGNISED),
    ],
)
def test_what_is_not_clear_goes_to_a_person(pages: list[PageRead], reason: ReviewReason) -> None:
    """With the reason, and a sentence that names nobody."""
    (decision,) = decide(fax(*pages), FLORIST, KNOWN, RULES)
    assert isinstance(decision, NeedsReview)
    assert decision.reason is reason
    assert decision.detail
    assert FLORIST not in decision.detail


def test_what_cannot_be_read_says_so() -> None:
    """With the reader's own sentence."""
    unreadable = Unreadable(reason=UnreadableReason.DAMAGED, detail="cut off")
    (decision,) = decide(unreadable, FLORIST, KNOWN, RULES)
    assert decision == NeedsReview(reason=ReviewReason.UNREADABLE, detail="cut off")


@pytest.mark.parametrize(
    ("sender", "accepted"),
    [
        (FLORIST, True),
        ("04 65 71 33 45", True),
        ("0033465713345", True),
        ("", True),
        ("Au Jardin", True),
        (STRANGER, False),
        ("04 65 71 99 99", False),
    ],
)
def test_a_reply_comes_from_its_florist(sender: str, accepted: bool) -> None:
    """However the number is written. One that nobody told is no mismatch; another's is, unless the config says no."""
    (decision,) = decide(fax(sheet(accept=MARKED)), sender, KNOWN, RULES)
    assert isinstance(decision, Reply) is accepted
    if not accepted:
        assert isinstance(decision, NeedsReview)
        assert decision.reason is ReviewReason.WRONG_SENDER
        lenient = DecisionRules(country="FR", sender_must_match=False)
        assert isinstance(decide(fax(sheet(accept=MARKED)), sender, KNOWN, lenient)[0], Reply)


@pytest.mark.parametrize(
    ("confidence", "sender", "accepted"),
    [(0.99, FLORIST, True), (0.96, FLORIST, False), (0.99, "", False), (0.99, STRANGER, False)],
)
def test_a_number_read_as_text_counts_when_sure_and_sent_by_the_florist(
    confidence: float, sender: str, accepted: bool
) -> None:
    """A sheet whose code the line has spoilt."""
    page = text((f"COMMANDE {ONE}", confidence))
    page = PageRead(number=1, lines=page.lines, form=FORM, ticks=ticks(accept=MARKED))
    (decision,) = decide(fax(page, text_read=True), sender, KNOWN, RULES)
    assert isinstance(decision, Reply) is accepted
    assert isinstance(decision, Reply | NeedsReview)
    assert (decision.order_number, decision.kinds) == (ONE, (ReplyKind.ACCEPT,))


def test_two_numbers_in_a_text_name_no_order() -> None:
    """Nor does one whose check digit is wrong."""
    both = fax(text((f"{ONE} {TWO}", 1.0)), text_read=True)
    assert order_numbers(both, RULES) == []
    checked = DecisionRules(number_patterns=(r"\b\d{10}\b",), number_check="luhn")
    assert order_numbers(fax(text(("Nr. 4539148803", 1.0)), text_read=True), checked) == []
    assert order_numbers(fax(text(("Nr. 7992739871", 1.0)), text_read=True), checked) == []
    sound = next(n for n in range(7_992_739_870, 7_992_739_880) if order_numbers(fax(text((f"Nr. {n}", 1.0))), checked))
    assert order_numbers(fax(text((f"Nr. {sound}", 1.0)), text_read=True), checked) == [str(sound)]


def test_text_is_wanted_where_no_order_was_named() -> None:
    """Once."""
    assert wants_text(fax(PageRead(number=1)))
    assert wants_text(fax(PageRead(number=1, code=new_order_code("FR74-0021", "1"))))
    assert not wants_text(fax(sheet()))
    assert not wants_text(fax(PageRead(number=1), text_read=True))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("faxgw:FR27/1.a_b-c:2", OrderCode("FR27/1.a_b-c", 2)),
        ("faxgw:new:FR74-0021:7", NewOrderCode("FR74-0021", "7")),
        ("faxgw:new:7", OrderCode("new", 7)),
        ("faxgw-relay:FR27-1:1", RelayCode("FR27-1", 1)),
        ("faxgw:FR27-1", None),
        ("faxgw:FR27-1:one", None),
        ("faxgw:new::7", None),
        ("https://example.org/faxgw:1:1", None),
        ("", None),
    ],
)
def test_codes_say_what_our_forms_print(said: str, meant: object) -> None:
    """And nothing else is one of ours."""
    assert parse_code(said) == meant


# --- new orders -----------------------------------------------------------------------------------------

FIELDS = {
    "delivery_date": "samedi 29 mai 2027",
    "recipient_name": "Mme Odile Garnier",
    "street": "128 bis avenue du Parc",
    "postcode": "69003",
    "city": "Lyon",
    "product": "Bouquet rond",
    "customer_price": "62,00 €",
}


def form(changes: dict[str, str] | None = None, *, sure: float = 0.99, printed: bool = True) -> PageRead:
    said = FIELDS | (changes or {})
    fields = [FieldRead(name=name, text=value, confidence=sure, printed=printed) for name, value in said.items()]
    return PageRead(number=1, code=new_order_code("FR74-0021", "42"), form="order-request/1", fields=fields)


def test_a_form_that_was_surely_read_is_an_order() -> None:
    """Whose it is stands in its code."""
    (decision,) = decide(fax(form(), text_read=True), "", {}, RULES)
    assert isinstance(decision, NewOrderRead)
    draft = decision.draft
    assert (draft.sending_member, draft.serial) == ("FR74-0021", "42")
    assert (draft.delivery_date, draft.postcode, draft.city, draft.country) == ("2027-05-29", "69003", "Lyon", "FR")
    assert (draft.customer_price_minor, draft.currency, draft.execution_price_minor) == (6200, "EUR", None)
    assert decision.confidences == dict.fromkeys(FIELDS, 0.99)


@pytest.mark.parametrize(
    ("page", "reason", "named"),
    [
        (form(sure=0.9), ReviewReason.LOW_CONFIDENCE, "city"),
        (form(printed=False), ReviewReason.HANDWRITTEN, ""),
        (form({"delivery_date": ""}), ReviewReason.FIELDS_MISSING, "delivery_date"),
        (form({"delivery_date": "31.02.2027"}), ReviewReason.LOW_CONFIDENCE, "delivery_date"),
        (form({"delivery_date": "lundi 29 mai 2027"}), ReviewReason.LOW_CONFIDENCE, "delivery_date"),
        (form({"customer_price": "62,00 € ou 70"}), ReviewReason.LOW_CONFIDENCE, "customer_price"),
        (form({"execution_price": "70,00 €"}), ReviewReason.LOW_CONFIDENCE, "execution_price"),
        (form({"postcode": "6900B"}), ReviewReason.LOW_CONFIDENCE, "postcode"),
        (form({"phone": "12"}), ReviewReason.LOW_CONFIDENCE, "phone"),
        (form({"quantity": "0"}), ReviewReason.LOW_CONFIDENCE, "quantity"),
        (form({"country": "Atlantis"}), ReviewReason.LOW_CONFIDENCE, "country"),
    ],
)
def test_a_form_with_any_doubt_goes_to_a_person(page: PageRead, reason: ReviewReason, named: str) -> None:
    """With the best guess, and the fields that are in doubt."""
    (decision,) = decide(fax(page, text_read=True), "", {}, RULES)
    assert isinstance(decision, NeedsReview)
    assert decision.reason is reason
    assert named in decision.detail
    assert decision.draft is not None
    assert decision.draft.city == "Lyon"


LETTER = (
    "FLEURS DU LAC", "Date de livraison : 29/05/2027", "Destinataire :", "Mme Odile Garnier", "Cour des Tilleuls",
    "128 bis avenue du Parc", "69003 Lyon", "Produit : Bouquet rond", "Prix : 62,00 €", "Texte de la carte :",
    "Joyeux anniversaire !", "Toute la famille",
)  # fmt: skip


def test_a_typed_letter_is_read_by_its_labels() -> None:
    """The block below the recipient's label is an address; whose order it is nobody knows."""
    (decision,) = decide(fax(text(*((line, 0.98) for line in LETTER)), text_read=True), "", {}, RULES)
    assert isinstance(decision, NewOrderRead), decision
    draft = decision.draft
    assert draft.sending_member == ""
    assert draft.recipient_name == "Mme Odile Garnier"
    assert draft.street == ("Cour des Tilleuls", "128 bis avenue du Parc")
    assert (draft.postcode, draft.city, draft.delivery_date) == ("69003", "Lyon", "2027-05-29")
    assert draft.card_message == "Joyeux anniversaire !\nToute la famille"


def test_one_unsure_line_of_a_letter_is_enough_for_a_person() -> None:
    """Nothing is guessed below the confidence set."""
    lines = [(line, 0.8 if line == "69003 Lyon" else 0.98) for line in LETTER]
    (decision,) = decide(fax(text(*lines), text_read=True), "", {}, RULES)
    assert isinstance(decision, NeedsReview)
    assert decision.reason is ReviewReason.LOW_CONFIDENCE


@hypothesis.given(st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1)), max_size=12))
def test_any_text_is_decided(lines: list[tuple[str, float]]) -> None:
    """Nothing that a recogniser may see breaks the decision."""
    assert len(decide(fax(text(*lines), text_read=True), "", {}, RULES)) == 1
