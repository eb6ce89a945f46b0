"""PDF pages as carriers make them around a fax's picture, drawn by PDFium at our forms' own grid."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from faxgw.config.intake import ReadingLimits
from faxgw.intake.pages.page import COLUMNS_PER_INCH, ROWS_PER_INCH, Page, RefusedError, RefusedReason

_POINTS_PER_INCH = 72
_WHITE = (255, 255, 255, 255)
_INK_BELOW = 160
"""A fax's own picture, drawn a little smaller, greys at the edges: above the half thin strokes are kept."""

_ENCRYPTED = (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY)


def pdf_pages(content: bytes, limits: ReadingLimits) -> Iterator[Page]:
    """Each page.

    Raises:
        RefusedError: encrypted, damaged, too many pages, or one of an absurd size.
    """
    with _opened(content) as document:
        if len(document) > limits.pages_max:
            raise RefusedError(RefusedReason.TOO_LARGE, f"the PDF has {len(document)} pages")
        for index in range(len(document)):
            page = document[index]
            try:
                yield Page(_draw(page, limits, index + 1) < _INK_BELOW, 0)
            finally:
                page.close()


def _opened(content: bytes) -> Any:
    handle = pdfium_c.FPDF_LoadMemDocument64(content, len(content), None)
    if handle:
        return pdfium.PdfDocument(handle)
    if pdfium_c.FPDF_GetLastError() in _ENCRYPTED:
        raise RefusedError(RefusedReason.ENCRYPTED, "the PDF is encrypted: have the carrier send it without a password")
    raise RefusedError(RefusedReason.DAMAGED, "the PDF is damaged or cut off: ask for the fax again")


def _draw(page: Any, limits: ReadingLimits, number: int) -> np.ndarray:
    wide, high = page.get_size()
    columns = max(1, round(wide / _POINTS_PER_INCH * COLUMNS_PER_INCH))
    rows = max(1, round(high / _POINTS_PER_INCH * ROWS_PER_INCH))
    if columns * rows > limits.pixels_max:
        raise RefusedError(RefusedReason.TOO_LARGE, f"page {number} of the PDF is {wide:.0f} x {high:.0f} points large")
    bitmap = pdfium.PdfBitmap.new_native(columns, rows, pdfium_c.FPDFBitmap_Gray)
    try:
        bitmap.fill_rect(_WHITE, 0, 0, columns, rows)
        flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE | pdfium_c.FPDF_RENDER_LIMITEDIMAGECACHE
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, columns, rows, 0, flags)
        return np.asarray(bitmap.to_numpy().reshape(rows, -1)[:, :columns].copy())
    finally:
        bitmap.close()
