"""`faxgw route` and `faxgw routing`: who executes an order and why, a day planned anew, and where postcodes lie."""

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import msgspec
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_patient_client
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.screen import console, counted, print_json, say
from faxgw.errors import OperatorError

MOVES_SHOWN_MAX = 40


@click.command()
@click.argument("order", required=False, metavar="[ORDER]")
@click.option("--explain", is_flag=True, help="Every florist near enough: its points, or why not.")
@click.option("--replan", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Plan that delivery day anew.")
@click.option("--dry-run", is_flag=True, help="With --replan: only say what would move.")
@json_option
@with_patient_client
def route(
    client: Client, order: str | None, explain: bool, day: dt.datetime | None, dry_run: bool, as_json: bool
) -> int:
    """Say who would execute an order, as things stand; nothing is assigned.

    ORDER is the number of an order that was taken in, or a file with one as JSON. With --replan all orders of a day
    that routing may still move are given to florists anew, at the least cost over all of them.
    """
    if (order is None) == (day is None):
        raise click.UsageError("name an order, or a day with --replan; one of the two")
    if day is not None:
        return _replan(client, day.date(), dry_run, as_json)
    if dry_run:
        raise click.UsageError("--dry-run goes with --replan")
    return _explain(client, order or "", explain, as_json)


def _explain(client: Client, order: str, everyone: bool, as_json: bool) -> int:
    told = body_of(client.post("/v1/route", _wish(order)))
    code = 0 if told["chosen"] else EXIT_REFUSED
    if as_json:
        print_json(told)
        return code
    screen = console()
    screen.print(_headline(told))
    if told["current"]:
        screen.print(f"it is with member {told['current']} now", style="dim")
    if told["had"]:
        screen.print(f"had it before: {', '.join(told['had'])}", style="dim")
    shown = told["candidates"] if everyone or not told["chosen"] else told["candidates"][:1]
    if shown:
        screen.print(_candidates(shown))
    return code


def _wish(order: str) -> bytes:
    path = Path(order)
    if not path.is_file():
        return msgspec.json.encode({"number": order})
    try:
        return msgspec.json.encode({"order": msgspec.json.decode(path.read_bytes())})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperatorError(f"{order}: not JSON: {error}") from error


def _headline(told: dict[str, Any]) -> Text:
    if told["chosen"]:
        return Text.assemble(("member ", ""), (told["chosen"], "bold green"), " would execute it")
    if not told["candidates"] and not told["is_place_known"]:
        return Text("nobody: the postcode is on no map and in no delivery area; import postcodes, or name areas", "red")
    return Text("nobody may execute it", "red")


def _candidates(candidates: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("member", no_wrap=True)
    for name in ("km", "load", "points"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("because", overflow="fold")
    for each in candidates:
        cost = each["cost"]
        load = f"{each['load']}/{each['capacity']}" if each["capacity"] is not None else str(each["load"])
        km = "" if each["km"] is None else f"{each['km']:.1f}"
        points = str(cost["total"]) if cost else "-"
        because = _points_text(each) if cost else "; ".join(refusal["detail"] for refusal in each["refusals"])
        table.add_row(each["member"], km, load, points, because, style="" if cost else "dim")
    return table


def _points_text(candidate: dict[str, Any]) -> str:
    parts = {name: points for name, points in candidate["cost"].items() if name != "total" and points}
    told = [f"{name} {points}" for name, points in parts.items()]
    return ", ".join((["in its area"] if candidate["in_area"] else []) + told) or "nothing against it"


def _replan(client: Client, day: dt.date, dry_run: bool, as_json: bool) -> int:
    planned = body_of(client.post("/v1/routing/replan", msgspec.json.encode({"day": day, "dry_run": dry_run})))
    if as_json:
        print_json(planned)
        return 0
    screen = console()
    saved = planned["greedy_points"] - planned["points"]
    planned_text = f"{counted(planned['orders'], 'order')} planned in {planned['seconds']:.1f} s"
    screen.print(f"{day}: {planned_text}, {planned['points']} points ({saved} fewer than one after the other)")
    would = f"{len(planned['moves'])} would move" if dry_run else f"{planned['moved']} moved"
    screen.print(f"{would}, {len(planned['unserved'])} without a florist")
    for move in planned["moves"][:MOVES_SHOWN_MAX]:
        screen.print(f"  {move['number']}  {move['from_member'] or 'nobody'} -> {move['to_member']}")
    if len(planned["moves"]) > MOVES_SHOWN_MAX:
        screen.print(f"  and {len(planned['moves']) - MOVES_SHOWN_MAX} more; --json lists all")
    if planned["unserved"]:
        more = len(planned["unserved"]) - MOVES_SHOWN_MAX
        rest = f" and {more} more; --json lists all" if more > 0 else ""
        screen.print(f"without a florist: {', '.join(planned['unserved'][:MOVES_SHOWN_MAX])}{rest}", style="yellow")
    return 0


@click.group()
def routing() -> None:
    """What routing knows of the map. Each command takes --json."""


@routing.command("import-postcodes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--country", default=None, metavar="FR", help="Of a file that does not tell it.")
@json_option
@with_patient_client
def import_postcodes(client: Client, file: Path, country: str | None, as_json: bool) -> int:
    """Take in where postcodes lie; a country that is known already is replaced.

    FILE holds GeoNames' postal codes (tabs, no header), or a table with a header that names a postcode and coordinates,
    as La Poste's hexasmal does. Lines that cannot be used are named and left out.
    """
    query = f"?{urlencode({'country': country})}" if country else ""
    told = body_of(client.post(f"/v1/routing/postcodes{query}", file.read_bytes(), "application/octet-stream"))
    if as_json:
        print_json(told)
        return 0
    for name, count in told["countries"].items():
        say(f"{name}: {counted(count, 'postcode')}")
    for bad in told["bad"]:
        say(f"{file}:{bad['line']}: {bad['why']}", err=True)
    if told["bad_lines"]:
        say(f"left out: {told['bad_lines']:,} of {counted(told['lines'], 'line')}", err=True)
    return 0


@routing.command("postcodes")
@json_option
@with_patient_client
def postcodes(client: Client, as_json: bool) -> None:
    """How many postcodes are known of each country."""
    told = body_of(client.get("/v1/routing/postcodes"))
    if as_json:
        print_json(told)
    elif not told["countries"]:
        say("none: take some in with faxgw routing import-postcodes FILE")
    for name, count in told["countries"].items() if not as_json else ():
        say(f"{name}: {counted(count, 'postcode')}")
