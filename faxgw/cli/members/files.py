"""`faxgw members import` and `export`: the register as a file."""

import datetime as dt
import getpass
from pathlib import Path
from typing import Any

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import RefusedError, body_of, json_option, reason_of, with_patient_client
from faxgw.cli.control import who_option, why_option
from faxgw.cli.members.asking import address, as_of_option, day_text, dry_run_option, from_option, known_at_option
from faxgw.cli.members.changes import change_text
from faxgw.cli.screen import hand_out, print_json, say

SHOWN_MAX = 200
"""Members whose changes are told one by one."""
_FORMAT = click.option("--format", "kind", type=click.Choice(["csv", "ndjson"]), default=None, help="By the name else.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@from_option
@dry_run_option
@click.option("--whole", is_flag=True, help="The file is the whole register: whom it does not name leaves.")
@click.option("--only-good", is_flag=True, help="Take over the good lines although others have faults.")
@_FORMAT
@why_option
@who_option
@json_option
@with_patient_client
def import_(
    client: Client,
    file: Path,
    first_day: dt.datetime | None,
    dry_run: bool,
    whole: bool,
    only_good: bool,
    kind: str | None,
    why: str,
    who: str | None,
    as_json: bool,
) -> int:
    """Take over a FILE of members, CSV or NDJSON. --dry-run shows the difference, field by field.

    A line with a fault is named, and then nothing is taken over, unless --only-good.
    """
    said = {"format": _format_of(file.name, kind), "from": day_text(first_day), "who": who or getpass.getuser()}
    flags = {"why": why or None, "dry_run": dry_run, "whole": whole, "only_good": only_good}
    reply = client.post(address("/v1/register/import", **said, **flags), file.read_bytes(), "application/octet-stream")
    if not reply.is_good:
        raise RefusedError(reason_of(reply))
    body = reply.json()
    if as_json:
        print_json(body)
    else:
        _tell(body)
    return 1 if body["faults"] else 0


def _tell(body: dict[str, Any]) -> None:
    shown = 0
    for each in body["added"]:
        shown += 1
        if shown <= SHOWN_MAX:
            say(f"+ {each['member']}  {each['fields']['name']}, {each['fields']['city']}")
    for each in body["changed"]:
        shown += 1
        for field in each["changes"] if shown <= SHOWN_MAX else ():
            say(f"~ {each['member']}  {change_text(field)}")
    for member_id in body["withdrawn"]:
        say(f"- {member_id}  leaves")
    if shown > SHOWN_MAX:
        say(f"... and {shown - SHOWN_MAX} more")
    for fault in body["faults"]:
        say(f"! line {fault['line']} {fault['pointer']}: {fault['detail']}", err=True)
    counts = f"{len(body['added'])} added, {len(body['changed'])} changed, {len(body['withdrawn'])} withdrawn"
    say(counts if body["recorded"] else f"{counts}; nothing was recorded")


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=None, help="A file; standard output else.")
@_FORMAT
@as_of_option
@known_at_option
@with_patient_client
def export(
    client: Client, output: Path | None, kind: str | None, as_of: dt.datetime | None, known_at: str | None
) -> None:
    """Write the members of a day as CSV or NDJSON; imported again, it changes nothing."""
    name = output.name if output is not None else ""
    asked = {"format": _format_of(name, kind), "as_of": day_text(as_of), "known_at": known_at}
    reply = client.get(address("/v1/register/export", **asked))
    if not reply.is_good:
        body_of(reply)
    if output is not None:
        output.write_bytes(reply.body)
    else:
        hand_out(reply.body)


def _format_of(name: str, kind: str | None) -> str:
    return kind or ("ndjson" if name.endswith((".ndjson", ".jsonl", ".json")) else "csv")
