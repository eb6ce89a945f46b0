"""What the commands of the register share: days, and addresses."""

import datetime as dt
import urllib.parse
from typing import Any

import click
from rich.table import Table

day_type = click.DateTime(["%Y-%m-%d"])
as_of_option = click.option("--as-of", type=day_type, default=None, help="As of this day; today without it.")
known_at_option = click.option(
    "--known-at", default=None, metavar="MOMENT", help="As it was known then, as 2027-05-09T10:00:00+02:00."
)
from_option = click.option("--from", "first_day", type=day_type, default=None, help="From this day on.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show what it would change.")


def day_text(day: dt.datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()


def address(path: str, **query: object) -> str:
    """The path with what is asked for; what is None or false is left out."""
    said = {name: "true" if value is True else value for name, value in query.items() if value not in {None, False}}
    return f"{path}?{urllib.parse.urlencode(said)}" if said else path


def member_address(member_id: str, *more: str) -> str:
    return "/".join(("/v1/members", urllib.parse.quote(member_id, safe=""), *more))


def table_of(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def by_text(who: str, login: str | None) -> str:
    """Who it was, and under which login where that is another word."""
    return who if login in {None, who} else f"{who} ({login})"


def days_text(first_day: str | None, last_day: str | None) -> str:
    """`from 2027-05-01`, `on 2027-02-14`, `2027-02-01 to 2027-02-14`."""
    if last_day in {None, "9999-12-31"}:
        return "always" if first_day in {None, "0001-01-01"} else f"from {first_day}"
    if first_day in {None, "0001-01-01"}:
        return f"until {last_day}"
    return f"on {first_day}" if first_day == last_day else f"{first_day} to {last_day}"


def value_text(value: Any) -> str:
    """A field's value in words."""
    match value:
        case None | [] | "":
            return "nothing"
        case list():
            return ", ".join(value_text(each) for each in value)
        case {"first": first, "last": last, **more}:
            country = f"{more['country']}:" if more.get("country") else ""
            return country + (first if first == last else f"{first}-{last}")
        case {"number": number, **more}:
            return f"{number} x{more['calls_max']}" if "calls_max" in more else str(number)
        case _:
            return str(value)


def read_field(written: str) -> tuple[str, Any]:
    """`name=value`; JSON where the value is some, else text; an empty value takes the field back."""
    import msgspec  # noqa: PLC0415 Help must not wait for it.

    name, equals, value = written.partition("=")
    if not equals:
        raise click.UsageError(f"{written}: write FIELD=VALUE, such as city=Lyon or capacity_per_day=40")
    if not value:
        return name.strip(), None
    if name.strip() in _TEXTS:
        return name.strip(), value
    try:
        return name.strip(), msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return name.strip(), value


_TEXTS = frozenset(
    ("name", "street", "postcode", "city", "phone", "fax", "fax_second", "contact", "organisation_number")
)
"""Fields whose digits are no number."""
