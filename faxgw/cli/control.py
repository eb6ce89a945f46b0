"""What a person decides of faxes, noted in their trails with the name and the reason.

Exit codes tell scripts the truth: 0 done for every fax, 1 refused for at least one, 4 where at least one could not be
cancelled because nobody knows whether a carrier has it.
"""

import getpass
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

from faxgw.cli.client import Client, Reply
from faxgw.cli.connection import json_option, reason_of, with_client
from faxgw.cli.exits import EXIT_IN_DOUBT, EXIT_REFUSED
from faxgw.cli.screen import print_json, say

_PRIORITIES = click.Choice(["express", "standard", "bulk"])
_FAX_IDS = click.argument("fax_ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")

why_option = click.option("--why", default="", help="The reason, for the trail.")
who_option = click.option("--who", default=None, help="Who decides; your login by default.")


def asked(who: str | None, why: str, **more: Any) -> bytes:
    """The body of a change; what is None is left out."""
    told = {"who": who or getpass.getuser(), "why": why}
    return msgspec.json.encode(told | {name: value for name, value in more.items() if value is not None})


def change_all(client: Client, verb: str, fax_ids: Sequence[int], body: bytes, as_json: bool) -> int:
    """Ask for each fax, say what came of it, and return the exit code."""
    codes = {_change(client, verb, fax_id, body, as_json) for fax_id in fax_ids}
    return EXIT_IN_DOUBT if EXIT_IN_DOUBT in codes else max(codes)


def _change(client: Client, verb: str, fax_id: int, body: bytes, as_json: bool) -> int:
    reply = client.post(f"/v1/faxes/{fax_id}/{verb}", body)
    answer: dict[str, Any] = reply.json()
    if as_json:
        # A retry has an id of its own; the fax that was asked of must not be lost by it.
        named = {"of": fax_id} if verb in {"retry", "resend"} else {"id": fax_id}
        print_json({**named, "status": reply.status, **answer})
    elif reply.is_good:
        say(_DONE[verb](fax_id, answer))
    else:
        say(f"faxgw: {reason_of(reply)}", err=True)
    return _exit_code_of(verb, reply, answer)


def _exit_code_of(verb: str, reply: Reply, answer: dict[str, Any]) -> int:
    if reply.is_good:
        return 0
    return EXIT_IN_DOUBT if verb == "cancel" and answer.get("state") == "unknown" else EXIT_REFUSED


def _again_text(what: str) -> Callable[[int, dict[str, Any]], str]:
    def text(fax_id: int, answer: dict[str, Any]) -> str:
        already = " already" if answer["repeated"] else ""
        return f"fax {fax_id} is {what}{already} as fax {answer['id']} ({answer['state']})"

    return text


_DONE: dict[str, Callable[[int, dict[str, Any]], str]] = {
    "hold": lambda fax_id, _: f"fax {fax_id} is held",
    "release": lambda fax_id, _: f"fax {fax_id} is released",
    "cancel": lambda fax_id, _: f"fax {fax_id} is cancelled",
    "priority": lambda fax_id, answer: f"fax {fax_id} has its new class ({answer['state']})",
    "reroute": lambda fax_id, answer: f"fax {fax_id} is rerouted ({answer['state']})",
    "resolve": lambda fax_id, answer: f"fax {fax_id} is {answer['state']}",
    "retry": _again_text("retried"),
    "resend": _again_text("copied"),
}


def _command(verb: str, what: str) -> click.Command:
    @click.command(verb, help=f"{what} A fax that a carrier may have is refused; the answer says where it stands.")
    @_FAX_IDS
    @why_option
    @who_option
    @json_option
    @with_client
    def change(client: Client, fax_ids: Sequence[int], why: str, who: str | None, as_json: bool) -> int:
        return change_all(client, verb, fax_ids, asked(who, why), as_json)

    return change


hold = _command("hold", "Keep faxes from being sent until they are released.")
release = _command("release", "Let held faxes go.")
cancel = _command("cancel", "Take faxes out of the queue for good.")


@click.command()
@_FAX_IDS
@click.option("--to", "priority", required=True, type=_PRIORITIES, help="The class they travel in from now on.")
@why_option
@who_option
@json_option
@with_client
def priority(client: Client, fax_ids: Sequence[int], priority: str, why: str, who: str | None, as_json: bool) -> int:
    """Change the class that waiting faxes travel in."""
    return change_all(client, "priority", fax_ids, asked(who, why, priority=priority), as_json)


@click.command()
@_FAX_IDS
@click.option("--to", default=None, metavar="NUMBER", help="The number instead, as +33 1 99 00 12 34.")
@click.option("--member", default=None, help="The member instead; the page names it.")
@why_option
@who_option
@json_option
@with_client
def reroute(
    client: Client,
    fax_ids: Sequence[int],
    to: str | None,
    member: str | None,
    why: str,
    who: str | None,
    as_json: bool,
) -> int:
    """Send waiting faxes to another number or member."""
    if (to is None) == (member is None):
        raise click.UsageError("name --to NUMBER or --member ID, one of the two")
    return change_all(client, "reroute", fax_ids, asked(who, why, to=to, member=member), as_json)


@click.command()
@click.argument("fax_id", type=click.IntRange(min=1), metavar="ID")
@click.option("--delivered", "ruling", flag_value="delivered", help="It arrived.")
@click.option("--not-delivered", "ruling", flag_value="not_delivered", help="It did not, and shall not go again.")
@click.option("--send-again", "ruling", flag_value="send_again", help="It did not; send it, marked on the page.")
@why_option
@who_option
@json_option
@with_client
def resolve(client: Client, fax_id: int, ruling: str | None, why: str, who: str | None, as_json: bool) -> int:
    """Say what became of a fax in doubt, once somebody has asked the florist.

    Refused unless the fax is in doubt, or held and may have come before, as after a restore. --send-again goes with
    --not-delivered or alone.
    """
    if ruling is None:
        raise click.UsageError("say what was found out: --delivered, --not-delivered or --send-again")
    return change_all(client, "resolve", [fax_id], asked(who, why, ruling=ruling), as_json)


def _again_command(verb: str, what: str, *options: Callable[[Any], Any]) -> click.Command:
    def again(
        client: Client, fax_ids: Sequence[int], why: str, who: str | None, as_json: bool, **wish: str | None
    ) -> int:
        return change_all(client, verb, fax_ids, asked(who, why, **wish), as_json)

    common = (
        _FAX_IDS,
        click.option("--to", default=None, metavar="NUMBER", help="To this number instead, as +33 1 99 00 12 34."),
        click.option("--member", default=None, help="To this member instead; the page names it."),
        click.option("--priority", default=None, type=_PRIORITIES, help="In this class instead."),
        click.option("--deadline", default=None, help="Until then, as 2027-05-09T10:00:00+02:00."),
        *options,
        why_option,
        who_option,
        json_option,
    )
    command: Callable[..., Any] = with_client(again)
    for option in reversed(common):
        command = option(command)
    return click.command(verb, help=what)(command)


retry = _again_command("retry", "Send faxes that failed, expired or were cancelled, as new faxes linked to the old.")
resend = _again_command(
    "resend",
    "Send copies of delivered faxes; their pages say that they are.",
    click.option("--key", default=None, help="Asked for again under it, the first copy is the answer."),
)
