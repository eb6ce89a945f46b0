"""Documents as strangers hand them in: every kind, whole and broken."""

import datetime as dt
import io
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image, ImageDraw
from reportlab.lib import pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from faxgw.render.handed_in.draw import draw_handed_in
from faxgw.render.handed_in.handed import HandedIn, Kind, Limits
from faxgw.render.sheet import Document, Unrenderable

SENT_AT = dt.datetime(2027, 5, 29, 7, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def handed_in(kind: Kind, content: bytes, **changes: Any) -> HandedIn:
    return HandedIn(
        kind=kind, content=content, header_name="Fleurs du Lac +33 4 65 71 10 21", sent_at=SENT_AT, **changes
    )


def drawn(kind: Kind, content: bytes, **changes: Any) -> Document:
    outcome = draw_handed_in(handed_in(kind, content, **changes))
    assert isinstance(outcome, Document), outcome
    return outcome


def refusal(kind: Kind, content: bytes, limits: Limits | None = None) -> str:
    outcome = draw_handed_in(handed_in(kind, content), limits or Limits())
    assert isinstance(outcome, Unrenderable), outcome
    return outcome.reason


def text(lines: int = 60) -> bytes:
    return "\n".join(
        f"Zeile {line}: Straußgröße L für Frau Lefèvre, 3 quai des Œillets" for line in range(lines)
    ).encode()


def picture(size: tuple[int, int] = (900, 1200), mode: str = "L", **save: Any) -> bytes:
    """A letter with a frame around it, black on white; `save` goes to Pillow, its `format` among it."""
    return saved(letter(size).convert(mode), **{"format": "PNG"} | save)


def letter(size: tuple[int, int]) -> Image.Image:
    """A frame at the border and an F, which is nowhere symmetrical."""
    page = Image.new("L", size, 255)
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=0, width=8)
    side = min(size) // 2
    pen.text((side // 2, side // 4), "F", fill=0, font_size=side)
    return page


def numbered_letter(page: int) -> Image.Image:
    """Each page has its own height, which tells it from the others."""
    return letter((900, 1200 - 70 * page))


def saved(page: Image.Image, **save: Any) -> bytes:
    file = io.BytesIO()
    page.save(file, **save)
    return file.getvalue()


def pdf(pages: int = 2, size: tuple[float, float] = A4, locked: bool = False) -> bytes:
    file = io.BytesIO()
    lock = pdfencrypt.StandardEncryption("roses") if locked else None
    canvas = Canvas(file, pagesize=size, encrypt=lock, invariant=True)
    for page in range(pages):
        canvas.setFont("Helvetica", 11)
        for line in range(20):
            canvas.drawString(60, size[1] - 70 - 16 * line, f"Page {page + 1}, line {line}: roses, tulips, peonies")
        canvas.rect(30, 30, size[0] - 60, size[1] - 60)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def form(value: str) -> bytes:
    """A PDF with one text field that has been filled in."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    canvas.acroForm.textfield(name="message", value=value, x=100, y=600, width=300, height=30, fontSize=20)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def empty_pdf() -> bytes:
    file = io.BytesIO()
    with pypdfium2.PdfDocument.new() as document:
        document.save(file)
    return file.getvalue()


def raw_pdf(page: str) -> bytes:
    """A PDF written by hand, without a cross-reference table: readers repair that."""
    return (
        f"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        f"3 0 obj<</Type/Page/Parent 2 0 R{page}>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    ).encode()


def tiff_pages(count: int, **save: Any) -> bytes:
    first, *rest = [numbered_letter(page) for page in range(count)]
    return saved(first, format="TIFF", save_all=True, append_images=rest, **save)


def fax_page(rows: int = 2100, top: int = 200) -> Image.Image:
    """A bilevel page as wide as a fax, with something from row `top` on to the last."""
    ink = np.random.default_rng(7).random((rows, 1728 // 8)) < 0.1
    ink[:top] = False
    ink[top] = ink[-1] = True
    return Image.fromarray(~np.repeat(ink, 8, axis=1))


def fax_tiff(page: Image.Image, lines_per_inch: int = 196, compression: str = "group4", **save: Any) -> bytes:
    # Pillow's default of several strips a page is as good a stranger's file as any.
    return saved(page, format="TIFF", compression=compression, dpi=(204, lines_per_inch), **save)


def pixels(document: Document) -> list[np.ndarray]:
    """Ink is true."""
    with Image.open(io.BytesIO(document.tiff)) as file:
        found = []
        for page in range(document.pages):
            file.seek(page)
            found.append(~np.asarray(file.convert("1")))
    return found
