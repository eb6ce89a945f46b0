"""The account at the end: what was lost, what went twice, and which deadlines were missed though lines allowed them.

What was delivered is the carrier's word, never the gateway's.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing, Pace
from faxgw_loadtest.lines import is_met, play_lines
from faxgw_loadtest.profile import Lines

TURNAROUND_SECONDS = 0.25
"""Of the machine's time between two calls of a line: receipt, choice, hand-in. It is not compressed."""
_OPENLY_OVER = frozenset({"failed", "expired", "cancelled"})


class CarrierFax(msgspec.Struct, frozen=True, gc=False):
    """One attempt, as the carrier has it in its books."""

    reference: str
    number: str
    outcome: str
    pages: int
    taken_at: float
    dialled_at: float | None
    ended_at: float | None

    @property
    def fax_id(self) -> int:
        """References are written `store-fax-attempt`."""
        return int(self.reference.rsplit("-", 2)[1])


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Every order stands in exactly one of: refused, delivered, openly_over, unfinished, lost."""

    orders: int
    refused: int
    """Never taken in: answered so, or given up after having been turned away."""
    accepted: int
    delivered: int
    openly_over: dict[str, int]
    """The gateway says that it did not deliver them: failed, expired, cancelled."""
    unfinished: int
    """Still on its way when the time of the run was over."""
    lost: int
    """The gateway says delivered, or nothing at all; the carrier knows of no delivery."""
    twice: int
    """On a florist's machine twice, confirmed or not."""
    overlap: int
    """Faxes that were dialled twice at once."""
    line_overlap_max: int
    calls: dict[str, int]
    channels_used_max: int


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was promised, by the moment the call ended."""

    promised: int
    met: int
    missed_by_line: int
    """A gateway that loses no moment would have missed them, too."""
    missed_by_mishap: int
    """The carrier or the florist's own calls kept the line from it."""
    missed: int
    """Missed though the line allowed it."""

    @property
    def share_met(self) -> float:
        return self.met / self.promised if self.promised else 1.0


@dataclass(frozen=True, slots=True)
class Books:
    """What there is to count from."""

    arrivals: Sequence[Arrival]
    handing: Handing
    stories: Mapping[int, Story]
    carrier_faxes: Sequence[CarrierFax]
    carrier: Mapping[str, object]
    """The carrier's account."""


def take_account(books: Books) -> Account:
    ours = {fax_id for fax_id in books.handing.fax_ids if fax_id is not None}
    delivered = {fax.fax_id for fax in books.carrier_faxes if fax.outcome == "delivered"} & ours
    over: Counter[str] = Counter()
    unfinished = lost = 0
    for fax_id in ours - delivered:
        outcome = books.stories[fax_id].outcome if fax_id in books.stories else None
        if outcome in _OPENLY_OVER:
            over[outcome] += 1
        elif outcome == "":
            unfinished += 1
        else:
            lost += 1
    return Account(
        orders=len(books.arrivals),
        refused=len(books.arrivals) - len(ours),
        accepted=len(ours),
        delivered=len(delivered),
        openly_over=dict(over),
        unfinished=unfinished,
        lost=lost,
        twice=_of_ours(books.carrier["arrived_twice"], ours),
        overlap=_of_ours(books.carrier["faxes_dialled_at_once"], ours),
        line_overlap_max=_number(books.carrier["line_overlap_max"]),
        calls=msgspec.convert(books.carrier["calls_by_outcome"], dict[str, int]),
        channels_used_max=_number(books.carrier["channels_used_max"]),
    )


def _of_ours(listed: object, ours: set[int]) -> int:
    """The carrier lists faxes as `store-fax`."""
    return sum(int(name.rpartition("-")[2]) in ours for name in msgspec.convert(listed, list[str]))


def _number(told: object) -> int:
    return msgspec.convert(told, int)


def take_deadlines(books: Books, lines: Lines, pace: Pace) -> Deadlines:
    """Whose deadline was met, and why not."""
    ended = {
        fax.fax_id: fax.ended_at
        for fax in books.carrier_faxes
        if fax.outcome == "delivered" and fax.ended_at is not None
    }
    best = play_lines(books.arrivals, lines, turnaround_seconds=TURNAROUND_SECONDS * pace.compress).finished
    mishaps = _mishaps_by_fax_line(books)
    counts: Counter[str] = Counter()
    for index, arrival in enumerate(books.arrivals):
        if arrival.deadline_seconds is None:
            continue
        fax_id = books.handing.fax_ids[index]
        deadline_at = pace.real(arrival.deadline_seconds)
        if fax_id in ended and ended[fax_id] <= deadline_at:
            counts["met"] += 1
        elif not is_met(arrival, best[index]):
            counts["line"] += 1
        elif any(pace.real(arrival.at_seconds) <= at <= deadline_at for at in mishaps.get(arrival.florist, ())):
            counts["mishap"] += 1
        else:
            counts["missed"] += 1
    return Deadlines(
        promised=counts.total(),
        met=counts["met"],
        missed_by_line=counts["line"],
        missed_by_mishap=counts["mishap"],
        missed=counts["missed"],
    )


def _mishaps_by_fax_line(books: Books) -> dict[int, list[float]]:
    """By florist: when calls ended that did not deliver."""
    florist_of = {
        fax_id: books.arrivals[index].florist
        for index, fax_id in enumerate(books.handing.fax_ids)
        if fax_id is not None
    }
    found: dict[int, list[float]] = defaultdict(list)
    for fax in books.carrier_faxes:
        if fax.outcome != "delivered" and fax.ended_at is not None and fax.fax_id in florist_of:
            found[florist_of[fax.fax_id]].append(fax.ended_at)
    return found


def complaints(account: Account, deadlines: Deadlines) -> list[str]:
    """What must not happen and did; nothing for a good run."""
    found = {
        "lost": account.lost,
        "twice": account.twice,
        "dialled twice at once": account.overlap,
        "unfinished when the time was over": account.unfinished,
        "refused": account.refused,
        "deadlines missed that the lines allowed": deadlines.missed,
    }
    return [f"{count:,} {what}" for what, count in found.items() if count]
