"""`faxgw inbox`: how the inboxes stand, what came in, and what is in quarantine."""

import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import Client
from faxgw.cli.connection import (
    RefusedError,
    body_of,
    json_option,
    place_options,
    reason_of,
    with_client,
)
from faxgw.cli.control import asked, who_option, why_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.screen import clock_text, console, print_json, say, since_text

STATE_STYLES = {
    "kept": "cyan",
    "applied": "green",
    "review": "yellow",
    "duplicate": "dim",
    "quarantined": "bold red",
    "discarded": "dim",
}
_STATES = click.Choice(list(STATE_STYLES))
_IDS = click.argument("inbound_ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")
_LIMIT = click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1_000), help="At most so many.")


@click.group(invoke_without_command=True)
@json_option
@place_options
@click.pass_context
def inbox(context: click.Context, /, as_json: bool, **place: Any) -> None:
    """Show the inboxes: when each was looked at, and what became of what it brought.

    `faxgw inbox list` finds faxes, `show ID` tells one's story, `quarantine` shows what could not be read.
    """
    if context.invoked_subcommand is None:
        context.invoke(status, as_json=as_json, **place)


@inbox.command()
@json_option
@with_client
def status(client: Client, as_json: bool) -> None:
    """Show the inboxes and their counts; the same as `faxgw inbox`."""
    body = body_of(client.get("/v1/inbox"))
    if as_json:
        print_json(body)
        return
    if not body["inboxes"]:
        say("no inbox is configured; see [[inbox]] in the config")
        return
    table = _table("inbox", "looked at", *STATE_STYLES)
    for one in body["inboxes"]:
        looked = Text(since_text(one["looked_at"]) if one["looked_at"] else "never")
        counts = [Text(str(one["faxes"].get(state, 0)), style) for state, style in STATE_STYLES.items()]
        table.add_row(one["name"], looked, *counts)
    console().print(table)
    for one in body["inboxes"]:
        if one["trouble"]:
            say(f"{one['name']} at {one['host']}: {one['trouble']}")
    if body["oldest_unread_at"]:
        say(f"the oldest unread fax came {since_text(body['oldest_unread_at'])}")
    if body["reviews_open"]:
        oldest = since_text(body["oldest_review_at"])
        say(f"{body['reviews_open']} to review, the oldest since {oldest}: faxgw review list")


@inbox.command(name="list")
@click.option("--inbox", "name", default=None, help="Of that inbox.")
@click.option("--state", default=None, type=_STATES, help="Where it stands.")
@click.option("--number", default=None, help="That name this order.")
@_LIMIT
@json_option
@with_client
def list_inbound(
    client: Client, name: str | None, state: str | None, number: str | None, limit: int, as_json: bool
) -> int:
    """Find faxes that came in; the newest first. Exit code 1 for none."""
    return _list(client, {"inbox": name, "state": state, "number": number}, limit, as_json)


def _list(client: Client, sought: dict[str, str | None], limit: int, as_json: bool) -> int:
    named = {key: value for key, value in sought.items() if value is not None} | {"limit": str(limit)}
    body = body_of(client.get(f"/v1/inbound?{urllib.parse.urlencode(named)}"))
    if as_json:
        print_json(body)
    elif not body["inbound"]:
        say("nothing was found", err=True)
    else:
        table = _table("fax in", "inbox", "file", "state", "came", "pages", "reason")
        for fax in body["inbound"]:
            state = Text(fax["state"], STATE_STYLES[fax["state"]])
            pages = str(fax["pages"] or "")
            came = since_text(fax["kept_at"])
            table.add_row(str(fax["id"]), fax["inbox"], fax["name"], state, came, pages, fax["reason"])
        console().print(table)
    return 0 if body["inbound"] else EXIT_REFUSED


@inbox.command()
@click.argument("inbound_id", type=click.IntRange(min=1), metavar="ID")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write its page as PNG there.")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1, 1_000), help="Which page.")
@click.option("--file", "as_file", is_flag=True, help="Write the file as it came in instead.")
@json_option
@with_client
def show(client: Client, inbound_id: int, output: Path | None, page: int, as_file: bool, as_json: bool) -> None:
    """Show a fax that came in with what became of it, or write its picture or file."""
    place = f"/v1/inbound/{inbound_id}"
    if output is not None:
        write_reply(client, f"{place}/{'file' if as_file else 'page.png'}?number={page}", output)
    body = body_of(client.get(place))
    if as_json:
        print_json(body)
        return
    print_inbound(body)


def write_reply(client: Client, path: str, output: Path) -> None:
    """Write what the daemon answers to a file.

    Raises:
        RefusedError: the daemon said no.
    """
    reply = client.get(path)
    if not reply.is_good:
        raise RefusedError(reason_of(reply))
    output.write_bytes(reply.body)
    say(f"{output}: {len(reply.body)} bytes", err=True)


def print_inbound(body: dict[str, Any]) -> None:
    screen = console()
    head = Text(f"fax in {body['id']}  ").append(body["state"], STATE_STYLES[body["state"]])
    screen.print(head.append(f"  {body['reason']}" if body["reason"] else ""))
    facts = {
        "inbox": f"{body['inbox']}, {body['name']}, {body['size']} bytes",
        "came": clock_text(body["kept_at"]),
        "sender": "  ".join(part for part in (body["sender_number"], body["sender_id"]) if part),
        "carrier": "  ".join(part for part in (body["receipt_id"], clock_text(body["received_at"])) if part),
        "pages": "" if body["pages"] is None else str(body["pages"]),
        "detail": body["detail"],
    }
    for name, value in facts.items():
        if value:
            screen.print(Text(f"  {name:8}", "dim").append(value, "default"))
    for sheet in body["sheets"]:
        screen.print(Text("  page ").append(f"{sheet['page'] or 'all'}: {sheet_text(sheet)}"))
    for review in body["reviews"]:
        by = f", decided by {review['who']}: {review['why']}" if review["who"] else ""
        screen.print(Text(f"  review {review['id']}: {review['reason']}, {review['state']}{by}"))


def sheet_text(sheet: dict[str, Any]) -> str:
    of = f" to order {sheet['order_number']}" if sheet["order_number"] else ""
    kinds = f" {', '.join(sheet['kinds'])}" if sheet["kinds"] else ""
    fax = f" (fax {sheet['fax_id']})" if sheet["fax_id"] else ""
    match sheet["became"]:
        case "reply":
            return f"reply{kinds}{of}{fax}"
        case "order":
            return f"new order {sheet['order_number']}{fax}"
        case "repeated":
            return f"said before:{kinds or ' order'}{of}{fax}"
        case "review":
            return f"waits for a person{of}"
        case other:
            return f"{other}{of}"


@inbox.group(invoke_without_command=True)
@_LIMIT
@json_option
@place_options
@click.pass_context
def quarantine(context: click.Context, /, limit: int, as_json: bool, **place: Any) -> None:
    """Show files that could not be read, and why. `retry`, `release` and `discard` take them out."""
    if context.invoked_subcommand is None:
        context.invoke(quarantined, limit=limit, as_json=as_json, **place)


@quarantine.command(name="list")
@_LIMIT
@json_option
@with_client
def quarantined(client: Client, limit: int, as_json: bool) -> int:
    """Show files in quarantine; the newest first. Exit code 1 for none."""
    return _list(client, {"state": "quarantined"}, limit, as_json)


def _let_out(verb: str, what: str, done: str) -> None:
    @quarantine.command(verb, help=what)
    @_IDS
    @why_option
    @who_option
    @json_option
    @with_client
    def let_out(client: Client, inbound_ids: Sequence[int], why: str, who: str | None, as_json: bool) -> int:
        replies = {each: client.post(f"/v1/inbound/{each}/{verb}", asked(who, why)) for each in inbound_ids}
        for inbound_id, reply in replies.items():
            if as_json:
                print_json({"id": inbound_id, "status": reply.status, **reply.json()})
            else:
                say(done.format(inbound_id) if reply.is_good else f"faxgw: {reason_of(reply)}", err=not reply.is_good)
        return 0 if all(reply.is_good for reply in replies.values()) else EXIT_REFUSED


_let_out("retry", "Read faxes in quarantine again, as after an upgrade.", "fax in {} is read again")
_let_out("release", "Give faxes in quarantine to the review queue.", "fax in {} waits for a person: faxgw review list")
_let_out("discard", "End faxes in quarantine: there is nothing to them.", "fax in {} is discarded")


def _table(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name not in {"file", "reason", "server"})
    return table
