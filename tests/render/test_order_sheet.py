"""What stands on an order sheet, and where: read from the layout, before anything is drawn."""

import datetime as dt
import itertools

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

from faxgw.money import AMOUNT_MINOR_MAX, Money
from faxgw.order import Delivery, Language, ProductLine
from faxgw.render.characters import printable_lines
from faxgw.render.form import LEFT, RIGHT
from faxgw.render.marks import Code, Page, Rule, Text
from faxgw.render.orderform import PAGES_MAX, REPLY_TICKS, TICK_SIDE, lay_out, order_code
from faxgw.render.paper import COLUMNS, FINE_ROWS
from faxgw.render.qr import code_rows
from faxgw.render.setting import Overlong
from faxgw.render.sheet import Sheet
from faxgw.render.typeface import Style, width_px
from faxgw.render.wording import wording_of
from tests.render import sheets


def _pages(sheet: Sheet) -> list[Page]:
    pages = lay_out(sheet)
    assert not isinstance(pages, Overlong)
    return pages


def _texts(page: Page) -> list[str]:
    return [mark.text for mark in page if isinstance(mark, Text)]


def _letters(text: str) -> str:
    """The text without its spaces: wrapping may drop those, and nothing else."""
    return "".join(text.split())


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "fr",
            ["samedi 29 mai 2027", "de 9\u00a0h\u00a000 à 12\u00a0h\u00a030", "987,60\u00a0€", "1\u00a0234,50\u00a0€"],
        ),
        ("nb", ["lørdag 29. mai 2027", "kl. 09.00–12.30", "987,60\u00a0€", "1\u00a0234,50\u00a0€"]),
        ("de", ["Samstag, 29. Mai 2027", "9:00–12:30 Uhr", "987,60\u00a0€", "1.234,50\u00a0€"]),
        ("en", ["Saturday 29 May 2027", "09:00 to 12:30", "€987.60", "€1,234.50"]),
    ],
)
def test_days_times_and_money_are_written_as_the_language_writes_them(language: Language, wanted: list[str]) -> None:
    """Day, window, execution price and customer price stand on the first page in the florist's language."""
    texts = _texts(_pages(sheets.sheet(language=language))[0])
    assert [text for text in wanted if text not in texts] == []


def test_money_without_a_minor_unit_and_in_kroner() -> None:
    """A currency without cents has no point; kroner have their own sign at home only."""
    assert wording_of("nb").money(Money(123456, "NOK")) == "1\u00a0234,56\u00a0kr"
    assert wording_of("en").money(Money(123456, "NOK")) == "1,234.56\u00a0NOK"
    assert wording_of("de").money(Money(1234567, "JPY")) == "1.234.567\u00a0JPY"


def test_the_first_of_a_month_in_french() -> None:
    """French counts the first day and numbers the others."""
    assert wording_of("fr").date(dt.date(2027, 5, 1)) == "samedi 1er mai 2027"


@pytest.mark.parametrize("language", sheets.LANGUAGES)
def test_everything_the_florist_needs_is_on_the_sheet(language: Language) -> None:
    """Number, recipient, florists, products, card, reference: all of the order's words are there."""
    order = sheets.order()
    pages = _pages(sheets.sheet(order, language=language))
    assert len(pages) == 1
    text = _letters(" ".join(_texts(pages[0])))
    recipient = order.recipient
    wanted = [
        order.number,
        recipient.name,
        recipient.company,
        *recipient.street,
        f"{recipient.postcode} {recipient.city}",
    ]
    wanted += [recipient.phone, order.payment_reference, order.instructions]
    wanted += [sheets.FLORIST.name, sheets.FLORIST.phone, sheets.EXECUTOR.name, sheets.EXECUTOR.member_id]
    wanted += [part for line in order.lines for part in (line.code, line.description, str(line.quantity))]
    wanted += order.card_message.split("\n")
    assert [words for words in wanted if words and _letters(words) not in text] == []


def test_a_price_is_not_said_twice() -> None:
    """One piece costs what its line says; the price of a piece, and its column, stands only where there are more."""
    order, heading = sheets.order(), wording_of("fr").labels["order-sheet"]["unit_price"]
    for quantity in (1, 2):
        line = msgspec.structs.replace(order.lines[0], quantity=quantity)
        (page,) = _pages(sheets.sheet(msgspec.structs.replace(order, lines=[line])))
        total = wording_of("fr").money(line.unit_price.times(quantity))
        assert _texts(page).count(wording_of("fr").money(line.unit_price)) == 1
        assert _texts(page).count(total) == 1
        assert (heading in _texts(page)) == (quantity > 1)


@pytest.mark.parametrize("language", sheets.LANGUAGES)
def test_a_possible_duplicate_says_so_on_every_page(language: Language) -> None:
    """The mark names the order; a sheet that goes out for the first time does not have it."""
    mark = wording_of(language).labels["order-sheet"]["possible_duplicate"].format(number="2027-0529-04711")
    marked = _pages(sheets.sheet(sheets.longest_order(), language=language, possible_duplicate=True))
    assert all(mark in _texts(page) for page in marked)
    assert mark not in _texts(_pages(sheets.sheet(language=language))[0])


@hypothesis.given(
    card=st.text(st.characters(codec="utf-8"), max_size=4000),
    instructions=st.text(st.sampled_from("abc œÅ\n-€"), max_size=2000),
    count=st.integers(1, 60),
)
@hypothesis.settings(max_examples=40, deadline=None)
def test_every_character_of_the_card_is_placed(card: str, instructions: str, count: int) -> None:
    """However long the texts, all their letters stand on some page, in order; only spaces may go."""
    order = sheets.order(card_message=card, instructions=instructions, lines=count)
    pages = lay_out(sheets.sheet(order))
    hypothesis.assume(not isinstance(pages, Overlong))
    assert not isinstance(pages, Overlong)
    running = "".join(_running_text(page) for page in pages)
    assert _letters(printable_lines(card)) in running
    assert _letters(printable_lines(instructions)) in running


def _running_text(page: Page) -> str:
    """The letters of card and instructions as they follow each other over the pages."""
    styles = {Style.CARD, Style.BODY}
    return _letters("".join(mark.text for mark in page if isinstance(mark, Text) and mark.style in styles))


@hypothesis.given(
    name=st.text(min_size=1, max_size=120),
    city=st.text(min_size=1, max_size=60),
    card=st.text(max_size=1500),
    lines=st.lists(
        st.builds(
            ProductLine,
            description=st.text(min_size=1, max_size=200),
            code=st.none() | st.text("MW-i", min_size=1, max_size=32),
            quantity=st.integers(1, 999),
            unit_price=st.builds(Money, st.integers(0, AMOUNT_MINOR_MAX), st.just("NOK")),
        ),
        min_size=1,
        max_size=5,
    ),
    number=st.from_regex(r"[A-Za-z0-9/_.-]{1,20}", fullmatch=True),
    reference=st.text("W1-", max_size=64),
    member_id=st.text("WFR01", max_size=32),
    language=st.sampled_from(sheets.LANGUAGES),
)
@hypothesis.settings(max_examples=100, deadline=None)
def test_nothing_is_clipped_and_nothing_overlaps(
    name: str,
    city: str,
    card: str,
    lines: list[ProductLine],
    number: str,
    reference: str,
    member_id: str,
    language: Language,
) -> None:
    """Whatever an order says, every mark lies inside the margins of its page, and no text on another."""
    recipient = msgspec.structs.replace(sheets.RECIPIENT, name=name, city=city)
    highest = Money(AMOUNT_MINOR_MAX, "NOK")
    order = sheets.order(number=number, recipient=recipient, card_message=card, payment_reference=reference)
    order = msgspec.structs.replace(order, lines=lines, customer_price=highest, execution_price=highest)
    sender = msgspec.structs.replace(sheets.FLORIST, member_id=member_id)
    sheet = msgspec.structs.replace(sheets.sheet(order, language=language), sender=sender)
    for page in _pages(sheet):
        assert [mark for mark in page if not _inside(mark)] == []
        assert _overlaps(page) == []


def _overlaps(page: Page) -> list[tuple[Text, Text]]:
    """Pairs of texts whose letters, from the height of a capital to the baseline, share pixels."""
    texts = [mark for mark in page if isinstance(mark, Text)]
    return [(one, other) for one, other in itertools.combinations(texts, 2) if _meet(one, other)]


def _meet(one: Text, other: Text) -> bool:
    apart = one.baseline <= other.baseline - _capital_px(other) or other.baseline <= one.baseline - _capital_px(one)
    beside = one.x + width_px(one.style, one.text) <= other.x or other.x + width_px(other.style, other.text) <= one.x
    return not (apart or beside)


def _capital_px(text: Text) -> int:
    return text.style.size_px * 3 // 4


def _inside(mark: Text | Rule | Code) -> bool:
    match mark:
        case Text(x, baseline, style, text):
            return (
                x >= LEFT - 8 and x + width_px(style, text) <= RIGHT + 1 and style.size_px <= baseline + 20 < FINE_ROWS
            )
        case Rule(x, y, width, height):
            return x >= LEFT and x + width <= RIGHT and y >= 0 and y + height < FINE_ROWS
        case Code(x, y, module_px, _, content):
            side = len(code_rows(content)) * module_px
            return x >= LEFT and x + side <= RIGHT and y >= 0 and y + side < FINE_ROWS


def test_the_reply_boxes_stand_at_one_place_on_the_last_page() -> None:
    """A returned page can be read by machine: the boxes never move, and only the last page has them."""
    for order in (sheets.smallest_order(), sheets.order(), sheets.longest_order()):
        pages = _pages(sheets.sheet(order))
        sides = {name: Rule(x, y, TICK_SIDE, 4) for name, (x, y) in REPLY_TICKS.items()}
        assert [name for name, side in sides.items() if side not in pages[-1]] == []
        assert [page for page in pages[:-1] for side in sides.values() if side in page] == []


def test_a_continuation_page_says_whose_it_is() -> None:
    """Order number, day, and page k of n stand on every page, with a QR code that names order and page."""
    pages = _pages(sheets.sheet(sheets.longest_order()))
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        texts = _texts(page)
        assert f"Page {number}/{len(pages)}" in texts
        assert any("2027-0529-04711" in text for text in texts)
        assert "samedi 29 mai 2027" in texts
        assert [mark.content for mark in page if isinstance(mark, Code)] == [order_code("2027-0529-04711", number)]
    assert f"Suite page {len(pages)}" in _texts(pages[-2])


def test_a_sheet_beyond_all_bounds_is_not_laid_out() -> None:
    """Four thousand lines of one letter would hold the florist's line for an hour."""
    order = sheets.order(card_message="a\n" * 2000)
    assert lay_out(sheets.sheet(order)) == Overlong(40)
    assert PAGES_MAX < 40


def test_the_smallest_order_says_that_there_is_no_card() -> None:
    """A missing card message is said, so that nobody looks for a lost page; empty sections are left out."""
    (page,) = _pages(sheets.sheet(sheets.smallest_order(), language="en"))
    words = wording_of("en").labels["order-sheet"]
    assert words["no_card"] in _texts(page)
    assert words["instructions"] not in _texts(page)
    assert words["payment_reference"] not in _texts(page)


def test_a_late_night_without_a_window() -> None:
    """Without a window only the day is shown."""
    order = sheets.order(delivery=Delivery(dt.date(2027, 5, 29)))
    assert not any(style is Style.WINDOW for page in _pages(sheets.sheet(order)) for style in _styles(page))


def _styles(page: Page) -> list[Style]:
    return [mark.style for mark in page if isinstance(mark, Text)]


def test_lines_do_not_run_wider_than_the_page_is() -> None:
    """The widest line of a card stays inside its frame."""
    order = sheets.order(card_message="W" * 4000)
    widths = [
        mark.x + width_px(mark.style, mark.text)
        for page in _pages(sheets.sheet(order))
        for mark in page
        if isinstance(mark, Text)
    ]
    assert max(widths) <= RIGHT < COLUMNS
