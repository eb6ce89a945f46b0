"""`faxgw find`: from what a person is told on the telephone to the fax."""

import urllib.parse

import click
from rich.table import Table

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.screen import STATE_STYLES, console, print_json, say, since_text, state_text


@click.command()
@click.argument("number", required=False)
@click.option("--key", default=None, help="The submitter's key.")
@click.option("--submitter", default=None, help="Who handed it in.")
@click.option("--state", default=None, type=click.Choice(list(STATE_STYLES)), help="Where it stands.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1_000), help="At most so many.")
@json_option
@with_client
def find(client: Client, number: str | None, limit: int, as_json: bool, **sought: str | None) -> int:
    """Find faxes by the order's NUMBER, a key, a submitter or a state; the newest first. Exit code 1 for none."""
    asked = {name: value for name, value in {"number": number, **sought}.items() if value is not None}
    body = body_of(client.get(f"/v1/faxes?{urllib.parse.urlencode({**asked, 'limit': limit})}"))
    if as_json:
        print_json(body)
    elif not body["faxes"]:
        say("nothing was found", err=True)
    else:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for name in ("fax", "order", "line", "state", "accepted", "reason"):
            table.add_column(name, overflow="fold", no_wrap=name in {"fax", "line", "state"})
        for fax in body["faxes"]:
            row = (str(fax["id"]), fax["number"], fax["line"], state_text(fax["state"]))
            table.add_row(*row, since_text(fax["accepted_at"]), fax["reason"])
        console().print(table)
        if len(body["faxes"]) == limit:
            say(f"the newest {limit}; there may be more: --limit shows up to 1,000", err=True)
    return 0 if body["faxes"] else 1
