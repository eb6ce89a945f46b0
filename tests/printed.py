"""What came out of the florists' machines: every page of every call, read by the code that is printed on it.

Only so can a call be judged that several faxes share: its reference names the first of them, its pages name all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faxgw.config.intake import ReadingLimits
from faxgw.intake.code import OrderCode, parse_code
from faxgw.intake.pages.open import open_pages
from faxgw.intake.qr import find_codes

LIMITS = ReadingLimits()


@dataclass(frozen=True, slots=True)
class PrintedCall:
    """One call that a carrier took, and the order that each of its pages is of, in their order on the line."""

    reference: str
    orders: tuple[str, ...]
    pages_delivered: int
    """Confirmed by the florist's machine, from the first on."""
    pages_arrived: int
    """Printed there, confirmed or not."""

    @property
    def delivered(self) -> list[str]:
        """The numbers of the orders of which every page was confirmed."""
        return self._whole(self.pages_delivered)

    @property
    def arrived(self) -> list[str]:
        return self._whole(self.pages_arrived)

    def _whole(self, pages: int) -> list[str]:
        within = Counter(self.orders[:pages])
        return [number for number, count in Counter(self.orders).items() if within[number] == count]


def read_calls(faxes: Sequence[dict[str, Any]], pages_dir: Path) -> list[PrintedCall]:
    """The calls in the carrier's list, with their pages from where it keeps them."""
    return [
        PrintedCall(
            fax["reference"],
            tuple(_orders_on(document.read_bytes())),
            fax["pages_delivered"],
            fax["pages_arrived"],
        )
        for fax, document in zip(faxes, _documents(faxes, pages_dir), strict=True)
    ]


def _documents(faxes: Sequence[dict[str, Any]], pages_dir: Path) -> Iterator[Path]:
    """The carrier names a document by its reference, and numbers those that come under the same one again."""
    repeats = Counter[str]()
    for fax in faxes:
        reference = fax["reference"]
        repeats[reference] += 1
        repeat = repeats[reference]
        yield pages_dir / (f"{reference}.tif" if repeat == 1 else f"{reference}.{repeat}.tif")


def _orders_on(document: bytes) -> Iterator[str]:
    """The order of each page; the pages of an order come in their order, and none twice."""
    read = Counter[str]()
    for page in open_pages(document, LIMITS):
        [found] = find_codes(page.ink)
        code = parse_code(found.text)
        assert isinstance(code, OrderCode), f"a page says {found.text}"
        read[code.number] += 1
        assert code.page == read[code.number], (
            f"{code.number}: page {code.page} stands where {read[code.number]} should"
        )
        yield code.number
