"""`faxgw suspend`, `resume` and `drain`: stop a line, a provider, all sending, or taking in; and what is stopped."""

import datetime as dt
import urllib.parse
from typing import Any

import click
from rich.console import JustifyMethod
from rich.table import Table

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.control import asked, who_option, why_option
from faxgw.cli.screen import clock_text, console, print_json, say, since_text

_WHAT = click.argument("what", type=click.Choice(["line", "provider", "gateway"]))
_NAME = click.argument("name", required=False)


def _read_moment(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    try:
        if text is None or dt.datetime.fromisoformat(text).tzinfo is not None:
            return text
    except ValueError:
        pass
    raise click.BadParameter("write a moment with its offset, such as 2027-05-09T10:00:00+02:00")


_UNTIL = click.option(
    "--until", default=None, callback=_read_moment, help="Resume by itself then, as 2027-05-09T10:00:00+02:00."
)
_CARRIER_COLUMNS: tuple[tuple[str, JustifyMethod], ...] = (
    ("carrier", "left"),
    ("has", "right"),
    ("in doubt", "right"),
    ("takes faxes", "left"),
)


@click.command()
@_WHAT
@_NAME
@_UNTIL
@why_option
@who_option
@json_option
@with_client
def suspend(
    client: Client, what: str, name: str | None, until: str | None, why: str, who: str | None, as_json: bool
) -> None:
    """Begin nothing new: `line NUMBER`, `provider NAME` or `gateway`. Calls under way are followed to their end.

    It holds through a restart, until somebody resumes it.
    """
    stopped = body_of(client.post(f"{_path(what, name)}/suspend", asked(who, why, until=until)))
    _report(stopped, as_json)


@click.command()
@_UNTIL
@why_option
@who_option
@json_option
@with_client
def drain(client: Client, until: str | None, why: str, who: str | None, as_json: bool) -> None:
    """Take nothing in; what is there goes out. `faxgw resume gateway` ends it."""
    _report(body_of(client.post("/v1/gateway/drain", asked(who, why, until=until))), as_json)


@click.command()
@_WHAT
@_NAME
@why_option
@who_option
@json_option
@with_client
def resume(client: Client, what: str, name: str | None, why: str, who: str | None, as_json: bool) -> int:
    """Let it go on: `line NUMBER`, `provider NAME` or `gateway`. A line that was taken for dead is called again.

    Exit code 1 where nothing had been suspended.
    """
    answer = body_of(client.post(f"{_path(what, name)}/resume", asked(who, why)))
    if as_json:
        print_json(answer)
    else:
        named = f"{what} {name}" if name else what
        say(f"{named} is resumed" if answer["resumed"] else f"{named} was not suspended")
    return 0 if answer["resumed"] else 1


@click.command()
@json_option
@with_client
def suspensions(client: Client, as_json: bool) -> None:
    """Show what is stopped, by whom, why, since and until when."""
    body = body_of(client.get("/v1/suspensions"))
    if as_json:
        print_json(body)
    elif not body["suspensions"]:
        say("nothing is suspended")
    for stopped in [] if as_json else body["suspensions"]:
        say(suspension_text(stopped))


@click.command()
@json_option
@with_client
def providers(client: Client, as_json: bool) -> None:
    """Show how each carrier stands."""
    body = body_of(client.get("/v1/providers"))
    if as_json:
        print_json(body)
        return
    console().print(providers_table(body["providers"]))


def providers_table(states: list[dict[str, Any]], *, is_short: bool = False) -> Table:
    """A row a carrier; `is_short` keeps each to one line."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in _CARRIER_COLUMNS:
        table.add_column(name, justify=justify, overflow="ellipsis" if is_short else "fold", no_wrap=is_short)
    for state in states:
        table.add_row(state["name"], str(state["faxes_under_way"]), str(state["in_doubt"] or ""), _takes_text(state))
    return table


def _takes_text(state: dict[str, Any]) -> str:
    if state["suspended"]:
        return f"no: {suspension_text(state['suspended'])}"
    if not state["closed_by"]:
        trouble = state["last_trouble"]
        return f"yes; {since_text(trouble['at'])}: {trouble['words']}" if trouble else "yes"
    until = f" until {clock_text(state['until'])}" if state["until"] else ""
    return f"no: {state['closed_by']}" + (f", {state['detail']}" if state["detail"] else "") + until


def suspension_text(stopped: dict[str, Any]) -> str:
    """One line for a person."""
    places = {"gateway": "all sending", "intake": "taking in (the gateway drains)"}
    place = places.get(stopped["scope"], f"{stopped['scope']} {stopped['name']}")
    until = f" until {clock_text(stopped['until'])}" if stopped["until"] else ""
    why = f": {stopped['why']}" if stopped["why"] else ""
    return f"{place} suspended by {stopped['who']} since {clock_text(stopped['at'])}{until}{why}"


def _path(what: str, name: str | None) -> str:
    if (name is None) != (what == "gateway"):
        raise click.UsageError(f"name which {what}" if name is None else "the gateway has no name")
    return f"/v1/{what}" if name is None else f"/v1/{what}s/{urllib.parse.quote(name, safe='')}"


def _report(stopped: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(stopped)
    else:
        say(suspension_text(stopped))
