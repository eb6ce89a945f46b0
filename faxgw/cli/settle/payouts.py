"""`faxgw settle payout`: runs that one proposes and another approves, and the file for the bank."""

import datetime as dt
from pathlib import Path
from typing import Any

import click

from faxgw.cli.amounts import amount_text
from faxgw.cli.client import Client
from faxgw.cli.connection import RefusedError, body_of, json_option, reason_of, with_patient_client
from faxgw.cli.control import asked, who_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.members.asking import day_type, table_of
from faxgw.cli.screen import clock_text, console, counted, hand_out, print_json, say
from faxgw.cli.settle.asking import month_address, period_argument

FORMATS = ("pain.001.001.03", "pain.001.001.09", "pain.008.001.02", "pain.008.001.08")

_CURRENCY = click.argument("currency", metavar="CURRENCY")
_collect_option = click.option(
    "--collect", is_flag=True, help="From stores that owe, instead of to those that are owed."
)


@click.group()
def payout() -> None:
    """Stores are paid, and those that owe are collected from, by runs that two people agree on."""


def run_address(period: str, collect: bool, currency: str, *more: str) -> str:
    return month_address(period, "runs", "collection" if collect else "payout", currency, *more)


@payout.command("list")
@json_option
@with_patient_client
def list_(client: Client, as_json: bool) -> None:
    """All runs, and who agreed to them."""
    runs = body_of(client.get("/v1/settlement/runs"))["runs"]
    if as_json:
        print_json(runs)
        return
    table = table_of("run", "stores", "total", "on", "proposed by", "approved by")
    for run in runs:
        content = run["content"]
        total = amount_text(run["total_minor"], content["currency"])
        stores, approved = str(len(content["items"])), run["approved_by"] or "nobody yet"
        table.add_row(run["name"], stores, total, content["on"], run["proposed_by"], approved)
    console().print(table)


@payout.command()
@period_argument
@_CURRENCY
@click.option("--on", "on", type=day_type, required=True, help="The day the bank is asked to move the money.")
@_collect_option
@who_option
@json_option
@with_patient_client
def propose(
    client: Client, period: str, currency: str, on: dt.datetime, collect: bool, who: str | None, as_json: bool
) -> int:
    """Make the run of a closed MONTH for a second person to look at; exit code 1 where nobody can be in it."""
    body = asked(who, "", on=on.date().isoformat())
    reply = client.post(run_address(period, collect, currency), body)
    run: dict[str, Any] = reply.json()
    if as_json:
        print_json(run)
    elif reply.is_good:
        _show(run)
        say("it waits for another person: faxgw settle payout approve")
    else:
        say(f"faxgw: {reason_of(reply)}", err=True)
    return 0 if reply.is_good else EXIT_REFUSED


@payout.command()
@period_argument
@_CURRENCY
@click.option("--digest", default=None, help="Of the run that was looked at, from its --json; else it is shown first.")
@_collect_option
@who_option
@json_option
@with_patient_client
def approve(
    client: Client, period: str, currency: str, digest: str | None, collect: bool, who: str | None, as_json: bool
) -> None:
    """Look at a run of another person, and agree to it. From then on the ledger has it paid."""
    if digest is None:
        run = _find(client, period, currency, collect)
        _show(run)
        click.confirm("Are these the right stores, accounts and amounts?", abort=True)
        digest = run["digest"]
    place = run_address(period, collect, currency, "approve")
    run = body_of(client.post(place, asked(who, "", digest=digest)))
    if as_json:
        print_json(run)
    else:
        say(f"{run['name']} is approved by {run['approved_by']}: faxgw settle payout file")


@payout.command()
@period_argument
@_CURRENCY
@click.option("--format", "form", type=click.Choice(FORMATS), default=None, help="As the bank asks for it.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=None)
@_collect_option
@with_patient_client
def file(client: Client, period: str, currency: str, form: str | None, output: Path | None, collect: bool) -> None:
    """The file of an approved run for the bank, to standard output or -o."""
    place = run_address(period, collect, currency, "file") + (f"?format={form}" if form else "")
    reply = client.get(place)
    if not reply.is_good:
        raise RefusedError(reason_of(reply))
    if output is None:
        hand_out(reply.body)
    else:
        output.write_bytes(reply.body)
        say(f"{output}: {len(reply.body)} bytes")


def _find(client: Client, period: str, currency: str, collect: bool) -> dict[str, Any]:
    name = f"{period}/{'collection' if collect else 'payout'}/{currency}"
    for run in body_of(client.get("/v1/settlement/runs"))["runs"]:
        if run["name"] == name:
            found: dict[str, Any] = run
            return found
    raise RefusedError(f"there is no run {name}: faxgw settle payout propose")


def _show(run: dict[str, Any]) -> None:
    content = run["content"]
    table = table_of("member", "name", "account", "amount")
    for item in content["items"]:
        amount = amount_text(item["amount_minor"], content["currency"])
        table.add_row(item["member"], item["name"], item["account"], amount)
    console().print(table)
    total = amount_text(run["total_minor"], content["currency"])
    say(
        f"{run['name']}: {counted(len(content['items']), 'store')}, {total}, on {content['on']}, "
        f"proposed by {run['proposed_by']} {clock_text(run['proposed_at'])}"
    )
    for each in run["left_out"]:
        amount = amount_text(each["amount_minor"], content["currency"])
        say(f"left out: {each['member']}, {amount}: {each['reason']}", err=True)
