"""`faxgw settle import`, `match`, `exceptions`, `own`, `decide` and `refused`."""

import getpass
import urllib.parse
from pathlib import Path
from typing import Any

import click

from faxgw.cli.amounts import amount_text
from faxgw.cli.client import Client, Reply
from faxgw.cli.connection import body_of, json_option, reason_of, with_patient_client
from faxgw.cli.control import asked, who_option, why_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.members.asking import address, table_of
from faxgw.cli.screen import console, counted, print_json, say, since_text
from faxgw.cli.settle.asking import progress_over

FOR_AN_ORDER = ("matched_by_hand", "difference_accepted")
DECISIONS = (*FOR_AN_ORDER, "fee", "unallocated")

_EXCEPTION = click.argument("exception_id", metavar="ID", type=click.IntRange(min=1))


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@who_option
@json_option
@with_patient_client
def import_(client: Client, files: tuple[Path, ...], who: str | None, as_json: bool) -> int:
    """Take in settlement FILES of providers and banks; each whole or not at all, and no movement twice.

    The format is found out: Vipps (XML, CSV), Adyen, Stripe, Nets OCR giro, camt.053 and camt.054, Systempay. Exit
    code 1 where a file is refused; the others are taken.
    """
    code = 0
    with progress_over(len(files), "files") as advance:
        for path in files:
            named = urllib.parse.urlencode({"name": path.name[:200], "who": who or getpass.getuser()})
            reply = client.post(f"/v1/settlement/imports?{named}", path.read_bytes(), "application/octet-stream")
            _report(path, reply, as_json)
            code = code if reply.is_good else EXIT_REFUSED
            advance()
    return code


def _report(path: Path, reply: Reply, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(path), "status": reply.status, **reply.json()})
        return
    if not reply.is_good:
        say(f"{path}: {reason_of(reply)}", err=True)
        return
    body = reply.json()
    known = f", {body['known']} known from earlier files" if body["known"] else ""
    text = f"{body['taken']} movements taken{known}" if body["result"] == "imported" else "it was imported before"
    say(f"{path}: {text}")


@click.command()
@json_option
@with_patient_client
def match(client: Client, as_json: bool) -> None:
    """Find out what each payment is for. What is sure is booked; the rest waits for a person."""
    body = body_of(client.post("/v1/settlement/match"))
    if as_json:
        print_json(body)
        return
    say(
        f"{counted(body['matched'], 'payment')} matched, {body['linked']} refunds and chargebacks linked, "
        f"{body['arrived']} payouts seen at the bank"
    )
    if body["exceptions"]:
        say(f"for a person: {body['exceptions']}, {body['suggested']} with a suggestion: faxgw settle exceptions")


@click.command()
@click.option("--all", "all_of_them", is_flag=True, help="Those that were decided, too.")
@json_option
@with_patient_client
def exceptions(client: Client, all_of_them: bool, as_json: bool) -> None:
    """Movements of money that nobody could match, the oldest first."""
    found = body_of(client.get(address("/v1/settlement/exceptions", all=all_of_them)))["exceptions"]
    if as_json:
        print_json(found)
    elif not found:
        say("no money waits for a person")
    else:
        table = table_of("id", "reason", "from", "reference", "amount", "day", "about", "suggested", "owner", "since")
        for each in found:
            table.add_row(*_cells(each))
        console().print(table)


def _cells(each: dict[str, Any]) -> tuple[str, ...]:
    suggested = f"{each['suggested']} ({each['suggested_by']})" if each["suggested"] else ""
    amount = amount_text(each["amount_minor"], each["currency"])
    owner = f"{each['decision']} by {each['decided_by']}" if each["decision"] else each["owner"]
    head = (str(each["id"]), each["reason"].replace("_", " "), f"{each['provider']} {each['kind']}", each["reference"])
    return (*head, amount, each["day"], each["about"], suggested, owner, since_text(each["opened_at"]))


@click.command()
@_EXCEPTION
@who_option
@json_option
@with_patient_client
def own(client: Client, exception_id: int, who: str | None, as_json: bool) -> None:
    """Look after exception ID."""
    body = body_of(client.post(f"/v1/settlement/exceptions/{exception_id}/own", asked(who, "")))
    if as_json:
        print_json(body)
    else:
        say(f"exception {exception_id} is looked after")


@click.command()
@_EXCEPTION
@click.argument("decision", type=click.Choice(DECISIONS))
@click.argument("order", required=False, default="")
@click.option(
    "--with",
    "others",
    type=int,
    multiple=True,
    metavar="ID",
    help="Another payment for the same order; may be repeated.",
)
@why_option
@who_option
@json_option
@with_patient_client
def decide(
    client: Client,
    exception_id: int,
    decision: str,
    order: str,
    others: tuple[int, ...],
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Decide exception ID: it is for ORDER, alone or --with others, or a fee, or it stays in suspense."""
    if not why.strip():
        raise click.UsageError("a decision about money needs its reason: --why")
    if (decision in FOR_AN_ORDER) != bool(order):
        raise click.UsageError("name the ORDER that the money is for; for fee and unallocated name none")
    body = asked(who, why, decision=decision, order=order, together_with=list(others))
    answer = body_of(client.post(f"/v1/settlement/exceptions/{exception_id}/decide", body))
    if as_json:
        print_json(answer)
    else:
        say(f"exception {exception_id}: {decision.replace('_', ' ')}" + (f", order {order}" if order else ""))


@click.command()
@json_option
@with_patient_client
def refused(client: Client, as_json: bool) -> None:
    """Claims of orders and complaints that could not be booked, and why."""
    found = body_of(client.get("/v1/settlement/refused"))["refused"]
    if as_json:
        print_json(found)
    elif not found:
        say("every claim is booked")
    else:
        table = table_of("claim", "day", "why", "since")
        for each in found:
            table.add_row(each["claim"], each["day"], each["reason"], since_text(each["since"]))
        console().print(table)
