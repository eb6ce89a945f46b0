"""How the queue stands, for metrics and people: what waits for which reason, and since when the oldest could go."""

from collections import Counter
from dataclasses import dataclass, field

from faxgw.fax import Waiting
from faxgw.queue.due import DueFaxes
from faxgw.queue.line_queue import LineQueue
from faxgw.store.unfinished import Queued


@dataclass(frozen=True, slots=True)
class ScheduleStatistics:
    """How the queue stands. Reasons are those of lines, as found when they last came up."""

    waiting: int
    lines_busy: int
    by_reason: dict[Waiting, int] = field(default_factory=dict)
    lines_by_reason: dict[Waiting, int] = field(default_factory=dict)
    oldest_due_at: dict[int, float] = field(default_factory=dict)
    """By class: since when the next fax of a line that may go has been due."""


def survey(due: DueFaxes, later: int, not_let_in: Queued | None, *, is_suspended: bool) -> ScheduleStatistics:
    """Look at each line once. `not_let_in` is the first of those that fell due and were not let in yet."""
    faxes: Counter[Waiting] = Counter({Waiting.NOT_DUE: later})
    lines: Counter[Waiting] = Counter()
    oldest: dict[int, float] = {}
    for line in due.queues():
        if line.waiting:
            reason = Waiting.SUSPENDED if is_suspended else _reason_of(line)
            faxes[reason] += line.waiting
            lines[reason] += 1
            if reason is Waiting.NEXT:
                _note_oldest(due, line, oldest)
    if not_let_in is not None:
        _note(due.rank_of(not_let_in), not_let_in.due_at, oldest)
    busy = sum(bool(line.calls) for line in due.queues())
    return ScheduleStatistics(later + len(due), busy, dict(faxes), dict(lines), oldest)


def _reason_of(line: LineQueue) -> Waiting:
    if line.stop is not None:
        return line.stop.waiting
    return Waiting.LINE_BUSY if line.is_full else Waiting.NEXT


def _note_oldest(due: DueFaxes, line: LineQueue, oldest: dict[int, float]) -> None:
    for stand in line.stands.values():
        fax = due.get(stand.offered[1]) if stand.offered is not None else None
        if fax is not None:
            _note(stand.rank, fax.due_at, oldest)


def _note(rank: int, due_at: float, oldest: dict[int, float]) -> None:
    oldest[rank] = min(oldest.get(rank, due_at), due_at)
