"""What a run showed, as data: the JSON beside the report, and what the report is drawn from."""

import itertools
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.metadata import version

import msgspec

from faxgw.order import Priority
from faxgw_loadtest import account, deadlines
from faxgw_loadtest.account import Account, take_account
from faxgw_loadtest.deadlines import Deadlines, take_deadlines
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Pace
from faxgw_loadtest.inbound import account as inbound_account
from faxgw_loadtest.inbound.account import Inbound, take_inbound
from faxgw_loadtest.latency import Latency, latency_of
from faxgw_loadtest.processes import DRAWING, GATEWAY
from faxgw_loadtest.profile import Profile
from faxgw_loadtest.run import Outcome
from faxgw_loadtest.watch import Moment

BINS_MAX = 90


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What was played, and where."""

    title: str
    summary: str
    seed: int
    compress: float
    florists: int
    began_at: float
    took_seconds: float
    begin_seconds: float
    """The second of the day that the run began with."""
    carrier_channels: int
    faxes_a_call: int
    """At most."""
    faxgw: str
    python: str
    machine: str
    cores: int
    load_before: float
    """Load average of the machine before the run began: above 0 something else wanted its cores, too."""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the run. Rates are a second of the machine's time, waits in seconds."""

    day_seconds: float
    due: float
    accepted: float
    sent: float
    delivered: float
    accept_p50: float | None
    accept_p99: float | None
    receipt_p50: float | None
    receipt_p99: float | None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of the machine; cores at work since the one before."""

    day_seconds: float
    queued: int
    oldest_due_seconds: float
    calls_under_way: int
    waiting_for_channel: int
    inbound_waiting: int
    """Came in and not read, in the folder or kept."""
    inbound_oldest_seconds: float
    cores: dict[str, float]
    """Of the processes of which something is known."""
    memory_mib: dict[str, float]


class LineUse(msgspec.Struct, frozen=True, kw_only=True):
    florist: int
    calls: int
    held_share: float
    """Of the run's time."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON file."""

    run: Named
    complaints: list[str]
    account: Account
    deadlines: Deadlines
    refusals: dict[str, int]
    accept: Latency | None
    """From the moment an order was due to the answer, which comes after the commit."""
    to_sent: dict[str, Latency]
    """From the gateway's acceptance to the carrier's, by priority."""
    to_receipt: dict[str, Latency]
    generator_late_seconds: float
    cpu_ms_a_fax: float | None
    """Of the gateway and its drawing processes; None where they could not be seen."""
    inbound: Inbound | None
    """None where nothing was to come in."""
    bins: list[Bin]
    looks: list[Look]
    lines: list[LineUse]
    """Every line that was dialled, the most used first."""


def result_of(outcome: Outcome, profile: Profile, *, title: str, seed: int, load_before: float) -> Result:
    books, pace = outcome.books, outcome.pace
    sent, promises = take_account(books), take_deadlines(books, profile, pace)
    looked_at = [moment.at for moment in outcome.moments]
    came_in = None if outcome.inbound is None else take_inbound(outcome.inbound, looked_at)
    complaints = [*account.complaints(sent), *deadlines.complaints(promises)]
    return Result(
        run=Named(
            title=title,
            summary=profile.summary,
            seed=seed,
            compress=pace.compress,
            florists=len({each.florist for each in books.arrivals}),
            began_at=pace.begin_at,
            took_seconds=outcome.took_seconds,
            begin_seconds=pace.begin_seconds,
            carrier_channels=profile.carrier.channels,
            faxes_a_call=profile.call.faxes_max,
            faxgw=version("faxgw"),
            python=platform.python_version(),
            machine=f"{platform.system()} {platform.machine()}",
            cores=os.cpu_count() or 1,
            load_before=load_before,
        ),
        complaints=complaints + (inbound_account.complaints(came_in) if came_in else []),
        account=sent,
        deadlines=promises,
        refusals=dict(books.handing.refusals),
        accept=latency_of(_accept_waits(outcome).values()),
        to_sent=_by_priority(outcome, _sent_waits(outcome)),
        to_receipt=_by_priority(outcome, _receipt_waits(outcome)),
        generator_late_seconds=books.handing.late_max_seconds,
        cpu_ms_a_fax=_cpu_ms(outcome.moments, sent.delivered),
        inbound=came_in,
        bins=_bins(outcome),
        looks=_looks(outcome.moments, pace, came_in),
        lines=_lines(outcome),
    )


def _accept_waits(outcome: Outcome) -> dict[int, float]:
    handing = outcome.books.handing
    return {
        index: answered - handing.due_at[index]
        for index, answered in enumerate(handing.answered_at)
        if answered is not None
    }


def _sent_waits(outcome: Outcome) -> dict[int, float]:
    return {
        index: story.submitted_at - story.accepted_at
        for index, story in _told(outcome)
        if story.submitted_at is not None and story.accepted_at is not None
    }


def _receipt_waits(outcome: Outcome) -> dict[int, float]:
    return {
        index: story.ended_at - story.accepted_at
        for index, story in _told(outcome)
        if story.outcome == "delivered" and story.ended_at is not None and story.accepted_at is not None
    }


def _told(outcome: Outcome) -> Iterable[tuple[int, Story]]:
    stories = outcome.books.stories
    for index, fax_id in enumerate(outcome.books.handing.fax_ids):
        if fax_id is not None and fax_id in stories:
            yield index, stories[fax_id]


def _by_priority(outcome: Outcome, waits: dict[int, float]) -> dict[str, Latency]:
    parts: dict[str, list[float]] = defaultdict(list)
    for index, wait in waits.items():
        parts[outcome.books.arrivals[index].priority.value].append(wait)
    found = {each.value: latency_of(parts.get(each.value, ())) for each in Priority}
    return {name: latency for name, latency in found.items() if latency is not None}


def _cpu_ms(moments: Sequence[Moment], faxes: int) -> float | None:
    """Between the first look and the last, so that starting up does not count."""
    if len(moments) < 2 or not faxes:
        return None
    first, last = moments[0].processes, moments[-1].processes
    if not {GATEWAY, DRAWING} <= first.keys() & last.keys():
        return None
    return 1_000 * sum(last[name].cpu_seconds - first[name].cpu_seconds for name in (GATEWAY, DRAWING)) / faxes


def _bins(outcome: Outcome) -> list[Bin]:
    handing, pace = outcome.books.handing, outcome.pace
    width = max(1.0, outcome.took_seconds / BINS_MAX)
    count = int(outcome.took_seconds / width) + 1
    stories = dict(_told(outcome))
    due = _counts(handing.due_at, pace, width, count)
    accepted = _counts([at for at in handing.answered_at if at is not None], pace, width, count)
    sent = _counts([each.submitted_at for each in stories.values() if each.submitted_at], pace, width, count)
    ended = [each.ended_at for each in stories.values() if each.outcome == "delivered" and each.ended_at]
    delivered = _counts(ended, pace, width, count)
    accept = _waits_by_bin(_accept_waits(outcome), handing.due_at, pace, width)
    receipt = _waits_by_bin(_receipt_waits(outcome), handing.due_at, pace, width)
    return [
        Bin(
            day_seconds=pace.begin_seconds + (number + 0.5) * width * pace.compress,
            due=due[number] / width,
            accepted=accepted[number] / width,
            sent=sent[number] / width,
            delivered=delivered[number] / width,
            accept_p50=_percentile(accept.get(number), 50),
            accept_p99=_percentile(accept.get(number), 99),
            receipt_p50=_percentile(receipt.get(number), 50),
            receipt_p99=_percentile(receipt.get(number), 99),
        )
        for number in range(count)
    ]


def _counts(times: Iterable[float], pace: Pace, width: float, count: int) -> list[int]:
    counts = [0] * count
    for at in times:
        counts[min(count - 1, max(0, int((at - pace.begin_at) / width)))] += 1
    return counts


def _waits_by_bin(waits: dict[int, float], due_at: list[float], pace: Pace, width: float) -> dict[int, list[float]]:
    """By when an order was due, so that a slow stretch shows where it was caused."""
    found: dict[int, list[float]] = defaultdict(list)
    for index, wait in waits.items():
        found[int((due_at[index] - pace.begin_at) / width)].append(wait)
    return found


def _percentile(waits: list[float] | None, percent: int) -> float | None:
    if not waits:
        return None
    ordered = sorted(waits)
    return max(0.0, ordered[min(len(ordered) - 1, len(ordered) * percent // 100)])


def _looks(moments: Sequence[Moment], pace: Pace, inbound: Inbound | None) -> list[Look]:
    waiting = {at: (count, oldest) for at, count, oldest in inbound.waiting} if inbound else {}
    return [
        Look(
            day_seconds=pace.day(now.at),
            queued=now.queued,
            oldest_due_seconds=now.oldest_due_seconds,
            calls_under_way=now.calls_under_way,
            waiting_for_channel=now.waiting_for_channel,
            inbound_waiting=waiting.get(now.at, (0, 0.0))[0],
            inbound_oldest_seconds=waiting.get(now.at, (0, 0.0))[1],
            cores={
                name: round((used.cpu_seconds - before.processes[name].cpu_seconds) / (now.at - before.at), 3)
                for name, used in now.processes.items()
                if name in before.processes
            },
            memory_mib={name: used.memory_mib for name, used in now.processes.items()},
        )
        for before, now in itertools.pairwise(moments)
    ]


def _lines(outcome: Outcome) -> list[LineUse]:
    arrivals, handing = outcome.books.arrivals, outcome.books.handing
    florist_of = {fax_id: arrivals[index].florist for index, fax_id in enumerate(handing.fax_ids) if fax_id is not None}
    held: dict[int, float] = defaultdict(float)
    calls: dict[int, int] = defaultdict(int)
    for call in outcome.books.calls:
        fax = call.record
        if fax.fax_id in florist_of and fax.dialled_at is not None and fax.ended_at is not None:
            florist = florist_of[fax.fax_id]
            held[florist] += fax.ended_at - fax.dialled_at
            calls[florist] += 1
    uses = [
        LineUse(florist=florist, calls=calls[florist], held_share=held[florist] / outcome.took_seconds)
        for florist in held
    ]
    return sorted(uses, key=lambda use: -use.held_share)
