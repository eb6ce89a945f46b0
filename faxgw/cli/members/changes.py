"""`faxgw members add`, `check`, `admit`, `change`, `withdraw` and `label`."""

import datetime as dt
from pathlib import Path
from typing import Any

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.control import asked, who_option, why_option
from faxgw.cli.members.asking import (
    day_text,
    day_type,
    days_text,
    dry_run_option,
    from_option,
    member_address,
    read_field,
    value_text,
)
from faxgw.cli.screen import print_json, say

_MEMBER = click.argument("member_id", metavar="MEMBER")
_FIELDS = click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")


@click.command()
@_MEMBER
@_FIELDS
@from_option
@why_option
@who_option
@json_option
@with_client
def add(
    client: Client,
    member_id: str,
    fields: tuple[str, ...],
    first_day: dt.datetime | None,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Take in an application: `add NO-1 name="Blomster" street=... postcode=0150 city=Oslo country=NO ...`.

    The applicant is no member yet: `check` what must be looked at, then `admit`.
    """
    member = {"id": member_id, **dict(map(read_field, fields))}
    body = asked(who, why, member=member, **{"from": day_text(first_day)})
    _report(client, "/v1/members", body, f"{member_id} applies; check it, then admit it", as_json)


@click.command()
@_MEMBER
@click.argument("check")
@why_option
@who_option
@json_option
@with_client
def check(client: Client, member_id: str, check: str, why: str, who: str | None, as_json: bool) -> None:
    """Note that CHECK was looked at and is right, such as floral_designer."""
    body = asked(who, why, check=check)
    _report(client, member_address(member_id, "check"), body, f"{member_id}: {check} is right", as_json)


@click.command()
@_MEMBER
@click.option("--from", "first_day", type=day_type, required=True, help="The first day as a member.")
@click.option("--probation-days", type=click.IntRange(0, 3_660), default=None, help="As [members] says without it.")
@why_option
@who_option
@json_option
@with_client
def admit(
    client: Client,
    member_id: str,
    first_day: dt.datetime,
    probation_days: int | None,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Let an applicant in: on probation first, then in full."""
    day = day_text(first_day)
    body = asked(who, why, probation_days=probation_days, **{"from": day})
    _report(client, member_address(member_id, "admit"), body, f"{member_id} is a member from {day} on", as_json)


@click.command()
@_MEMBER
@_FIELDS
@from_option
@click.option("--until", "last_day", type=day_type, default=None, help="Up to this day; for good without it.")
@click.option("--on", "only_day", type=day_type, default=None, help="On this day alone.")
@dry_run_option
@why_option
@who_option
@json_option
@with_client
def change(
    client: Client,
    member_id: str,
    fields: tuple[str, ...],
    first_day: dt.datetime | None,
    last_day: dt.datetime | None,
    only_day: dt.datetime | None,
    dry_run: bool,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Change fields, today or from a day on; an empty value takes a field back.

    \b
      faxgw members change NO-1 fax="+47 22 00 00 01" --from 2027-03-01 --why "new machine"
      faxgw members change NO-1 capacity_per_day=80 --on 2027-02-14
      faxgw members change NO-1 areas='[{"first":"0150","last":"0199"}]'
    """
    if only_day is not None and (first_day is not None or last_day is not None):
        raise click.UsageError("--on stands alone: it is --from and --until of one day")
    days = {"from": day_text(only_day or first_day), "until": day_text(only_day or last_day)}
    body = asked(who, why, fields=dict(map(read_field, fields)), dry_run=dry_run or None, **days)
    answer = body_of(client.post(member_address(member_id, "change"), body))
    if as_json:
        print_json(answer)
        return
    for each in answer["changes"]:
        say(change_text(each))
    if not answer["changes"]:
        say(f"{member_id} is so already")
    elif dry_run:
        say("nothing was recorded")


def change_text(each: dict[str, Any]) -> str:
    """`city: Paris -> Lyon, from 2027-05-01`."""
    return f"{each['field']}: {value_text(each['before'])} -> {value_text(each['after'])}, " + days_text(
        each["from"], each["until"]
    )


@click.command()
@_MEMBER
@click.option("--last-day", type=day_type, required=True, help="The last day as a member.")
@why_option
@who_option
@json_option
@with_client
def withdraw(client: Client, member_id: str, last_day: dt.datetime, why: str, who: str | None, as_json: bool) -> None:
    """Name a member's last day. After it no order goes there; its accounts and statements stay."""
    day = day_text(last_day)
    body = asked(who, why, last_day=day)
    _report(client, member_address(member_id, "withdraw"), body, f"{member_id} leaves after {day}", as_json)


@click.command()
@_MEMBER
@click.argument("scheme")
@click.option("--number", required=True, help="The certificate's.")
@click.option("--from", "first_day", type=day_type, required=True, help="Valid from this day on.")
@click.option("--until", "last_day", type=day_type, required=True, help="Valid up to this day.")
@click.option("--evidence", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file that shows it.")
@click.option("--void", is_flag=True, help="It counts no more, or never did.")
@why_option
@who_option
@json_option
@with_client
def label(
    client: Client,
    member_id: str,
    scheme: str,
    number: str,
    first_day: dt.datetime,
    last_day: dt.datetime,
    evidence: Path | None,
    void: bool,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """State a certificate for the label SCHEME, such as miljofyrtarn: it counts within its days, for this store."""
    digest = None
    if evidence is not None:
        kept = client.post("/v1/register/evidence", evidence.read_bytes(), "application/octet-stream")
        digest = body_of(kept)["sha256"]
    days = {"from": day_text(first_day), "until": day_text(last_day)}
    body = asked(who, why, scheme=scheme, number=number, evidence=digest, void=void or None, **days)
    done = f"{member_id}: certificate {number} is void" if void else f"{member_id} is certified {scheme} "
    text = done if void else done + days_text(days["from"], days["until"])
    _report(client, member_address(member_id, "certify"), body, text, as_json)


def _report(client: Client, path: str, body: bytes, done: str, as_json: bool) -> None:
    answer = body_of(client.post(path, body))
    if as_json:
        print_json(answer)
    else:
        say(done if answer["recorded"] else "it is so already")
