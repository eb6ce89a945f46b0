"""Waiting faxes for the tests of the schedule."""

from faxgw.fax import FaxId
from faxgw.phone import Line
from faxgw.store.unfinished import Queued

LINE = Line("+33199000001")
OTHER = Line("+33199000002")


def fax(
    fax_id: int,
    line: Line = LINE,
    *,
    rank: int = 1,
    due_at: float = 0.0,
    deadline_at: float | None = None,
    calls: int = 0,
    submitter: str = "shop",
) -> Queued:
    return Queued(FaxId(fax_id), line, rank, due_at, deadline_at, calls, submitter=submitter)


def line_number(number: int) -> Line:
    return Line(f"+33199{number:06}")
