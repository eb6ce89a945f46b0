"""`faxgw show` and `faxgw why`: one fax, readable at three in the morning."""

import datetime as dt
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.screen import (
    age_text,
    class_text,
    clock_text,
    console,
    counted,
    print_json,
    since_text,
    state_text,
    zone_text,
)
from faxgw.cli.story import tell

_OVER = "over"


@click.command()
@click.argument("fax_id", type=click.IntRange(min=1), metavar="ID")
@json_option
@with_client
def show(client: Client, fax_id: int, as_json: bool) -> None:
    """Show a fax with its whole story: state, attempts, events."""
    fax = body_of(client.get(f"/v1/faxes/{fax_id}"))
    if as_json:
        print_json(fax)
        return
    screen = console()
    _print_head(screen, fax)
    _print_attempts(screen, fax["attempts"])
    _print_trail(screen, fax)
    screen.print(f"times in {zone_text()}", style="dim")


@click.command()
@click.argument("fax_id", type=click.IntRange(min=1), metavar="ID")
@json_option
@with_client
def why(client: Client, fax_id: int, as_json: bool) -> None:
    """Say why a fax is not being sent this moment, and what could be done."""
    fax = body_of(client.get(f"/v1/faxes/{fax_id}"))
    if as_json:
        print_json({"id": fax["id"], "state": fax["state"], **fax["why"]})
        return
    console().print(f"fax {fax['id']}: {_why_text(fax['why'])}")


def _print_head(screen: Console, fax: dict[str, Any]) -> None:
    title = Text.assemble((f"fax {fax['id']}  ", "bold"), state_text(fax["state"]))
    if fax["reason"]:
        title.append(f" ({fax['reason']})")
    screen.print(title)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(fax["content"], f"{fax['number']}, {class_text(fax['rank'])}")
    grid.add_row("key", f"{fax['key']} from {fax['submitter']}")
    grid.add_row("line", fax["line"])
    if fax["origin_id"]:
        grid.add_row("comes from", f"fax {fax['origin_id']}")
    if fax["member"]:
        grid.add_row("goes to", f"member {fax['member']} instead of the one ordered")
    if fax["is_marked"]:
        grid.add_row("mark", "its pages say that they may have come before")
    grid.add_row("accepted", f"{clock_text(fax['accepted_at'])}, {since_text(fax['accepted_at'])}")
    if fax["deadline_at"]:
        promised = f", promised by {fax['service']}" if fax["service"] else ""
        grid.add_row("deadline", f"{clock_text(fax['deadline_at'])}, {since_text(fax['deadline_at'])}{promised}")
    if fax["why"]["waiting"] != _OVER:
        grid.add_row("why", _why_text(fax["why"]))
    screen.print(grid)


def _why_text(why: dict[str, Any]) -> str:
    detail, until = str(why["detail"]), why["until"]
    return detail + (f" (not before {clock_text(until)}, {since_text(until)})" if until else "")


def _print_attempts(screen: Console, attempts: list[dict[str, Any]]) -> None:
    if not attempts:
        screen.print("\nno attempt yet")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), title="\nattempts", title_justify="left", title_style="bold")
    for name in ("#", "carrier", "started", "took", "outcome", "code", "reference"):
        table.add_column(name, header_style="dim", overflow="fold", no_wrap=name in {"started", "took"})
    for attempt in attempts:
        table.add_row(
            str(attempt["number"]),
            attempt["provider"],
            clock_text(attempt["started_at"]),
            _took_text(attempt),
            attempt["outcome"] or "open",
            attempt["code"] or "",
            attempt["provider_ref"] or "not known",
        )
    screen.print(table)


def _took_text(attempt: dict[str, Any]) -> str:
    if attempt["ended_at"] is None:
        return ""
    ended, started = (dt.datetime.fromisoformat(attempt[name]) for name in ("ended_at", "started_at"))
    return age_text((ended - started).total_seconds())


def _print_trail(screen: Console, fax: dict[str, Any]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, title="\ntrail", title_justify="left")
    table.title_style = "bold"
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    if fax["earlier_events"]:
        earlier = counted(fax["earlier_events"], "earlier event")
        table.add_row("", Text(f"{earlier} left out: GET /v1/faxes/{fax['id']}/events tells them", style="dim"))
    for event in fax["events"]:
        table.add_row(clock_text(event["at"]), tell(event))
    screen.print(table)
