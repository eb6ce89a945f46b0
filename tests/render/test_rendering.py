"""From a sheet to the finished fax: the same every time, readable by machine, honest about characters."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from faxgw.order import Language
from faxgw.render.orderform import order_code
from faxgw.render.page import FORM_VERSION, document_to_png, render_sheet
from faxgw.render.sheet import Document, Resolution, Sheet, Unrenderable
from faxgw.render.warm import warm_up
from tests.render import sheets


def _document(sheet: Sheet, resolution: Resolution = Resolution.FINE) -> Document:
    document = render_sheet(sheet, resolution)
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("language", sheets.LANGUAGES)
def test_the_same_sheet_gives_the_same_bytes(language: Language) -> None:
    """Twice the same sheet is byte for byte the same fax, and another language is another."""
    sheet = sheets.sheet(language=language)
    document = _document(sheet)
    assert _document(msgspec.structs.replace(sheet)) == document
    assert document.sha256 == hashlib.sha256(document.tiff).hexdigest()
    assert document.form_version == FORM_VERSION
    others = [_document(sheets.sheet(language=other)).sha256 for other in sheets.LANGUAGES if other != language]
    assert document.sha256 not in others


def test_another_process_gives_the_same_bytes() -> None:
    """A page can be made again and proven elsewhere: hash seeds and what was drawn before do not show."""
    program = "from tests.render.sheets import *; from faxgw.render.page import *; print(render_sheet(sheet()).sha256)"
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-c", program]
    root = Path(__file__).parents[2]
    printed = subprocess.run(command, env=environment, cwd=root, check=True, capture_output=True, text=True).stdout
    _document(sheets.sheet(sheets.longest_order()))
    assert printed.strip() == _document(sheets.sheet()).sha256


@pytest.mark.parametrize("resolution", Resolution)
def test_the_code_can_be_read_from_every_page(resolution: Resolution) -> None:
    """The QR code on each page names the order and the page, at every resolution."""
    document = _document(sheets.sheet(sheets.longest_order()), resolution)
    for page in range(1, document.pages + 1):
        picture = Image.open(io.BytesIO(document_to_png(document, page))).convert("L")
        codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        assert [code.text for code in codes] == [order_code("2027-0529-04711", page)]


def test_ink_is_black() -> None:
    """Most of the page is white, for those who read the tags and for those who look."""
    document = _document(sheets.sheet())
    picture = np.asarray(Image.open(io.BytesIO(document_to_png(document, 1))).convert("L"))
    assert picture.shape == (2287, 1728)
    assert 0.02 < np.mean(picture == 0) < 0.2
    assert np.all(picture[:20] == 255)


def test_western_nordic_and_central_european_letters_print() -> None:
    """Letters, signs and quotes of the countries we deliver to are all in the typeface; so are hearts."""
    letters = "œŒ€æÆøØåÅçÇ éèêëàâîïôûùüÿ ÄÖÜäöüß ñ¡¿ ąćęłńóśźż čďěňřšťůž őű þðÞÐ ăâîșț « » “ ” ‘ ’ „ – — … № ° ½ ✓ ♥ ❤"
    assert _document(sheets.sheet(sheets.order(card_message=letters))).unprintable == ""


def test_a_character_that_no_font_has_prints_as_a_box_and_is_reported_once() -> None:
    """Nothing crashes and nothing disappears: the box is visible, and the operator can be told."""
    strange = "pour 日本 et שלום: 日 👍"
    document = _document(sheets.sheet(sheets.order(card_message=strange)))
    assert document.unprintable == "日本שלום👍"
    without = _document(sheets.sheet(sheets.order(card_message="pour    et     :    ")))
    ink = [np.asarray(Image.open(io.BytesIO(document_to_png(d, 1))).convert("L")) == 0 for d in (document, without)]
    assert np.count_nonzero(ink[0]) > np.count_nonzero(ink[1]) + 500


def test_a_warm_process_makes_the_same_pages() -> None:
    """Warming up fills memories and changes no byte."""
    before = [_document(sheets.sheet(language=language)).sha256 for language in sheets.LANGUAGES]
    warm_up()
    assert [_document(sheets.sheet(language=language)).sha256 for language in sheets.LANGUAGES] == before


def test_a_sheet_too_long_for_a_fax_is_set_aside() -> None:
    """A sheet that cannot be drawn is an answer with its reason, not an exception."""
    outcome = render_sheet(sheets.sheet(sheets.order(card_message="a\n" * 2000)))
    assert outcome == Unrenderable("the order sheet would need 40 pages; a fax has at most 12")


def test_a_currency_that_nobody_knows_is_set_aside() -> None:
    """An amount whose decimals are unknown is not guessed at."""
    outcome = render_sheet(sheets.sheet(sheets.order(currency="XAU")))
    assert isinstance(outcome, Unrenderable)
    assert "XAU" in outcome.reason


def test_a_page_that_is_not_there() -> None:
    """Asking for a page beyond the last is refused."""
    with pytest.raises(IndexError):
        document_to_png(_document(sheets.sheet()), 2)
