"""`faxgw members sample`, `complaint` and `score`: how good the stores are."""

import datetime as dt
from typing import Any

import click

from faxgw.cli.amounts import AmountType, amount_text
from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.control import asked, who_option, why_option
from faxgw.cli.members.asking import address, day_text, day_type, days_text, member_address, table_of
from faxgw.cli.screen import console, print_json, say

_NUMBER = click.argument("number", type=click.IntRange(min=1))


@click.group()
def sample() -> None:
    """Sample orders: planned by lot, placed like any order, judged on a sheet. Stores cannot tell."""


@sample.command()
@click.option("--size", required=True, type=click.IntRange(1, 10_000), help="How many stores are tested.")
@click.option("--from", "first_day", type=day_type, required=True)
@click.option("--until", "last_day", type=day_type, required=True)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Draws the same round again.")
@why_option
@who_option
@json_option
@with_client
def plan(
    client: Client,
    size: int,
    first_day: dt.datetime,
    last_day: dt.datetime,
    seed: int | None,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Draw a round: stores that were not tested within a year come first."""
    days = {"from": day_text(first_day), "until": day_text(last_day)}
    answer = body_of(client.post("/v1/register/rounds", asked(who, why, size=size, seed=seed, **days)))
    if as_json:
        print_json(answer)
    else:
        say(f"round {answer['number']} is drawn: faxgw members sample list")


@sample.command("list")
@json_option
@with_client
def list_samples(client: Client, as_json: bool) -> None:
    """The rounds, with what became of each sample."""
    body = body_of(client.get("/v1/register/rounds"))
    if as_json:
        print_json(body)
        return
    table = table_of("round", "days", "member", "order", "points")
    for each in body["rounds"]:
        for one in each["samples"]:
            points = " ".join(f"{name} {value}" for name, value in one["points"].items())
            days = days_text(each["from"], each["until"])
            table.add_row(str(each["number"]), days, one["member"], one["order_number"] or "to be placed", points)
    console().print(table)


@sample.command()
@_NUMBER
@click.argument("member")
@click.argument("order_number")
@why_option
@who_option
@json_option
@with_client
def place(
    client: Client, number: int, member: str, order_number: str, why: str, who: str | None, as_json: bool
) -> None:
    """Note that ORDER_NUMBER, handed in like any other order, is the sample of MEMBER in round NUMBER."""
    body = asked(who, why, member=member, order_number=order_number)
    answer = body_of(client.post(f"/v1/register/rounds/{number}/place", body))
    if as_json:
        print_json(answer)
    else:
        say(f"order {order_number} is the sample of {member} in round {number}")


@sample.command()
@_NUMBER
@click.argument("member")
@click.argument("points", nargs=-1, required=True, metavar="CATEGORY=POINTS...")
@why_option
@who_option
@json_option
@with_client
def judge(
    client: Client, number: int, member: str, points: tuple[str, ...], why: str, who: str | None, as_json: bool
) -> None:
    """Fill in the sheet: goods=4 floristry=5 delivery=3 service=4, from 1 (poor) to 5 (excellent)."""
    sheet: dict[str, int] = {}
    for written in points:
        name, _, value = written.partition("=")
        if not value.isdecimal():
            raise click.UsageError(f"{written}: write CATEGORY=POINTS, such as goods=4")
        sheet[name] = int(value)
    answer = body_of(client.post(f"/v1/register/rounds/{number}/judge", asked(who, why, member=member, points=sheet)))
    if as_json:
        print_json(answer)
    else:
        say(f"{member} is judged in round {number}: {sum(sheet.values()) / len(sheet):.1f} of 5")


@click.group()
def complaint() -> None:
    """Complaints of recipients and customers: of which order, upheld or not, and made good or not."""


@complaint.command("raise")
@click.argument("member")
@click.argument("order_number")
@click.option("--delivered-on", type=day_type, required=True)
@click.option("--received-on", type=day_type, default=None, help="Today without it.")
@click.option("--category", required=True, help="A word such as wilted, late, wrong_bouquet.")
@why_option
@who_option
@json_option
@with_client
def raise_(
    client: Client,
    member: str,
    order_number: str,
    delivered_on: dt.datetime,
    received_on: dt.datetime | None,
    category: str,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Keep a complaint. One that comes after the days that the network gives is kept, and counts for nothing."""
    days = {"delivered_on": day_text(delivered_on), "received_on": day_text(received_on)}
    body = asked(who, why, member=member, order_number=order_number, category=category, **days)
    answer = body_of(client.post("/v1/register/complaints", body))
    if as_json:
        print_json(answer)
    else:
        say(f"complaint {answer['number']} of order {order_number}: decide it with complaint decide")


@complaint.command()
@_NUMBER
@click.option("--upheld/--not-upheld", "upheld", default=None, help="Whether the store is to blame.")
@click.option("--compensation", type=AmountType(), help="What the customer gets back, as '120.00 NOK'.")
@why_option
@who_option
@json_option
@with_client
def decide(
    client: Client,
    number: int,
    upheld: bool | None,
    compensation: dict[str, Any] | None,
    why: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Uphold complaint NUMBER or not; decided again, the later word counts."""
    if upheld is None:
        raise click.UsageError("say --upheld or --not-upheld")
    body = asked(who, why, upheld=upheld, compensation=compensation)
    answer = body_of(client.post(f"/v1/register/complaints/{number}/decide", body))
    if as_json:
        print_json(answer)
    else:
        say(f"complaint {number} is {'upheld' if upheld else 'not upheld'}")


@complaint.command("list")
@click.option("--member", default=None)
@json_option
@with_client
def list_complaints(client: Client, member: str | None, as_json: bool) -> None:
    """The complaints, or those of one member."""
    body = body_of(client.get(address("/v1/register/complaints", member=member)))
    if as_json:
        print_json(body)
        return
    table = table_of("complaint", "member", "order", "delivered", "received", "category", "decided", "compensation")
    for each in body["complaints"]:
        decided = {None: "open", True: "upheld", False: "not upheld"}[each["upheld"]]
        received = each["received_on"] + ("" if each["in_time"] else " (too late)")
        money = each["compensation"]
        paid = amount_text(money["amount_minor"], money["currency"]) if money is not None else ""
        row = (str(each["number"]), each["member"], each["order_number"], each["delivered_on"], received)
        table.add_row(*row, each["category"], decided, paid)
    console().print(table)


@click.command()
@click.argument("member_id", metavar="MEMBER")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3_660), help="Over so many days.")
@json_option
@with_client
def score(client: Client, member_id: str, days: int, as_json: bool) -> None:
    """How good a member is, from 0 to 1, and what that is made of."""
    body = body_of(client.get(address(member_address(member_id, "score"), days=days)))
    if as_json:
        print_json(body)
        return
    say(f"{body['member']}: {body['score']:.2f}")
    table = table_of("part", "value", "weight", "why")
    for part in body["parts"]:
        table.add_row(part["name"], f"{part['value']:.2f}", f"{part['weight']:.0%}", part["why"])
    console().print(table)
