"""Opens a fax by its first bytes."""

import itertools
from collections.abc import Iterator

from faxgw.config.intake import ReadingLimits
from faxgw.intake.pages.page import Page, RefusedError, RefusedReason
from faxgw.intake.pages.tiff import tiff_pages

_TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PDF_WITHIN = 1024


def open_pages(content: bytes, limits: ReadingLimits) -> Iterator[Page]:
    """The pages one by one, so that only one is in memory.

    Raises:
        RefusedError: on the way too, at the page that cannot be read.
    """
    if len(content) > limits.bytes_max:
        raise RefusedError(RefusedReason.TOO_LARGE, f"the file has {len(content)} bytes, more than {limits.bytes_max}")
    pages = itertools.islice(_pages(content, limits), limits.pages_max + 1)
    for number, page in enumerate(pages, start=1):
        if number > limits.pages_max:
            raise RefusedError(RefusedReason.TOO_LARGE, f"the fax has more than {limits.pages_max} pages")
        if page.ink.size:
            yield page


def _pages(content: bytes, limits: ReadingLimits) -> Iterator[Page]:
    if content.startswith(_TIFF_BEGINNINGS):
        return tiff_pages(content, limits)
    if b"%PDF-" in content[:_PDF_WITHIN]:
        # PDFium is loaded where a PDF comes in and nowhere else.
        from faxgw.intake.pages.pdf import pdf_pages  # noqa: PLC0415

        return pdf_pages(content, limits)
    raise RefusedError(RefusedReason.NOT_A_FAX, "the file is neither TIFF nor PDF: it is no fax that we can read")
