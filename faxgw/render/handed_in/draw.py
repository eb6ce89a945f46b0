"""From a document that somebody handed in to the fax that goes on the line.

Decoding is left to libraries in C that strangers' bytes may break or slow down: call it in a render process only.
Nothing is raised for what a document may contain; what cannot be drawn comes back as `Unrenderable` with its reason.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator

from faxgw.render import libtiff
from faxgw.render.handed_in.handed import DOCUMENT_REVISION, HandedIn, Kind, Limits, RefusedError
from faxgw.render.handed_in.header import Header
from faxgw.render.handed_in.picture import picture_page
from faxgw.render.handed_in.text import text_pages
from faxgw.render.handed_in.tiff import tiff_pages
from faxgw.render.marks import Page, Text
from faxgw.render.paint import Rows
from faxgw.render.paper import PAPERS
from faxgw.render.sheet import Document, Resolution, Unrenderable
from faxgw.render.strip import encode_page, paint_page
from faxgw.render.tiff import CodedPage, write_tiff
from faxgw.render.typeface import has_glyph, typeface_version

DEFAULT_LIMITS = Limits()

DrawnPage = Page | Rows
"""A page without its header: marks still to be drawn, or rows."""


def draw_handed_in(handed: HandedIn, limits: Limits = DEFAULT_LIMITS) -> Document | Unrenderable:
    """Draw every page at `handed.resolution`, under a header line."""
    if len(handed.content) > limits.bytes_max:
        return Unrenderable(f"the document has {len(handed.content)} bytes; at most {limits.bytes_max} are taken")
    try:
        pages = list(_bounded(_pages(handed, limits), limits))
    except RefusedError as refused:
        return Unrenderable(str(refused))
    except MemoryError:
        return Unrenderable("drawing the document needs more memory than it is given: make its pictures smaller")
    except Exception as error:  # noqa: BLE001 - decoders answer to damage with whatever they happen to trip over
        return Unrenderable(f"the {handed.kind} document is damaged or cut off ({type(error).__name__}): send it again")
    if not pages:
        return Unrenderable("the document has no pages")
    return _document(handed, pages)


def _pages(handed: HandedIn, limits: Limits) -> Iterator[DrawnPage]:
    match handed.kind:
        case Kind.TEXT:
            return text_pages(handed, limits)
        case Kind.TIFF:
            return tiff_pages(handed, limits)
        case Kind.PNG | Kind.JPEG:
            return picture_page(handed, limits)
        case Kind.PDF:
            # PDFium is loaded where a PDF is drawn and nowhere else: the daemon's own process never has it.
            from faxgw.render.handed_in.pdf import pdf_pages  # noqa: PLC0415

            return pdf_pages(handed, limits)


def _bounded(pages: Iterable[DrawnPage], limits: Limits) -> Iterator[DrawnPage]:
    """The pages, as long as they are not too many and do not take too long."""
    end = time.process_time() + limits.cpu_seconds_max
    for number, page in enumerate(pages, start=1):
        if number > limits.pages_max:
            raise RefusedError(f"the document has more than {limits.pages_max} pages: split it")
        if time.process_time() > end:
            raise RefusedError(f"drawing its first {number} pages took over {limits.cpu_seconds_max:g} s: simplify it")
        yield page


def _document(handed: HandedIn, pages: list[DrawnPage]) -> Document:
    header = Header(handed.header_name, handed.sent_at, handed.language, handed.possible_duplicate)
    paper = PAPERS[handed.resolution]
    coded = [
        CodedPage(_strip(page, header.marks(number, len(pages)), handed.resolution), paper.rows, paper.lines_per_inch)
        for number, page in enumerate(pages, start=1)
    ]
    tiff = write_tiff(coded, handed.sent_at)
    return Document(
        tiff=tiff,
        pages=len(pages),
        sha256=hashlib.sha256(tiff).hexdigest(),
        form_version=document_version(handed.kind),
        unprintable=_unprintable([header.marks(1, 1), *(page for page in pages if isinstance(page, list))]),
    )


def document_version(kind: Kind) -> str:
    """What decides the bytes: our own ways, the fonts, and the decoder."""
    version = f"{DOCUMENT_REVISION}+{typeface_version()}"
    if kind is not Kind.PDF:
        return version
    from faxgw.render.handed_in.pdf import pdf_version  # noqa: PLC0415 - as above

    return f"{version}+{pdf_version()}"


def _strip(page: DrawnPage, header: Page, resolution: Resolution) -> bytes:
    """The page under its header, coded."""
    if isinstance(page, list):
        return encode_page([*header, *page], resolution)
    return libtiff.encode(page | paint_page(header, resolution), len(page))[0]


def _unprintable(pages: list[Page]) -> str:
    """Every character that prints as a box, once, in the order of its first appearance."""
    characters = dict.fromkeys(
        character for page in pages for mark in page if isinstance(mark, Text) for character in mark.text
    )
    return "".join(character for character in characters if not has_glyph(character))
