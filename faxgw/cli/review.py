"""`faxgw review`: what waits for a person to look, and what they decide."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.control import asked, who_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.inbox import write_reply
from faxgw.cli.screen import clock_text, console, json_text, print_json, say, since_text
from faxgw.errors import OperatorError

_ID = click.argument("review_id", type=click.IntRange(min=1), metavar="ID")
_KINDS = click.Choice(["accept", "reject", "delivered", "question"])
_REASONS = click.Choice(["closed", "no_flowers", "price", "area", "address", "capacity", "other"])


@click.group()
def review() -> None:
    """Sheets that could not be understood: list them, look at one, decide what it is."""


@review.command(name="list")
@click.option("--state", default="open", show_default=True, type=click.Choice(["open", "done", "all"]))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000), help="At most so many.")
@json_option
@with_client
def list_reviews(client: Client, state: str, limit: int, as_json: bool) -> int:
    """Show what waits; the oldest first. Exit code 1 for none."""
    body = body_of(client.get(f"/v1/review?state={state}&limit={limit}"))
    if as_json:
        print_json(body)
    elif not body["reviews"]:
        say("nothing waits for a person" if state == "open" else "nothing was found", err=True)
    else:
        console().print(_table(body["reviews"]))
    return 0 if body["reviews"] else EXIT_REFUSED


def _table(reviews: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("review", "fax in", "page", "order", "since", "reason", "best guess"):
        table.add_column(name, overflow="fold", no_wrap=name in {"review", "fax in", "page"})
    for one in reviews:
        guess = one["verdict"] or guess_text(one["guess"])
        row = (str(one["id"]), str(one["inbound_id"]), str(one["page"] or "all"), one["order_number"])
        table.add_row(*row, since_text(one["made_at"]), one["reason"], guess)
    return table


def guess_text(guess: dict[str, Any]) -> str:
    if kinds := guess.get("reply", {}).get("kinds"):
        return ", ".join(kinds)
    return "a new order" if "order" in guess else ""


@review.command()
@_ID
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the page as PNG there.")
@click.option("--page", default=0, type=click.IntRange(0, 1_000), help="Another page of the fax than the doubtful one.")
@click.option("--order", "as_order", is_flag=True, help="Print only the order as far as it was read, to be completed.")
@json_option
@with_client
def show(client: Client, review_id: int, output: Path | None, page: int, as_order: bool, as_json: bool) -> int:
    """Show one: why it waits, the best guess, and the picture where -o says."""
    if output is not None:
        write_reply(client, f"/v1/review/{review_id}/page.png?number={page}", output)
    body = body_of(client.get(f"/v1/review/{review_id}"))
    if as_order:
        say(json_text(body["guess"].get("order", {}), indent=2))
        return 0 if "order" in body["guess"] else EXIT_REFUSED
    if as_json:
        print_json(body)
    else:
        _print_review(body)
    return 0


def _print_review(body: dict[str, Any]) -> None:
    screen = console()
    screen.print(Text(f"review {body['id']}  ").append(body["state"], "yellow" if body["state"] == "open" else "green"))
    facts = {
        "fax in": f"{body['inbound_id']}, page {body['page'] or 'all'}",
        "since": clock_text(body["made_at"]),
        "why": f"{body['reason']}: {body['detail']}",
        "order": body["order_number"],
        "decided": f"{body['verdict']} by {body['who']}: {body['why']}" if body["verdict"] else "",
        "fax": "" if body["fax_id"] is None else str(body["fax_id"]),
    }
    for name, value in facts.items():
        if value:
            screen.print(Text(f"  {name:8}", "dim").append(value, "default"))
    if body["guess"] and not body["verdict"]:
        screen.print(Text("  best guess", "dim"))
        say(json_text(body["guess"], indent=2))


@review.command()
@_ID
@click.option("--order", "order_file", metavar="FILE", help="It is an order: the whole of it as JSON; - reads stdin.")
@click.option("--reply", "number", metavar="NUMBER", help="It is a reply to the order of that number.")
@click.option("--kind", "kinds", multiple=True, type=_KINDS, help="What the reply says; may be given several times.")
@click.option("--text", default="", help="The question, or why it is rejected, as it stands there.")
@click.option("--reason", default=None, type=_REASONS, help="Why it is rejected.")
@click.option("--discard", is_flag=True, help="There is nothing to it.")
@click.option("--why", required=True, help="What you saw, for the trail.")
@who_option
@json_option
@with_client
def resolve(
    client: Client,
    review_id: int,
    order_file: str | None,
    number: str | None,
    kinds: tuple[str, ...],
    text: str,
    reason: str | None,
    discard: bool,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Decide what it is: --order FILE, --reply NUMBER --kind KIND, or --discard. It is carried out at once."""
    if sum((order_file is not None, number is not None, discard)) != 1:
        raise click.UsageError("say what it is: --order FILE, --reply NUMBER --kind KIND, or --discard")
    said: dict[str, Any] = {"verdict": "discard"}
    if order_file is not None:
        said = {"verdict": "order", "order": _read_order(order_file)}
    elif number is not None:
        told = {"order_number": number, "kinds": list(kinds), "text": text, "reason": reason}
        said = {"verdict": "reply", "reply": {name: value for name, value in told.items() if value not in (None, "")}}
    body = body_of(client.post(f"/v1/review/{review_id}/resolve", asked(who, why, **said)))
    if as_json:
        print_json(body)
    else:
        of = f" (fax {body['fax_id']})" if body["fax_id"] else ""
        say(f"review {review_id} is resolved: {said['verdict']}{of}")


def _read_order(name: str) -> Any:
    """
    Raises:
        OperatorError: the file cannot be read, or is no JSON.
    """
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return msgspec.json.decode(content)
    except OSError as error:
        raise OperatorError(f"{name}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise OperatorError(f"{name}: not JSON: {error}") from error
