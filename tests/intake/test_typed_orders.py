"""Orders on paper, with the real recogniser: our form typed, the same written by hand, a letter with labels."""

import random

import pytest
from PIL import Image

from faxgw.config.intake import DecisionRules
from faxgw.intake.decide import decide
from faxgw.intake.decision import NeedsReview, NewOrderRead, ReviewReason
from faxgw.intake.faxread import FaxRead
from faxgw.intake.ocr import Recogniser, is_installed
from faxgw.intake.read import read_fax
from faxgw.order import Language
from tests.intake import typed
from tests.intake.pen import Pen
from tests.peers import miss_peer
from tests.render import sheets

RULES = DecisionRules(country="FR")


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    if not is_installed():
        miss_peer("rapidocr (the extra `ocr`)")
    return Recogniser()


def decided(content: bytes, recogniser: Recogniser) -> NewOrderRead | NeedsReview:
    read = read_fax(content, recogniser=recogniser)
    assert isinstance(read, FaxRead), read
    (decision,) = decide(read, "", {}, RULES)
    assert isinstance(decision, NewOrderRead | NeedsReview)
    return decision


@pytest.mark.parametrize("language", sheets.LANGUAGES)
def test_a_typed_form_becomes_an_order(language: Language, recogniser: Recogniser) -> None:
    """Scanned askew at 196 lines, whatever language the form is in."""
    page = typed.blank_form(language, serial="0042")
    typed.fill_in(page, typed.ORDER)
    decision = decided(typed.faxed(page), recogniser)
    assert isinstance(decision, NewOrderRead), decision
    draft = decision.draft
    assert (draft.sending_member, draft.serial, draft.number) == (sheets.FLORIST.member_id, "0042", "FL-2027-118")
    assert (draft.delivery_date, draft.postcode, draft.city, draft.country) == ("2027-05-29", "69003", "Lyon", "FR")
    assert (draft.recipient_name, draft.street) == ("Mme Odile Garnier", ("128 bis avenue du Parc",))
    assert (draft.customer_price_minor, draft.execution_price_minor, draft.quantity) == (6200, 4990, 2)
    assert draft.card_message == "Joyeux anniversaire !\nToute la famille"
    assert min(decision.confidences.values()) >= RULES.confidence_min


def test_ticks_of_a_form_are_its_window_and_class(recogniser: Recogniser) -> None:
    """Morning, and express."""
    page = typed.blank_form()
    typed.fill_in(page, typed.ORDER)
    pen = Pen(page, random.Random(1), 5)  # noqa: S311 - repeatable, not secret
    for name in ("morning", "express"):
        typed.tick(name, pen)
    decision = decided(typed.faxed(page), recogniser)
    assert isinstance(decision, NewOrderRead), decision
    assert decision.draft.window == ("08:00:00", "12:00:00")
    assert decision.draft.priority == "express"


@pytest.mark.parametrize("seed", range(4))
def test_handwriting_goes_to_a_person(seed: int, recogniser: Recogniser) -> None:
    """However well it was read: letters that do not stand on a line were not typed."""
    page = typed.blank_form()
    typed.fill_in(page, typed.ORDER, by_hand=True, seed=seed)
    decision = decided(typed.faxed(page), recogniser)
    assert isinstance(decision, NeedsReview)
    assert decision.reason is ReviewReason.HANDWRITTEN
    assert decision.draft is not None
    assert decision.draft.sending_member == sheets.FLORIST.member_id


def test_an_empty_form_is_no_order(recogniser: Recogniser) -> None:
    """Somebody pressed the wrong button."""
    decision = decided(typed.faxed(typed.blank_form()), recogniser)
    assert isinstance(decision, NeedsReview)
    assert decision.reason is ReviewReason.FIELDS_MISSING


def test_a_form_on_a_bad_line_is_right_or_goes_to_a_person(recogniser: Recogniser) -> None:
    """At 98 lines with noise: what is accepted is what was typed."""
    page = typed.blank_form()
    typed.fill_in(page, typed.ORDER)
    decision = decided(typed.faxed(page, lines=98, edge_noise=45, specks=0.002), recogniser)
    if isinstance(decision, NewOrderRead):
        assert decision.draft.card_message == typed.ORDER["card"]
        assert decision.draft.recipient_name == typed.ORDER["recipient_name"]
    assert decision.draft is not None
    assert decision.draft.postcode == "69003"


@pytest.mark.parametrize("upside_down", [False, True])
def test_a_typed_letter_becomes_an_order(recogniser: Recogniser, *, upside_down: bool) -> None:
    """A florist's own paper, with labels, whichever way it lay; who sent it is for the caller to tell."""
    decision = decided(typed.faxed(typed.letter(), upside_down=upside_down), recogniser)
    assert isinstance(decision, NewOrderRead), decision
    draft = decision.draft
    assert draft.sending_member == ""
    assert (draft.recipient_name, draft.postcode, draft.city) == ("Mme Odile Garnier", "69003", "Lyon")
    assert (draft.delivery_date, draft.customer_price_minor) == ("2027-05-29", 6200)


def test_a_page_that_was_turned_says_so_and_its_lines_stand_upright(recogniser: Recogniser) -> None:
    """The first line of the letter is the topmost one, near where it is on the page that lay right."""
    upright, turned = (
        read_fax(typed.faxed(typed.letter(), upside_down=how), recogniser=recogniser) for how in (False, True)
    )
    assert isinstance(upright, FaxRead)
    assert isinstance(turned, FaxRead)
    assert (upright.pages[0].turned_degrees, turned.pages[0].turned_degrees) == (0, 180)
    first, again = upright.pages[0].lines[0], turned.pages[0].lines[0]
    assert first.text == again.text == "FLEURS DU LAC"
    assert abs(first.top - again.top) < 60
    assert abs(first.left - again.left) < 60


def test_a_blank_page_is_nothing(recogniser: Recogniser) -> None:
    """Not even a guess."""
    decision = decided(typed.faxed(Image.new("L", (1728, 2287), 255)), recogniser)
    assert isinstance(decision, NeedsReview)
    assert decision.reason is ReviewReason.NOTHING_RECOGNISED
