"""PDF as fax pages, drawn by PDFium straight at the fax's own pixels, forms and annotations with it.

Fonts of the machine are kept out: a font that the document does not carry is stood in for by PDFium's own, so that
the same document gives the same bytes everywhere. Scripts are not run; PDFium is built without an engine for them.
"""

import functools
import importlib.metadata
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from faxgw.render.handed_in.fit import Fit, fit
from faxgw.render.handed_in.handed import HandedIn, Limits, RefusedError
from faxgw.render.handed_in.ink import ink_of, put_on_page
from faxgw.render.paint import Rows
from faxgw.render.paper import PAPERS

_POINTS_PER_INCH = 72
_POINTS_MAX = 14_400
"""Of a side; ISO 32000-1 annex C."""

_WHITE = (255, 255, 255, 255)
_QUARTER_AGAINST_CLOCK = 3

_REASONS = {
    pdfium_c.FPDF_ERR_PASSWORD: "the PDF is encrypted: save it without a password",
    pdfium_c.FPDF_ERR_SECURITY: "the PDF is encrypted in a way that cannot be read: save it without encryption",
}


def pdf_version() -> str:
    """What decides how a PDF comes to look."""
    return f"pypdfium2-{importlib.metadata.version('pypdfium2')}"


def pdf_pages(handed: HandedIn, limits: Limits) -> Iterator[Rows]:
    """Each page's rows, without its header.

    Raises:
        RefusedError: it is encrypted, damaged, has too many pages, or one of an absurd size.
    """
    _keep_machine_fonts_out()
    paper = PAPERS[handed.resolution]
    with _open(handed.content) as document:
        # First of all: PDFium wants it before anybody asks for pages.
        document.init_forms()
        if len(document) < 1:
            raise RefusedError("the PDF has no pages")
        if len(document) > limits.pages_max:
            raise RefusedError(
                f"the document has {len(document)} pages; a fax has at most {limits.pages_max}: split it"
            )
        for index in range(len(document)):
            page = document[index]
            try:
                place = _fit(page, index + 1, handed)
                ink = ink_of(_draw(page, place), photo=handed.photo)
            finally:
                page.close()
            yield put_on_page(ink, place.left, place.top, paper)


def _open(content: bytes) -> Any:
    """PDFium reads from `content` as long as the document is open."""
    # Not by PdfDocument(content): of a document without pages that tells the error of the document before it.
    handle = pdfium_c.FPDF_LoadMemDocument64(content, len(content), None)
    if not handle:
        raise RefusedError(_REASONS.get(pdfium_c.FPDF_GetLastError(), "the PDF is damaged or cut off: save it again"))
    return pdfium.PdfDocument(handle)


def _fit(page: Any, number: int, handed: HandedIn) -> Fit:
    wide, high = page.get_size()
    if max(wide, high) > _POINTS_MAX:
        raise RefusedError(f"page {number} is {wide:.0f} x {high:.0f} points large; PDF allows {_POINTS_MAX}")
    return fit(wide / _POINTS_PER_INCH, high / _POINTS_PER_INCH, PAPERS[handed.resolution])


def _draw(page: Any, place: Fit) -> Image.Image:
    bitmap = pdfium.PdfBitmap.new_native(place.columns, place.rows, pdfium_c.FPDFBitmap_Gray)
    try:
        bitmap.fill_rect(_WHITE, 0, 0, place.columns, place.rows)
        turn = _QUARTER_AGAINST_CLOCK if place.turned else 0
        flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE | pdfium_c.FPDF_RENDER_LIMITEDIMAGECACHE
        where = (bitmap, page, 0, 0, place.columns, place.rows, turn, flags)
        pdfium_c.FPDF_RenderPageBitmap(*where)
        if page.formenv:
            pdfium_c.FPDF_FFLDraw(page.formenv, *where)
        return Image.fromarray(bitmap.to_numpy().copy())
    finally:
        bitmap.close()


class _NoMachineFonts(pdfium.PdfSysfontBase):  # type: ignore[misc]  # pypdfium2 has no types.
    """Answers every question for a font of the machine with "none"."""

    def MapFont(self, *_: Any) -> None:  # noqa: N802 - PDFium's own name
        return None

    def GetFont(self, *_: Any) -> None:  # noqa: N802 - PDFium's own name
        return None


@functools.cache
def _keep_machine_fonts_out() -> None:
    _NoMachineFonts().setup()
