"""`faxgw relay`: say something about an order between florists, and see what was said."""

import getpass
import urllib.parse
import uuid
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from faxgw.cli.amounts import AmountType, amount_text
from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, reason_of, with_client
from faxgw.cli.control import who_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.screen import clock_text, console, counted, print_json, say, since_text, state_text, zone_text

_KINDS = click.Choice(
    [
        "ORDER",
        "ACK",
        "REJ",
        "FOR",
        "CAN",
        "CON",
        "DEN",
        "ASK",
        "ANS",
        "ASKP",
        "ANSP",
        "DCON",
        "ADJ",
        "GEN",
        "SUS",
        "RES",
    ],
    case_sensitive=False,
)
_REASONS = click.Choice(["closed", "no_flowers", "price", "area", "address", "capacity", "other"])
_STAGE_STYLES = {
    "offered": "cyan",
    "accepted": "green",
    "unplaced": "bold red",
    "delivered": "green",
    "cancelled": "dim",
}


@click.group()
def relay() -> None:
    """Orders between florists: say something about one, look at one, list what was said."""


@relay.command()
@click.argument("kind", type=_KINDS)
@click.argument("order", required=False)
@click.option("--from", "from_member", help="The member you speak for; without it the network.")
@click.option("--to", "to_member", help="The member it is for: of FOR, ORDER and GEN, and whose SUS or RES it is.")
@click.option("--text", default="", help="In words.")
@click.option("--amount", type=AmountType(), help="Of ASKP, ANSP and ADJ: the whole price, such as '45.50 EUR'.")
@click.option("--reason", type=_REASONS, help="Of REJ.")
@click.option("--in-answer-to", metavar="REF", help="Of CON, DEN and ANSP: which request is answered (`relay show`).")
@click.option("--agree/--disagree", "agrees", default=None, help="Of ANSP with --in-answer-to, in place of --amount.")
@click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), help="Of SUS; today by default.")
@click.option("--last-day", type=click.DateTime(["%Y-%m-%d"]), help="Of SUS; until a RES by default.")
@click.option("--key", help="Makes repeating it harmless; a new one by default.")
@who_option
@json_option
@with_client
def send(client: Client, kind: str, order: str | None, as_json: bool, who: str | None, **told: Any) -> int:
    """Say KIND about ORDER, in a member's name or in the network's."""
    days = {name: told[name].date() for name in ("first_day", "last_day") if told[name] is not None}
    wish = {name: value for name, value in told.items() if value not in (None, "")} | days
    wish |= {"kind": kind.upper(), "who": who or getpass.getuser()}
    wish.setdefault("key", uuid.uuid4().hex)
    if order is not None:
        wish["order_number"] = order
    reply = client.post("/v1/relay", msgspec.json.encode(wish))
    if as_json:
        print_json({"http_status": reply.status, **reply.json()})
    elif reply.is_good:
        say(_done_text(wish["kind"], order, reply.json()))
    else:
        say(f"faxgw: {reason_of(reply)}", err=True)
    return 0 if reply.is_good else EXIT_REFUSED


def _done_text(kind: str, order: str | None, answer: dict[str, Any]) -> str:
    about = f" about order {order}" if order else ""
    stage = f"; it is {answer['stage']}" if answer.get("stage") else ""
    note = f" ({answer['note']})" if answer.get("note") else ""
    said = "was said already" if answer.get("repeated") else "said"
    return f"{kind}{about} {said}{stage}{note}"


@relay.command()
@click.argument("order")
@json_option
@with_client
def show(client: Client, order: str, as_json: bool) -> None:
    """Show whose ORDER is, what was said about it, and its faxes."""
    body = body_of(client.get(f"/v1/orders/{urllib.parse.quote(order)}"))
    if as_json:
        print_json(body)
        return
    screen = console()
    _print_order(screen, body)
    _print_messages(screen, body["messages"], with_order=False)
    _print_faxes(screen, body["faxes"])
    screen.print(f"times in {zone_text()}", style="dim")


@relay.command(name="list")
@click.option("--after", default=0, show_default=True, type=click.IntRange(min=0), help="Only what was said later.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000), help="At most so many.")
@click.option("--absences", is_flag=True, help="Which florists are away instead.")
@json_option
@with_client
def list_messages(client: Client, after: int, limit: int, absences: bool, as_json: bool) -> None:
    """List what was said about orders, the oldest first."""
    path = "/v1/relay/absences" if absences else f"/v1/relay?after={after}&limit={limit}"
    body = body_of(client.get(path))
    if as_json:
        print_json(body)
    elif absences:
        _print_absences(body["absences"])
    elif not body["messages"]:
        say("nothing was said", err=True)
    else:
        _print_messages(console(), body["messages"], with_order=True)


def _print_order(screen: Console, order: dict[str, Any]) -> None:
    stage = Text(order["stage"], _STAGE_STYLES.get(order["stage"], ""))
    screen.print(Text.assemble((f"order {order['number']}  ", "bold"), stage))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    grid.add_row("from", order["sending_member"])
    grid.add_row("with", order["executing_member"] or "nobody")
    if order["tried"]:
        grid.add_row("before", ", ".join(order["tried"]))
    grid.add_row("delivery", order["delivery_date"])
    asked = f", {_money(order['price_asked'])} asked for" if order["price_asked"] else ""
    grid.add_row("price", _money(order["price"]) + asked)
    if order["cancel_asked"]:
        grid.add_row("cancel", "asked for, and not answered")
    for question in order["questions"]:
        between = f"{question['asked_by'] or 'the network'} asked {question['asked_of'] or 'the network'}"
        grid.add_row("question", f"{between} {since_text(question['at'])}")
    if order["waiting_since"]:
        reminded = counted(order["reminders"], "time")
        grid.add_row("no word", f"since {clock_text(order['waiting_since'])}, reminded {reminded}")
    if order["next_at"]:
        grid.add_row("next look", since_text(order["next_at"]))
    screen.print(grid)


def _print_messages(screen: Console, messages: list[dict[str, Any]], *, with_order: bool) -> None:
    if not messages:
        screen.print("\nnothing was said yet")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), title="\nsaid", title_justify="left", title_style="bold")
    order = ("order",) if with_order else ()
    for name in ("#", "at", "kind", *order, "from", "to", "by", "what", "came to"):
        table.add_column(name, header_style="dim", overflow="fold", no_wrap=name in {"#", "at", "kind"})
    for message in messages:
        numbered = (message["order_number"] or "",) if with_order else ()
        table.add_row(
            *(str(message["seq"]), clock_text(message["at"]), message["kind"], *numbered),
            message["from_member"] or "the network",
            message["to_member"] or "",
            message["channel"],
            _what(message),
            _came_to(message),
        )
    screen.print(table)


def _what(message: dict[str, Any]) -> str:
    days = f"{message['first_day'] or 'today'} to {message['last_day'] or 'RES'}" if message["kind"] == "SUS" else ""
    amount = _money(message["amount"]) if message["amount"] else ""
    ref = f"ref {message['ref']}" if message["kind"] in {"CAN", "ASKP"} else ""
    agrees = {True: "agreed", False: "not agreed", None: ""}[message["agrees"]]
    return "; ".join(part for part in (amount, ref, agrees, message["reason"], days, message["text"]) if part)


def _came_to(message: dict[str, Any]) -> Text:
    if message["refusal"]:
        return Text(f"refused: {message['detail']}", "red")
    return Text("; ".join(part for part in (message["stage"], message["note"]) if part))


def _print_faxes(screen: Console, faxes: list[dict[str, Any]]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), title="\nfaxes", title_justify="left", title_style="bold")
    for name in ("id", "shows", "line", "state", "accepted"):
        table.add_column(name, header_style="dim")
    for fax in reversed(faxes):
        shown = (str(fax["id"]), fax["content"], fax["line"], state_text(fax["state"]), clock_text(fax["accepted_at"]))
        table.add_row(*shown)
    screen.print(table)


def _print_absences(absences: list[dict[str, Any]]) -> None:
    for absence in absences:
        until = absence["last_day"] or "a RES"
        say(f"{absence['member']} is away from {absence['first_day']} to {until} (message {absence['seq']})")
    if not absences:
        say("nobody is away", err=True)


def _money(money: dict[str, Any]) -> str:
    return amount_text(money["amount_minor"], money["currency"])
