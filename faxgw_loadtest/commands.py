"""The commands behind `faxgw-loadtest`: run a profile, replay a recorded day, record one, plan, list profiles."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console

from faxgw.cli.client import LocalClient
from faxgw.errors import OperatorError
from faxgw_loadtest.arrivals import Arrival, arrivals_of, between, thinned
from faxgw_loadtest.plan import Costs, Means, plan_day
from faxgw_loadtest.playing import Wanted, play_day
from faxgw_loadtest.profile import Profile, load_profile, profile_names
from faxgw_loadtest.recorded import read_recorded, record
from faxgw_loadtest.report.terminal import show_plan

_FLORISTS_MAX = 14_000
_F = TypeVar("_F", bound=Callable[..., Any])
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def loadtest() -> None:
    """Play a flower network's peak days against a fax gateway, and count what became of every order."""


def _hours(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    first, _dash, last = text.partition("-")
    try:
        hours = float(first), float(last)
    except ValueError:
        hours = 0.0, 0.0
    if hours[0] >= hours[1]:
        raise click.BadParameter("write it as 8-11 or 9.5-10.25: hours from the first midnight on")
    return hours


_SLICE = (
    click.option("--limit", type=click.IntRange(1), help="So many orders at most, drawn evenly over the day."),
    click.option("--hours", callback=_hours, metavar="FROM-TO", help="Only these hours of the day, such as 8-11."),
    click.option("--seed", type=int, default=1, show_default=True, help="The same seed plays the same day."),
)
_FLORISTS = click.option("--florists", type=click.IntRange(2, _FLORISTS_MAX), help="Instead of the profile's number.")
_RUN = (
    click.option(
        "--compress", type=click.FloatRange(0.1, 10_000), default=60, show_default=True, help="Times as fast."
    ),
    click.option("--report", type=_FOLDER, help="Write report.html and report.json there."),
    click.option(
        "--seconds-after",
        type=click.FloatRange(1),
        default=300,
        show_default=True,
        help="How long to wait for what is on its way when the last order came in.",
    ),
    click.option("--keep", type=_FOLDER, help="Folder of our daemon and carrier; otherwise a temporary one."),
    click.option(
        "--faxes-a-call",
        type=click.IntRange(1, 20),
        help="[call] faxes_max of our daemon, or the one that --gateway has; otherwise the profile's.",
    ),
    click.option("--inbound", type=click.IntRange(0), help="So many faxes come in over the whole day; 0 for none."),
    click.option(
        "--gateway",
        type=click.Path(exists=True, path_type=Path),
        help="Socket of a gateway that runs already, and whose only carrier is the simulated one.",
    ),
    click.option("--carrier-control", metavar="URL", help="The levers of that carrier: it counts what arrived."),
    click.option(
        "--members",
        "register",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The florists of that gateway, as NDJSON.",
    ),
    click.option("--gateway-pid", type=click.IntRange(1), help="Of that gateway, where its socket does not tell."),
    click.option("--pages", type=_FOLDER, help="Where that carrier keeps what it took (its --keep-pages)."),
    click.option("--inbox", help="Name of an inbox of that gateway; without it nothing comes in."),
    click.option("--inbox-folder", type=_FOLDER, help="The folder behind that inbox on its FTP server."),
    click.option("--beyond-loopback", is_flag=True, help="These levers may be on another machine."),
)


def _with(options: Sequence[Callable[[_F], _F]]) -> Callable[[_F], _F]:
    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@loadtest.command()
@click.argument("profile")
@_FLORISTS
@_with(_SLICE)
@_with(_RUN)
@click.pass_context
def run(
    context: click.Context,
    /,
    profile: str,
    florists: int | None,
    limit: int | None,
    hours: tuple[float, float] | None,
    **options: Any,
) -> None:
    """Play PROFILE: a name of `faxgw-loadtest profiles`, or a TOML file of your own."""
    day = _profile(profile, florists)
    wanted = Wanted(**options)
    arrivals = _sliced(arrivals_of(day, wanted.seed), hours, limit, wanted.seed)
    context.exit(play_day(_title(Path(profile).stem, day.time.faxes, arrivals), day, arrivals, wanted))


@loadtest.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lines-of", default="mothers-day-saturday", show_default=True, help="Profile of lines and carrier.")
@_with(_SLICE)
@_with(_RUN)
@click.pass_context
def replay(
    context: click.Context,
    /,
    file: Path,
    lines_of: str,
    limit: int | None,
    hours: tuple[float, float] | None,
    **options: Any,
) -> None:
    """Play a day that `record` wrote down."""
    wanted = Wanted(**options)
    recorded = read_recorded(file)
    day = _profile(lines_of, min(_FLORISTS_MAX, max(2, 1 + max(each.florist for each in recorded))))
    day = msgspec.structs.replace(day, summary=f"recorded day, {len(recorded):,} orders")
    folded = [msgspec.structs.replace(each, florist=each.florist % _FLORISTS_MAX) for each in recorded]
    arrivals = _sliced(folded, hours, limit, wanted.seed)
    context.exit(play_day(_title(file.stem, len(recorded), arrivals), day, arrivals, wanted))


@loadtest.command("record")
@click.option("--gateway", type=click.Path(exists=True, path_type=Path), required=True, help="Socket of the gateway.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Only this day, by UTC.")
@click.option(
    "--compressed",
    type=click.FloatRange(0.1, 10_000),
    default=1.0,
    show_default=True,
    metavar="TIMES",
    help="What is recorded was itself a load test, so many times as fast as its day.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to be written.")
def record_day(gateway: Path, day: dt.datetime | None, compressed: float, out: Path) -> None:
    """Write a day down from a gateway's event log, without anything that is personal."""
    client = LocalClient(gateway, "loadtest")
    count = record(client, out, day=day.date() if day else None, compressed=compressed)
    client.close()
    click.echo(f"{count:,} orders without their people in {out}")


@loadtest.command()
@click.argument("profile")
@_FLORISTS
@_with(_SLICE)
@click.option(
    "--channels", type=click.IntRange(0), help="Calls at once that the carrier gives us; 0: as many as needed."
)
@click.option("--cores", type=click.IntRange(0), default=0, help="Cores that there are; 0: as many as needed.")
@click.option(
    "--cpu-ms", type=click.FloatRange(0), default=Costs().cpu_ms, show_default=True, help="Our CPU for a fax."
)
@click.option("--answer-seconds", type=click.FloatRange(0), default=Costs().answer_seconds, show_default=True,
              help="How long the carrier takes to answer to a fax.")  # fmt: skip
@click.option("--faxes-a-call", type=click.IntRange(1, 20), default=1, show_default=True, help="[call] faxes_max.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def plan(
    profile: str,
    florists: int | None,
    limit: int | None,
    hours: tuple[float, float] | None,
    seed: int,
    channels: int | None,
    cores: int,
    cpu_ms: float,
    answer_seconds: float,
    faxes_a_call: int,
    as_json: bool,
) -> None:
    """Say how many lanes, carrier channels and cores PROFILE needs, and what binds."""
    day = _profile(profile, florists)
    arrivals = _sliced(arrivals_of(day, seed), hours, limit, seed)
    means = Means(channels=day.carrier.channels if channels is None else channels, cores=cores)
    costs = Costs(cpu_ms=cpu_ms, answer_seconds=answer_seconds, faxes_a_call=faxes_a_call)
    planned = plan_day(arrivals, day.lines, costs, means)
    if as_json:
        click.echo(msgspec.json.encode(planned).decode())
    else:
        show_plan(day, planned, Console(highlight=False, soft_wrap=True))


@loadtest.command()
def profiles() -> None:
    """List the days that can be played."""
    for name in profile_names():
        day = load_profile(name)
        click.echo(f"{name:22} {day.summary}; {day.florists.count:,} florists")


def _profile(name: str, florists: int | None) -> Profile:
    day = load_profile(name)
    if florists is None:
        return day
    return msgspec.structs.replace(day, florists=msgspec.structs.replace(day.florists, count=florists))


def _sliced(arrivals: list[Arrival], hours: tuple[float, float] | None, limit: int | None, seed: int) -> list[Arrival]:
    kept = arrivals if hours is None else between(arrivals, *hours)
    kept = kept if limit is None else thinned(kept, limit, seed)
    if not kept:
        raise OperatorError("no order comes in during these hours")
    return kept


def _title(name: str, whole: int, arrivals: Sequence[Arrival]) -> str:
    if len(arrivals) == whole:
        return name
    return f"{name}: {len(arrivals):,} of its {whole:,} orders"
