"""The run as it goes, on a terminal: what is in, what is out, what waits, and what it costs."""

from collections.abc import Iterator
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from faxgw_loadtest.watch import Moment


class LiveProgress:
    """Shows each moment. Not on a terminal it stays silent until the end."""

    def __init__(self, console: Console, orders: int) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<22}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn()
        )
        names = ("handed in", "accepted, durable", "taken by the carrier", "delivered or over")
        self._tasks = [self._bars.add_task(name, total=orders) for name in names]
        self._before: Moment | None = None
        self._live = Live(self._bars, console=console, refresh_per_second=4, transient=not console.is_terminal)

    def __enter__(self) -> "LiveProgress":
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, moment: Moment) -> None:
        for task, done in zip(
            self._tasks, (moment.handed_in, moment.accepted, moment.submitted, moment.over), strict=True
        ):
            self._bars.update(task, completed=done)
        self._live.update(Group(self._bars, self._figures(moment)))
        self._before = moment

    def _figures(self, now: Moment) -> Table:
        table = Table.grid(padding=(0, 3))
        table.add_row(
            f"queued [b]{now.queued:,}[/b]",
            f"oldest due [b]{now.oldest_due_seconds:.1f} s[/b]",
            f"in doubt [b]{now.in_doubt:,}[/b]",
            f"calls [b]{now.calls_under_way:,}[/b] (+{now.waiting_for_channel:,} waiting)",
        )
        table.add_row(*(f"{name} [b]{share:.0%}[/b] of a core" for name, share in self._cores(now)))
        return table

    def _cores(self, now: Moment) -> Iterator[tuple[str, float]]:
        before = self._before
        if before is None:
            return
        for name, used in now.processes.items():
            spent = used.cpu_seconds - before.processes[name].cpu_seconds
            yield name, spent / max(0.1, now.at - before.at)
