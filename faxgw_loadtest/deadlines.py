"""What became of every promise, and what a missed one was missed by: the line, the carrier, a failed call, or us."""

import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from faxgw.cli.screen import counted
from faxgw_loadtest.account import Books
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.generator import Pace
from faxgw_loadtest.lines import is_met, play_lines
from faxgw_loadtest.profile import Profile

TURNAROUND_SECONDS = 0.25
"""Of the machine's time between two calls of a line: receipt, choice, hand-in. It is not compressed."""


class Why(enum.StrEnum):
    """What kept a fax from being in time."""

    LINE = "line"
    """A gateway that loses no moment would have missed it, too."""
    CARRIER = "carrier"
    """It would have met it with more channels than the carrier gives."""
    CALL = "call"
    """A call to that line failed before the deadline: busy, no answer, broken off."""
    GATEWAY = "gateway"
    """Missed though the line allowed it."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """One promise that was not kept; seconds are of the day."""

    order: int
    """Its place in the run, from 1."""
    florist: int
    ordered_seconds: float
    deadline_seconds: float
    earliest_seconds: float
    """When its call would have ended with a gateway that loses no moment, nearest deadline first on its line."""
    ended_seconds: float | None
    """When its call ended; None if it was never delivered."""
    why: Why


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was promised, by the moment the call ended."""

    promised: int
    met: int
    missed: list[Missed]

    @property
    def share_met(self) -> float:
        return self.met / self.promised if self.promised else 1.0

    def missed_by(self, why: Why) -> int:
        return sum(each.why is why for each in self.missed)


def take_deadlines(books: Books, profile: Profile, pace: Pace) -> Deadlines:
    """Judge every promise against the same day played by lines alone."""
    ended = _ended(books)
    allowed = _Allowed(
        _earliest(books, profile, pace, channels=0),
        _earliest(books, profile, pace, channels=profile.carrier.channels),
        _failed_calls(books),
        pace,
    )
    promised = [(index, each) for index, each in enumerate(books.arrivals) if each.deadline_seconds is not None]
    missed: list[Missed] = []
    for index, arrival in promised:
        ended_at = ended.get(books.handing.fax_ids[index])
        ended_seconds = None if ended_at is None else pace.day(ended_at)
        if ended_seconds is None or not is_met(arrival, ended_seconds):
            missed.append(_missed(index, arrival, ended_seconds, allowed))
    return Deadlines(promised=len(promised), met=len(promised) - len(missed), missed=missed)


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What could have been: by index of the arrivals, in seconds of the day; and the calls that failed, by florist."""

    by_lines: Sequence[float]
    by_channels: Sequence[float]
    failed: Mapping[int, Sequence[float]]
    pace: Pace

    def why(self, index: int, arrival: Arrival, deadline_seconds: float) -> Why:
        if not is_met(arrival, self.by_lines[index]):
            return Why.LINE
        if not is_met(arrival, self.by_channels[index]):
            return Why.CARRIER
        begin_at, end_at = self.pace.real(arrival.at_seconds), self.pace.real(deadline_seconds)
        failed = any(begin_at <= at <= end_at for at in self.failed.get(arrival.florist, ()))
        return Why.CALL if failed else Why.GATEWAY


def _missed(index: int, arrival: Arrival, ended_seconds: float | None, allowed: _Allowed) -> Missed:
    deadline_seconds = arrival.deadline_seconds or 0.0
    return Missed(
        order=index + 1,
        florist=arrival.florist,
        ordered_seconds=arrival.at_seconds,
        deadline_seconds=deadline_seconds,
        earliest_seconds=allowed.by_lines[index],
        ended_seconds=ended_seconds,
        why=allowed.why(index, arrival, deadline_seconds),
    )


def _ended(books: Books) -> dict[int | None, float]:
    """When each fax was delivered first."""
    found: dict[int | None, float] = {}
    for call in books.calls:
        for fax_id in call.delivered:
            if call.record.ended_at is not None:
                found[fax_id] = min(call.record.ended_at, found.get(fax_id, call.record.ended_at))
    return found


def _earliest(books: Books, profile: Profile, pace: Pace, *, channels: int) -> list[float]:
    """The better of alone and in company: a fax that shares a call waits for the last page of it."""
    plays = [
        play_lines(
            books.arrivals,
            profile.lines,
            channels=channels,
            faxes_a_call=faxes,
            turnaround_seconds=TURNAROUND_SECONDS * pace.compress,
        ).finished
        for faxes in sorted({1, profile.call.faxes_max})
    ]
    return [min(ends) for ends in zip(*plays, strict=True)]


def _failed_calls(books: Books) -> dict[int, list[float]]:
    """By florist: when calls ended that did not deliver all that they carried."""
    florist_of = {
        fax_id: books.arrivals[index].florist
        for index, fax_id in enumerate(books.handing.fax_ids)
        if fax_id is not None
    }
    found: dict[int, list[float]] = defaultdict(list)
    for call in books.calls:
        if call.record.outcome != "delivered" and call.record.ended_at is not None and call.record.fax_id in florist_of:
            found[florist_of[call.record.fax_id]].append(call.record.ended_at)
    return found


def complaints(deadlines: Deadlines) -> Sequence[str]:
    count = deadlines.missed_by(Why.GATEWAY)
    return [f"{counted(count, 'deadline')} missed that the lines allowed"] if count else []
