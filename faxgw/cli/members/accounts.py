"""`faxgw members account`: propose, look at, approve and refuse account numbers."""

from typing import Any

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.control import asked, who_option, why_option
from faxgw.cli.members.asking import by_text, member_address, table_of
from faxgw.cli.screen import clock_text, console, print_json, say

_MEMBER = click.argument("member_id", metavar="MEMBER")
_PROPOSAL = click.argument("proposal", type=click.IntRange(min=1))


@click.group()
def account() -> None:
    """To which account a member is paid. One person proposes, another one approves."""


@account.command()
@_MEMBER
@click.argument("number")
@why_option
@who_option
@json_option
@with_client
def propose(client: Client, member_id: str, number: str, why: str, who: str | None, as_json: bool) -> None:
    """Propose an account NUMBER: an IBAN, or a Norwegian account number."""
    answer = _ask(client, member_id, "propose", asked(who, why, account=number))
    _tell(answer, f"proposal {answer['number']} waits for another person: faxgw members account list", as_json=as_json)


@account.command()
@_MEMBER
@_PROPOSAL
@why_option
@who_option
@json_option
@with_client
def approve(client: Client, member_id: str, proposal: int, why: str, who: str | None, as_json: bool) -> None:
    """Approve PROPOSAL of another person, after a look at its number, best by a call to the member."""
    answer = _ask(client, member_id, "approve", asked(who, why, proposal=proposal))
    _tell(
        answer,
        f"payouts to {member_id} go there from {answer['from']} on; payouts approved before are not touched",
        as_json=as_json,
    )


@account.command()
@_MEMBER
@_PROPOSAL
@why_option
@who_option
@json_option
@with_client
def refuse(client: Client, member_id: str, proposal: int, why: str, who: str | None, as_json: bool) -> None:
    """Refuse PROPOSAL."""
    answer = _ask(client, member_id, "refuse", asked(who, why, proposal=proposal))
    _tell(answer, f"proposal {proposal} is refused", as_json=as_json)


def _ask(client: Client, member_id: str, verb: str, change: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = body_of(client.post(member_address(member_id, "account", verb), change))
    return answer


def _tell(answer: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        say(text)


@account.command("list")
@json_option
@with_client
def list_(client: Client, as_json: bool) -> None:
    """The account numbers that wait for a second person."""
    body = body_of(client.get("/v1/register/accounts"))
    if as_json:
        print_json(body)
    elif not body["proposals"]:
        say("no account number waits for a second person")
    else:
        table = table_of("proposal", "member", "account", "by", "at", "why")
        for each in body["proposals"]:
            by = by_text(each["proposed_by"], each["login"])
            row = (str(each["proposal"]), each["member"], each["account"], by, clock_text(each["at"]), each["why"])
            table.add_row(*row)
        console().print(table)
