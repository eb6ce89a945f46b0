"""What the commands of settlement share: months, amounts, progress."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

FILES_WITHOUT_BAR = 3

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def read_period(_context: click.Context, _parameter: click.Parameter, written: str) -> str:
    if not _PERIOD.fullmatch(written):
        raise click.BadParameter("write a month as 2027-05")
    return written


period_argument = click.argument("period", metavar="MONTH", callback=read_period)


def month_address(period: str, *more: str) -> str:
    return "/".join(("/v1/settlement/months", period, *more))


def obstacle_text(obstacle: dict[str, Any]) -> str:
    more = f" and {obstacle['more']} more" if obstacle["more"] else ""
    names = ", ".join(obstacle["names"]) + more
    mark = "BLOCKS" if obstacle["blocks"] else "may wait"
    return f"{mark:<8}  {obstacle['sentence']}" + (f"\n          {names}" if names else "")


@contextmanager
def progress_over(total: int, what: str) -> Iterator[Callable[[], None]]:
    """A bar on standard error for long work at a terminal, else nothing."""
    if total <= FILES_WITHOUT_BAR or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 Few files need no bar.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task, 1)
