"""`faxgw settle months`, `accounts`, `ready`, `close`, `statement` and `verify`."""

import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from faxgw.cli.amounts import amount_text
from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, reason_of, with_patient_client
from faxgw.cli.control import asked, who_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.members.asking import table_of
from faxgw.cli.screen import clock_text, console, counted, print_json, say
from faxgw.cli.settle.asking import month_address, obstacle_text, period_argument, progress_over


@click.command()
@json_option
@with_patient_client
def months(client: Client, as_json: bool) -> None:
    """Which months are closed, by whom, and which are not."""
    body = body_of(client.get("/v1/settlement/months"))
    if as_json:
        print_json(body)
        return
    table = table_of("month", "journals", "closed", "by", "seal")
    for seal in body["closed"]:
        closed = clock_text(seal["closed_at"])
        table.add_row(seal["period"], str(seal["journals"]), closed, seal["who"], seal["head"][:16])
    for period in body["open"]:
        table.add_row(period, "", "open", "", "")
    console().print(table)


@click.command()
@json_option
@with_patient_client
def accounts(client: Client, as_json: bool) -> None:
    """All balances as they stand: debit above zero, credit below."""
    found = body_of(client.get("/v1/settlement/accounts"))["accounts"]
    if as_json:
        print_json(found)
        return
    table = table_of("account", "name", "posted", "pending")
    for each in found:
        posted, pending = (amount_text(each[key], each["currency"]) for key in ("posted_minor", "pending_minor"))
        table.add_row(each["kind"], each["name"], posted, pending if each["pending_minor"] else "")
    console().print(table)


@click.command()
@period_argument
@json_option
@with_patient_client
def ready(client: Client, period: str, as_json: bool) -> int:
    """What should be settled before MONTH is closed. Exit code 1 where something blocks."""
    body = body_of(client.get(month_address(period, "ready")))
    if as_json:
        print_json(body)
    elif (seal := body["closed"]) is not None:
        say(f"{period} is closed, since {clock_text(seal['closed_at'])} by {seal['who']}")
    else:
        for obstacle in body["obstacles"]:
            say(obstacle_text(obstacle))
        say(f"{period} can be closed" if body["is_ready"] else f"{period} cannot be closed yet")
    return 0 if body["is_ready"] else EXIT_REFUSED


@click.command()
@period_argument
@who_option
@json_option
@with_patient_client
def close(client: Client, period: str, who: str | None, as_json: bool) -> int:
    """Seal MONTH and number its statements. Nothing in it changes from then on."""
    reply = client.post(month_address(period, "close"), asked(who, ""))
    body: dict[str, Any] = reply.json()
    if as_json:
        print_json({"status": reply.status, **body})
    elif reply.is_good:
        journals = counted(body["seal"]["journals"], "journal")
        say(f"{period} is closed: {counted(body['statements'], 'statement')}, {journals}")
        say(f"seal {body['seal']['head']}")
    else:
        say(f"faxgw: {reason_of(reply)}", err=True)
    return 0 if reply.is_good else EXIT_REFUSED


@click.command()
@period_argument
@click.argument("members", nargs=-1, metavar="[MEMBER]...")
@click.option("--format", "form", type=click.Choice(["pdf", "xlsx", "csv"]), default="pdf", show_default=True)
@click.option("-o", "--into", type=click.Path(path_type=Path, file_okay=False), default=None, help="Write files there.")
@click.option("--fax", is_flag=True, help="Send them to the stores through the gateway; none goes twice.")
@who_option
@json_option
@with_patient_client
def statement(
    client: Client,
    period: str,
    members: tuple[str, ...],
    form: str,
    into: Path | None,
    fax: bool,
    who: str | None,
    as_json: bool,
) -> int:
    """The statements of MONTH: all, or those of MEMBER...; listed, written as files (-o), or faxed (--fax)."""
    if fax:
        return _fax(client, period, members, who, as_json)
    found = body_of(client.get(month_address(period, "statements")))["statements"]
    wanted = [each for each in found if not members or each["whom"]["id"] in members]
    written = len(wanted) if into is None else _write(client, period, wanted, form, into)
    if as_json:
        print_json(wanted)
    elif wanted and into is None:
        _show(wanted)
    elif wanted:
        say(f"{into}: {counted(written, 'statement')} as {form}")
    is_missing = _tell_missing(period, members, wanted)
    return EXIT_REFUSED if is_missing or written < len(wanted) else 0


def _tell_missing(period: str, members: Sequence[str], wanted: Sequence[dict[str, Any]]) -> bool:
    """Whether a statement that was asked for is not there; who has none is named on standard error."""
    stated = {each["whom"]["id"] for each in wanted}
    missing = [member for member in members if member not in stated]
    for member in missing:
        say(f"{member}: no such member, or nothing to state for {period}", err=True)
    if not members and not wanted:
        say(f"no store has a statement for {period}", err=True)
    return bool(missing) or not wanted


def _show(statements: list[dict[str, Any]]) -> None:
    table = table_of("number", "member", "name", "brought forward", "movements", "balance")
    for each in statements:
        name, currency = each["whom"]["name"], each["currency"]
        amounts = (amount_text(each["opening_minor"], currency), str(len(each["lines"])))
        table.add_row(each["number"], each["whom"]["id"], name, *amounts, amount_text(each["closing_minor"], currency))
    console().print(table)


def _write(client: Client, period: str, statements: list[dict[str, Any]], form: str, into: Path) -> int:
    """How many were written; one that cannot be is named on standard error, and the others are written."""
    into.mkdir(parents=True, exist_ok=True)
    written = 0
    with progress_over(len(statements), "statements") as advance:
        for each in statements:
            member = each["whom"]["id"]
            asked_for = urllib.parse.urlencode({"format": form, "currency": each["currency"]})
            place = month_address(period, "statements", urllib.parse.quote(member, safe=""))
            reply = client.get(f"{place}?{asked_for}")
            if reply.is_good:
                (into / f"{period}-{member}-{each['currency']}.{form}").write_bytes(reply.body)
                written += 1
            else:
                say(f"{member} ({each['currency']}): not written: {reason_of(reply)}", err=True)
            advance()
    return written


def _fax(client: Client, period: str, members: tuple[str, ...], who: str | None, as_json: bool) -> int:
    body = asked(who, "", members=list(members))
    faxed = body_of(client.post(month_address(period, "statements", "fax"), body))["faxed"]
    if as_json:
        print_json(faxed)
    for each in [] if as_json else faxed:
        fax = f"fax {each['id']}: " if each["id"] is not None else ""
        say(f"{each['member']}: {fax}{each['detail']}")
    return 0 if faxed and all(each["id"] is not None for each in faxed) else EXIT_REFUSED


@click.command()
@json_option
@with_patient_client
def verify(client: Client, as_json: bool) -> int:
    """Compute every seal and every balance again. Exit code 1 where the ledger is not what it was."""
    body = body_of(client.post("/v1/settlement/verify"))
    if as_json:
        print_json(body)
    else:
        for fault in body["faults"]:
            say(fault, err=True)
        proven = "all seals and balances hold" if not body["faults"] else counted(len(body["faults"]), "fault")
        say(f"{counted(body['months'], 'closed month')}, {counted(body['journals'], 'journal')}: {proven}")
    return EXIT_REFUSED if body["faults"] else 0
