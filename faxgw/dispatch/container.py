"""The file that a carrier is given: a fax's TIFF, or, where it takes no TIFF, a PDF around the same strips.

The digest kept with an attempt is the TIFF's in either case, and the PDF follows from the TIFF to the bit; that it
was one stands in the attempt's form version.
"""

from typing import assert_never

from faxgw.provider.port import Capabilities, Format, Sending, format_for
from faxgw.render.pdf import PDF_REVISION, pdf_of
from faxgw.render.sheet import Document
from faxgw.store.attempts import Attempt


def sending_of(attempt: Attempt, document: Document, capabilities: Capabilities, first_page: int = 1) -> Sending:
    """The attempt as the carrier wants it."""
    wanted = format_for(capabilities)
    content = _contained(document, wanted)
    return Sending(attempt.client_ref, attempt.line, content, document.pages, first_page, wanted)


def form_version(document: Document, capabilities: Capabilities) -> str:
    """What decided the bytes that the carrier is given."""
    wanted = format_for(capabilities)
    return document.form_version if wanted is Format.TIFF else f"{document.form_version}+{PDF_REVISION}"


def _contained(document: Document, wanted: Format) -> bytes:
    match wanted:
        case Format.TIFF:
            return document.tiff
        case Format.PDF:
            return pdf_of(document.tiff)
        case _:
            assert_never(wanted)
