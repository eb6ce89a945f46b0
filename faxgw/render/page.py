"""From an order sheet or a relay message to the fax that goes on the line, and to a picture for people.

Pure and deterministic: the same sheet and form version give the same bytes, alone or among others. A sheet
that cannot be drawn comes back as `Unrenderable` with the reason; nothing is raised for what an order may contain.

What was drawn and coded before is remembered in the process (`warm_up` takes a quarter of a second, pages then
milliseconds); these memories belong to one thread, so a process renders on one thread only.
"""

import hashlib
import io
import itertools
from collections.abc import Sequence

from PIL import Image, ImageSequence

from faxgw.money import MINOR_DIGITS
from faxgw.order import Order
from faxgw.render import orderform, relayform, requestform
from faxgw.render.characters import is_everyday
from faxgw.render.marks import Page, Text
from faxgw.render.paper import PAPERS
from faxgw.render.pdf import pdf_of
from faxgw.render.setting import Overlong
from faxgw.render.sheet import AnySheet, Document, RelaySheet, RequestSheet, Resolution, Sheet, Unrenderable
from faxgw.render.strip import encode_pages
from faxgw.render.tiff import CodedPage, write_tiff
from faxgw.render.typeface import has_glyph, typeface_version

TYPEFACE_VERSION = typeface_version()
FORM_VERSION = f"{orderform.FORM_REVISION}+{TYPEFACE_VERSION}"

AT_ONCE = 16
"""Sheets drawn and coded together: more cost no less each, and hold more memory."""


def render_sheet(sheet: AnySheet, resolution: Resolution = Resolution.FINE) -> Document | Unrenderable:
    """Lay out, draw and code the sheet; the document's TIFF has one page a sheet page."""
    return render_sheets([sheet], resolution)[0]


def render_sheets(
    sheets: Sequence[AnySheet], resolution: Resolution = Resolution.FINE
) -> list[Document | Unrenderable]:
    """The same bytes as one by one, with less work: what is new on many pages is drawn and coded together."""
    results: list[Document | Unrenderable] = []
    for start in range(0, len(sheets), AT_ONCE):
        results += _render(sheets[start : start + AT_ONCE], resolution)
    return results


def _render(sheets: Sequence[AnySheet], resolution: Resolution) -> list[Document | Unrenderable]:
    laid_out = [_lay_out(sheet) for sheet in sheets]
    pages = [page for outcome in laid_out if isinstance(outcome, list) for page in outcome]
    strips = iter(encode_pages(pages, resolution))
    return [
        outcome
        if isinstance(outcome, Unrenderable)
        else _document(sheet, outcome, list(itertools.islice(strips, len(outcome))), resolution)
        for sheet, outcome in zip(sheets, laid_out, strict=True)
    ]


def _lay_out(sheet: AnySheet) -> list[Page] | Unrenderable:
    match sheet:
        case Sheet():
            unknown = _unknown_currency(sheet.order)
            if unknown is not None:
                return Unrenderable(f"nobody said how many decimals {unknown} has, so its amounts cannot be printed")
            title, outcome, pages_max = "the order sheet", orderform.lay_out(sheet), orderform.PAGES_MAX
        case RelaySheet():
            title, outcome, pages_max = "the message", relayform.lay_out(sheet), relayform.PAGES_MAX
        case RequestSheet():
            title, outcome, pages_max = "the order form", requestform.lay_out(sheet), requestform.PAGES_MAX
    if isinstance(outcome, Overlong):
        return Unrenderable(f"{title} would need {outcome.pages} pages; a fax has at most {pages_max}")
    return outcome


def _document(sheet: AnySheet, pages: list[Page], strips: list[bytes], resolution: Resolution) -> Document:
    paper = PAPERS[resolution]
    tiff = write_tiff([CodedPage(strip, paper.rows, paper.lines_per_inch) for strip in strips], sheet.sent_at)
    return Document(
        tiff=tiff,
        pages=len(pages),
        sha256=hashlib.sha256(tiff).hexdigest(),
        form_version=f"{_revision(sheet)}+{TYPEFACE_VERSION}",
        unprintable=_unprintable(pages),
    )


def _revision(sheet: AnySheet) -> str:
    match sheet:
        case Sheet():
            return orderform.FORM_REVISION
        case RelaySheet():
            return relayform.FORM_REVISION
        case RequestSheet():
            return requestform.FORM_REVISION


def document_to_pdf(document: Document) -> bytes:
    """The same pages in a PDF, around the same strips."""
    return pdf_of(document.tiff)


def document_to_png(document: Document, page: int = 1) -> bytes:
    """Page `page` (from 1) as a PNG for a screen, rows stretched so that it looks as it does on paper.

    Raises IndexError for a page that the document does not have.
    """
    with Image.open(io.BytesIO(document.tiff)) as tiff:
        picture = ImageSequence.Iterator(tiff)[page - 1].convert("1", dither=Image.Dither.NONE)
    picture = picture.resize((picture.width, PAPERS[Resolution.FINE].rows), Image.Resampling.NEAREST)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=False, dpi=(204, 196))
    return file.getvalue()


def _unknown_currency(order: Order) -> str | None:
    """The door refuses such orders; one stored before a currency was taken off the list may still come."""
    amounts = (order.customer_price, order.execution_price, *(line.unit_price for line in order.lines))
    return next((money.currency for money in amounts if money.currency not in MINOR_DIGITS), None)


def _unprintable(pages: list[Page]) -> str:
    """Every character that prints as a box, once, in the order of its first appearance."""
    texts = [mark.text for page in pages for mark in page if isinstance(mark, Text)]
    if is_everyday("".join(texts)):
        return ""
    lacking = {character for character in set().union(*texts) if not has_glyph(character)}
    if not lacking:
        return ""
    return "".join(dict.fromkeys(character for text in texts for character in text if character in lacking))
