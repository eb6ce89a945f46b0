"""What came out of the florists' machines: the order of every page, read by the code that is printed on it.

Only so can a call be judged that several faxes share: its reference names the first of them, its pages name all.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from faxgw.config.intake import ReadingLimits
from faxgw.intake.code import OrderCode, parse_code
from faxgw.intake.pages.open import open_pages
from faxgw.intake.pages.page import RefusedError
from faxgw.intake.qr import find_codes

DOCUMENTS_AT_ONCE = 50
_LIMITS = ReadingLimits()


@dataclass(frozen=True, slots=True)
class Misprinted:
    """Pages that are not what they should be: a sentence for whoever mends the gateway."""

    why: str


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
        return whole(self.orders, self.pages_delivered)

    @property
    def arrived(self) -> list[str]:
        return whole(self.orders, self.pages_arrived)


def whole(orders: Sequence[str], pages: int) -> list[str]:
    """Those of which every page is among the first `pages`."""
    within = Counter(orders[:pages])
    return [number for number, count in Counter(orders).items() if within[number] == count]


def read_orders(document: bytes) -> tuple[str, ...] | Misprinted:
    """The order of each page; the pages of an order come in their order, and none twice."""
    numbers: list[str] = []
    try:
        for page in open_pages(document, _LIMITS):
            codes = [parse_code(found.text) for found in find_codes(page.ink)]
            if len(codes) != 1 or not isinstance(codes[0], OrderCode):
                return Misprinted(f"page {len(numbers) + 1} bears no code of one order")
            number, place = codes[0]
            if place != numbers.count(number) + 1:
                return Misprinted(f"page {place} of {number} stands where {numbers.count(number) + 1} should")
            numbers.append(number)
    except RefusedError as refused:
        return Misprinted(f"the document cannot be read: {refused}")
    return tuple(numbers)


def read_files(files: Sequence[Path]) -> list[tuple[str, ...] | Misprinted]:
    """The same for documents that were kept."""
    return [read_orders(file.read_bytes()) if file.exists() else Misprinted("it was not kept") for file in files]


def read_many(files: Sequence[Path], on_read: Callable[[int], None]) -> list[tuple[str, ...] | Misprinted]:
    """In as many processes as there are cores; `on_read` is told how many are done."""
    parts = [files[start : start + DOCUMENTS_AT_ONCE] for start in range(0, len(files), DOCUMENTS_AT_ONCE)]
    found: list[tuple[str, ...] | Misprinted] = []
    if not parts:
        return found
    workers = min(len(parts), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for part in pool.map(read_files, parts):
            found += part
            on_read(len(found))
    return found


def documents_of(references: Sequence[str], pages_dir: Path) -> Iterator[Path]:
    """The carrier names a document by its reference, and numbers those that come under the same one again."""
    repeats = Counter[str]()
    for reference in references:
        repeats[reference] += 1
        repeat = repeats[reference]
        yield pages_dir / (f"{reference}.tif" if repeat == 1 else f"{reference}.{repeat}.tif")
