"""A day as it really was, out of a gateway's event log, without anything that is personal, to be played again.

A line of the file is one order: its second of the day, a florist's number that was drawn by lot, its class, pages and
deadline. Names, addresses, texts, order numbers, keys and telephone numbers are never written.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from faxgw.cli.client import LocalClient
from faxgw.errors import OperatorError
from faxgw.order import RANKS
from faxgw_loadtest.arrivals import Arrival

_EVENTS_AT_ONCE = 1_000
_FORMAT = "faxgw-loadtest day 1"
_CLASSES = {rank: priority for priority, rank in RANKS.items()}


class _Header(msgspec.Struct, frozen=True):
    format: str
    florists: int
    orders: int


class _Event(msgspec.Struct):
    fax_id: int
    kind: str


class _Events(msgspec.Struct):
    events: list[_Event]
    next: int


class _Attempt(msgspec.Struct):
    pages: int


class _Fax(msgspec.Struct):
    """The little that is read of a fax."""

    line: str
    rank: int
    accepted_at: dt.datetime
    deadline_at: dt.datetime | None
    attempts: list[_Attempt]


def record(client: LocalClient, file: Path, *, day: dt.date | None = None, compressed: float = 1.0) -> int:
    """Write what the gateway accepted, of one day by UTC or of all; returns how many orders it was.

    `compressed` says how many times as fast a load test had played that day: it is stretched again.

    Raises:
        OperatorError: there was none.
    """
    faxes = [fax for fax in _accepted(client) if day is None or fax.accepted_at.astimezone(dt.UTC).date() == day]
    if not faxes:
        raise OperatorError("the event log tells of no accepted order" + (f" on {day}" if day else ""))
    arrivals = stretched(anonymous(faxes, random.SystemRandom()), compressed)
    florists = max(each.florist for each in arrivals) + 1
    header = _Header(_FORMAT, florists, len(arrivals))
    with file.open("wb") as out:
        for line in (header, *arrivals):
            out.write(msgspec.json.encode(line) + b"\n")
    return len(arrivals)


def anonymous(faxes: Sequence[_Fax], dice: random.Random) -> list[Arrival]:
    """Orders without their people: lines become florists' numbers in an order that nothing can be learnt from."""
    lines = sorted({fax.line for fax in faxes})
    dice.shuffle(lines)
    numbers = {line: number for number, line in enumerate(lines)}
    together = Counter(fax.accepted_at for fax in faxes)
    uploads = {at: number for number, at in enumerate(sorted(at for at, count in together.items() if count > 1))}
    first = min(fax.accepted_at for fax in faxes).astimezone(dt.UTC)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    arrivals = [
        Arrival(
            at_seconds=(fax.accepted_at - midnight).total_seconds(),
            florist=numbers[fax.line],
            priority=_CLASSES[fax.rank],
            pages=min(3, max((each.pages for each in fax.attempts), default=1)),
            deadline_seconds=None if fax.deadline_at is None else (fax.deadline_at - midnight).total_seconds(),
            upload=uploads.get(fax.accepted_at),
        )
        for fax in faxes
    ]
    return sorted(arrivals, key=lambda each: each.at_seconds)


def stretched(arrivals: Sequence[Arrival], times: float) -> list[Arrival]:
    """So many times as slow, from the first order on."""
    first = arrivals[0].at_seconds

    def later(at: float) -> float:
        return first + (at - first) * times

    return [
        msgspec.structs.replace(
            each,
            at_seconds=later(each.at_seconds),
            deadline_seconds=None if each.deadline_seconds is None else later(each.deadline_seconds),
        )
        for each in arrivals
    ]


def read_recorded(file: Path) -> list[Arrival]:
    """The day that `record` wrote.

    Raises:
        OperatorError: the file is no such day.
    """
    try:
        header, *lines = file.read_bytes().splitlines()
        if msgspec.json.decode(header, type=_Header).format != _FORMAT:
            raise OperatorError(f"{file} is of another version than {_FORMAT!r}: record the day again")
        arrivals = [msgspec.json.decode(line, type=Arrival) for line in lines]
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise OperatorError(f"{file} is no recorded day: {error}") from error
    if not arrivals:
        raise OperatorError(f"{file} holds no order")
    return arrivals


def _accepted(client: LocalClient) -> Iterator[_Fax]:
    cursor = 0
    while True:
        reply = client.get(f"/v1/events?after={cursor}&limit={_EVENTS_AT_ONCE}")
        page = msgspec.json.decode(reply.body, type=_Events)
        if not page.events:
            return
        for event in page.events:
            if event.kind == "accepted":
                yield msgspec.json.decode(client.get(f"/v1/faxes/{event.fax_id}").body, type=_Fax)
        cursor = page.next
