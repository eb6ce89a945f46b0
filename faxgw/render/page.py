"""From an order sheet to the fax that goes on the line, and to a picture for people.

Pure and deterministic: the same sheet and form version give the same bytes. A sheet that cannot be drawn
comes back as `Unrenderable` with the reason; nothing is raised for what an order may contain.

What was drawn and coded before is remembered in the process (a first page takes a second, the next ones
milliseconds); these memories belong to one thread, so a process renders on one thread only.
"""

import hashlib
import io

from PIL import Image, ImageSequence

from faxgw.money import MINOR_DIGITS
from faxgw.order import Order
from faxgw.render.marks import Page, Text
from faxgw.render.orderform import FORM_REVISION, PAGES_MAX, lay_out
from faxgw.render.paper import PAPERS
from faxgw.render.pdf import write_pdf
from faxgw.render.setting import Overlong
from faxgw.render.sheet import Document, Resolution, Sheet, Unrenderable
from faxgw.render.strip import encode_page
from faxgw.render.tiff import CodedPage, read_pages, write_tiff
from faxgw.render.typeface import has_glyph, typeface_version

FORM_VERSION = f"{FORM_REVISION}+{typeface_version()}"


def render_sheet(sheet: Sheet, resolution: Resolution = Resolution.FINE) -> Document | Unrenderable:
    """Lay out, draw and code the sheet; the document's TIFF has one page a sheet page."""
    unknown = _unknown_currency(sheet.order)
    if unknown is not None:
        return Unrenderable(f"nobody said how many decimals {unknown} has, so its amounts cannot be printed")
    pages = lay_out(sheet)
    if isinstance(pages, Overlong):
        return Unrenderable(f"the order sheet would need {pages.pages} pages; a fax has at most {PAGES_MAX}")
    paper = PAPERS[resolution]
    coded = [CodedPage(encode_page(page, resolution), paper.rows, paper.lines_per_inch) for page in pages]
    tiff = write_tiff(coded, sheet.sent_at)
    return Document(
        tiff=tiff,
        pages=len(pages),
        sha256=hashlib.sha256(tiff).hexdigest(),
        form_version=FORM_VERSION,
        unprintable=_unprintable(pages),
    )


def document_to_pdf(document: Document) -> bytes:
    """The same pages in a PDF, around the same strips."""
    return write_pdf(read_pages(document.tiff))


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
    lacking = {character for character in set().union(*texts) if not has_glyph(character)}
    if not lacking:
        return ""
    return "".join(dict.fromkeys(character for text in texts for character in text if character in lacking))
