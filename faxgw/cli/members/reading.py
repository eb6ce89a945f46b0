"""`faxgw members list`, `show`, `history` and `certified`."""

import datetime as dt
from typing import Any

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.members.asking import (
    address,
    as_of_option,
    by_text,
    day_text,
    days_text,
    known_at_option,
    member_address,
    table_of,
    value_text,
)
from faxgw.cli.screen import clock_text, console, print_json, say


@click.command("list")
@click.argument("words", nargs=-1)
@as_of_option
@known_at_option
@click.option("--standing", type=click.Choice(["applicant", "probation", "full", "withdrawn"]), default=None)
@click.option("--label", default=None, help="Who has this label on the day.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@json_option
@with_client
def list_(client: Client, words: tuple[str, ...], as_of: dt.datetime | None, as_json: bool, **asked: Any) -> int:
    """The members of a day: all, or those with WORDS in id, name, place or postcode. Exit code 1 for none."""
    said = " ".join(words) or None
    body = body_of(client.get(address("/v1/members", as_of=day_text(as_of), words=said, **asked)))
    if as_json:
        print_json(body)
        return 0 if body["members"] else EXIT_REFUSED
    if not body["members"]:
        say(f"nobody was found in the register of {body['as_of']}", err=True)
        return EXIT_REFUSED
    table = table_of("member", "name", "place", "standing", "a day", "labels")
    for each in body["members"]:
        place = f"{each['country']} {each['postcode']} {each['city']}"
        capacity = str(each.get("capacity_per_day", ""))
        labels = " ".join(each.get("labels", ()))
        table.add_row(each["id"], each["name"], place, each.get("standing", "full"), capacity, labels)
    console().print(table)
    if body["total"] > len(body["members"]):
        say(f"{len(body['members'])} of {body['total']}; --limit shows more")
    return 0


@click.command()
@click.argument("member_id", metavar="MEMBER")
@as_of_option
@known_at_option
@json_option
@with_client
def show(client: Client, member_id: str, as_of: dt.datetime | None, known_at: str | None, as_json: bool) -> None:
    """A member on a day, with its certificates and where it is paid to."""
    body = body_of(client.get(address(member_address(member_id), as_of=day_text(as_of), known_at=known_at)))
    if as_json:
        print_json(body)
        return
    member = body["member"]
    ends = f", last day {body['last_day']}" if body["last_day"] else ""
    say(f"{member['id']}  {member['name']}  ({member.get('standing', 'full')} on {body['as_of']}{ends})")
    table = table_of("", "")
    table.show_header = False
    for name, value in member.items():
        if name not in {"id", "name", "standing"}:
            table.add_row(name, value_text(value))
    for each in body["certificates"]:
        void = "void, " if each["void"] else ""
        table.add_row(
            f"certificate {each['scheme']}", f"{each['number']} {void}{days_text(each['from'], each['until'])}"
        )
    for each in body["accounts"]:
        by = f"{each['proposed_by']} and {each['approved_by']}"
        table.add_row("account", f"{each['account']} {days_text(each['from'], None)}, by {by}")
    if body["open_proposal"]:
        table.add_row("account proposed", f"waits for a second person (proposal {body['open_proposal']})")
    if body["checks"]:
        table.add_row("checked", ", ".join(body["checks"]))
    console().print(table)


@click.command()
@click.argument("member_id", metavar="MEMBER")
@json_option
@with_client
def history(client: Client, member_id: str, as_json: bool) -> None:
    """All that was ever said of a member: when, by whom, of which days, and why."""
    body = body_of(client.get(member_address(member_id, "history")))
    if as_json:
        print_json(body)
        return
    for entry in body["entries"]:
        by = by_text(entry["who"], entry["login"])
        why = f": {entry['why']}" if entry["why"] else ""
        say(f"{entry['seq']:>6}  {clock_text(entry['at'])}  by {by}{why}")
        days = f"{days_text(entry['from'], entry['until'])}: " if entry["kind"] in _DATED else ""
        say(f"        {days}{_said_text(entry)}")


_DATED = frozenset({"fields", "certificate", "account_approved"})
"""What is said of days; the others happen in a moment."""


def _said_text(entry: dict[str, Any]) -> str:
    said = entry["said"]
    match entry["kind"]:
        case "fields":
            fields = "; ".join(f"{name} {value_text(value)}" for name, value in said["fields"].items())
            return f"{said['act'].replace('_', ' ')}: {fields}"
        case "check":
            return f"checked: {said['check']}"
        case "certificate":
            return f"certificate {said['scheme']} {said['number']}" + (" is void" if said.get("is_void") else "")
        case "account":
            return f"account {said['number']} proposed"
        case kind:
            return f"{kind.replace('_', ' ')} (proposal {said.get('proposal', '')})"


@click.command()
@click.argument("scheme")
@as_of_option
@click.option("--country", default=None, help="Two capital letters such as NO.")
@click.option("--postcode", default=None, help="Who delivers there, or has its shop where postcodes begin so.")
@json_option
@with_client
def certified(
    client: Client,
    scheme: str,
    as_of: dt.datetime | None,
    country: str | None,
    postcode: str | None,
    as_json: bool,
) -> int:
    """Who shows a certificate of SCHEME (such as miljofyrtarn) in an area on a day. Exit code 1 for nobody."""
    asked = {"scheme": scheme, "as_of": day_text(as_of), "country": country, "postcode": postcode}
    body = body_of(client.get(address("/v1/register/certified", **asked)))
    if as_json:
        print_json(body)
    elif not body["certified"]:
        say(f"nobody is certified {scheme} there on {body['as_of']}", err=True)
    else:
        table = table_of("member", "name", "certificate", "valid", "evidence")
        for each in body["certified"]:
            valid = days_text(each["from"], each["until"])
            table.add_row(each["member"], body["names"][each["member"]], each["number"], valid, each["evidence"][:12])
        console().print(table)
    return 0 if body["certified"] else 1
