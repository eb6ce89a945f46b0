"""The run as it goes: bars and figures on a terminal, elsewhere a line every quarter of a minute."""

import time
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from faxgw_loadtest.watch import Moment

LINE_SECONDS = 15.0


class LiveProgress:
    """Shows each moment."""

    def __init__(self, console: Console, orders: int, answers: int) -> None:
        self._console = console
        self._totals = {"handed in": orders, "accepted, durable": orders, "taken by the carrier": orders}
        self._totals |= {"delivered or over": orders} | ({"answers put in": answers} if answers else {})
        self._bars = Progress(
            TextColumn("{task.description:<22}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._tasks: dict[str, TaskID] = {}
        self._before: Moment | None = None
        self._told_at = -LINE_SECONDS
        self._live = Live(self._bars, console=console, refresh_per_second=4)

    def __enter__(self) -> "LiveProgress":
        if self._console.is_terminal:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.__exit__(kind, error, trace)

    def count(self, what: str, done: int, total: int) -> None:
        """What is done before the run or after it."""
        if not self._console.is_terminal:
            self._say(f"{what} {done:,} of {total:,}", is_last=done == total)
            return
        self._bar(what, done, total)
        self._live.update(self._bars)

    def show(self, moment: Moment) -> None:
        done = (moment.handed_in, moment.accepted, moment.submitted, moment.over, moment.answers_put_in)
        counts = dict(zip(self._totals, done, strict=False))
        if self._console.is_terminal:
            for what, count in counts.items():
                self._bar(what, count, self._totals[what])
            self._live.update(Group(self._bars, self._figures(moment)))
        else:
            parts = [f"{what} {count:,} of {self._totals[what]:,}" for what, count in counts.items()]
            self._say("; ".join([*parts, f"queued {moment.queued:,}", f"calls {moment.calls_under_way:,}"]))
        self._before = moment

    def _say(self, line: str, *, is_last: bool = False) -> None:
        now = time.monotonic()
        if is_last or now - self._told_at >= LINE_SECONDS:
            self._told_at = now
            self._console.print(line)

    def _bar(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done)

    def _figures(self, now: Moment) -> Table:
        table = Table.grid(padding=(0, 3))
        table.add_row(
            f"queued [b]{now.queued:,}[/b]",
            f"oldest due [b]{now.oldest_due_seconds:.1f} s[/b]",
            f"in doubt [b]{now.in_doubt:,}[/b]",
            f"calls [b]{now.calls_under_way:,}[/b] (+{now.waiting_for_channel:,} waiting)",
            f"came in, unread [b]{now.inbound_waiting:,}[/b]",
        )
        table.add_row(*(f"{name} [b]{share:.0%}[/b] of a core" for name, share in self._cores(now)))
        return table

    def _cores(self, now: Moment) -> Iterator[tuple[str, float]]:
        before = self._before
        if before is None:
            return
        for name, used in now.processes.items():
            if name in before.processes:
                spent = used.cpu_seconds - before.processes[name].cpu_seconds
                yield name, max(0.0, spent) / max(0.1, now.at - before.at)
