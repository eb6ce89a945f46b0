"""One figure for how good a store is, with the parts it is made of, so that it can be explained to the store.

Each part lies between 0 and 1 and begins at what is usual: so many imagined observations of it stand beside the real
ones, so that one bad bouquet of a new store does not weigh as much as ten of an old one.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from faxgw.members.books import Books
from faxgw.members.traffic import Traffic

ANSWER_SECONDS_BAD = 4 * 3_600.0
"""Half a working day without a word; the part is 0 there, and 1 for an answer at once."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What a store is taken for before anything is known of it, and how firmly."""

    value: float
    observations: float


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that counts, how much, and why it has its value."""

    name: str
    value: float
    weight: float
    observations: int
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """From 0 to 1; the weighted mean of its parts."""

    value: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of a store over the time that counts."""

    sample_means: Sequence[float] = ()
    """Of each judged sample, from 1 to 5."""
    complaints_upheld: int = 0
    traffic: Traffic = field(default_factory=Traffic)


def quality_of(books: Books, member: str, traffic: Traffic, since: float, since_day: dt.date) -> Quality:
    """What the register and the relay know of a member since then."""
    samples = [each.mean for each in books.samples.judged(member, since) if each.mean is not None]
    upheld = sum(each.counts and each.received_on >= since_day for each in books.complaints.of(member))
    return Quality(samples, upheld, traffic)


SAMPLES = Usual(0.75, 2)
COMPLAINTS = Usual(0.98, 50)
REJECTS = Usual(0.95, 20)
ANSWERS = Usual(0.9, 5)
WEIGHTS = {"samples": 0.4, "complaints": 0.3, "rejects": 0.2, "answers": 0.1}


def score_of(quality: Quality) -> Score:
    """The store's score. The same facts give the same score; the order of samples does not matter."""
    parts = (_samples(quality), _complaints(quality), _rejects(quality.traffic), _answers(quality.traffic))
    total = sum(part.weight for part in parts)
    return Score(round(sum(part.value * part.weight for part in parts) / total, 4), parts)


def _samples(quality: Quality) -> Part:
    seen = [(mean - 1) / 4 for mean in quality.sample_means]
    mean = f"{sum(quality.sample_means) / len(seen):.1f} of 5" if seen else "none judged"
    return _part("samples", SAMPLES, sum(seen), len(seen), f"sample orders: {mean}")


def _complaints(quality: Quality) -> Part:
    # A complaint may be about an order whose delivery was confirmed by nobody.
    orders = max(quality.traffic.delivered, quality.complaints_upheld)
    why = f"{quality.complaints_upheld} upheld in {orders} deliveries"
    return _part("complaints", COMPLAINTS, orders - quality.complaints_upheld, orders, why)


def _rejects(traffic: Traffic) -> Part:
    refused = traffic.rejected + traffic.unanswered
    why = f"{traffic.rejected} rejected and {traffic.unanswered} left unanswered of {traffic.offered}"
    return _part("rejects", REJECTS, traffic.offered - refused, traffic.offered, why)


def _answers(traffic: Traffic) -> Part:
    answered = traffic.answered
    if traffic.answer_seconds is None or answered <= 0:
        return _part("answers", ANSWERS, 0.0, 0, "no answers yet")
    quickness = 1 - min(traffic.answer_seconds / ANSWER_SECONDS_BAD, 1.0)
    why = f"half of {answered} answers within {traffic.answer_seconds / 60:.0f} min"
    return _part("answers", ANSWERS, quickness * answered, answered, why)


def _part(name: str, usual: Usual, good: float, observations: int, why: str) -> Part:
    value = (usual.value * usual.observations + good) / (usual.observations + observations)
    return Part(name, round(value, 4), WEIGHTS[name], observations, why)
