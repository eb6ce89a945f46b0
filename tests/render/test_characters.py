"""What becomes of a text before it is set."""

import hypothesis
import hypothesis.strategies as st
import pytest

from faxgw.render.characters import is_everyday, printable, printable_lines
from faxgw.render.typeface import Style, has_glyph, width_px
from faxgw.render.wrapping import wrap


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("cafe\u0301", "café"),
        ("❤\ufe0f", "❤"),
        ("👍\U0001f3fd", "👍"),
        ("👩\u200d🌾", "👩🌾"),
        ("a\u00adb\u200bc\ufeffd", "abcd"),
        ("\u202eabc\u202c", "abc"),
        ("10\u202f000\u2007€", "10\u00a0000\u00a0€"),
        ("a\tb\x07\x1b[0m", "a b[0m"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\n\n\n \n\nb", "a\n\nb"),
        ("\n\na\n", "a"),
        ("“a” – ‘b’ … «\u00a0c\u00a0»", "“a” – ‘b’ … «\u00a0c\u00a0»"),
    ],
)
def test_a_text_keeps_what_shows_and_loses_what_does_not(written: str, printed: str) -> None:
    """Composed letters, kept quotes and lines; no controls, joiners, selectors or skin tones."""
    assert printable_lines(written) == printed


def test_every_everyday_letter_can_be_printed() -> None:
    """A page of nothing else is not looked through for characters that no font has."""
    everyday = [character for character in map(chr, range(0x10000)) if is_everyday(character)]
    assert len(everyday) > 300
    assert [character for character in everyday if not has_glyph(character)] == []


def test_one_line_texts_have_no_line_breaks() -> None:
    """A name with a line break in it stays on its line."""
    assert printable("Fleurs\r\ndu Lac") == "Fleurs du Lac"


@hypothesis.given(st.text(), st.sampled_from(list(Style)), st.integers(100, 1500))
def test_wrapping_loses_only_spaces(text: str, style: Style, wide_px: int) -> None:
    """Every line fits (or is a single character), and together they are the text without some spaces."""
    text = printable_lines(text)
    lines = wrap(style, text, wide_px)
    assert "".join(lines).replace(" ", "") == text.replace("\n", "").replace(" ", "")
    assert [line for line in lines if width_px(style, line) > wide_px and len(line) > 1] == []


def test_wrapping_breaks_at_spaces_and_keeps_empty_lines() -> None:
    """Words stay whole where they can, a no-break space holds them together, blank lines stay."""
    wide_px = width_px(Style.BODY, "un deux ")
    assert wrap(Style.BODY, "un deux trois\n\nquatre", wide_px) == ["un deux", "trois", "", "quatre"]
    assert wrap(Style.BODY, "un deux\u00a0x", wide_px) == ["un", "deux\u00a0x"]


def test_a_word_too_wide_is_cut_at_its_joints() -> None:
    """A product code breaks behind its hyphen where there is one, else where the line is full."""
    wide_px = width_px(Style.BODY, "PASTEL-XL-20")
    assert wrap(Style.BODY, "PASTEL-XL-2027", wide_px) == ["PASTEL-XL-", "2027"]
    assert wrap(Style.BODY, "PASTELXXL12027", wide_px) == ["PASTELXXL12", "027"]
