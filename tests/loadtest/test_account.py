"""The account at the end: it must find what went wrong, or it proves nothing."""

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from faxgw.errors import OperatorError
from faxgw.order import Priority
from faxgw_loadtest.account import Books, CarrierFax, complaints, take_account, take_deadlines
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.client import refuse_far
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing, Pace
from faxgw_loadtest.latency import latency_of
from faxgw_loadtest.profile import Lines
from faxgw_loadtest.recorded import _Attempt, _Fax, anonymous, read_recorded
from faxgw_loadtest.watch import read_gauges

LINES = Lines(first_page_seconds=20, ring_seconds=5)
PACE = Pace(begin_at=1_000.0, begin_seconds=0.0, compress=1.0)
DEADLINE = 100.0


def call(fax_id: int, outcome: str = "delivered", ended_at: float = 1_030.0) -> CarrierFax:
    return CarrierFax(f"s-{fax_id}-1", "+33199001234", outcome, 1, 1_000.0, 1_000.0, ended_at)


def books(*calls: CarrierFax, outcomes: tuple[str | None, ...], deadline: float | None = DEADLINE) -> Books:
    """Orders of florists of their own; the gateway says `outcomes`, where None is that it never took the order."""
    count = len(outcomes)
    fax_ids = [None if outcome is None else number + 1 for number, outcome in enumerate(outcomes)]
    handing = Handing([1_000.0] * count, [1_000.1] * count, fax_ids)
    carrier: dict[str, object] = {
        "arrived_twice": [],
        "faxes_dialled_at_once": [],
        "line_overlap_max": 1,
        "calls_by_outcome": dict(Counter(each.outcome for each in calls)),
        "channels_used_max": 1,
    }
    stories = {number + 1: Story(outcome=outcome) for number, outcome in enumerate(outcomes) if outcome is not None}
    arrivals = [Arrival(0.0, number, Priority.STANDARD, 1, deadline) for number in range(count)]
    return Books(arrivals, handing, stories, calls, carrier)


def test_every_order_stands_in_one_place_of_the_account() -> None:
    """Delivered, failed, still under way, never taken, and one that the gateway calls delivered and the carrier not."""
    told = books(call(1), call(2, "busy"), outcomes=("delivered", "failed", "", None, "delivered"))
    account = take_account(told)
    assert account.delivered == 1
    assert account.openly_over == {"failed": 1}
    assert (account.unfinished, account.refused, account.lost) == (1, 1, 1)
    assert account.orders == 5
    found = complaints(account, take_deadlines(told, LINES, PACE))
    assert {each.split(" ", 1)[1] for each in found} >= {"lost", "refused", "unfinished when the time was over"}


def test_twice_counts_our_faxes_only() -> None:
    """The carrier may have others' faxes, too."""
    told = books(call(1), call(2), outcomes=("delivered", "delivered"))
    told = Books(
        told.arrivals,
        told.handing,
        told.stories,
        told.carrier_faxes,
        {**told.carrier, "arrived_twice": ["s-2", "s-99"]},
    )
    account = take_account(told)
    assert account.twice == 1
    assert complaints(account, take_deadlines(told, LINES, PACE)) == ["1 twice"]


def test_a_good_run_has_no_complaints() -> None:
    told = books(call(1), outcomes=("delivered",))
    assert complaints(take_account(told), take_deadlines(told, LINES, PACE)) == []


def test_a_missed_deadline_is_the_gateways_unless_line_or_carrier_kept_it() -> None:
    """Four orders of 100 s each: met; late for no reason; late after a busy call; and one whose line never had time."""
    told = books(
        call(1),
        call(2, ended_at=1_200.0),
        call(3, "busy", ended_at=1_050.0),
        call(3, ended_at=1_200.0),
        outcomes=("delivered",) * 3,
    )
    deadlines = take_deadlines(told, LINES, PACE)
    assert (deadlines.met, deadlines.missed, deadlines.missed_by_mishap) == (1, 1, 1)
    narrow = books(call(1), outcomes=("delivered",), deadline=10.0)
    assert take_deadlines(narrow, LINES, PACE).missed_by_line == 1


def test_waits_are_told_to_three_digits_and_none_at_all_where_nothing_was_measured() -> None:
    latency = latency_of(number / 1_000 for number in range(1, 1_001))
    assert latency is not None
    assert abs(latency.p50 - 0.5) < 0.001
    assert abs(latency.p99 - 0.99) < 0.002
    assert latency.count == 1_000
    assert latency_of([]) is None


def test_the_queue_is_read_from_the_daemons_metrics() -> None:
    text = (
        "# TYPE faxgw_queue_faxes gauge\n"
        'faxgw_queue_faxes{state="queued"} 12.0\nfaxgw_queue_faxes{state="sending"} 3.0\n'
        "faxgw_queue_oldest_due_age_seconds 4.5\nfaxgw_unknown_outcome_faxes 2.0\nprocess_open_fds 7\n"
    )
    gauges = read_gauges(text)
    assert (gauges.queued, gauges.oldest_due_seconds, gauges.in_doubt) == (12, 4.5, 2)


@pytest.mark.parametrize("url", ["http://192.0.2.7:80", "http://fax.example", "http://", "http://0.0.0.0:1"])
def test_another_machine_is_not_loaded_by_mistake(url: str) -> None:
    with pytest.raises(OperatorError, match="--beyond-loopback"):
        refuse_far(url)


def test_this_machine_is_near() -> None:
    for url in ("http://127.0.0.1:8025", "http://[::1]:8025", "http://localhost:8025"):
        refuse_far(url)


def test_a_recorded_day_keeps_its_course_and_no_one_of_its_people(tmp_path: Path) -> None:
    """Same moments, classes, pages and deadlines; lines have become numbers, and what came at once comes at once."""
    at = dt.datetime(2027, 5, 29, 7, 30, tzinfo=dt.UTC)
    late = at + dt.timedelta(hours=2)
    faxes = [
        _Fax("+33199001234", 0, at, late, [_Attempt(1), _Attempt(1)]),
        _Fax("+33199001236", 1, at, None, [_Attempt(2)]),
        _Fax("+33199001234", 2, late, None, []),
    ]
    first, second, third = anonymous(faxes, random.Random(1))  # noqa: S311
    assert (first.at_seconds, first.priority, first.pages, first.deadline_seconds) == (27_000, "express", 1, 34_200)
    assert (second.priority, second.pages, second.upload) == ("standard", 2, first.upload)
    assert third.florist == first.florist != second.florist
    assert third.upload is None
    header = b'{"format":"faxgw-loadtest day 1","florists":2,"orders":3}'
    lines = [header, *map(msgspec.json.encode, (first, second, third))]
    file = tmp_path / "day.ndjson"
    file.write_bytes(b"\n".join(lines) + b"\n")
    assert b"33" not in b"".join(lines).replace(b"34200", b"").replace(b"33000", b"")
    assert read_recorded(file) == [first, second, third]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format":"x","florists":1,"orders":1}\n', b"\xff\n"])
def test_a_file_that_is_no_recorded_day_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "day.ndjson"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=r"day\.ndjson"):
        read_recorded(file)
