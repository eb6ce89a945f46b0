"""`faxgw queue`: what waits and where, like Postfix' qshape."""

from typing import Any

import click
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.screen import STATE_STYLES, age_text, clock_text, console, counted, print_json, since_text, state_text

_UNFINISHED = ("queued", "held", "sending", "submitted", "unknown")


@click.command()
@click.option("--lines", default=20, show_default=True, type=click.IntRange(0, 1_000), help="How many lines to show.")
@click.option("--ages", is_flag=True, help="How old the faxes of each line are, in minutes, as qshape shows it.")
@click.option("--finished", is_flag=True, help="Count the faxes that are over, too; takes a while in a large store.")
@json_option
@with_client
def queue(client: Client, lines: int, ages: bool, finished: bool, as_json: bool) -> None:
    """Show what waits, and on which lines it waits longest."""
    body = body_of(client.get(f"/v1/queue?lines={lines}&finished={str(finished).lower()}"))
    if as_json:
        print_json(body)
        return
    screen = console()
    screen.print(_states_text(body["states"]))
    if body["at_risk"]:
        screen.print(_at_risk_table(body["at_risk"]))
    if body["lines"]:
        screen.print(_ages_table(body) if ages else _lines_table(body["lines"]))
    if more := body["lines_total"] - len(body["lines"]):
        screen.print(f"and {counted(more, 'more line')}; --lines shows more", style="dim")


def _states_text(states: dict[str, int]) -> Text:
    unfinished = sum(states.get(state, 0) for state in _UNFINISHED)
    text = Text(f"{unfinished:,} unfinished" if unfinished else "nothing waits")
    for state, style in STATE_STYLES.items():
        if states.get(state, 0):
            text.append(", ").append(f"{states[state]:,} {state}", style)
    return text


def _at_risk_table(faxes: list[dict[str, Any]]) -> Table:
    """Whose deadline is near, the nearest first; `faxgw why` tells what each waits for."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold red")
    for name in ("at risk", "deadline", "line", "state", "order"):
        table.add_column(name, no_wrap=True)
    for fax in faxes:
        deadline = f"{clock_text(fax['deadline_at'])}, {since_text(fax['deadline_at'])}"
        table.add_row(f"fax {fax['id']}", deadline, fax["line"], state_text(fax["state"]), fax["number"])
    return table


def _lines_table(lines: list[dict[str, Any]]) -> Table:
    shown = [state for state in _UNFINISHED if any(line["states"].get(state) for line in lines)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("line", no_wrap=True)
    table.add_column("oldest", justify="right", no_wrap=True)
    table.add_column("all", justify="right")
    for state in shown:
        table.add_column(state, justify="right", style=STATE_STYLES[state])
    for line in lines:
        counts = [str(line["states"].get(state) or "") for state in shown]
        table.add_row(line["line"], age_text(line["oldest_age_seconds"]), str(line["waiting"]), *counts)
    return table


def _ages_table(body: dict[str, Any]) -> Table:
    """A column an age, each for faxes younger than its minutes; all of them first, then the oldest lines."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("line", no_wrap=True)
    minutes = body["ages_minutes"]
    for name in ("all", *(str(each) for each in minutes), f"{minutes[-1]}+"):
        table.add_column(name, justify="right")
    table.add_row("all lines", str(sum(body["ages"])), *(str(count or "") for count in body["ages"]), style="bold")
    for line in body["lines"]:
        table.add_row(line["line"], str(line["waiting"]), *(str(count or "") for count in line["ages"]))
    return table
