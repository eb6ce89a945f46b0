"""`faxgw hold`, `release` and `cancel`: what a person decides, noted in the fax's trail with the name."""

import getpass
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from faxgw.cli.client import LocalClient
from faxgw.cli.connection import json_option, reason_of, with_client
from faxgw.cli.screen import print_json

_DONE = {"hold": "held", "release": "released", "cancel": "cancelled"}


def _command(verb: str, what: str) -> click.Command:
    @click.command(verb, help=f"{what} A fax that a carrier may have is refused; the answer says where it stands.")
    @click.argument("fax_ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")
    @click.option("--why", default="", help="The reason, for the trail.")
    @click.option("--who", default=None, help="Who decides; your login by default.")
    @json_option
    @with_client
    def change(client: LocalClient, fax_ids: Sequence[int], why: str, who: str | None, as_json: bool) -> int:
        asked = msgspec.json.encode({"who": who or getpass.getuser(), "why": why})
        results = [_ask(client, verb, fax_id, asked, as_json) for fax_id in fax_ids]
        return 0 if all(results) else 1

    return change


def _ask(client: LocalClient, verb: str, fax_id: int, asked: bytes, as_json: bool) -> bool:
    reply = client.post(f"/v1/faxes/{fax_id}/{verb}", asked)
    if as_json:
        body: dict[str, Any] = reply.json()
        print_json({"id": fax_id, "status": reply.status, **body})
    elif reply.is_good:
        click.echo(f"fax {fax_id} is {_DONE[verb]}")
    else:
        click.echo(f"faxgw: {reason_of(reply)}", err=True)
    return reply.is_good


hold = _command("hold", "Keep faxes from being sent until they are released.")
release = _command("release", "Let held faxes go.")
cancel = _command("cancel", "Take faxes out of the queue for good.")
