"""What of a text can be printed: one form for each letter, no invisible characters, lines kept.

Nothing that would show on paper is dropped: a character that no font has stays in the text and prints
as a box. Dropped are control and format characters (joiners, direction marks, soft hyphens), variation
selectors and skin tones, which only change how their neighbour looks.
"""

import functools
import re
import unicodedata

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_EVERYDAY = re.compile("[ -~\xa0-\xac\xae-\u017f–—‘’“”„…•€]*")
"""Composed letters and signs of one line, as most texts are: nothing to do."""

_EVERYDAY_LINES = re.compile(f"(?:{_EVERYDAY.pattern}\n)*{_EVERYDAY.pattern}")

_NEW_LINES = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANK_LINES = re.compile("\n *(?:\n *)+\n")
_NO_BREAK_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{FIGURE SPACE}"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def is_everyday(text: str) -> bool:
    """Whether the text prints as it is: every such letter and sign has a glyph."""
    return _EVERYDAY.fullmatch(text) is not None


def is_everyday_lines(text: str) -> bool:
    """The same of a text of several lines."""
    return _EVERYDAY_LINES.fullmatch(text) is not None


def printable_lines(text: str) -> str:
    """The text as it prints; `\\n` parts the lines, and two blank lines in a row become one."""
    if is_everyday(text):
        return text
    kept = text if is_everyday_lines(text) else _kept(text)
    return _BLANK_LINES.sub("\n\n", kept).strip("\n")


def _kept(text: str) -> str:
    lines = _NEW_LINES.sub("\n", text)
    return "".join(map(_printed, unicodedata.normalize("NFC", lines)))


def printable(text: str) -> str:
    """The text as it prints on one line."""
    if is_everyday(text):
        return text
    return printable_lines(text).replace("\n", " ")


@functools.lru_cache(4096)
def _printed(character: str) -> str:
    if character in _NO_BREAK_SPACES:
        return NO_BREAK_SPACE
    if character == "\n":
        return character
    if character == "\t":
        return " "
    match unicodedata.category(character):
        case "Zs":
            return " "
        case "Cc" | "Cf":
            return ""
        case "Mn" if "VARIATION SELECTOR" in unicodedata.name(character, ""):
            return ""
        case "Sk" if ord(character) in _SKIN_TONES:
            return ""
    return character
