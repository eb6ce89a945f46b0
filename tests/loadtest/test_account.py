"""The account at the end: it must find what went wrong, or it proves nothing."""

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from faxgw.errors import OperatorError
from faxgw.order import Priority
from faxgw_loadtest import account, deadlines
from faxgw_loadtest.account import Books, take_account
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.calls import CarrierFax, calls_of
from faxgw_loadtest.client import refuse_far
from faxgw_loadtest.deadlines import Why, take_deadlines
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing, Pace
from faxgw_loadtest.latency import latency_of
from faxgw_loadtest.printed import Misprinted
from faxgw_loadtest.profile import CallSharing, CarrierSize, Florists, Lines, Profile, Time
from faxgw_loadtest.recorded import _Attempt, _Fax, anonymous, read_recorded, stretched
from faxgw_loadtest.watch import read_gauges

DAY = Profile(
    summary="a day",
    time=Time(faxes=4, rate=[(0, 1), (24, 1)]),
    florists=Florists(count=4),
    lines=Lines(first_page_seconds=20, page_seconds=10, ring_seconds=5),
)
PACE = Pace(begin_at=1_000.0, begin_seconds=0.0, compress=1.0)
DEADLINE = 100.0


def call(
    fax_id: int,
    outcome: str = "delivered",
    ended_at: float | None = 1_030.0,
    *,
    attempt: int = 1,
    taken_at: float = 1_000.0,
    pages: int = 1,
    delivered: int | None = None,
    arrived: int | None = None,
) -> CarrierFax:
    confirmed = (pages if outcome == "delivered" else 0) if delivered is None else delivered
    return CarrierFax(
        f"s-{fax_id}-{attempt}",
        "+33199001234",
        outcome,
        pages,
        confirmed,
        confirmed if arrived is None else arrived,
        taken_at,
        taken_at,
        ended_at,
    )


def books(
    *calls: CarrierFax,
    outcomes: tuple[str | None, ...],
    deadline: float | None = DEADLINE,
    printed: dict[int, tuple[str, ...] | Misprinted] | None = None,
    florists: tuple[int, ...] = (),
) -> Books:
    """Orders `n1`, `n2` of florists of their own; the gateway says `outcomes`, None is that it never took the order."""
    count = len(outcomes)
    fax_ids = [None if outcome is None else number + 1 for number, outcome in enumerate(outcomes)]
    handing = Handing([1_000.0] * count, [1_000.1] * count, fax_ids)
    carrier: dict[str, object] = {
        "line_overlap_max": 1,
        "calls_by_outcome": dict(Counter(each.outcome for each in calls)),
        "channels_used_max": 1,
    }
    stories = {number + 1: Story(outcome=outcome) for number, outcome in enumerate(outcomes) if outcome is not None}
    arrivals = [Arrival(0.0, florist, Priority.STANDARD, 1, deadline) for florist in (florists or tuple(range(count)))]
    numbers = {f"n{fax_id}": fax_id for fax_id in fax_ids if fax_id is not None}
    return Books(arrivals, handing, stories, calls_of(calls, printed or {}, numbers), carrier)


def complaints(told: Books) -> list[str]:
    return [
        *account.complaints(take_account(told)),
        *deadlines.complaints(take_deadlines(told, DAY, PACE)),
    ]


def test_every_order_stands_in_one_place_of_the_account() -> None:
    """Delivered, failed, still under way, never taken, and one that the gateway calls delivered and the carrier not."""
    told = books(call(1), call(2, "busy"), outcomes=("delivered", "failed", "", None, "delivered"))
    taken = take_account(told)
    assert taken.delivered == 1
    assert taken.openly_over == {"failed": 1}
    assert (taken.unfinished, taken.refused, taken.lost) == (1, 1, 1)
    assert taken.orders == 5
    assert {each.split(" ", 1)[1] for each in complaints(told)} >= {
        "lost",
        "refused",
        "unfinished when the time was over",
    }


def test_twice_counts_our_faxes_only() -> None:
    """Fax 2 was dialled once more after a call whose confirmation got lost; fax 99 is somebody else's."""
    doubtful = call(2, "in_doubt", delivered=0, arrived=1)
    again = call(2, attempt=2, taken_at=1_040.0, ended_at=1_070.0)
    others = [call(99), call(99, attempt=2, taken_at=1_040.0, ended_at=1_070.0)]
    told = books(call(1), doubtful, again, *others, outcomes=("delivered", "delivered"))
    assert (take_account(told).twice, take_account(told).overlap) == (1, 0)
    assert complaints(told) == ["1 twice"]


def test_a_fax_that_is_dialled_while_it_is_under_way_is_found() -> None:
    """Whatever the calls come to; one call that never ends holds on to its fax."""
    stuck = call(1, "in_progress", None)
    told = books(stuck, call(1, attempt=2, taken_at=1_010.0), call(2), outcomes=("delivered",) * 2)
    assert take_account(told).overlap == 1


def test_a_good_run_has_no_complaints() -> None:
    assert complaints(books(call(1), outcomes=("delivered",))) == []


def test_faxes_that_share_a_call_are_told_apart_by_what_is_printed_on_its_pages() -> None:
    """A call of three orders broke off in the second of two pages: the first arrived, the others came by new calls."""
    broken = call(1, "page", pages=4, delivered=2, arrived=2)
    second = call(2, pages=2, taken_at=1_040.0, ended_at=1_070.0)
    third = call(3, taken_at=1_071.0, ended_at=1_090.0)
    printed: dict[int, tuple[str, ...] | Misprinted] = {0: ("n1", "n2", "n2", "n3"), 1: ("n2", "n2")}
    told = books(broken, second, third, outcomes=("delivered",) * 3, printed=printed)
    taken = take_account(told)
    assert (taken.delivered, taken.lost, taken.twice, taken.overlap, taken.calls_shared) == (3, 0, 0, 0, 1)
    assert complaints(told) == []


def test_an_order_that_only_the_pages_of_shared_calls_show_is_lost_or_twice_all_the_same() -> None:
    """The references say 1 and 3 and are content; on the pages order 2 is missing, and order 4 is there twice."""
    printed: dict[int, tuple[str, ...] | Misprinted] = {0: ("n1", "n4"), 1: ("n3", "n4")}
    calls = (call(1, pages=2), call(3, pages=2, taken_at=1_040.0, ended_at=1_070.0))
    told = books(*calls, outcomes=("delivered",) * 4, printed=printed)
    assert (take_account(told).lost, take_account(told).twice) == (1, 1)
    assert complaints(told)[:2] == ["1 lost", "1 twice"]


def test_a_call_whose_pages_cannot_be_read_is_complained_of() -> None:
    told = books(call(1, pages=2), outcomes=("delivered",), printed={0: Misprinted("it was not kept")})
    assert take_account(told).misprinted == 1
    assert complaints(told)


def test_a_missed_deadline_is_the_gateways_unless_line_or_carrier_kept_it() -> None:
    """Orders of 100 s each: met; late for no reason; late after a busy call; and one whose line never had time."""
    told = books(
        call(1),
        call(2, ended_at=1_200.0),
        call(3, "busy", ended_at=1_050.0),
        call(3, ended_at=1_200.0, attempt=2, taken_at=1_100.0),
        outcomes=("delivered",) * 3,
    )
    judged = take_deadlines(told, DAY, PACE)
    assert (judged.promised, judged.met) == (3, 1)
    assert [(each.order, each.why, each.ended_seconds) for each in judged.missed] == [
        (2, Why.GATEWAY, 200.0),
        (3, Why.CALL, 200.0),
    ]
    narrow = books(call(1), outcomes=("delivered",), deadline=10.0)
    [missed] = take_deadlines(narrow, DAY, PACE).missed
    assert (missed.why, missed.earliest_seconds) == (Why.LINE, 25.25)


def test_a_deadline_that_the_carriers_channels_did_not_allow_is_the_carriers() -> None:
    """Two florists with a line each, forty seconds, and a single channel."""
    late = call(2, ended_at=1_050.5, taken_at=1_025.0)
    told = books(call(1), late, outcomes=("delivered",) * 2, deadline=40.0)
    narrow = msgspec.structs.replace(DAY, carrier=CarrierSize(channels=1))
    assert [each.why for each in take_deadlines(told, narrow, PACE).missed] == [Why.CARRIER]
    assert [each.why for each in take_deadlines(told, DAY, PACE).missed] == [Why.GATEWAY]


def test_what_a_line_allows_counts_shared_calls() -> None:
    """Two sheets for one line in forty seconds: too much for two calls, and not for one that both share."""
    told = books(call(1), call(2, ended_at=1_060.0), outcomes=("delivered",) * 2, deadline=40.0, florists=(1, 1))
    alone = take_deadlines(told, DAY, PACE)
    assert [each.why for each in alone.missed] == [Why.LINE]
    shared = msgspec.structs.replace(DAY, call=CallSharing(faxes_max=5))
    assert [each.why for each in take_deadlines(told, shared, PACE).missed] == [Why.GATEWAY]


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
        "faxgw_intake_sheets_total 3\n"
    )
    gauges = read_gauges(text)
    assert (gauges.queued, gauges.oldest_due_seconds, gauges.in_doubt) == (12, 4.5, 2)
    assert gauges.process == {"process_open_fds": 7}


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


def test_a_recorded_load_test_is_stretched_to_its_day() -> None:
    """An order with a deadline a second later, in a test sixty times as fast, had a minute; nothing else is changed."""
    arrivals = [
        Arrival(100.0, 3, Priority.EXPRESS, 1, 101.0, 7),
        Arrival(110.0, 4, Priority.BULK, 2),
    ]
    assert stretched(arrivals, 60) == [
        Arrival(100.0, 3, Priority.EXPRESS, 1, 160.0, 7),
        Arrival(700.0, 4, Priority.BULK, 2),
    ]
    assert stretched(arrivals, 1) == arrivals


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format":"x","florists":1,"orders":1}\n', b"\xff\n"])
def test_a_file_that_is_no_recorded_day_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "day.ndjson"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=r"day\.ndjson"):
        read_recorded(file)
