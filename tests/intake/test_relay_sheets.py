"""Messages between florists, ticked with a pen, faxed back and read: yes and no count, all else is a person's."""

import io
import random

import msgspec
import pytest
from PIL import Image, ImageFilter

from faxgw.config.intake import DecisionRules
from faxgw.intake.blank import blank_of
from faxgw.intake.code import Asked, RelayCode, parse_code
from faxgw.intake.decide import decide, order_numbers
from faxgw.intake.decision import Decision, KnownOrder, NeedsReview, RelayReply, ReviewReason
from faxgw.intake.faxread import FaxRead, PageRead, Tick, TickState
from faxgw.intake.read import read_fax
from faxgw.intake.relayreply import message_of_reply, said_kinds
from faxgw.message import Channel, Kind, Source, faults_of
from faxgw.order import Language
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, RelayKind
from tests.intake.pen import Pen
from tests.intake.scanner import Scan, fax, scan
from tests.render import sheets

NUMBER = "2027-0529-04711"
ASKED = Asked("CAN", "FR74-0021", "3f9a12")
SENDER, FLORIST, STRANGER = "+33465713344", "+33465713345", "+33465719999"
KNOWN = {
    NUMBER: KnownOrder(
        number=NUMBER,
        executing_member="FR74-0021",
        lines={"FR74-0021": frozenset({FLORIST}), "FR69-0310": frozenset({SENDER})},
    )
}
RULES = DecisionRules(country="FR")
BOXES = ("agreed", "refused", "answer")


def page(
    *marked: str, unsure: str = "", asks: str = "CAN:FR74-0021:3f9a12", at: int = 1, has_boxes: bool = True
) -> PageRead:
    states = {name: TickState.MARKED if name in marked else TickState.CLEAR for name in BOXES}
    states |= {unsure: TickState.UNSURE} if unsure else {}
    ticks = [Tick(name=name, state=state, darkness=0.1) for name, state in states.items()]
    code = f"faxgw-relay:{NUMBER}:{asks}:{at}" if asks else f"faxgw-relay:{NUMBER}:{at}"
    return PageRead(number=at, code=code, ticks=ticks if has_boxes else [])


def decided(*pages: PageRead, sender: str = FLORIST) -> Decision:
    [decision] = decide(FaxRead(pages=list(pages)), sender, KNOWN, RULES)
    return decision


@pytest.mark.parametrize("is_agreed", [True, False])
def test_yes_and_no_answer_what_the_code_asks(is_agreed: bool) -> None:
    """Also where the sheet has two pages: the boxes stand on the last."""
    box = "agreed" if is_agreed else "refused"
    reply = RelayReply(order_number=NUMBER, asks=ASKED, is_agreed=is_agreed, page=2)
    assert decided(page(has_boxes=False), page(box, at=2)) == reply
    assert order_numbers(FaxRead(pages=[page(box)]), RULES) == [NUMBER]


@pytest.mark.parametrize(
    ("pages", "sender", "reason"),
    [
        ([page("agreed", asks="")], FLORIST, ReviewReason.RELAY_ANSWER),
        ([page("answer")], FLORIST, ReviewReason.RELAY_ANSWER),
        ([page("agreed", "answer")], FLORIST, ReviewReason.RELAY_ANSWER),
        ([page("agreed", "refused")], FLORIST, ReviewReason.CONTRADICTION),
        ([page("agreed"), page("refused", at=2)], FLORIST, ReviewReason.CONTRADICTION),
        ([page("agreed", unsure="refused")], FLORIST, ReviewReason.UNSURE_TICK),
        ([page()], FLORIST, ReviewReason.NO_TICK),
        ([page(has_boxes=False)], FLORIST, ReviewReason.NO_BOXES),
        ([page("agreed")], STRANGER, ReviewReason.WRONG_SENDER),
        ([page("agreed")], SENDER, ReviewReason.WRONG_SENDER),
    ],
)
def test_what_is_neither_yes_nor_no_goes_to_a_person(pages: list[PageRead], sender: str, reason: ReviewReason) -> None:
    """With the order it is about."""
    review = decided(*pages, sender=sender)
    assert isinstance(review, NeedsReview)
    assert (review.reason, review.order_number) == (reason, NUMBER)


def test_an_unknown_order_is_a_persons() -> None:
    """Nobody is told anything about it."""
    [review] = decide(FaxRead(pages=[page("agreed")]), FLORIST, {}, RULES)
    assert isinstance(review, NeedsReview)
    assert review.reason is ReviewReason.UNKNOWN_ORDER


def test_two_requests_in_one_fax_are_two_answers() -> None:
    """Each by its own code."""
    pages = [page("agreed"), page("refused", asks="ASKP:FR74-0021:aaaaaa", at=2)]
    first, second = decide(FaxRead(pages=pages), FLORIST, KNOWN, RULES)
    assert isinstance(first, RelayReply)
    assert isinstance(second, RelayReply)
    assert (first.asks.kind, first.is_agreed, second.asks.kind, second.is_agreed) == ("CAN", True, "ASKP", False)
    assert said_kinds(first) != said_kinds(second)


@pytest.mark.parametrize(
    ("kind", "is_agreed", "said", "agrees"),
    [
        ("CAN", True, Kind.CON, None),
        ("CAN", False, Kind.DEN, None),
        ("ASKP", True, Kind.ANSP, True),
        ("ASKP", False, Kind.ANSP, False),
    ],
)
def test_a_tick_is_a_message_without_faults(kind: str, is_agreed: bool, said: Kind, agrees: bool | None) -> None:
    """In the name of whoever was asked, and of that request alone."""
    reply = RelayReply(order_number=NUMBER, asks=Asked(kind, "FR-1", "3f9a12"), is_agreed=is_agreed, page=1)
    message = message_of_reply(reply, Source(Channel.FAX, "7"), key="inbound-7", at=1.0)
    assert (message.kind, message.agrees, message.from_member) == (said, agrees, "FR-1")
    assert message.in_answer_to == "3f9a12"
    assert bool(message.text) is not is_agreed
    assert list(faults_of(message)) == []


@pytest.mark.parametrize(
    "code", ["faxgw-relay:1:CON:FR-1:3f:1", "faxgw-relay:1:CAN::3f:1", "faxgw-relay:1:CAN:FR-1:3f:x"]
)
def test_no_other_code_asks_anything(code: str) -> None:
    """What is not whole is not ours."""
    assert parse_code(code) is None


@pytest.mark.parametrize("language", sheets.LANGUAGES)
@pytest.mark.parametrize("box", BOXES)
def test_a_sheet_faxed_back_says_what_was_ticked(language: Language, box: str) -> None:
    """Printed, crossed, scanned askew at 98 lines, read: also with the longest names a code can have."""
    rng = random.Random(f"{language}{box}")  # noqa: S311 - repeatable, not secret
    asks = f"ASKP:{'F' * 32}:3f9a12" if language == "de" else "CAN:FR74-0021:3f9a12"
    sheet = msgspec.structs.replace(sheets.relay_sheet(language=language, kind=RelayKind.CAN), asks=asks)
    document = render_sheet(sheet)
    assert isinstance(document, Document)
    with Image.open(io.BytesIO(document.tiff)) as tiff:
        paper = tiff.convert("L").filter(ImageFilter.BoxBlur(0.8))
    _cross(paper, rng, box)
    how = Scan(lines=98, skew_degrees=rng.uniform(-1.2, 1.2), scale=0.99, specks=0.0005)
    read = read_fax(fax([scan(paper, how, rng)], 98))
    assert isinstance(read, FaxRead)
    [seen] = read.pages
    assert seen.code == f"faxgw-relay:{NUMBER}:{asks}:1"
    assert {tick.name for tick in seen.ticks if tick.state is TickState.MARKED} == {box}
    [decision] = decide(read, FLORIST, KNOWN, RULES)
    assert isinstance(decision, NeedsReview if box == "answer" else RelayReply)


def _cross(paper: Image.Image, rng: random.Random, name: str) -> None:
    pen = Pen(paper, rng, 5)
    blank = blank_of(RelayCode(NUMBER, 1))
    [(x, y)] = [(box.x, box.y) for box in blank.boxes if box.name == name]
    pen.stroke((x + 3, y + 3), (x + blank.side - 3, y + blank.side - 3))
    pen.stroke((x + blank.side - 3, y + 3), (x + 3, y + blank.side - 3))
