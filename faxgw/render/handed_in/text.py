"""Plain text as fax pages, in the typeface of the order sheet. A form feed begins a new page."""

import re
from collections.abc import Iterator

from faxgw.render.characters import printable
from faxgw.render.handed_in.handed import HandedIn, Limits, RefusedError
from faxgw.render.handed_in.header import LEFT, RIGHT
from faxgw.render.marks import Page, Text
from faxgw.render.typeface import Style
from faxgw.render.wrapping import wrap

_STYLE = Style.CARD
_LEADING = 40
_FIRST_BASELINE = 124
_LINES_A_PAGE = 52
_CHARACTERS_A_PAGE_MAX = 20_000
"""More than a page holds of the narrowest letters: a longer text need not be set to know that it is too long."""

_NEW_LINE = re.compile("\r\n|[\n\r\v\x85\u2028\u2029]")


def text_pages(handed: HandedIn, limits: Limits) -> Iterator[Page]:
    """The text's pages, without their headers.

    Raises:
        RefusedError: it is not UTF-8, blank, or far too long.
    """
    text = _decode(handed.content)
    if len(text) > limits.pages_max * _CHARACTERS_A_PAGE_MAX:
        raise RefusedError(f"the text has {len(text)} characters, more than {limits.pages_max} pages hold: split it")
    if not text.strip():
        raise RefusedError("the text is blank")
    for part in text.rstrip().split("\f"):
        yield from _pages_of(part)


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"the text is not UTF-8 (byte {error.start}): save it as UTF-8") from None


def _pages_of(text: str) -> Iterator[Page]:
    page: Page = []
    used = 0
    for paragraph in _NEW_LINE.split(text):
        for line in wrap(_STYLE, printable(paragraph.expandtabs(8)), RIGHT - LEFT):
            if used == _LINES_A_PAGE:
                yield page
                page, used = [], 0
            if line:
                page.append(Text(LEFT, _FIRST_BASELINE + used * _LEADING, _STYLE, line))
            used += 1
    yield page
