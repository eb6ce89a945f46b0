"""`faxgw send`: hands a document in, to be faxed to a number as it is."""

import hashlib
import mimetypes
import urllib.parse
from pathlib import Path

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.screen import print_json, say


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", required=True, metavar="NUMBER", help="The fax number, as +33 1 99 00 12 34.")
@click.option("--key", default=None, help="Sending again under it is harmless; by default told from file and number.")
@click.option("--number", default=None, help="What people call it; at most 20 letters, digits and / _ . -")
@click.option("--country", default=None, help="Of a number that is not international, as FR.")
@click.option("--priority", default=None, type=click.Choice(["express", "standard", "bulk"]))
@click.option("--deadline", default=None, help="Until then, as 2027-05-09T10:00:00+02:00.")
@click.option("--resolution", default=None, type=click.Choice(["standard", "fine", "superfine"]))
@click.option("--photo", is_flag=True, help="Greys as dots; costs many times the line time.")
@click.option("--submitter", default=None, help="In whose name; keys are unique for each submitter.")
@json_option
@with_client
def send(
    client: Client,
    file: Path,
    to: str,
    key: str | None,
    photo: bool,
    submitter: str | None,
    as_json: bool,
    **wish: str | None,
) -> None:
    """Fax FILE (text, TIFF, PNG, JPEG or PDF) to a number.

    Without --key the same file goes to the same number once, however often this is called.
    """
    content = file.read_bytes()
    wanted = {name: value for name, value in wish.items() if value is not None}
    wanted |= {"to": to, "key": key or _key_of(content, to)} | ({"photo": "true"} if photo else {})
    headers = {"Content-Type": mimetypes.guess_type(file.name)[0] or "application/octet-stream"}
    if submitter:
        headers["X-Submitter"] = submitter
    reply = client.request("POST", f"/v1/faxes?{urllib.parse.urlencode(wanted)}", content, headers)
    answer = body_of(reply)
    if as_json:
        print_json(answer)
    else:
        say(f"fax {answer['id']} {'repeated' if answer['repeated'] else 'accepted'} ({answer['state']})")


def _key_of(content: bytes, to: str) -> str:
    return hashlib.sha256(content + b"\0" + to.encode()).hexdigest()
