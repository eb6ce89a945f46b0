"""How things look to a person: states in colours, moments in local time, ages in words."""

import datetime as dt
from typing import Any

import click
from rich.console import Console
from rich.text import Text

STATE_STYLES = {
    "queued": "cyan",
    "held": "yellow",
    "sending": "blue",
    "submitted": "blue",
    "unknown": "bold magenta",
    "delivered": "green",
    "failed": "bold red",
    "expired": "red",
    "cancelled": "dim",
}


def console() -> Console:
    """Standard output, without guessing at the meaning of numbers."""
    return Console(highlight=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """One line of JSON; msgspec and not rich, so that no line is ever broken for the screen."""
    import msgspec  # noqa: PLC0415 Only who asks for JSON waits for it.

    click.echo(msgspec.json.encode(value))


def state_text(state: str) -> Text:
    return Text(state, STATE_STYLES.get(state, ""))


def moment(at: str) -> dt.datetime:
    """A time of the API as local time."""
    return dt.datetime.fromisoformat(at).astimezone()


def clock_text(at: str | None) -> str:
    """To the second; the zone stands once on the screen, not at every time."""
    return "" if at is None else moment(at).strftime("%Y-%m-%d %H:%M:%S")


def zone_text() -> str:
    return dt.datetime.now().astimezone().strftime("%Z (UTC%z)")


def age_text(seconds: float) -> str:
    """Two units at most: 45 s, 12 min, 3 h 05 min, 2 d 4 h."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    if hours < 36:
        return f"{hours} h {minutes % 60:02} min"
    return f"{days} d {hours % 24} h"


def since_text(at: str) -> str:
    """`12 min ago`, or `in 12 min`."""
    seconds = (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(at)).total_seconds()
    return f"{age_text(seconds)} ago" if seconds >= 0 else f"in {age_text(-seconds)}"
