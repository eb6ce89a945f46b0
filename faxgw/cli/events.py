"""`faxgw events`: what happens to faxes, in the order of commits."""

import itertools
from collections.abc import Iterator
from typing import Any

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.screen import STATE_STYLES, clock_text, harmless, print_json
from faxgw.cli.story import data_text

_PAGE = 500
_WAIT_SECONDS = 30


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on telling what happens, from now on or from --after.")
@click.option("--after", type=click.IntRange(min=0), help="Start after this event; its number is the first column.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many events.")
@json_option
@with_client
def events(client: Client, follow: bool, after: int | None, limit: int | None, as_json: bool) -> None:
    """Tell what happened to faxes, oldest first; with --follow what happens from now on."""
    if after is None:
        after = body_of(client.get("/v1/queue?lines=0"))["last_event"] if follow else 0
    for event in itertools.islice(_read(client, after, follow), limit):
        if as_json:
            print_json(event)
        else:
            click.echo(_line_of(event))


def _read(client: Client, after: int, follow: bool) -> Iterator[dict[str, Any]]:
    wait_seconds = _WAIT_SECONDS if follow else 0
    while True:
        page = body_of(client.poll(f"/v1/events?after={after}&limit={_PAGE}&wait={wait_seconds}", wait_seconds))
        yield from page["events"]
        after = page["next"]
        if not page["events"] and not follow:
            return


def _line_of(event: dict[str, Any]) -> str:
    style = _CLICK_STYLES.get(STATE_STYLES.get(event["kind"], "").split(" ")[-1], {})
    kind = click.style(f"{event['kind']:<12}", **style)
    whose = f"fax {event['fax_id']:<8}" if event["fax_id"] else "gateway     "
    head = f"{event['seq']:>8}  {clock_text(event['at'])}  {whose} {kind}"
    return f"{head} {harmless(data_text(event['data']))}".rstrip()


_CLICK_STYLES: dict[str, dict[str, Any]] = {
    "dim": {"dim": True},
    **{name: {"fg": name} for name in ("red", "green", "yellow", "blue", "magenta", "cyan")},
}
