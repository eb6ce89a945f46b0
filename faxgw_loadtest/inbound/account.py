"""The account of faxes that came in: each that was put in stands in the gateway's list once, as what it is. Pure."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from faxgw_loadtest.follower import Story
from faxgw_loadtest.inbound.due import Answer, Kind
from faxgw_loadtest.inbound.inbox import UNREAD, Line, Told
from faxgw_loadtest.inbound.post import Posting
from faxgw_loadtest.latency import Latency, latency_of

ACCEPTED, DUPLICATE, REVIEW = "applied", "duplicate", "review"
_BECOMES = {Kind.ACCEPT: ACCEPTED, Kind.AGAIN: DUPLICATE, Kind.UNCLEAR: REVIEW, Kind.LETTER: REVIEW}
_NEVER = float("inf")


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """Every fax put in stands in exactly one of: accepted, repeated, review, aside, unread, lost."""

    planned: int
    held_back: int
    """Answers that had to wait until their order was delivered."""
    put_in: int
    read: int
    accepted: int
    """What they say was handed on to the orders."""
    repeated: int
    """Known as what an earlier fax had said."""
    review: int
    """Given to a person."""
    aside: int
    """In quarantine, or discarded."""
    unread: int
    """In the folder, or kept and not read, when the time of the run was over."""
    lost: int
    """Put in, and neither in the folder nor in the gateway's list."""
    twice: int
    """In the gateway's list twice, or one answer handed on to its order twice."""
    misread: int
    """Became something else than what they are: an accepted order one for a person, a repeat an answer."""
    listed: int
    counted: int
    """In the gateway's list, and in its own totals since the run began."""
    late_seconds: float
    """How late the load test itself was with an answer."""
    oldest_unread_seconds_max: float
    to_kept: Latency | None
    """From the folder to the gateway's disk."""
    to_read: Latency | None
    """From the folder to what became of it."""
    waiting: list[tuple[float, int, float]]
    """At each look: seconds since 1970, how many were put in and not read, and how old the oldest of them was."""


@dataclass(frozen=True, slots=True)
class InboundBooks:
    """What there is to count from; `names` are those of the files, by index of the answers."""

    answers: Sequence[Answer]
    names: Sequence[str]
    posting: Posting
    told: Told
    fax_ids: Sequence[int | None]
    """Of the orders."""
    stories: Mapping[int, Story]


def take_inbound(books: InboundBooks, looks_at: Iterable[float]) -> Inbound:
    put = [index for index, at in enumerate(books.posting.put_at) if at is not None]
    by_name: dict[str, list[Line]] = defaultdict(list)
    for line in books.told.lines:
        by_name[line.name].append(line)
    states = {index: by_name[books.names[index]][0].state for index in put if by_name.get(books.names[index])}
    in_folder = [index for index in put if index not in states and books.names[index] in books.told.left]
    counts = Counter(states.values())
    unread = counts[UNREAD] + len(in_folder)
    known = {ACCEPTED, DUPLICATE, REVIEW, UNREAD}
    waits = list(_waits(books, put, by_name))
    waiting = list(_waiting(waits, looks_at))
    return Inbound(
        planned=len(books.answers),
        held_back=books.posting.held_back,
        put_in=len(put),
        read=len(states) - counts[UNREAD],
        accepted=counts[ACCEPTED],
        repeated=counts[DUPLICATE],
        review=counts[REVIEW],
        aside=sum(count for state, count in counts.items() if state not in known),
        unread=unread,
        lost=len(put) - len(states) - len(in_folder),
        twice=_twice(books, put, by_name),
        misread=_misread(books, states),
        listed=len(books.told.lines),
        counted=sum(books.told.totals.values()),
        late_seconds=books.posting.late_max_seconds,
        oldest_unread_seconds_max=max((oldest for _, _, oldest in waiting), default=0.0),
        to_kept=latency_of(kept - put_at for put_at, kept, _ in waits if kept < _NEVER),
        to_read=latency_of(read - put_at for put_at, _, read in waits if read < _NEVER),
        waiting=waiting,
    )


def _twice(books: InboundBooks, put: Sequence[int], by_name: Mapping[str, Sequence[Line]]) -> int:
    """Orders are counted that heard more answers than they were given: one each, however often it was faxed."""
    answered = {books.fax_ids[books.answers[index].order] for index in put}
    heard_twice = sum(
        books.stories[fax_id].replies > 1 for fax_id in answered if fax_id is not None and fax_id in books.stories
    )
    return heard_twice + sum(len(by_name.get(books.names[index], ())) > 1 for index in put)


def _misread(books: InboundBooks, states: Mapping[int, str]) -> int:
    """By order, for which of two equal sheets is the first is the gateway's to say."""
    meant: dict[int, Counter[str]] = defaultdict(Counter)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for index, state in states.items():
        if state != UNREAD:
            answer = books.answers[index]
            meant[answer.order][_BECOMES[answer.kind]] += 1
            found[answer.order][state] += 1
    return sum((meant[order] - found[order]).total() for order in meant)


def _waits(
    books: InboundBooks, put: Sequence[int], by_name: Mapping[str, Sequence[Line]]
) -> Iterable[tuple[float, float, float]]:
    """When each was put in, kept and read; never, where it was not."""
    for index in put:
        put_at = books.posting.put_at[index] or _NEVER
        lines = by_name.get(books.names[index], ())
        kept_at = lines[0].kept_at.timestamp() if lines else _NEVER
        read_at = lines[0].concluded_at.timestamp() if lines and lines[0].concluded_at else _NEVER
        yield put_at, kept_at, read_at


def _waiting(
    waits: Sequence[tuple[float, float, float]], looks_at: Iterable[float]
) -> Iterable[tuple[float, int, float]]:
    """Looks in the order of time; exact, since every moment is known afterwards."""
    coming = sorted((put_at, read_at) for put_at, _, read_at in waits)
    reads = sorted(read_at for _, _, read_at in waits)
    here: list[tuple[float, float]] = []
    came = gone = 0
    for moment in looks_at:
        while came < len(coming) and coming[came][0] <= moment:
            heapq.heappush(here, coming[came])
            came += 1
        while gone < len(reads) and reads[gone] <= moment:
            gone += 1
        while here and here[0][1] <= moment:
            heapq.heappop(here)
        yield moment, came - gone, moment - here[0][0] if here else 0.0


def complaints(inbound: Inbound) -> list[str]:
    found = {
        "lost": inbound.lost,
        "counted twice": inbound.twice,
        "unread when the time was over": inbound.unread,
        "misread": inbound.misread,
    }
    told = [f"{count:,} {what} of the faxes that came in" for what, count in found.items() if count]
    if inbound.counted < inbound.listed:
        told.append(f"the gateway lists {inbound.listed:,} faxes that came in and counts {inbound.counted:,}")
    return told
