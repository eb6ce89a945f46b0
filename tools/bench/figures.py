"""The figures that faxgw promises to reach, as data, and the table of them out of what the parts measured.

A figure stays a line of the table whatever happens: without its part, its row or its peer it says what is missing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tools.bench import huey, hylafax, postfix, whole_way
from tools.bench.part import Measured
from tools.bench.row import Row


@dataclass(frozen=True, slots=True)
class Sought:
    """The first row of a module whose texts have these in them."""

    module: str
    what: str
    against: str = ""

    def find(self, measured: Mapping[str, Measured]) -> Row | str:
        """The row, or why there is none."""
        found = measured.get(self.module)
        if found is None:
            return f"not run (python -m tools.bench {self.module})"
        if found.trouble:
            return found.trouble
        rows = (row for row in found.rows if self.what in row.what and self.against in row.against)
        return next(rows, "not in what was measured: a short run, or its peer is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line. With `theirs` the ratio is made here, and the bounds are of it; otherwise the row has its own."""

    name: str
    ours: Sought
    peer: str = ""
    theirs: Sought | None = None
    theirs_times: float = 1.0
    """Brings the peer's unit to ours."""
    at_least: float | None = None

    def line(self, measured: Mapping[str, Measured]) -> Row:
        own = self.ours.find(measured)
        if isinstance(own, str):
            return self._missing(own)
        if self.theirs is None:
            return msgspec.structs.replace(own, part=self.name)
        other = self.theirs.find(measured)
        if isinstance(other, str):
            against, ratio = f"{self.peer} not measured: {other}", math.nan
        else:
            against = f"{self.peer}: {other.value:,.2f} {other.unit}"
            ratio = own.value / (other.value * self.theirs_times)
        return Row(
            part=self.name,
            what=own.what,
            value=own.value,
            unit=own.unit,
            against=against,
            ratio=ratio,
            at_least=self.at_least,
        )

    def _missing(self, why: str) -> Row:
        sought = " against ".join(text for text in (self.ours.what, self.ours.against or self.peer) if text)
        return Row(part=self.name, what=sought, value=math.nan, unit="", against=why)


_PAGE = "CPU a page: ours"
_BURST = Sought("whole_way", whole_way.RATE)
_CPU = Sought("whole_way", whole_way.CPU)

FIGURES = (
    Figure(name="whole way", ours=Sought("whole_way", whole_way.SUSTAINED)),
    Figure(
        name="whole way", ours=_BURST, peer="Postfix, 30 KB messages", theirs=Sought("postfix", postfix.RATE),
        theirs_times=60, at_least=0.5,
    ),
    Figure(name="whole way", ours=_CPU, peer="Postfix, its CPU", theirs=Sought("postfix", postfix.CPU)),
    Figure(
        name="whole way", ours=_BURST, peer="HylaFAX, sender that takes no time",
        theirs=Sought("hylafax", hylafax.RATE), at_least=8.0,
    ),
    Figure(name="whole way", ours=_CPU, peer="HylaFAX, its CPU", theirs=Sought("hylafax", hylafax.CPU)),
    Figure(name="page", ours=Sought("render", _PAGE, "Ghostscript, a process a page")),
    Figure(name="page", ours=Sought("render", _PAGE, "pages a process")),
    Figure(name="page", ours=Sought("render", _PAGE, "plain Pillow")),
    Figure(name="page", ours=Sought("render", _PAGE, "libtiff alone, a C program")),
    Figure(name="durable accept", ours=Sought("durable_accept", "single POSTs")),
    Figure(name="durable accept", ours=Sought("durable_accept", "NDJSON")),
    Figure(name="store loop", ours=Sought("store", "admit, begin, deliver", "bare SQLite")),
    Figure(
        name="store loop", ours=Sought("store", "tasks with a fax each"), peer="huey on SQLite, FULL",
        theirs=Sought("huey", huey.BOTH),
    ),
    Figure(name="pick", ours=Sought("schedule", "pick, p99")),
    Figure(name="in flight", ours=Sought("lanes", "in flight")),
    Figure(name="inbound", ours=Sought("inbound", "fetched, read, noted")),
    Figure(name="line time", ours=Sought("render", "call by spandsp")),
    Figure(name="month close", ours=Sought("settlement", "closed, with every statement")),
)  # fmt: skip


def table_rows(measured: Mapping[str, Measured]) -> list[Row]:
    """A line for each figure, by the modules' names."""
    return [figure.line(measured) for figure in FIGURES]
