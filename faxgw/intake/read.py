"""Reads one fax: pages, codes, boxes, and text where a recogniser is at hand.

Call it in a reading process only: decoders are fed with strangers' bytes. Nothing is raised for what a fax may contain.
"""

import io
import itertools
from collections.abc import Iterator

import msgspec
from PIL import Image

from faxgw.config.intake import ReadingLimits
from faxgw.intake.alignment import (
    Laid,
    guess_of_page,
    guesses_by_code,
    lay_over,
    skew_degrees,
    turn,
    turn_corners,
    turned_degrees,
)
from faxgw.intake.blank import blank_of
from faxgw.intake.code import Code, NewOrderCode, OrderCode, parse_code
from faxgw.intake.faxread import FaxRead, PageRead, Unreadable, UnreadableReason
from faxgw.intake.fields import read_fields
from faxgw.intake.ocr import Recogniser
from faxgw.intake.pages.open import open_pages
from faxgw.intake.pages.page import Ink, Page, RefusedError
from faxgw.intake.qr import Found, find_codes
from faxgw.intake.ticks import read_ticks

DEFAULT_LIMITS = ReadingLimits()
UPSIDE_DOWN = 180


def read_fax(
    content: bytes, limits: ReadingLimits = DEFAULT_LIMITS, recogniser: Recogniser | None = None
) -> FaxRead | Unreadable:
    """What the fax shows, page by page."""
    try:
        pages = list(_pages(content, limits, recogniser))
    except RefusedError as refused:
        return Unreadable(reason=UnreadableReason(refused.reason.value), detail=str(refused))
    except MemoryError:
        return Unreadable(reason=UnreadableReason.TOO_LARGE, detail="reading it needs more memory than it is given")
    except Exception as error:  # noqa: BLE001 - decoders answer to damage with whatever they happen to trip over
        detail = f"the fax is damaged ({type(error).__name__}): ask for it again"
        return Unreadable(reason=UnreadableReason.DAMAGED, detail=detail)
    if not pages:
        return Unreadable(reason=UnreadableReason.DAMAGED, detail="the fax has no pages: ask for it again")
    return FaxRead(pages=pages, text_read=recogniser is not None)


def _pages(content: bytes, limits: ReadingLimits, recogniser: Recogniser | None) -> Iterator[PageRead]:
    for number, page in enumerate(open_pages(content, limits), start=1):
        seen = PageRead(number=number, bad_rows=page.bad_rows)
        codes = find_codes(page.ink)
        reads_text = recogniser if number <= limits.text_pages_max else None
        if codes:
            yield _read_form(seen, page, codes, limits, reads_text)
        else:
            yield _read_text(seen, page.ink, limits, reads_text) if reads_text else seen


def _read_form(
    seen: PageRead, page: Page, codes: list[Found], limits: ReadingLimits, recogniser: Recogniser | None
) -> PageRead:
    """A page with a code: turned upright, its form laid over it, its boxes and fields read."""
    found = codes[0]
    degrees = turned_degrees(found.corners)
    seen = msgspec.structs.replace(seen, code=found.text, rung=found.rung, turned_degrees=degrees)
    code = parse_code(found.text)
    if code is None or len({each.text for each in codes}) > 1:
        # With codes of several orders on it nobody can say whose boxes they are.
        return seen
    corners = turn_corners(found.corners, degrees, *page.ink.shape)
    ink = turn(page.ink, degrees) if degrees else page.ink
    laid = lay_over(ink, blank_of(code), guesses_by_code(corners, found.text, blank_of(code)))
    return _with_boxes(seen, ink, laid, code, limits, recogniser) if laid else seen


def _with_boxes(
    seen: PageRead, ink: Ink, laid: Laid, code: Code, limits: ReadingLimits, recogniser: Recogniser | None
) -> PageRead:
    blank = blank_of(code)
    reads_fields = recogniser if isinstance(code, NewOrderCode) else None
    return msgspec.structs.replace(
        seen,
        form=blank.form,
        ticks=read_ticks(ink, laid.affine, blank, limits),
        fields=read_fields(ink, laid.affine, blank, reads_fields) if reads_fields else [],
        skew_degrees=skew_degrees(laid.affine),
    )


def _read_text(seen: PageRead, ink: Ink, limits: ReadingLimits, recogniser: Recogniser) -> PageRead:
    """A page without a code: its text, and the boxes of an order sheet whose code the line has spoilt."""
    lines = recogniser.lines(ink)
    if recogniser.is_upside_down(ink, lines):
        # Read anew: most of its lines were turned as they were read, and some were not.
        ink = turn(ink, UPSIDE_DOWN)
        lines = recogniser.lines(ink)
        seen = msgspec.structs.replace(seen, turned_degrees=UPSIDE_DOWN)
    seen = msgspec.structs.replace(seen, lines=lines)
    sheet = OrderCode("", 1)
    laid = lay_over(ink, blank_of(sheet), [guess_of_page(ink.shape[1])], blind=True)
    return _with_boxes(seen, ink, laid, sheet, limits, None) if laid else seen


PICTURE_COLUMNS = 1000


def draw_page(content: bytes, number: int, limits: ReadingLimits = DEFAULT_LIMITS) -> bytes:
    """Page `number` (from 1) as a PNG for a screen, upright as far as its code tells; empty if there is none."""
    page = next(itertools.islice(open_pages(content, limits), number - 1, None), None)
    if page is None:
        return b""
    codes = find_codes(page.ink)
    ink = turn(page.ink, turned_degrees(codes[0].corners)) if codes else page.ink
    picture = Image.fromarray(~ink).convert("L")
    picture.thumbnail((PICTURE_COLUMNS, 4 * PICTURE_COLUMNS), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.quantize(8).save(file, "PNG")
    return file.getvalue()
