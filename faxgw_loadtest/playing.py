"""One run from the command to the verdict: a site is opened, the day is played there, and the result is shown."""

import asyncio
import datetime as dt
import functools
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from faxgw.errors import OperatorError
from faxgw.members.file import load_register
from faxgw.members.member import Member
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.client import refuse_far
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.inbound.due import answers_of
from faxgw_loadtest.inbound.sheets import Run, draw_all
from faxgw_loadtest.profile import Profile
from faxgw_loadtest.progress import LiveProgress
from faxgw_loadtest.report.page import page_of
from faxgw_loadtest.report.terminal import show_result
from faxgw_loadtest.result import Result, result_of
from faxgw_loadtest.run import Script, Watching, play
from faxgw_loadtest.stage import InboxSite, Site, open_stage

EXIT_COMPLAINTS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What all runs are told; see the options in `commands.py`."""

    seed: int
    compress: float
    report: Path | None
    seconds_after: float
    keep: Path | None
    gateway: Path | None
    faxes_a_call: int | None
    inbound: int | None
    carrier_control: str | None
    register: Path | None
    gateway_pid: int | None
    pages: Path | None
    inbox: str | None
    inbox_folder: Path | None
    beyond_loopback: bool


def play_day(title: str, day: Profile, arrivals: Sequence[Arrival], wanted: Wanted) -> int:
    """Returns the exit code: 0 only where nothing is to be complained of."""
    console = Console(highlight=False, soft_wrap=True)
    day = _sized(day, wanted)
    florists = _florists(day, wanted)
    load_before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="faxgw-loadtest-") as scratch,
        _site(day, florists, wanted, wanted.keep or Path(scratch)) as site,
    ):
        run = Run(f"lt-{secrets.token_hex(3)}", florists, dt.datetime.now(dt.UTC).date(), arrivals)
        answers = answers_of(arrivals, day, wanted.seed) if site.inbox else []
        with LiveProgress(console, len(arrivals), len(answers)) as progress:
            drawn = functools.partial(progress.count, "answers drawn", total=len(answers))
            files = draw_all(run, answers, _made(Path(scratch) / "answers"), drawn)
            script = Script(arrivals, answers, files, wanted.compress, wanted.seconds_after)
            watching = Watching(progress.show, functools.partial(progress.count, "documents read"))
            outcome = asyncio.run(play(site, run.writer, script, watching))
    result = result_of(outcome, day, title=title, seed=wanted.seed, load_before=load_before)
    if wanted.report is not None:
        _write(result, wanted.report)
        console.print(f"report    {wanted.report / 'report.html'}", soft_wrap=True)
    show_result(result, console)
    return EXIT_COMPLAINTS if result.complaints else 0


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sized(day: Profile, wanted: Wanted) -> Profile:
    """The profile with what the command says otherwise."""
    if wanted.faxes_a_call is not None:
        day = msgspec.structs.replace(day, call=msgspec.structs.replace(day.call, faxes_max=wanted.faxes_a_call))
    if wanted.inbound is not None:
        day = msgspec.structs.replace(day, inbound=msgspec.structs.replace(day.inbound, faxes=wanted.inbound))
    return day


def _florists(day: Profile, wanted: Wanted) -> list[Member]:
    """Those of the gateway of one's own, taken in turn where the day has more; otherwise the example florists."""
    if wanted.register is None:
        return list(members(day.florists.count))
    own = list(load_register(wanted.register))
    if len(own) < 2:
        raise OperatorError(f"{wanted.register} names no two florists")
    return [own[number % len(own)] for number in range(day.florists.count)]


@contextmanager
def _site(day: Profile, florists: Sequence[Member], wanted: Wanted, folder: Path) -> Iterator[Site]:
    if wanted.gateway is None:
        with open_stage(folder.resolve(), day, florists, wanted.compress, wanted.seed) as site:
            yield site
        return
    if wanted.carrier_control is None or wanted.register is None:
        raise OperatorError(
            "a gateway of your own needs --members and --carrier-control: the simulated carrier counts what "
            "arrived, and proves that no real telephone rings"
        )
    if (wanted.inbox is None) != (wanted.inbox_folder is None):
        raise OperatorError("what comes in needs both: --inbox, its name, and --inbox-folder, where faxes are put in")
    if not wanted.beyond_loopback:
        refuse_far(wanted.carrier_control)
    yield Site(
        wanted.gateway,
        wanted.carrier_control,
        {},
        gateway_pid=wanted.gateway_pid,
        inbox=InboxSite(wanted.inbox, wanted.inbox_folder) if wanted.inbox and wanted.inbox_folder else None,
        faxes_a_call=day.call.faxes_max,
        pages_dir=wanted.pages,
        is_beyond_loopback=wanted.beyond_loopback,
    )


def _write(result: Result, folder: Path) -> None:
    _made(folder)
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    (folder / "report.html").write_text(page_of(result), encoding="utf-8")
