"""How things look to a person: states in colours, moments in local time, ages in words.

Names and texts of others never steer the terminal: each of their control characters is shown as a mark.
"""

import datetime as dt
import re
import sys
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
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

_CLASSES = {0: "express", 1: "standard", 2: "bulk"}

# C0 and C1 except newline and tab (escape sequences begin with them), and what turns the direction of writing
# around (Unicode's bidirectional overrides, embeddings and isolates).
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MARK = "\N{REPLACEMENT CHARACTER}"


class _Screen(Console):
    """Colours are ours alone: what a text brings along to steer a terminal with is marked before they are added."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(harmless(text), **how)  # Before its width is measured.


def console() -> Console:
    """Standard output, without guessing at the meaning of numbers, of `[/brackets]` or of `:colons:`."""
    return _Screen(highlight=False, soft_wrap=False, markup=False, emoji=False)


def harmless(text: str) -> str:
    """The text with a mark for each character that would steer a terminal."""
    return _STEERING.sub(_MARK, text)


def say(text: str, *, err: bool = False) -> None:
    """A plain line, with a mark for each character that would steer a terminal; `err` for standard error."""
    click.echo(harmless(text), err=err)


def hand_out(content: bytes) -> None:
    """A file on standard output: byte for byte, but where a person looks at it nothing in it steers the terminal."""
    click.echo(harmless(content.decode(errors="replace")) if sys.stdout.isatty() else content, nl=False)


def counted(count: int, noun: str) -> str:
    """`1 fault`, `2 faults`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def print_json(value: Any) -> None:
    """One line of JSON; msgspec and not rich, so that no line is ever broken for the screen."""
    click.echo(json_text(value))


def json_text(value: Any, *, indent: int = -1) -> str:
    """JSON with `indent` spaces a level, or in one line; what would steer a terminal is escaped, so nothing is lost."""
    import msgspec  # noqa: PLC0415 Only who asks for JSON waits for it.

    text = msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()
    # Only in strings such a character can stand, and there JSON has a way to write it.
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def class_text(rank: int) -> str:
    """How people call the class of that rank."""
    return _CLASSES.get(rank, f"class {rank}")


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
