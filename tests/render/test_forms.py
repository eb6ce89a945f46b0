"""Forms are files: what they may say, what is refused, and what another form than the order sheet looks like."""

import importlib.resources
import tomllib
import typing

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

from faxgw.order import Language
from faxgw.render import orderform, relayform
from faxgw.render.form import Form, FormError, form_of
from faxgw.render.marks import Code, Page, Text
from faxgw.render.page import render_sheet, render_sheets
from faxgw.render.setting import Overlong, Setting
from faxgw.render.sheet import AnySheet, Document, RelayKind, Unrenderable
from faxgw.render.wording import wording_of
from tests.render import sheets

LANGUAGES: tuple[Language, ...] = typing.get_args(Language)


def _toml(name: str) -> str:
    return importlib.resources.files("faxgw.render").joinpath("forms", f"{name}.toml").read_text("utf-8")


def _set(form: Form, labels: dict[str, str]) -> Setting:
    return Setting(form, labels, frozenset(orderform.OrderFields.__struct_fields__))


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("pages_max = 12", "pages_mx = 12", "/pages_mx: unknown field; did you mean pages_max?"),
        ('kind = "table"', 'kind = "tabel"', "must be one of fixed, rule, columns, particulars, table, prose"),
        ("framed = true", "frame = true", "/frame: unknown field; did you mean framed?"),
        ("long_from = 800", 'long_from = "800"', "/long_from: must be"),
        ('rows = "lines"\n', "", "/rows: missing"),
    ],
)
def test_a_form_that_says_what_nobody_knows_is_refused(right: str, wrong: str, named: str) -> None:
    """An unknown key, kind or type is refused by its place in the file, with what was probably meant."""
    toml = _toml("order-sheet")
    assert right in toml
    with pytest.raises(FormError) as refused:
        form_of("order-sheet", toml.replace(right, wrong, 1))
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ('field = "number"', 'field = "numbr"', "unknown field numbr; did you mean number?"),
        ('label = "recipient"', 'label = "recipents"', "unknown label recipents; did you mean recipient?"),
        ('style = "amount"', 'style = "ammount"', "unknown style ammount; did you mean amount?"),
        ('rows = "lines"', 'rows = "line"', "unknown field line; did you mean lines?"),
        ('"faxgw:{number}:{page}"', '"faxgw:{numbre}:{page}"', "unknown field numbre; did you mean number?"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_before_any_order(right: str, wrong: str, named: str) -> None:
    """Fields, labels and styles are checked when the form is made ready for a language."""
    form = form_of("order-sheet", _toml("order-sheet").replace(right, wrong, 1))
    with pytest.raises(FormError) as refused:
        _set(form, wording_of("en").labels["order-sheet"])
    assert named in str(refused.value)


def test_a_label_with_an_unknown_field_in_it_is_refused() -> None:
    """A translator's slip in a brace is found at once, not when the first duplicate is sent."""
    labels = wording_of("en").labels["order-sheet"] | {"possible_duplicate": "POSSIBLE DUPLICATE of {nmber}"}
    with pytest.raises(FormError, match="unknown field nmber; did you mean number"):
        _set(orderform.FORM, labels)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: Language) -> None:
    """A language has the labels of each form that the others have, no fewer and no more."""
    text = importlib.resources.files("faxgw.render").joinpath("forms", f"{language}.toml").read_text("utf-8")
    labels = tomllib.loads(text)["labels"]
    english = wording_of("en").labels
    assert {form: set(words) for form, words in labels.items()} == {f: set(words) for f, words in english.items()}


def _texts(page: Page) -> list[str]:
    return [mark.text for mark in page if isinstance(mark, Text)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", RelayKind)
def test_a_relay_message_says_what_it_is_and_of_which_order(language: Language, kind: RelayKind) -> None:
    """Title, order number, day, both florists, the text and the boxes for the answer stand on one page."""
    sheet = sheets.relay_sheet(language=language, kind=kind)
    pages = relayform.lay_out(sheet)
    assert isinstance(pages, list)
    (page,) = pages
    labels = wording_of(language).labels["relay-message"]
    texts = _texts(page)
    wanted = [labels[kind.name.lower()], "2027-0529-04711", wording_of(language).date(sheet.delivery_date), "Hélène"]
    wanted += [labels["agreed"], labels["refused"], labels["answer"]]
    assert [text for text in wanted if text not in texts] == []
    assert any(sheets.EXECUTOR.name in text and "71\u00a033\u00a044" in text for text in texts)
    assert any(sheets.FLORIST.name in text for text in texts)
    assert [mark.content for mark in page if isinstance(mark, Code)] == ["faxgw-relay:2027-0529-04711:1"]


@hypothesis.given(st.text(st.characters(codec="utf-8"), max_size=6000))
@hypothesis.settings(max_examples=30, deadline=None)
def test_a_relay_message_of_any_length_is_a_fax_or_set_aside(text: str) -> None:
    """A long message goes on over the pages with its number on each; beyond four it is an answer, not an error."""
    outcome = render_sheet(sheets.relay_sheet(text=text))
    if isinstance(outcome, Document):
        assert 1 <= outcome.pages <= 4
    else:
        assert "would need" in outcome.reason


def test_a_message_too_long_for_a_fax_is_set_aside() -> None:
    """The reason names the message, not an order sheet."""
    outcome = render_sheet(sheets.relay_sheet(text="a\n" * 600))
    assert isinstance(outcome, Unrenderable)
    assert outcome.reason.startswith("the message would need")
    assert relayform.lay_out(sheets.relay_sheet(text="a\n" * 600)) == Overlong(14)


def test_sheets_rendered_together_are_the_same_as_alone() -> None:
    """A batch of every kind, with one that cannot be drawn among them, gives the bytes of each by itself, in order."""
    mixed: list[AnySheet] = [
        sheets.sheet(sheets.longest_order(), language="de"),
        sheets.relay_sheet(),
        sheets.sheet(sheets.order(currency="XAU")),
        *(sheets.sheet(sheets.order(number=f"N-{number}")) for number in range(30)),
        sheets.sheet(sheets.order(card_message="a\n" * 2000)),
        sheets.sheet(sheets.smallest_order()),
    ]
    together = render_sheets(mixed)
    assert together == [render_sheet(sheet) for sheet in mixed]
    assert [index for index, outcome in enumerate(together) if isinstance(outcome, Unrenderable)] == [2, 33]
    assert render_sheets([]) == []


def test_a_form_states_its_revision() -> None:
    """What is kept with an attempt tells one form, and one revision of it, from another."""
    versions = [render_sheet(sheet) for sheet in (sheets.sheet(), sheets.relay_sheet())]
    assert [v.form_version.split("+")[0] for v in versions if isinstance(v, Document)] == [
        f"order-sheet/{orderform.FORM.revision}",
        f"relay-message/{relayform.FORM.revision}",
    ]


def test_fields_are_filled_as_they_stand() -> None:
    """Braces in an order are letters like others: nothing in an order can name a field."""
    order = sheets.order(number="{date}", payment_reference="{number}")
    pages = orderform.lay_out(msgspec.structs.replace(sheets.sheet(order), header_name="{page}"))
    assert isinstance(pages, list)
    assert {"{date}", "{number}", "{page}"} <= set(_texts(pages[0]))
