"""The fonts that statements are printed in: what a document needs of them is cut out once, and compressed once.

Within a PDF is a font of only its own signs, 37 KB a weight. All of ASCII is always among them, so that most stores of
a country need the same one; cutting and compressing it was more than half of what a statement cost.
"""

import functools
from collections.abc import Sequence

import fontpkg
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObjectReference, PDFStreamFilterZCompress
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace

FAMILY = "PT Sans"
"""Two files, one a weight: reportlab cannot pick a weight out of a variable font. Its digits are all of one width."""
REGULAR, BOLD = "faxgw-regular", "faxgw-bold"
WEIGHTS = {REGULAR: 400, BOLD: 700}

CUTS_KEPT = 128
"""Of both weights: 0.1 MB each, as cut and as compressed. Six hundred stores of two countries needed nine."""


@functools.cache
def register_fonts() -> None:
    """Make REGULAR and BOLD known to reportlab; the first call reads both files."""
    for name, weight in WEIGHTS.items():
        font = TTFont(name, str(fontpkg.path(FAMILY, weight=weight)))
        font.face = _KeptFace(font.face.filename)
        pdfmetrics.registerFont(font)


class _KeptFace(TTFontFace):  # type: ignore[misc]
    """Remembers what was cut out of it, and has that compressed once."""

    def makeSubset(self, subset: Sequence[int]) -> bytes:  # noqa: N802 - reportlab's name
        return self._cut(tuple(subset))

    @functools.lru_cache(maxsize=CUTS_KEPT)  # noqa: B019 - the two faces live as long as the process
    def _cut(self, subset: tuple[int, ...]) -> bytes:
        cut: bytes = super().makeSubset(subset)
        return cut

    def addSubsetObjects(  # noqa: N802 - reportlab's name
        self, doc: PDFDocument, fontname: str, subset: Sequence[int]
    ) -> PDFObjectReference:
        descriptor = super().addSubsetObjects(doc, fontname, subset)
        doc.idToObject[f"fontFile:{self.filename}({fontname})"].filters = [_COMPRESSED_ONCE]
        return descriptor


class _KeptFlate(PDFStreamFilterZCompress):  # type: ignore[misc]
    """What reportlab compresses with; the same bytes object is not even hashed a second time."""

    @functools.lru_cache(maxsize=CUTS_KEPT)  # noqa: B019 - there is one of it
    def encode(self, text: bytes) -> bytes:
        compressed: bytes = super().encode(text)
        return compressed


_COMPRESSED_ONCE = _KeptFlate()
