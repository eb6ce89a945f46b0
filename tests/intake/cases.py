"""Our own order sheet, answered with a pen and faxed back over a bad line: cases by the hundred, each from its seed."""

import functools
import io
import random
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageSequence

from faxgw.config.intake import DecisionRules
from faxgw.intake.decide import decide
from faxgw.intake.decision import KnownOrder, NeedsReview, Reply, ReplyKind
from faxgw.intake.faxread import FaxRead, TickState
from faxgw.intake.read import read_fax
from faxgw.render.orderform import FORM_REVISION, order_code
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document
from tests.intake.pen import CLEAR_MARKS, DOUBTFUL_MARKS, Pen
from tests.intake.scanner import EDGE_NOISES, Scan, fax, scan
from tests.render import sheets

RULES = DecisionRules()
SHEETS = 48
"""So many different ones are printed, in turn."""

TICKS = tuple(kind.value for kind in ReplyKind)


@dataclass(frozen=True)
class Case:
    """One sheet with its marks, and how the machine treats it."""

    seed: int
    number: str
    pages: int
    marks: dict[str, str]
    """Which mark each box got: the ticks that have one."""
    how: Scan

    @property
    def is_clear(self) -> bool:
        """Whether every mark on it is one that everybody would take for a mark."""
        return all(mark in CLEAR_MARKS for mark in self.marks.values())


@dataclass
class Account:
    """What became of the cases, counted."""

    cases: int = 0
    codes_read: int = 0
    clear_marks: int = 0
    clear_marks_read: int = 0
    replies: int = 0
    reviews: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    wrong: list[int] = field(default_factory=list)
    """Seeds of cases in which something was accepted that nobody had marked."""
    unread: list[int] = field(default_factory=list)
    """Seeds of clear cases of which a box was not read as it is, marked or empty."""

    def __str__(self) -> str:
        return (
            f"cases {self.cases}: codes read {self.codes_read}, clear marks {self.clear_marks_read} of "
            f"{self.clear_marks}, accepted {self.replies}, wrongly accepted {len(self.wrong)}, "
            f"to a person {dict(self.reviews)}, codes by rung {dict(self.rungs)}"
        )


def make_case(seed: int, lines: int) -> Case:
    """A case from its seed: half with one clear mark, some with two, none or a doubtful one; always a bad line."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    how = Scan(
        lines=lines,
        skew_degrees=rng.choice((-1.5, 1.5, rng.uniform(-1.5, 1.5))),
        scale=rng.uniform(0.97, 1.02),
        shift=(rng.uniform(-18, 18), rng.uniform(-24, 24)),
        edge_noise=rng.choice(EDGE_NOISES),
        specks=rng.uniform(0, 0.002),
        bad_rows=rng.choice((0, 1, 1, 4)),
        streak=rng.random() < 0.1,
        upside_down=rng.random() < 0.1,
    )
    return Case(seed, f"FR27-{seed % SHEETS:07d}", rng.choice((1, 1, 1, 2)), _marks(rng), how)


def _marks(rng: random.Random) -> dict[str, str]:
    roll = rng.random()
    clear, doubtful = rng.choice(list(CLEAR_MARKS)), rng.choice(list(DOUBTFUL_MARKS))
    first, second = rng.sample(TICKS, 2)
    if roll < 0.55:
        return {first: clear}
    if roll < 0.65:
        return {first: clear, second: rng.choice(list(CLEAR_MARKS))}
    if roll < 0.70:
        return {}
    if roll < 0.9:
        return {first: doubtful}
    return {first: clear, second: doubtful}


@functools.lru_cache(2 * SHEETS)
def _printed(number: str, language: str, pages: int) -> tuple[Image.Image, ...]:
    order = sheets.order(number=number, lines=2 if pages == 1 else 15)
    document = render_sheet(sheets.sheet(order, language=language))  # type: ignore[arg-type]
    assert isinstance(document, Document)
    with Image.open(io.BytesIO(document.tiff)) as tiff:
        # A printer's dots run a little.
        return tuple(page.convert("L").filter(ImageFilter.BoxBlur(0.8)) for page in ImageSequence.Iterator(tiff))


def send(case: Case) -> bytes:
    """Print the sheet, mark it, scan it: the TIFF that the florist's machine sends."""
    rng = random.Random(case.seed + 1)  # noqa: S311 - as above
    language = sheets.LANGUAGES[case.seed % len(sheets.LANGUAGES)]
    pages = [page.copy() for page in _printed(case.number, language, case.pages)]
    pen = Pen(pages[-1], rng, rng.uniform(3.2, 8.0))
    for name, mark in case.marks.items():
        (CLEAR_MARKS | DOUBTFUL_MARKS)[mark](pen, rng, name)
    return fax([scan(page, case.how, rng) for page in pages], case.how.lines)


def over_the_line(fax_machine: Path, tiff: bytes) -> bytes:
    """Through two spandsp fax machines, as the receiving one writes it."""
    with tempfile.TemporaryDirectory() as folder:
        sent, received = Path(folder, "sent.tif"), Path(folder, "received.tif")
        sent.write_bytes(tiff)
        call = subprocess.run([fax_machine, sent, received], capture_output=True, text=True, check=False)
        assert call.returncode == 0, call.stdout
        return received.read_bytes()


def judge(case: Case, received: bytes, account: Account) -> None:
    """Read it back, decide, and count."""
    read = read_fax(received)
    assert isinstance(read, FaxRead), read
    account.cases += 1
    codes = [page.code for page in read.pages]
    account.codes_read += codes == [order_code(case.number, page) for page in range(1, len(codes) + 1)]
    account.rungs.update(page.rung for page in read.pages)
    _judge_marks(case, read, account)
    known = {case.number: KnownOrder(number=case.number, forms=frozenset({FORM_REVISION}))}
    for decision in decide(read, "", known, RULES):
        match decision:
            case Reply(order_number=number, kinds=kinds):
                account.replies += 1
                if number != case.number or {kind.value for kind in kinds} != _meant(case):
                    account.wrong.append(case.seed)
            case NeedsReview(reason=reason):
                account.reviews[reason.value] += 1
            case _:
                account.wrong.append(case.seed)


def _meant(case: Case) -> set[str]:
    """What the florist meant. A dot may be meant or not, and what was crossed out was not: no reply may say either."""
    return {name for name, mark in case.marks.items() if mark in CLEAR_MARKS or mark == "wild cross"}


def _judge_marks(case: Case, read: FaxRead, account: Account) -> None:
    states = {tick.name: tick.state for tick in read.pages[-1].ticks}
    for name, mark in case.marks.items():
        if mark in CLEAR_MARKS and case.is_clear:
            account.clear_marks += 1
            account.clear_marks_read += states.get(name) is TickState.MARKED
    if case.is_clear:
        wanted = {name: TickState.MARKED if name in case.marks else TickState.CLEAR for name in TICKS}
        if states != wanted:
            account.unread.append(case.seed)


def picture(tiff: bytes) -> np.ndarray:
    """The last page as pixels, for a person who wonders about a case."""
    with Image.open(io.BytesIO(tiff)) as file:
        return np.asarray(list(ImageSequence.Iterator(file))[-1].convert("L"))
