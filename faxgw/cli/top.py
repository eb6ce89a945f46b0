"""`faxgw top`: the whole gateway on one screen of 80 by 24, for three in the morning.

What is wrong stands on top and in colour; what is well is one quiet line.
"""

import math
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import Client
from faxgw.cli.connection import body_of, json_option, with_client
from faxgw.cli.screen import STATE_STYLES, age_text, clock_text, console, moment, print_json
from faxgw.cli.stopping import providers_table, suspension_text
from faxgw.cli.story import tell

EVENTS_SHOWN = 5
EVENTS_PAGE = 1_000
RATE_SECONDS = 60.0
OLDEST_DUE_ALARM_SECONDS = 300.0
_UNFINISHED = ("queued", "held", "sending", "submitted", "unknown")
_RATES = ("accepted", "delivered", "failed", "expired")


@dataclass
class Seen:
    """What was heard of events so far."""

    cursor: int
    since: float | None = None
    """From when on every event was heard; None where none was yet."""
    last: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=EVENTS_SHOWN))
    recent: deque[tuple[float, str]] = field(default_factory=deque)

    def hear(self, events: list[dict[str, Any]]) -> None:
        if self.since is None and events:
            self.since = moment(events[0]["at"]).timestamp() if self.cursor else -math.inf
        for event in events:
            self.cursor = event["seq"]
            self.last.append(event)
            self.recent.append((moment(event["at"]).timestamp(), event["kind"]))

    def rates(self, now: float) -> Counter[str]:
        """How often each kind happened in the last `rate_seconds`."""
        while self.recent and self.recent[0][0] < now - RATE_SECONDS:
            self.recent.popleft()
        return Counter(kind for _, kind in self.recent)

    def rate_seconds(self, now: float) -> float:
        """A minute, or less where so much happens that a minute of it was not heard yet."""
        return RATE_SECONDS if self.since is None else min(max(now - self.since, 0.0), RATE_SECONDS)


@click.command()
@click.option("--every", "seconds", default=2.0, show_default=True, type=click.FloatRange(0.2), help="Seconds.")
@click.option("--once", is_flag=True, help="Print one screen and end.")
@json_option
@with_client
def top(client: Client, seconds: float, once: bool, as_json: bool) -> None:
    """Watch the gateway: queue, rates, carriers, oldest fax, last events. Ctrl-C ends it."""
    first = _read(client)
    seen = Seen(max(0, first["queue"]["last_event"] - EVENTS_PAGE))
    _listen(client, seen)
    if as_json:
        now = moment(first["queue"]["at"]).timestamp()
        rates = {"rates": seen.rates(now), "rate_seconds": round(seen.rate_seconds(now), 1)}
        print_json({**first, **rates, "events": list(seen.last)})
        return
    if once:
        console().print(screen_of(first, seen))
        return
    with Live(screen_of(first, seen), console=console(), screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(seconds)
            _listen(client, seen)
            live.update(screen_of(_read(client), seen), refresh=True)


def _read(client: Client) -> dict[str, Any]:
    queue = body_of(client.get("/v1/queue?lines=3"))
    return {"queue": queue, **body_of(client.get("/v1/providers")), **body_of(client.get("/v1/suspensions"))}


def _listen(client: Client, seen: Seen) -> None:
    while events := body_of(client.get(f"/v1/events?after={seen.cursor}&limit={EVENTS_PAGE}"))["events"]:
        seen.hear(events)


def screen_of(read: dict[str, Any], seen: Seen) -> RenderableType:
    """One screen; at most 24 lines where there are no more than four carriers."""
    queue = read["queue"]
    parts: list[RenderableType] = [_head(queue, seen), *_alarms(read), _classes(queue), _waiting(queue)]
    parts.append(providers_table(read["providers"], is_short=True))
    if queue["lines"]:
        parts.append(_oldest(queue["lines"]))
    parts += [Text(), *(_event_line(event) for event in seen.last)]
    return Group(*parts)


def _head(queue: dict[str, Any], seen: Seen) -> Text:
    now = moment(queue["at"]).timestamp()
    rates, seconds = seen.rates(now), seen.rate_seconds(now)
    span = "minute" if seconds == RATE_SECONDS else age_text(seconds)
    told = ", ".join(f"{rates[kind]:,} {kind}" for kind in _RATES if rates[kind]) or "nothing happened"
    text = Text(f"faxgw  {clock_text(queue['at'])}  ", "bold").append(f"last {span}: {told}", "not bold")
    oldest_seconds = queue["oldest_due_age_seconds"]
    style = "bold red" if oldest_seconds > OLDEST_DUE_ALARM_SECONDS else "dim"
    return text.append(f"\noldest that could go: {age_text(oldest_seconds) if oldest_seconds else 'none'}", style)


def _alarms(read: dict[str, Any]) -> list[Text]:
    alarms = [suspension_text(stopped) for stopped in read["suspensions"]]
    if in_doubt := read["queue"]["states"].get("unknown"):
        alarms.append(f"{in_doubt:,} in doubt: faxgw find --state unknown")
    if held := read["queue"]["states"].get("held"):
        alarms.append(f"{held:,} held: faxgw find --state held")
    return [Text(alarm, "bold yellow", no_wrap=True, overflow="ellipsis") for alarm in alarms]


def _classes(queue: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("class")
    for state in _UNFINISHED:
        table.add_column(state, justify="right", style=STATE_STYLES[state])
    for name, states in queue["classes"].items():
        table.add_row(name, *(f"{states[state]:,}" if states.get(state) else "" for state in _UNFINISHED))
    return table


def _waiting(queue: dict[str, Any]) -> Text:
    waits = ", ".join(f"{count:,} {why.replace('_', ' ')}" for why, count in queue["waiting"].items())
    again = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in queue["reasons"].items() if reason)
    text = Text(f"wait: {waits or 'for nothing'}", no_wrap=True, overflow="ellipsis")
    return text.append(f"\nback after: {again}") if again else text


def _oldest(lines: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("oldest lines", "age", "faxes"):
        table.add_column(name, justify="left" if name == "oldest lines" else "right")
    for line in lines:
        table.add_row(line["line"], age_text(line["oldest_age_seconds"]), f"{line['waiting']:,}")
    return table


def _event_line(event: dict[str, Any]) -> Text:
    whose = f"fax {event['fax_id']:<7}" if event["fax_id"] else "gateway    "
    line = f"{clock_text(event['at'])[11:]} {whose} {tell(event)}"
    return Text(line, STATE_STYLES.get(event["kind"], ""), no_wrap=True, overflow="ellipsis")
