"""How long a fax holds the line: what a page costs, whoever pays it."""

from faxgw.render.sheet import Document
from faxgw.render.tiff import read_pages

V17_BITS_PER_SECOND = 14_400

CALL_SECONDS = 12.6
"""Answer tone, the machines' introductions, training and farewell (V.17, ECM; measured with spandsp)."""

PAGE_SECONDS = 2.05
"""Between a page's last bit and the next one's first: the confirmation, and training again."""

SENT_BITS_A_BIT = 1.116
"""ECM's frames, and a 0 stuffed in after each five 1s, of which group 4 has many."""


def line_seconds(document: Document, bits_per_second: int = V17_BITS_PER_SECOND) -> float:
    """The call's seconds without ringing and without repeated frames: within 3 % of what spandsp takes."""
    bits = 8 * sum(len(page.strip) for page in read_pages(document.tiff))
    return CALL_SECONDS + document.pages * PAGE_SECONDS + bits * SENT_BITS_A_BIT / bits_per_second
