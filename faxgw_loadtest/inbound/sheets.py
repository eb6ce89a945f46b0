"""Draws what florists fax back, before the run and in processes of their own, so that it costs the run nothing."""

import datetime as dt
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import msgspec

from faxgw.errors import BugError
from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, Sheet
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.florist import answered, half_answered, typed
from faxgw_loadtest.inbound.due import Answer, Kind
from faxgw_loadtest.orders import Writer

AT_ONCE = 50
NAME_PATTERN = "^(?P<sender_number>00[0-9]+)-"
"""Of the files: the number that the answer comes from, as carriers tell it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Whose orders are answered."""

    token: str
    florists: Sequence[Member]
    day: dt.date
    arrivals: Sequence[Arrival]

    @property
    def writer(self) -> Writer:
        return Writer(self.token, self.florists, self.day)


def name_of(run: Run, answer: Answer, place: int) -> str:
    """Of its file: no two runs and no two answers of a run have the same."""
    florist = run.florists[run.arrivals[answer.order].florist]
    digits = "".join(sign for sign in florist.fax if sign.isdigit())
    return f"00{digits}-{run.token}-{place:06d}.tif"


def draw_all(run: Run, answers: Sequence[Answer], folder: Path, on_drawn: Callable[[int], None]) -> list[Path]:
    """Write the file of each answer into `folder`; `on_drawn` is told how many are there.

    Returns:
        Where each lies, by index of the answers.
    """
    files = [folder / name_of(run, answer, place) for place, answer in enumerate(answers)]
    tasks = list(zip(answers, files, strict=True))
    parts = [tasks[start : start + AT_ONCE] for start in range(0, len(tasks), AT_ONCE)]
    workers = min(len(parts), os.cpu_count() or 1)
    if not parts:
        return files
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin, initargs=(run,)) as pool:
        drawn = 0
        for count in pool.map(_draw_part, parts):
            drawn += count
            on_drawn(drawn)
    return files


class _Florists:
    """What a drawing process keeps."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._writer = run.writer
        self._register = Register({florist.id: florist for florist in run.florists}.values())
        self._read = msgspec.json.Decoder(Order).decode
        self._at = dt.datetime.combine(run.day, dt.time(12), dt.UTC).timestamp()

    def draw(self, answer: Answer) -> bytes:
        match answer.kind:
            case Kind.ACCEPT:
                return answered(self._sheet(answer.order), ["accept"])
            case Kind.AGAIN:
                # The same to the eye; two scans of a sheet never have the same bytes.
                return answered(self._sheet(answer.order), ["accept"]) + b"again"
            case Kind.UNCLEAR:
                return half_answered(self._sheet(answer.order), "accept")
            case Kind.LETTER:
                return typed([f"Our letter {self._writer.number(answer.order)}", "Please ring us up about tomorrow."])

    def _sheet(self, order: int) -> bytes:
        written = self._read(self._writer.write(order, self._run.arrivals[order], None))
        sheet = compose_sheet(written, self._register, self._at, "Load test")
        drawn = render_sheet(sheet) if isinstance(sheet, Sheet) else sheet
        if not isinstance(drawn, Document):
            raise BugError(f"an order of the load test cannot be drawn: {drawn.reason}")
        return drawn.tiff


_florists: list[_Florists] = []
"""Of this process: the pool begins each with `_begin`."""


def _begin(run: Run) -> None:
    _florists.append(_Florists(run))


def _draw_part(tasks: Sequence[tuple[Answer, Path]]) -> int:
    [florists] = _florists
    for answer, file in tasks:
        file.write_bytes(florists.draw(answer))
    return len(tasks)
